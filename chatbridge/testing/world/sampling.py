"""Shares of what is too much to be tried whole: scenarios of three operations, pairs of crashes.

A seed chooses what comes first; all that can follow is tried.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from chatbridge.testing.world.courses import Course
from chatbridge.testing.world.enumeration import OPERATIONS_OF, SETTINGS, Scenario, single_faults
from chatbridge.testing.world.histories import History, Outcome
from chatbridge.testing.world.operations import Step
from chatbridge.testing.world.stage import PLATFORMS

_CRASHES: Final = ("before", "after")
_AGAIN: Final[tuple[Step, ...]] = (("run", 0), ("pass", 61), ("run", 0))
"""The process starts again, at once and when what it held is free."""

Runs = Iterator[tuple[str, History, Outcome]]


def three_of(seed: int, *, edition: str = "cloud", platform: str = "telegram") -> Scenario:
    """Return the scenario of three operations of a seed."""
    draw = random.Random(f"three operations {seed}")  # noqa: S311 - reproducible on purpose
    return _drawn(draw, 3, edition, platform)


def faults_of_threes(
    first: int, last: int, *, edition: str = "cloud", platform: str = "telegram"
) -> Runs:
    """Run every single fault of the scenarios of three operations of seeds, `last` not included.

    Args:
        first: seed.
        last: the seed after the last one.
        edition: which Jira it is.
        platform: which chats they are.
    """
    for seed in range(first, last):
        scenario = three_of(seed, edition=edition, platform=platform)
        for history, outcome in single_faults(scenario):
            yield f"three operations {seed}", history, outcome


def crash_pairs(
    first: int, last: int, *, edition: str = "cloud", platform: str = "telegram"
) -> Runs:
    """Run, for each seed, a crash that it chooses with every other crash after it.

    Args:
        first: seed.
        last: the seed after the last one.
        edition: which Jira it is.
        platform: which chats they are.
    """
    for seed in range(first, last):
        for history, outcome in _pairs(seed, edition, platform):
            yield f"pair {seed}", history, outcome


def _pairs(seed: int, edition: str, platform: str) -> Iterator[tuple[History, Outcome]]:
    draw = random.Random(f"pairs {seed}")  # noqa: S311 - reproducible on purpose
    scenario = _drawn(draw, draw.choice((1, 2, 2)), edition, platform)
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


def _drawn(draw: random.Random, operations: int, edition: str, platform: str) -> Scenario:
    names = tuple(draw.choice(list(OPERATIONS_OF[platform])) for _ in range(operations))
    # What cannot be polled has the other settings.
    settings = SETTINGS if "poll" in PLATFORMS[platform].modes else SETTINGS[1:]
    return Scenario(names, draw.choice(settings), edition=edition, platform=platform)


def _again(history: History) -> History:
    return history.with_steps((*history.steps, *_AGAIN))
