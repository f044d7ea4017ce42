"""Changes inputs at random, knowing JSON: a node is replaced, removed, doubled, moved or buried.

The same chance gives the same change. What is no JSON is changed byte by byte.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

PREFIXES = {"telegram_answer": 2, "jira_answer": 2, "record": 2, "rendering": 1}
"""Bytes before the JSON (or text) of a target's input: which exchange, which status."""

_STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 5, 2**31, 2**53, 10**18, 10**30, -(10**30), 1.5, 1e308, "", "0",
    "1", "x", "ä", "😀", "\ud800", "\x00", "\u202e", "a\nb", "/../", "https://t.me/x?start=y", [],
    {}, [[]], [{}], {"": ""}, {"id": "1"}, {"type": "text", "text": "x"}, "9" * 40, "x" * 5000,
)  # fmt: skip
_TOKENS: tuple[bytes, ...] = (
    b"[", b"]", b"{", b"}", b'"', b":", b",", b"\\u0000", b"\\ud800", b"NaN", b"1e999", b"-", b".",
    b"=", b"\n", b"\x00", b"\xff", b"\xe2\x80\x8d", b"null", b"true", b"9999999999", b"GMT", b"[[",
    b"'''", b"#", b"@", b"//", b"%", b"\\",
)  # fmt: skip


def mutated(name: str, data: bytes, chance: Random) -> bytes:
    """Return the input with one to three changes.

    Args:
        name: of the target.
        data: an input of it.
        chance: decides what is changed.
    """
    prefix = PREFIXES.get(name, 0)
    head, rest = data[:prefix], data[prefix:]
    if head and chance.random() < 0.3:
        head = bytes([chance.randrange(256) for _ in head])
    for _ in range(chance.randint(1, 3)):
        rest = _changed(rest, chance)
    return head + rest


def _changed(data: bytes, chance: Random) -> bytes:
    if chance.random() < 0.7:
        try:
            return json.dumps(_with_change(json.loads(data), chance)).encode()
        except (ValueError, RecursionError):
            # No JSON, or nested deeper than this process can follow.
            pass
    return _other_bytes(data, chance)


def _with_change(value: Any, chance: Random) -> Any:
    places = _places(value)
    if not places:
        return chance.choice(_STRANGE)
    holder, step = chance.choice(places)
    here = holder[step]
    match chance.randrange(7):
        case 0:
            del holder[step]
        case 1:
            other, where = chance.choice(places)
            holder[step] = _copy(other[where])
        case 2:
            for _ in range(chance.choice((1, 3, 40, 200))):
                here = [here] if chance.random() < 0.5 else {str(step): here}
            holder[step] = here
        case 3:
            holder[step] = [_copy(here) for _ in range(chance.choice((2, 20)))]
        case 4 if isinstance(here, str) and here:
            at = chance.randrange(len(here))
            holder[step] = here[:at] + chance.choice("\ud800\x00😀-/_.:0Zz\n") + here[at:]
        case _:
            holder[step] = chance.choice(_STRANGE)
    return value


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every holder and step below a value; not deeper than recursion goes."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        if isinstance(holder, dict):
            found += [(holder, key) for key in holder]
            waiting += holder.values()
        elif isinstance(holder, list):
            found += [(holder, at) for at in range(len(holder))]
            waiting += holder
    return found


def _copy(value: Any) -> Any:
    try:
        return json.loads(json.dumps(value))
    except (ValueError, RecursionError):
        return None


def _other_bytes(data: bytes, chance: Random) -> bytes:
    at, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    match chance.randrange(5):
        case 0:
            return data[:at] + data[end:]
        case 1:
            return data[:end] + data[at:end] * chance.choice((1, 2, 50)) + data[end:]
        case 2:
            return data[:at] + chance.choice(_TOKENS) + data[at:]
        case 3:
            return data[:at] + chance.choice(_TOKENS) * chance.choice((10, 500)) + data[end:]
        case _:
            return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
