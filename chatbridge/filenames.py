"""Names of files: made safe for every system they pass through, and the marker that ours carry.

A name is only ever a sender's claim. It is never used as a path; it is cleaned because programs
behind the bridge may use it as one.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 120
"""Characters of a safe name, its ending included; 255 bytes is what file systems take."""

_LONGEST_ENDING: Final = 12
_MOST_BYTES: Final = 200
_FORBIDDEN: Final = frozenset('<>:"/\\|?*')
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
_MARKED: Final = re.compile(r"-([a-z2-7]{16})(?:\.[^.]*)?$")


def safe_name(claimed: str, fallback: str = "file") -> str:
    """Return a file name without folders, control characters, direction marks or reserved words.

    Args:
        claimed: what the sender says; anything.
        fallback: what it is called where nothing is left of that.
    """
    last = re.split(r"[/\\]", claimed)[-1]
    kept = "".join(
        "_" if character in _FORBIDDEN else character
        for character in unicodedata.normalize("NFC", last)
        if not unicodedata.category(character).startswith("C")
    )
    name = " ".join(kept.split()).strip(". ")
    if not name or not any(character.isalnum() for character in name):
        name = fallback
    if _RESERVED.match(name):
        name = f"_{name}"
    return _cut(name)


def marked_name(name: str, marker: str) -> str:
    """Return a safe name with a marker before its ending, as in photo-mfzgcy3bmnsxk4tu.jpg.

    Args:
        name: from `safe_name`.
        marker: 16 characters of a-z and 2-7.
    """
    stem, ending = _parts(name)
    return f"{stem}-{marker}{ending}"


def marker_in(name: str) -> str | None:
    """Return the marker in a file's name, None where there is none."""
    found = _MARKED.search(name)
    return found[1] if found else None


def _cut(name: str) -> str:
    stem, ending = _parts(name)
    stem = stem[: LONGEST - len(ending)]
    while len((stem + ending).encode()) > _MOST_BYTES:
        stem = stem[:-1]
    return stem.rstrip(". ") + ending


def _parts(name: str) -> tuple[str, str]:
    """Return what stands before the last dot, and that dot with what follows it."""
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > _LONGEST_ENDING or not ending.isalnum():
        return name, ""
    return stem, dot + ending
