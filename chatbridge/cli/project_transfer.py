"""`chatbridge project export`, `import` and `transfer-key`: a project moves to another storage.

Tokens leave the storage only sealed to a public key.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from attrs import evolve

from chatbridge import Bridge, ConfigurationError, NewBot, Secret
from chatbridge.cli.given_secrets import secret_from_file, secret_from_variable
from chatbridge.cli.invocation import Invocation, pass_invocation
from chatbridge.cli.new_files import write_new
from chatbridge.cli.project_changes import (
    bot_differences,
    completed_bot,
    differences,
    token_setting,
)
from chatbridge.cli.project_setting import apply_project, kept_project
from chatbridge.project_document import (
    DocumentedBot,
    new_transfer_keys,
    read_document,
    write_document,
)
from chatbridge.records import BotRecord, Project
from chatbridge.settings import secret_settings


@click.command("transfer-key")
@click.option("--file", "file", type=click.Path(path_type=Path), required=True,
              help="A new file for the private key, that only you can read.")  # fmt: skip
def transfer_key(file: Path) -> None:
    """Make a key to which an export is sealed. Run it where the project shall go.

    The public key that is shown goes to export, the file to import. Delete the file afterwards.
    """
    private, public = new_transfer_keys()
    write_new(file, private.reveal() + "\n")
    click.echo(public)


@click.command("export")
@click.argument("name")
@click.option("--seal-to", metavar="KEY", help="Public key to seal the bots' tokens to; without it "
              "they are left out.")  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path), help="A new file to write it to.")
@pass_invocation
def export(invocation: Invocation, name: str, seal_to: str | None, output: Path | None) -> None:
    """Write a project as one JSON document, for another storage. It holds settings and bots.

    Links and conversations are not in it, and no secret in readable form.
    """
    with invocation.bridge() as bridge:
        project = bridge.admin.project(name)
        hidden = {
            bot.platform: secret_settings(
                bridge.plugins.adapter(bot.platform).adapter.settings_schema
            )
            for bot in project.bots
        }
    text = write_document(project, hidden, seal_to)
    if output is None:
        click.echo(text, nl=False)
        return
    write_new(output, text)
    click.echo(f"project {name} is in {output}")


@click.command("import")
@click.argument("file")
@click.option("--key-file", metavar="FILE", help="The private key of what is sealed.")
@click.option("--site", help="Name of the Jira site here, where it has another one.")
@click.option("--bot-token-env", metavar="VARIABLE",
              help="Environment variable with a token that is not in it.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def import_(invocation: Invocation, /, file: str, **options: Any) -> None:
    """Take an exported project in, or the changes of one. FILE may be - for standard input.

    It shows what changes, and checks all of it as `project set` does. What is here already stays
    active or paused as it is.
    """
    key = options["key_file"]
    private = Secret(secret_from_file(key)) if key else None
    document = read_document(_read(file), private)
    settings = document.settings
    if options["site"]:
        settings = evolve(settings, site=options["site"])
    with invocation.bridge() as bridge:
        kept = kept_project(bridge, settings.name)
        lines = differences(kept.settings if kept else None, settings)
        bots = [_bot(bridge, kept, bot, options["bot_token_env"], lines) for bot in document.bots]
        named = {(bot.platform, bot.bot_id) for bot in document.bots}
        lines += [
            f"{bot.platform} bot @{bot.username}: removed"
            for bot in (kept.bots if kept else ())
            if (bot.platform, bot.bot_id) not in named
        ]
        apply_project(bridge, kept, settings, bots, lines, sure=options["yes"])


def _read(file: str) -> str:
    try:
        if file == "-":
            return sys.stdin.read()
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"the file {file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"the file {file} is no exported project") from None


def _bot(
    bridge: Bridge, project: Project | None, bot: DocumentedBot, variable: str | None,
    lines: list[str],
) -> NewBot:  # fmt: skip
    """Return a bot with its secrets, from wherever they are, and say in `lines` what is new."""
    adapter = bridge.plugins.adapter(bot.platform).adapter
    schema = adapter.settings_schema
    hidden = secret_settings(schema)
    before = _kept_bot(project, bot)
    known = before.settings if before is not None else {}
    values = {name: value for name, value in bot.settings.items() if name not in hidden}
    for name in hidden:
        value = bot.secrets.get(name, known.get(name))
        if value is not None:
            values[name] = value
    token = token_setting(schema)
    if token is not None and not values.get(token):
        if not variable:
            raise ConfigurationError(
                f"the document does not hold the token of the {bot.platform} bot @{bot.username}; "
                "name where it is with --bot-token-env VARIABLE, or export with --seal-to"
            )
        values[token] = secret_from_variable(variable)
    wanted = completed_bot(adapter, values, bot.mode)
    shown = f"{bot.platform} bot @{bot.username}"
    lines.extend(
        f"{'' if before else 'new '}{shown}: {line}"
        for line in bot_differences(schema, before, wanted)
    )
    return wanted


def _kept_bot(project: Project | None, bot: DocumentedBot) -> BotRecord | None:
    for each in project.bots if project is not None else ():
        if (each.platform, each.bot_id) == (bot.platform, bot.bot_id):
            return each
    return None
