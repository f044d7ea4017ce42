"""What `project set` is asked for, laid over what is kept, and how the two differ; pure.

A secret is only ever called set, changed or unchanged.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, get_origin

import attrs

from chatbridge import (
    Adapter,
    ConfigurationError,
    NewBot,
    ProjectSettings,
    Proof,
)
from chatbridge.adapter import Polls
from chatbridge.records import BotRecord
from chatbridge.setting_texts import value_from_text
from chatbridge.settings import BEFORE, secret_settings, structure, unstructure

_TEXTS = "texts."


def pairs(given: Iterable[str], option: str) -> dict[str, str]:
    """Return NAME=VALUE arguments as a mapping.

    Raises:
        ConfigurationError: one has no equals sign.
    """
    found = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not sign or not name:
            raise ConfigurationError(f"{option} takes NAME=VALUE")
        found[name.strip()] = value
    return found


def changed_settings(
    kept: ProjectSettings | None, name: str, given: Mapping[str, str]
) -> ProjectSettings:
    """Return the settings of a project with those that were given in place of the kept ones.

    Args:
        kept: None for a new project.
        name: of the project.
        given: setting -> text; `texts.NAME` is one of the texts, empty to have the own one again.

    Raises:
        ConfigurationError: a setting is unknown or wrong.
    """
    values: dict[str, Any] = {"name": name} if kept is None else unstructure(kept)
    texts = dict(values.get("texts", {}))
    where = f"project {name}"
    if given.get("name", name) != name:
        raise ConfigurationError(f"{where}: a project keeps its name; set up another one instead")
    for setting, text in given.items():
        if setting.startswith(_TEXTS):
            texts.pop(setting.removeprefix(_TEXTS), None)
            if text:
                texts[setting.removeprefix(_TEXTS)] = text
        else:
            values[setting] = _value(ProjectSettings, setting, text, where)
    if texts or "texts" in values:
        values["texts"] = texts
    return structure(values, ProjectSettings, where=where)


def changed_bot(
    adapter: type[Adapter],
    kept: BotRecord | None,
    given: Mapping[str, str],
    hidden: Mapping[str, str],
    mode: str | None,
) -> NewBot:
    """Return a bot with the settings that were given in place of the kept ones.

    Args:
        adapter: of its platform.
        kept: None for a new bot.
        given: setting -> text, none of them secret; an empty one takes a secret away.
        hidden: secret setting -> its value; where the schema has a place for the one before, the
            kept one moves there.
        mode: "poll" or "webhook"; None: as kept, or polling where the platform can be polled.

    Raises:
        ConfigurationError: a setting is unknown or wrong.
    """
    schema = adapter.settings_schema
    where = f"settings of the {adapter.name} bot"
    values = dict(kept.settings) if kept is not None else {}
    for setting, text in given.items():
        values[setting] = _value(schema, setting, text, where)
    for setting in hidden:
        _check_known(schema, setting, where)
    values.update(_succeeded(schema, values, hidden))
    values.update(hidden)
    usual = "poll" if issubclass(adapter, Polls) else "webhook"
    return completed_bot(adapter, values, mode or (kept.mode if kept is not None else usual))


def completed_bot(adapter: type[Adapter], given: Mapping[str, Any], mode: str) -> NewBot:
    """Return a bot with these settings, and a secret for its webhook where it needs one.

    Raises:
        ConfigurationError: a setting is unknown, missing or wrong.
    """
    schema, values = adapter.settings_schema, dict(given)
    where = f"settings of the {adapter.name} bot"
    proves = adapter.capabilities.proof is Proof.SHARED_SECRET
    if proves and "webhook_secret" in secret_settings(schema) and not values.get("webhook_secret"):
        # Nobody has to remember it: the platform is told it together with the webhook's URL.
        values["webhook_secret"] = secrets.token_urlsafe(32)
    return NewBot(adapter.name, unstructure(structure(values, schema, where=where)), mode)


def check_open(adapter: type[Adapter], given: Mapping[str, str]) -> None:
    """Return if none of these settings is a secret's value; an empty one takes a secret away.

    Args:
        adapter: of the bot.
        given: setting -> text.

    Raises:
        ConfigurationError: one is, and stood in a command line.
    """
    spoken = {setting for setting, text in given.items() if text}
    for setting in sorted(secret_settings(adapter.settings_schema) & spoken):
        raise ConfigurationError(
            f"settings of the {adapter.name} bot: {setting} is secret and must not stand in a "
            f"command line; use --bot-secret-env {setting}=VARIABLE"
        )


def differences(kept: ProjectSettings | None, wanted: ProjectSettings) -> list[str]:
    """Return one line for each setting that changes; those of a new project that are no default."""
    before = {} if kept is None else unstructure(kept)
    after = unstructure(wanted)
    lines = []
    for field in attrs.fields(ProjectSettings):
        old, new = before.get(field.name), after[field.name]
        if kept is None:
            required = field.default is attrs.NOTHING
            if field.name != "name" and (
                required or getattr(wanted, field.name) != _default(field)
            ):
                lines.append(f"{field.name}: {_shown(new)}")
        elif old != new:
            lines.append(f"{field.name}: {_shown(old)} -> {_shown(new)}")
    return lines


def bot_differences(schema: type[Any], kept: BotRecord | None, wanted: NewBot) -> list[str]:
    """Return one line for each setting of a bot that changes, and one for each secret."""
    hidden = secret_settings(schema)
    before = {} if kept is None else kept.settings
    lines = []
    if kept is None or kept.mode != wanted.mode:
        lines.append(
            f"mode: {wanted.mode}" if kept is None else f"mode: {kept.mode} -> {wanted.mode}"
        )
    for name, new in wanted.settings.items():
        old = before.get(name)
        if name in hidden:
            word = "unchanged" if old == new else "changed" if old else "set"
            lines += [f"{name}: {word}"] if new or old else []
        elif kept is None or old != new:
            lines.append(f"{name}: {_shown(new)}" if kept is None else
                         f"{name}: {_shown(old)} -> {_shown(new)}")  # fmt: skip
    return lines


def token_setting(schema: type[Any]) -> str | None:
    """Return the name of the secret that a bot cannot do without, or None."""
    hidden = secret_settings(schema)
    needed = [
        field.name
        for field in attrs.fields(schema)
        if field.name in hidden and field.default is attrs.NOTHING
    ]
    return needed[0] if needed else None


def _value(schema: type[Any], name: str, text: str, where: str) -> Any:
    _check_known(schema, name, where)
    kind = attrs.fields_dict(attrs.resolve_types(schema))[name].type
    if get_origin(kind) is dict:
        raise ConfigurationError(f"{where}: {name} is set one by one, as in {name}.NAME=VALUE")
    try:
        return value_from_text(schema, name, text)
    except ValueError as error:
        raise ConfigurationError(f"{where}: {name} {error}") from None


def _succeeded(
    schema: type[Any], kept: Mapping[str, Any], hidden: Mapping[str, str]
) -> dict[str, str]:
    """Return the secrets that get a successor, under the names that keep them for a while.

    Without it, what the platform still proves with the old one would be refused until it knows the
    new one.
    """
    known = secret_settings(schema)
    return {
        name + BEFORE: kept[name]
        for name, value in hidden.items()
        if name + BEFORE in known and kept.get(name) and kept[name] != value
    }


def _check_known(schema: type[Any], name: str, where: str) -> None:
    known = [field.name for field in attrs.fields(schema)]
    if name not in known:
        raise ConfigurationError(f"{where}: does not know {name} (known: {', '.join(known)})")


def _default(field: attrs.Attribute[Any]) -> Any:
    return field.converter(field.default) if callable(field.converter) else field.default


def _shown(value: Any) -> str:
    if value is None or value in ("", (), [], {}):
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return "; ".join(f"{name}={text}" for name, text in value.items())
    return str(value)
