"""`chatbridge project`: the projects that are kept, and what may happen in them."""

from __future__ import annotations

import json
from typing import Any

import click

from chatbridge import ChatbridgeError, Plugins
from chatbridge.cli.display import count_up, may_ask, show_table
from chatbridge.cli.invocation import Invocation, pass_invocation
from chatbridge.cli.project_changes import pairs
from chatbridge.cli.project_setting import Asked, set_project
from chatbridge.cli.project_transfer import export, import_, transfer_key
from chatbridge.records import BotRecord, Project, ProjectState
from chatbridge.settings import secret_settings, unstructure


@click.group()
def project() -> None:
    """Set up the projects that the bridge serves."""


@project.command("set")
@click.argument("name")
@click.option("--site", help="Name of the Jira site; not needed where there is only one.")
@click.option("--service-desk", help="The service desk: its id or its project's key.")
@click.option("--request-type", help="Id of the request type of new requests.")
@click.option("--set", "given", multiple=True, metavar="SETTING=VALUE",
              help="Any setting of a project; see the reference of settings.")  # fmt: skip
@click.option("--bot", "bots", multiple=True, metavar="PLATFORM[:USERNAME]",
              help="The bot to add or change; one in each command.")  # fmt: skip
@click.option("--another", is_flag=True, help="Add the bot to those of its platform.")
@click.option("--bot-token-env", metavar="VARIABLE", help="Environment variable with its token.")
@click.option("--bot-token-file", metavar="FILE", help="File with its token; - is standard input.")
@click.option("--mode", type=click.Choice(["poll", "webhook"]), help="How its events arrive.")
@click.option("--bot-setting", multiple=True, metavar="SETTING=VALUE", help="Setting of the bot.")
@click.option("--bot-secret-env", multiple=True, metavar="SETTING=VARIABLE",
              help="Secret setting of the bot, from an environment variable.")  # fmt: skip
@click.option("--remove-bot", metavar="PLATFORM[:USERNAME]", help="Take a bot out of the project.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def set_(invocation: Invocation, /, name: str, **options: Any) -> None:
    """Add a project or change it; what is not named stays as it is.

    The site and the platforms are asked first, and nothing is kept that cannot work. A bot's token
    is asked for, unless an option says where it is.
    """
    bots = options["bots"]
    if len(bots) > 1:
        raise click.UsageError("--bot names one bot; run the command once for each")
    settings = {
        option: options[option]
        for option in ("site", "service_desk", "request_type")
        if options[option] is not None
    }
    asked = Asked(
        name=name,
        settings={**settings, **pairs(options["given"], "--set")},
        bot=bots[0] if bots else None,
        another=options["another"],
        remove_bot=options["remove_bot"],
        token_variable=options["bot_token_env"],
        token_file=options["bot_token_file"],
        mode=options["mode"],
        bot_settings=pairs(options["bot_setting"], "--bot-setting"),
        bot_secrets=pairs(options["bot_secret_env"], "--bot-secret-env"),
    )
    with invocation.bridge() as bridge:
        set_project(bridge, asked, sure=options["yes"])


@project.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_invocation
def show(invocation: Invocation, name: str, as_json: bool) -> None:
    """Show a project's settings and bots. Of a secret it says only whether it is set."""
    with invocation.bridge() as bridge:
        told = _told(bridge.plugins, bridge.admin.project(name))
    if as_json:
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    click.echo(f"project {name} is {told['state']}")
    for setting, value in told["settings"].items():
        click.echo(f"  {setting}: {json.dumps(value, ensure_ascii=False)}")
    for bot in told["bots"]:
        click.echo(f"{bot['platform']} bot @{bot['username']}, events by {bot['mode']}")
        for setting, value in bot["settings"].items():
            click.echo(f"  {setting}: {json.dumps(value, ensure_ascii=False)}")


@project.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_invocation
def list_(invocation: Invocation, as_json: bool) -> None:
    """List the projects."""
    with invocation.bridge() as bridge:
        found = bridge.admin.projects()
        told = [_told(bridge.plugins, each) for each in found]
    if as_json:
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    elif not found:
        click.echo("there are no projects; chatbridge project set NAME makes one")
    else:
        show_table(("NAME", "STATE", "SITE", "DESK", "BOTS"), [_row(each) for each in found])


@project.command()
@click.argument("name")
@pass_invocation
def pause(invocation: Invocation, name: str) -> None:
    """Let a project rest until it is resumed. Messages wait at the platforms."""
    with invocation.bridge() as bridge:
        bridge.admin.set_state(name, ProjectState.PAUSED)
    click.echo(f"project {name} is paused; platforms keep messages for a limited time only")


@project.command()
@click.argument("name")
@pass_invocation
def resume(invocation: Invocation, name: str) -> None:
    """Let a paused project go on."""
    with invocation.bridge() as bridge:
        bridge.admin.set_state(name, ProjectState.ACTIVE)
    click.echo(f"project {name} goes on")


@project.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def remove(invocation: Invocation, name: str, yes: bool) -> None:
    """Remove a project with all its records. Nothing changes in Jira."""
    with invocation.bridge() as bridge:
        bridge.admin.project(name)
        if not yes:
            if not may_ask():
                raise click.UsageError("removing a project needs --yes where nobody can be asked")
            question = f"Remove project {name}, its bots' tokens and all its links for good?"
            click.confirm(question, abort=True)
        count = count_up("records removed:", bridge.admin.remove_project(name))
    click.echo(f"project {name} is removed, {count} records with it")


for _command in (export, import_, transfer_key):
    project.add_command(_command)


def _row(kept: Project) -> tuple[str, ...]:
    bots = ", ".join(f"{bot.platform}:{bot.username} ({bot.mode})" for bot in kept.bots)
    settings = kept.settings
    return (settings.name, kept.state.value, settings.site, settings.service_desk, bots or "-")


def _told(plugins: Plugins, kept: Project) -> dict[str, Any]:
    return {
        "name": kept.settings.name,
        "state": kept.state.value,
        "settings": unstructure(kept.settings),
        "bots": [
            {
                "platform": bot.platform,
                "bot_id": bot.bot_id,
                "username": bot.username,
                "mode": bot.mode,
                "settings": _without_secrets(plugins, bot),
            }
            for bot in kept.bots
        ],
    }


def _without_secrets(plugins: Plugins, bot: BotRecord) -> dict[str, Any]:
    try:
        hidden = secret_settings(plugins.adapter(bot.platform).adapter.settings_schema)
    except ChatbridgeError:
        # Without the adapter nobody knows which of them are secret.
        hidden = set(bot.settings)
    return {
        name: ("set" if value else "not set") if name in hidden else value
        for name, value in bot.settings.items()
    }
