"""What a kept field means, as data beside the field; the documentation and the inventory read it.

It says in words what a record holds, never what stands in one.
"""

from __future__ import annotations

from typing import Any, Final

import attrs
from attrs import frozen

KEY_LENGTH: Final = 20
"""Characters of an event key."""

_MEANING: Final = "kept: meaning"
_PERSONAL: Final = "kept: personal"


@frozen
class FieldMeaning:
    """A field of a record, in words.

    Args:
        name: of the field.
        meaning: what it holds.
        personal: whether it is personal data, alone or with its record.
    """

    name: str
    meaning: str
    personal: bool = False


def means(meaning: str, *, personal: bool = False) -> dict[str, Any]:
    """Return the metadata of an attrs field that is kept.

    Args:
        meaning: one line that says what the field holds.
        personal: whether it is personal data, alone or with its record.
    """
    return {_MEANING: meaning, _PERSONAL: personal}


def fields_in_words(cls: type[Any]) -> tuple[FieldMeaning, ...]:
    """Return what the fields of a record class mean, in their order.

    Raises:
        KeyError: a field does not say what it holds.
    """
    return tuple(
        FieldMeaning(field.name, field.metadata[_MEANING], field.metadata[_PERSONAL])
        for field in attrs.fields(cls)
    )


def keys_in(joined: str) -> tuple[str, ...]:
    """Return event keys that are kept without anything between them."""
    return tuple(joined[at : at + KEY_LENGTH] for at in range(0, len(joined), KEY_LENGTH))


def triples_in(values: list[list[Any]]) -> tuple[tuple[str, int, str], ...]:
    """Return kept triples of a text, a number and a text."""
    return tuple((first, number, last) for first, number, last in values)
