"""Typed reading of a platform's JSON: a member of the wrong kind is a `WebhookPayloadError`.

Nothing here guesses, and no error says what was read. A number whose size has more than 64 bits is
of the wrong kind: no platform means one. Lone surrogates and NULs become U+FFFD, which keeps every
length in UTF-16 units as the platform counted it.
"""

from __future__ import annotations

import math
import re
from typing import Any

from chatbridge.errors import WebhookPayloadError

_END_OF_NUMBERS = 2**64
_WRITTEN_NUMBER = re.compile(r"-?[0-9]{1,20}")


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


def optional_object(source: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Return a member that is an object or absent."""
    return None if source.get(name) is None else object_at(source, name)


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
    value = _integer(source.get(name))
    if value is None:
        raise WebhookPayloadError(f"{name} is not a whole number of at most 64 bits")
    return value


def optional_integer(source: dict[str, Any], name: str) -> int | None:
    """Return a member that is a whole number of at most 64 bits, or absent."""
    return None if source.get(name) is None else integer_at(source, name)


def number_text_at(source: dict[str, Any], name: str) -> str:
    """Return a member that is a whole number, plain or quoted, as text; empty where absent.

    For identities of 64 bits that some messages quote and some do not: both give the same text.

    Raises:
        WebhookPayloadError: it is something else, or has more than 64 bits.
    """
    value = source.get(name)
    if value is None:
        return ""
    if isinstance(value, str) and _WRITTEN_NUMBER.fullmatch(value):
        value = int(value)
    return str(integer_at({name: value}, name))


def size_at(source: dict[str, Any], *names: str) -> int | None:
    """Return the first of these members that is a number of bytes.

    A size is somebody's claim, so what is absent or of the wrong kind is None and no error.
    """
    sizes = (_integer(source.get(name)) for name in names)
    return next((size for size in sizes if size is not None and size >= 0), None)


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
    if text.isascii() and "\x00" not in text:
        return text
    units = text.replace("\x00", "\ufffd").encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "replace")


def _integer(value: Any) -> int | None:
    """Return a whole number of at most 64 bits, None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= _END_OF_NUMBERS:
        return None
    return value
