"""Shares of what is too much to be tried whole: scenarios of three operations, pairs of crashes.

A seed chooses what comes first; all that can follow is tried.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from chatbridge.testing.world.courses import Course
from chatbridge.testing.world.enumeration import OPERATIONS, SETTINGS, Scenario, single_faults
from chatbridge.testing.world.histories import History, Outcome
from chatbridge.testing.world.operations import Step

_CRASHES: Final = ("before", "after")
_AGAIN: Final[tuple[Step, ...]] = (("run", 0), ("pass", 61), ("run", 0))
"""The process starts again, at once and when what it held is free."""

Runs = Iterator[tuple[str, History, Outcome]]


def three_of(seed: int) -> Scenario:
    """Return the scenario of three operations of a seed."""
    draw = random.Random(f"three operations {seed}")  # noqa: S311 - reproducible on purpose
    names = tuple(draw.choice(list(OPERATIONS)) for _ in range(3))
    return Scenario(names, draw.choice(SETTINGS))


def faults_of_threes(first: int, last: int) -> Runs:
    """Run every single fault of the scenarios of three operations of seeds, `last` not included."""
    for seed in range(first, last):
        for history, outcome in single_faults(three_of(seed)):
            yield f"three operations {seed}", history, outcome


def crash_pairs(first: int, last: int) -> Runs:
    """Run, for each seed, a crash that it chooses with every other crash after it."""
    for seed in range(first, last):
        for history, outcome in _pairs(seed):
            yield f"pair {seed}", history, outcome


def _pairs(seed: int) -> Iterator[tuple[History, Outcome]]:
    draw = random.Random(f"pairs {seed}")  # noqa: S311 - reproducible on purpose
    names = tuple(draw.choice(list(OPERATIONS)) for _ in range(draw.choice((1, 2, 2))))
    scenario = Scenario(names, draw.choice(SETTINGS))
    mode = draw.choice(_CRASHES)
    count = Course.of(scenario.history()).count(mode)
    if not count:
        return
    at = draw.randrange(1, count + 1)
    once = _again(scenario.history(("arms", mode, at)))
    course = Course.of(once)
    yield once, course.outcome
    for second in _CRASHES:
        for later in range(at + 1, course.count(second) + 1):
            twice = _again(scenario.history(("arms", mode, at), ("arms", second, later)))
            yield twice, course.with_fault(second, later)


def _again(history: History) -> History:
    return history.with_steps((*history.steps, *_AGAIN))
