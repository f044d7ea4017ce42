"""`chatbridge webhook`: whether platforms tell the bridge of events, or are asked for them."""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

import click

from chatbridge import (
    Bridge,
    ConfigurationError,
    RegistersWebhooks,
    SiteSettings,
    WebhookState,
)
from chatbridge.cli.display import show_table
from chatbridge.cli.invocation import Invocation, pass_invocation
from chatbridge.roster import OpenBot
from chatbridge.settings import BEFORE, secret_settings


@click.group()
def webhook() -> None:
    """Let platforms send events (webhooks), or ask them (polling)."""


@webhook.command("set")
@click.argument("name")
@pass_invocation
def set_(invocation: Invocation, name: str) -> None:
    """Let the bots of a project be told of events; needs public_url."""
    with invocation.bridge() as bridge:
        changed = bridge.admin.set_webhook(name)
        _check_any(name, changed)
        for bot in changed:
            click.echo(f"{bot}: events come by webhook now")
        _say_by_hand(bridge, name)
        _say_hint_url(bridge, bridge.admin.project(name).settings.site)


@webhook.command()
@click.argument("name")
@pass_invocation
def remove(invocation: Invocation, name: str) -> None:
    """Let the bots of a project be polled. What waits at the platform is kept."""
    with invocation.bridge() as bridge:
        changed = bridge.admin.remove_webhook(name)
        _check_any(name, changed)
        for bot in changed:
            click.echo(f"{bot}: is polled now")


@webhook.command()
@click.argument("platform")
@click.argument("bot_id")
@pass_invocation
def url(invocation: Invocation, platform: str, bot_id: str) -> None:
    """Print a bot's webhook URL, for a platform that is told by hand.

    BOT_ID is the platform's own, such as @helpdesk:example.org; the bot needs no project yet. Who
    knows the URL may knock, so keep it to yourself.
    """
    with invocation.bridge() as bridge:
        bridge.plugins.adapter(platform)
        click.echo(bridge.webhook_url((platform, bot_id)))


@webhook.command()
@click.argument("name")
@pass_invocation
def show(invocation: Invocation, name: str) -> None:
    """Show what the platforms say about the webhooks of a project's bots."""
    with invocation.bridge() as bridge:
        project = bridge.admin.project(name)
        states = bridge.admin.webhook_states(name)
        _check_any(name, states)
        show_table(
            ("BOT", "PLATFORM", "MODE", "WEBHOOK", "WAITING", "PROBLEM"),
            [_row(bridge, bot, state) for bot, state in states],
        )
        _say_hint_url(bridge, project.settings.site)
        for bot, _ in states:
            _say_former_secrets(name, bot)
    for site in invocation.configuration().sites:
        if site.name == project.settings.site:
            _say_former_hint_secrets(site)


def webhook_target(bridge: Bridge, bot: OpenBot, state: WebhookState) -> str:
    """Return where a bot's webhook goes: "none", "here", or another host's name.

    The address itself is not shown: who knows it may knock.
    """
    if not state.url:
        return "none"
    try:
        mine = bridge.webhook_url(bot)
    except ConfigurationError:
        mine = ""
    return "here" if state.url == mine else urlsplit(state.url).hostname or "elsewhere"


def _row(bridge: Bridge, bot: OpenBot, state: WebhookState | None) -> tuple[object, ...]:
    names = (f"@{bot.record.username}", bot.record.platform, bot.record.mode)
    if state is None:
        return (*names, "set on the platform's own page", "-", "-")
    waiting = "-" if state.pending is None else state.pending
    return (*names, webhook_target(bridge, bot, state), waiting, state.problem or "-")


def _check_any(name: str, bots: object) -> None:
    if not bots:
        raise ConfigurationError(
            f"project {name} has no bot that can act; chatbridge project show {name}"
        )


def _say_by_hand(bridge: Bridge, name: str) -> None:
    """Say which platforms have to be told by hand where their webhooks go."""
    project = bridge.engine.roster.project(name)
    for bot in project.bots if project is not None else ():
        if not isinstance(bot.adapter, RegistersWebhooks):
            platform, bot_id = bot.key
            click.echo(
                f"{platform} has to be told by hand where they go; this prints the URL: "
                f"chatbridge webhook url {platform} {shlex.quote(bot_id)}"
            )


def _say_former_secrets(name: str, bot: OpenBot) -> None:
    """Say which secrets of a bot still count though they have a successor."""
    for setting, value in bot.record.settings.items():
        if setting.endswith(BEFORE) and value:
            click.echo(
                f"@{bot.record.username}: {setting} is taken, too; when the platform uses the new "
                f"one (chatbridge webhook set {name}), end it: chatbridge project set {name} "
                f"--bot {bot.record.platform} --bot-setting {setting}="
            )


def _say_former_hint_secrets(site: SiteSettings) -> None:
    """Say which secrets of a site's hints still count though they have a successor."""
    for setting in sorted(secret_settings(SiteSettings)):
        if setting.endswith(BEFORE) and getattr(site, setting) is not None:
            click.echo(
                f"Jira site {site.name}: {setting} is taken, too; when Jira uses the new one, "
                "take it out of the configuration and start the bridge again"
            )


def _say_hint_url(bridge: Bridge, site: str) -> None:
    url = bridge.hint_url(site)
    if url is not None:
        click.echo(
            f"for Jira: a webhook to {url} with the secret of [site] hint_secret makes answers "
            "arrive sooner; without it Jira is asked"
        )
