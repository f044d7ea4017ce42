"""Draws formatted text as what Viber shows: plain characters, addresses written out.

Viber's own marks (`*bold*`) have no escape character, so a text that an agent meant would be
changed by using them; none are made here, and none that people wrote are taken away.
"""

from __future__ import annotations

from chatbridge.capabilities import LengthUnit
from chatbridge.plain_text import plain_text as draw

MAX_TEXT_LENGTH = 7000
"""Characters of a text message; counted in UTF-16 units, the strictest reading."""

__all__ = ["MAX_TEXT_LENGTH", "cut", "draw"]


def cut(text: str, units: int) -> str:
    """Return as much of the start of a text as fits into so many UTF-16 units."""
    if LengthUnit.UTF16.measure(text) <= units:
        return text
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")
