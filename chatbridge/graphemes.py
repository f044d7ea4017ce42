"""Tells where a text may be cut without taking a character, as people see it, apart.

Follows the rules of Unicode's annex 29 with what the standard library knows of characters. Where
that is less than the rules need, it keeps more together; it never cuts where they do not.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_JOINER: Final = "\u200d"
_EXTENDING: Final = frozenset({"Mn", "Me", "Mc"})
_VIRAMA: Final = 9
"""The combining class of signs that join the consonants of Indic scripts."""

_ALSO_EXTENDING: Final = frozenset("\u0e33\u0eb3\u200c\uff9e\uff9f")
"""Vowels and voicing marks that stand on what is before them, and the non-joiner."""

_PREPENDED: Final = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd"
    "\U000111c2\U000111c3\U000113d1\U0001193f\U00011941\U00011a3a\U00011f02"
    "\U00011a84\U00011a85\U00011a86\U00011a87\U00011a88\U00011a89\U00011d46"
)
"""Signs that belong to what follows them."""


def may_cut(text: str, at: int) -> bool:
    """Tell whether a grapheme ends before this place."""
    if not 0 < at < len(text):
        return True
    before, after = text[at - 1], text[at]
    if (before, after) == ("\r", "\n") or after == _JOINER or _extends(after):
        return False
    # It joins pictures; between letters it only shapes them.
    if before == _JOINER and not (after.isalnum() or after.isspace()):
        return False
    if before in _PREPENDED or _hangul_goes_on(before, after):
        return False
    if _is_flag(before) and _is_flag(after):
        return _flags_before(text, at) % 2 == 0
    return not (unicodedata.category(after) == "Lo" and _is_conjunct(text, at))


def last_cut(text: str, at: int) -> int:
    """Return the last place not behind `at` that cuts no grapheme."""
    while 0 < at < len(text) and not may_cut(text, at):
        at -= 1
    return at


def next_cut(text: str, at: int) -> int:
    """Return the first place not before `at` that cuts no grapheme."""
    while at < len(text) and not may_cut(text, at):
        at += 1
    return at


def clip(text: str, graphemes: int) -> str:
    """Return the text cut to at most so many graphemes, with an ellipsis where it was longer."""
    count = 0
    for at in range(1, len(text)):
        if may_cut(text, at):
            count += 1
            if count >= graphemes:
                return text[:at].rstrip() + "…"
    return text


def _extends(character: str) -> bool:
    return (
        unicodedata.category(character) in _EXTENDING
        or character in _ALSO_EXTENDING
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # colours of skin
        or "\U000e0020" <= character <= "\U000e007f"  # tags, as in the flag of Scotland
    )


def _hangul_goes_on(before: str, after: str) -> bool:
    """Tell whether two characters are parts of one Korean syllable."""
    first, second = _hangul(before), _hangul(after)
    if second == "L" or len(second) > 1:
        return first == "L"
    if second == "V":
        return first in {"L", "V", "LV"}
    return second == "T" and first in {"V", "T", "LV", "LVT"}


def _hangul(character: str) -> str:
    """Return which part of a syllable a character is, "" where none."""
    if "\u1100" <= character <= "\u115f" or "\ua960" <= character <= "\ua97c":
        return "L"
    if "\u1160" <= character <= "\u11a7" or "\ud7b0" <= character <= "\ud7c6":
        return "V"
    if "\u11a8" <= character <= "\u11ff" or "\ud7cb" <= character <= "\ud7fb":
        return "T"
    if "\uac00" <= character <= "\ud7a3":
        return "LVT" if (ord(character) - 0xAC00) % 28 else "LV"
    return ""


def _is_conjunct(text: str, at: int) -> bool:
    """Tell whether a sign that joins consonants stands before this place."""
    while at > 0 and unicodedata.category(text[at - 1]) == "Mn":
        if unicodedata.combining(text[at - 1]) == _VIRAMA:
            return True
        at -= 1
    return False


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flags_before(text: str, at: int) -> int:
    count = 0
    while at > 0 and _is_flag(text[at - 1]):
        at, count = at - 1, count + 1
    return count
