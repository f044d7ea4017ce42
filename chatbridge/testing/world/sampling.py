"""Pairs of crashes, and shares of what is too much to be tried whole.

Every pair of crashes of every scenario of one operation is tried. Of more operations a seed chooses
what comes first; all that can follow is tried.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from chatbridge.testing.world.courses import Course
from chatbridge.testing.world.enumeration import (
    OPERATIONS_OF,
    SETTINGS,
    Scenario,
    scenarios,
    single_faults,
)
from chatbridge.testing.world.histories import History, Outcome
from chatbridge.testing.world.implied import implied_afters
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


def all_crash_pairs(setting: str, share: int = 1, of: int = 0) -> Runs:
    """Run every two crashes of each scenario of one operation, or of one share of them.

    Args:
        setting: one of `enumeration.SETTINGS`.
        share: every how many-th scenario.
        of: which of them, from 0.
    """
    single = [each for each in scenarios(setting) if len(each.names) == 1]
    for scenario in single[of::share]:
        course = Course.of(scenario.history())
        for mode in _CRASHES:
            for at in _crashes(course, mode):
                for history, outcome in _with_first(scenario, mode, at):
                    yield f"{setting} {scenario.names[0]}", history, outcome


def _pairs(seed: int, edition: str, platform: str) -> Iterator[tuple[History, Outcome]]:
    draw = random.Random(f"pairs {seed}")  # noqa: S311 - reproducible on purpose
    scenario = _drawn(draw, draw.choice((1, 2, 2)), edition, platform)
    mode = draw.choice(_CRASHES)
    count = Course.of(scenario.history()).count(mode)
    if count:
        yield from _with_first(scenario, mode, draw.randrange(1, count + 1))


def _with_first(scenario: Scenario, mode: str, at: int) -> Iterator[tuple[History, Outcome]]:
    """Run a scenario with a first crash, then with each second one behind it, too."""
    once = _again(scenario.history(("arms", mode, at)))
    course = Course.of(once)
    yield once, course.outcome
    for second in _CRASHES:
        for later in _crashes(course, second):
            if later > at:
                twice = _again(scenario.history(("arms", mode, at), ("arms", second, later)))
                yield twice, course.with_fault(second, later)


def _crashes(course: Course, mode: str) -> list[int]:
    """Return the places of a course where a crash is no other one's double."""
    implied = implied_afters(course.noted) if mode == "after" else ()
    return [place for place in range(1, course.count(mode) + 1) if place not in implied]


def _drawn(draw: random.Random, operations: int, edition: str, platform: str) -> Scenario:
    names = tuple(draw.choice(list(OPERATIONS_OF[platform])) for _ in range(operations))
    # What cannot be polled has the other settings.
    settings = SETTINGS if "poll" in PLATFORMS[platform].modes else SETTINGS[1:]
    return Scenario(names, draw.choice(settings), edition=edition, platform=platform)


def _again(history: History) -> History:
    return history.with_steps((*history.steps, *_AGAIN))
