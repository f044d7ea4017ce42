"""All kinds of records there are, and how each is said in words; nothing else is ever kept.

Tokens and keys are left out of the words, and named as left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

import attrs
from attrs import field, frozen

from chatbridge.errors import ChatbridgeError
from chatbridge.invitations import Invitation
from chatbridge.kept_fields import FieldMeaning, fields_in_words
from chatbridge.links import Inflight, Link, Opening, Told
from chatbridge.plugins import Plugins
from chatbridge.receipts import Receipt
from chatbridge.records import BotRecord, Claim, Conversation, Intent, Project
from chatbridge.settings import secret_settings, unstructure

RECORDS: Final[Mapping[type[Any], tuple[type[Any], ...]]] = {
    Project: (BotRecord,),
    Conversation: (Intent,),
    Link: (Inflight, Told, Opening),
    Claim: (),
    Receipt: (),
    Invitation: (),
}
"""Each record class and the values that stand inside it."""

WITHHELD: Final = "(withheld: secret)"
"""Stands in place of a secret."""


@frozen
class RecordKind:
    """A kind of records, in words.

    Args:
        name: of the kind.
        purpose: what the bridge needs it for.
        fields: what each holds.
        inside: the values inside it, by their names, with what their fields hold.
        lives: in which situation it is kept for how many seconds; None while that lasts.
    """

    name: str
    purpose: str
    fields: tuple[FieldMeaning, ...] = field(repr=False)
    inside: Mapping[str, tuple[FieldMeaning, ...]] = field(repr=False)
    lives: Mapping[str, int | None]


KEYSET: Final = RecordKind(
    "keyset",
    "The keys that all other records are sealed with.",
    (FieldMeaning("keys", "the keys, encrypted under your root key; never shown"),),
    {},
    {"as long as the storage": None},
)


def record_kinds() -> tuple[RecordKind, ...]:
    """Return every kind of records there is."""
    kinds = [
        RecordKind(
            cls.kind,
            cls.purpose,
            fields_in_words(cls),
            {value.__name__: fields_in_words(value) for value in inside},
            cls.lives,
        )
        for cls, inside in RECORDS.items()
    ]
    return (*kinds, KEYSET)


def in_words(record: Any, plugins: Plugins) -> dict[str, Any]:
    """Return what a record holds, by field, as JSON-able values without secrets.

    Args:
        record: of any class in `RECORDS`.
        plugins: know which settings of a bot are secret.
    """

    def plain(owner: Any, _attribute: Any, value: Any) -> Any:
        if isinstance(owner, BotRecord) and isinstance(value, dict):
            return _without_secrets(owner, plugins)
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, (frozenset, tuple)):
            return sorted(value) if isinstance(value, frozenset) else list(value)
        return value

    words = attrs.asdict(record, value_serializer=plain)
    if isinstance(record, Project):
        words["settings"] = unstructure(record.settings)
    return words


def withheld(record: Any, plugins: Plugins) -> list[str]:
    """Return the places of the secrets that `in_words` leaves out of a record."""
    bots = record.bots if isinstance(record, Project) else ()
    return [
        f"bots[{at}].settings.{name}"
        for at, bot in enumerate(bots)
        for name, value in _without_secrets(bot, plugins).items()
        if value == WITHHELD
    ]


def _without_secrets(bot: BotRecord, plugins: Plugins) -> dict[str, Any]:
    try:
        hidden = secret_settings(plugins.adapter(bot.platform).adapter.settings_schema)
    except ChatbridgeError:
        # Without the adapter nobody knows which of them are secret.
        hidden = set(bot.settings)
    return {
        name: WITHHELD if name in hidden and value else value
        for name, value in bot.settings.items()
    }
