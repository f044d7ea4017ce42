"""`chatbridge project set`: lays what was asked for over what is kept, shows it, applies it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import attrs
import click
from attrs import evolve, frozen

from chatbridge import Bridge, ConfigurationError, NewBot, Plugins, ProjectSettings
from chatbridge.cli.display import busy, may_ask, say_finding
from chatbridge.cli.given_secrets import (
    secret_from_file,
    secret_from_prompt,
    secret_from_variable,
)
from chatbridge.cli.project_changes import (
    bot_differences,
    changed_bot,
    changed_settings,
    check_open,
    differences,
    token_setting,
)
from chatbridge.records import BotRecord, Project


@frozen(kw_only=True)
class Asked:
    """The options of `project set`.

    Args:
        name: of the project.
        settings: setting -> text.
        bot: PLATFORM or PLATFORM:USERNAME, None to leave the bots alone.
        another: whether the bot comes in addition to those of its platform.
        remove_bot: PLATFORM or PLATFORM:USERNAME of a bot that goes.
        token_variable: environment variable with the bot's token.
        token_file: file with the bot's token, "-" for standard input.
        mode: of the bot.
        bot_settings: setting -> text.
        bot_secrets: setting -> environment variable.
    """

    name: str
    settings: Mapping[str, str]
    bot: str | None = None
    another: bool = False
    remove_bot: str | None = None
    token_variable: str | None = None
    token_file: str | None = None
    mode: str | None = None
    bot_settings: Mapping[str, str] = {}
    bot_secrets: Mapping[str, str] = {}

    @property
    def about_bot(self) -> bool:
        """Whether something was asked for that only makes sense for a bot."""
        asked = (self.token_variable, self.token_file, self.mode, self.bot_settings)
        return any(asked) or bool(self.bot_secrets) or self.another


def set_project(bridge: Bridge, asked: Asked, *, sure: bool) -> None:
    """Show what changes, ask where somebody can answer, and keep it after it was checked.

    Args:
        bridge: whose project.
        asked: the options.
        sure: whether not to ask.

    Raises:
        ConfigurationError: it cannot be done; nothing was kept.
    """
    kept = kept_project(bridge, asked.name)
    if asked.about_bot and not asked.bot:
        asked = evolve(asked, bot=_only_bot(kept))
    settings = changed_settings(kept.settings if kept else None, asked.name, asked.settings)
    lines = differences(kept.settings if kept else None, settings)
    bots = _bots(bridge.plugins, kept.bots if kept else (), asked, lines)
    apply_project(bridge, kept, settings, bots, lines, sure=sure)


def apply_project(
    bridge: Bridge, kept: Project | None, settings: ProjectSettings, bots: list[NewBot],
    lines: list[str], *, sure: bool,
) -> None:  # fmt: skip
    """Show what changes, ask where somebody can answer, then check and keep it.

    Args:
        bridge: whose project.
        kept: as it is now, or None.
        settings: all settings that it shall have.
        bots: all bots that it shall have.
        lines: what changes.
        sure: whether not to ask.

    Raises:
        ConfigurationError: it cannot be done; nothing was kept.
    """
    click.echo(f"project {settings.name} ({'new' if kept is None else 'kept already'})")
    for line in lines or ["nothing changes; it is checked all the same"]:
        click.echo(f"  {line}")
    if not sure and may_ask():
        click.confirm("Apply?", default=True, abort=True)
    with busy("asking Jira and the platforms"):
        findings = bridge.admin.set_project(settings, bots)
    for finding in findings:
        say_finding(finding)
    _warn_of_new_bots(kept, bridge.admin.project(settings.name))
    click.echo(f"project {settings.name} is set")


def kept_project(bridge: Bridge, name: str) -> Project | None:
    """Return the project as it is kept, or None."""
    found = [each for each in bridge.admin.projects() if each.settings.name == name]
    return found[0] if found else None


def _only_bot(kept: Project | None) -> str:
    """Return the platform of the project's only bot, which need not be named."""
    if kept is None or len(kept.bots) != 1:
        raise click.UsageError("the options of a bot need --bot PLATFORM")
    return kept.bots[0].platform


