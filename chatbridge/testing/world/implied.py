"""Runs that other runs imply, so that an exhaustive search need not make them.

Each rule has its reason here, and tests that make the left-out runs, too, and compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from chatbridge.testing.world.faults import Noted

_CUSTOMERS: Final = frozenset({
    "says", "sends", "edits", "replies", "commands", "blocks", "unblocks", "opens", "follows",
    "borrows", "reads", "fails",
})  # fmt: skip
"""Steps that change the chat platform only."""

_AGENTS: Final = frozenset({
    "comments", "many_comments", "flips", "changes", "deletes_comment", "sets_status", "moves",
    "deletes",
})  # fmt: skip
"""Steps that change the desk only."""

_TAKES: Final = "getUpdates"
"""A call that asks for news, and takes away what was brought before."""


def is_implied_order(
    first: tuple[tuple[Any, ...], ...], second: tuple[tuple[Any, ...], ...]
) -> bool:
    """Tell whether the other order of two operations is tried instead of this one.

    Nothing works between them and no time passes, and the chat platform and the desk know nothing
    of each other: after both orders both are the same, but for the numbers of words.

    Args:
        first: the steps of the operation that comes first.
        second: those of the other one.
    """
    return {step[0] for step in first} <= _AGENTS and {step[0] for step in second} <= _CUSTOMERS


def implied_afters(noted: Sequence[Noted]) -> frozenset[int]:
    """Return the crashes after an effect that a crash before a later one implies.

    The memory of a process that dies is gone, so its world is decided by what is outside. That is
    the same after an effect and before the next one that changes something, where only reads lie
    between, no time passes and the process begins anew at the same place. The later crash is judged
    more strictly: nobody doubts that the first effect happened.

    Args:
        noted: the effects of a course.

    Returns:
        Which of the effects that change something, counted from 1.
    """
    implied: set[int] = set()
    changing = 0
    last: Noted | None = None
    for each in noted:
        if last is not None and (
            (each.effect.process, each.stretch, each.at)
            != (last.effect.process, last.stretch, last.at)
            or each.effect.name == _TAKES
        ):
            last = None
        if each.effect.changes:
            if last is not None:
                implied.add(changing)
            changing += 1
            last = each
    return frozenset(implied)
