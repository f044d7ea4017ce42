"""Typed reading of a platform's JSON: a member of the wrong kind is a `WebhookPayloadError`.

Nothing here guesses, and no error says what was read. Lone surrogates and NULs become U+FFFD, which
keeps every length in UTF-16 units as the platform counted it.
"""

from __future__ import annotations

import math
from typing import Any

from chatbridge.errors import WebhookPayloadError

_END_OF_NUMBERS = 2**64


def an_object(value: Any, what: str) -> dict[str, Any]:
    """Return the value, which must be a JSON object.

    Args:
        value: what was read.
        what: how an error calls it; a name of the platform's API, never content.

    Raises:
        WebhookPayloadError: it is something else.
    """
    if not isinstance(value, dict):
        raise WebhookPayloadError(f"{what} is not an object")
    return value


def object_at(source: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a member that must be an object."""
    return an_object(source.get(name), name)


def list_at(source: dict[str, Any], name: str) -> list[Any]:
    """Return a member that is a list, empty where absent."""
    value = source.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise WebhookPayloadError(f"{name} is not a list")
    return value


def text_at(source: dict[str, Any], name: str) -> str:
    """Return a member that is a text, empty where absent."""
    value = source.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise WebhookPayloadError(f"{name} is not a text")
    return readable(value)


def identity_at(source: dict[str, Any], name: str) -> str:
    """Return a member that names something: a text that is not empty, or a whole number, as text.

    Raises:
        WebhookPayloadError: it is absent, empty, or neither.
    """
    value = source.get(name)
    if isinstance(value, str) and value:
        return readable(value)
    return str(integer_at(source, name))


def integer_at(source: dict[str, Any], name: str) -> int:
    """Return a member that must be a whole number of at most 64 bits."""
    value = source.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= _END_OF_NUMBERS:
        raise WebhookPayloadError(f"{name} is not a whole number")
    return value


def number_at(source: dict[str, Any], name: str) -> float:
    """Return a member that must be a finite number."""
    value = source.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise WebhookPayloadError(f"{name} is not a number")
    if abs(value) >= _END_OF_NUMBERS or math.isnan(value):
        raise WebhookPayloadError(f"{name} is out of range")
    return float(value)


def flag_at(source: dict[str, Any], name: str) -> bool:
    """Return whether a member is exactly true."""
    return source.get(name) is True


def readable(text: str) -> str:
    """Return the text with NULs and lone surrogates replaced, its UTF-16 length unchanged."""
    units = text.replace("\x00", "\ufffd").encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "replace")