def _bots(
    plugins: Plugins, kept: tuple[BotRecord, ...], asked: Asked, lines: list[str]
) -> list[NewBot]:
    """Return all bots of the project, and say in `lines` what is new about them."""
    going = _chosen(kept, asked.remove_bot) if asked.remove_bot else None
    if asked.remove_bot and going is None:
        raise ConfigurationError(f"--remove-bot: {_no_bot(kept)}")
    if going is not None:
        lines.append(f"{going.platform} bot @{going.username}: removed")
    changing = _chosen(kept, asked.bot) if asked.bot and not asked.another else None
    if asked.bot and ":" in asked.bot and changing is None:
        raise ConfigurationError(f"--bot: {_no_bot(kept)}")
    bots = [_as_is(bot) for bot in kept if bot is not going and bot is not changing]
    if asked.bot:
        bots.append(_new_bot(plugins, changing, asked, lines))
    return bots


def _chosen(kept: tuple[BotRecord, ...], named: str) -> BotRecord | None:
    """Return the kept bot that PLATFORM or PLATFORM:USERNAME names, None where there is none."""
    platform, _, username = named.partition(":")
    found = [
        bot
        for bot in kept
        if bot.platform == platform and username.lstrip("@") in {"", bot.username}
    ]
    if len(found) > 1:
        names = ", ".join(f"{bot.platform}:{bot.username}" for bot in found)
        raise ConfigurationError(f"the project has several {platform} bots; name one of {names}")
    return found[0] if found else None


def _no_bot(kept: tuple[BotRecord, ...]) -> str:
    names = ", ".join(f"{bot.platform}:{bot.username}" for bot in kept) or "none"
    return f"the project has no such bot (it has: {names})"


def _new_bot(plugins: Plugins, kept: BotRecord | None, asked: Asked, lines: list[str]) -> NewBot:
    platform = (asked.bot or "").partition(":")[0]
    adapter = plugins.adapter(platform).adapter
    check_open(adapter, asked.bot_settings)
    hidden = {
        setting: secret_from_variable(variable) for setting, variable in asked.bot_secrets.items()
    }
    name = token_setting(adapter.settings_schema)
    if name is not None and name not in hidden:
        token = _token(adapter.settings_schema, name, kept, asked)
        hidden.update({name: token} if token else {})
    wanted = changed_bot(adapter, kept, asked.bot_settings, hidden, asked.mode)
    shown = f"{platform} bot @{kept.username}" if kept else f"new {platform} bot"
    changes = bot_differences(adapter.settings_schema, kept, wanted)
    lines.extend(f"{shown}: {line}" for line in changes)
    return wanted


def _token(schema: type[Any], name: str, kept: BotRecord | None, asked: Asked) -> str | None:
    """Return the bot's token from where it was said to be; None to keep the kept one."""
    if asked.token_variable:
        return secret_from_variable(asked.token_variable)
    if asked.token_file:
        return secret_from_file(asked.token_file)
    if kept is not None:
        return None
    usual = attrs.fields_dict(schema)[name].metadata.get("env")
    if usual and os.environ.get(usual):
        return secret_from_variable(usual)
    if may_ask():
        return secret_from_prompt(f"The bot's {name}")
    raise ConfigurationError(
        "the bot's token is missing; name where it is: --bot-token-env VARIABLE, --bot-token-file "
        "FILE, or --bot-token-file - for standard input"
    )


def _as_is(bot: BotRecord) -> NewBot:
    return NewBot(bot.platform, bot.settings, bot.mode)


def _warn_of_new_bots(before: Project | None, now: Project) -> None:
    """Say that a chat stays with the bot it was opened with."""
    here = {(bot.platform, bot.bot_id) for bot in now.bots}
    for bot in before.bots if before else ():
        if (bot.platform, bot.bot_id) not in here:
            click.echo(
                f"note: @{bot.username} on {bot.platform} is not in this project any more; answers "
                "to its chats wait until it is back"
            )
