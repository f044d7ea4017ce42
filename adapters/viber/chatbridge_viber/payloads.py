"""Typed reading of Viber's JSON: a member of the wrong kind is a `WebhookPayloadError`.

Nothing here guesses, and no error says what was read. Numbers of 64 bits stay whole: Python's JSON
keeps them, and they become text at once.
"""

from __future__ import annotations

import math
from typing import Any

from chatbridge.errors import WebhookPayloadError

_MAX_NUMBER = 2**63


def an_object(value: Any, what: str) -> dict[str, Any]:
    """Return the value, which must be a JSON object.

    Args:
        value: what was read.
        what: how an error calls it; a name of the API, never content.

    Raises:
        WebhookPayloadError: it is something else.
    """
    if not isinstance(value, dict):
        raise WebhookPayloadError(f"{what} is not an object")
    return value


def object_at(source: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a member that must be an object."""
    return an_object(source.get(name), name)


def optional_object(source: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Return a member that is an object or absent."""
    return None if source.get(name) is None else an_object(source[name], name)


def text_at(source: dict[str, Any], name: str) -> str:
    """Return a member that is a text, empty where absent."""
    value = source.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise WebhookPayloadError(f"{name} is not a text")
    return readable(value)


def token_at(source: dict[str, Any], name: str) -> str:
    """Return a member that is a whole number, plain or quoted, as text; empty where absent."""
    value = source.get(name)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**64:
        return str(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        return value
    raise WebhookPayloadError(f"{name} is not a whole number")


def number_at(source: dict[str, Any], name: str) -> float:
    """Return a member that must be a finite number."""
    value = source.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise WebhookPayloadError(f"{name} is not a number")
    if abs(value) >= _MAX_NUMBER or math.isnan(value):
        raise WebhookPayloadError(f"{name} is out of range")
    return float(value)


def size_at(source: dict[str, Any], *names: str) -> int | None:
    """Return the first of these members that is a number of bytes; a claim, so None is no error."""
    for name in names:
        value = source.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_NUMBER:
            return value
    return None


def readable(text: str) -> str:
    """Return the text with NULs and lone surrogates replaced."""
    units = text.replace("\x00", "\ufffd").encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "replace")
