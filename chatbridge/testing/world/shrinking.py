"""Cuts a history that fails to what is needed for it to fail: delta debugging over its steps.

See Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (IEEE TSE 28, 2002).
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from chatbridge.testing.world.histories import History, run
from chatbridge.testing.world.operations import Step


def shrink(history: History, problem: str, *, most: int = 600) -> History:
    """Return a shorter history that breaks the same invariant.

    Args:
        history: one that fails.
        problem: what came of it.
        most: runs to spend.
    """
    wanted = problem.partition(":")[0]
    spent = 0

    def fails(steps: tuple[Step, ...], like: History = history) -> bool:
        nonlocal spent
        spent += 1
        if spent > most:
            return False
        found = run(like.with_steps(steps)).problems
        return any(each.startswith(wanted + ":") or each == problem for each in found)

    steps = _minimal(history.steps, fails)
    for simpler in (
        {"processes": 1}, {"processes": 2}, {"hints": False}, {"mode": "poll"},
        {"start": "nothing"}, {"start": "opened"},
    ):  # fmt: skip
        changed = evolve(history, **simpler)
        if changed != history and fails(steps, changed):
            history = changed
    return history.with_steps(_minimal(steps, lambda kept: fails(kept, history)))


def _minimal(
    steps: tuple[Step, ...], fails: Callable[[tuple[Step, ...]], bool]
) -> tuple[Step, ...]:
    pieces = 2
    while len(steps) > 1:
        size = max(1, len(steps) // pieces)
        for start in range(0, len(steps), size):
            rest = steps[:start] + steps[start + size :]
            if rest and fails(rest):
                steps, pieces = rest, max(2, pieces - 1)
                break
        else:
            if size == 1:
                break
            pieces = min(len(steps), pieces * 2)
    return steps
