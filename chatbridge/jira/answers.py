"""Careful readers of decoded JSON: what is not as documented is refused, never guessed."""

from __future__ import annotations

import re
from typing import Any

from chatbridge.jira.characters import clean

_ID = re.compile(r"[0-9]{1,18}")


class MalformedAnswerError(ValueError):
    """Something in an answer is missing or of the wrong kind; holds nothing of it."""

    def __init__(self) -> None:
        super().__init__("the answer is not as documented")


def mapping(value: Any) -> dict[str, Any]:
    """Return the value, which must be an object."""
    if not isinstance(value, dict):
        raise MalformedAnswerError
    return value


def items(holder: Any, name: str) -> list[Any]:
    """Return the array of this name."""
    value = mapping(holder).get(name)
    if not isinstance(value, list):
        raise MalformedAnswerError
    return value


def text(holder: Any, name: str) -> str:
    """Return the text of this name, which must not be empty."""
    value = mapping(holder).get(name)
    if not isinstance(value, str) or not value:
        raise MalformedAnswerError
    return clean(value)


def text_or(holder: Any, name: str, default: str = "") -> str:
    """Return the text of this name, or the default where there is none."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return clean(value) if isinstance(value, str) else default


def number(holder: Any, name: str) -> int:
    """Return the whole number of this name, of at most 18 digits."""
    value = mapping(holder).get(name)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 10**18:
        raise MalformedAnswerError
    return value


def numeric_id(holder: Any, name: str) -> str:
    """Return the id of this name as text: digits, or a whole number that stands for them."""
    found = as_numeric_id(mapping(holder).get(name))
    if found is None:
        raise MalformedAnswerError
    return found


def as_numeric_id(value: Any) -> str | None:
    """Return an id of digits as text, or None where the value is none."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**18:
        return str(value)
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def page(value: Any) -> tuple[list[Any], bool]:
    """Return the values of a page of the customer API, and whether it is the last one."""
    return items(value, "values"), mapping(value).get("isLastPage") is not False
