"""Every place at which a record can be altered or a key replaced, and a rotation cut off anywhere.

The scenarios are those of `enumeration`; what happens to records and keys is a list of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chatbridge.testing.world.courses import Course
from chatbridge.testing.world.enumeration import Scenario
from chatbridge.testing.world.histories import History, Outcome
from chatbridge.testing.world.key_changes import TO_THE_END
from chatbridge.testing.world.operations import Step

ALTERATIONS: Final[dict[str, tuple[Step, ...]]] = {
    "content": (("alters", "link", 0, "content"),),
    "header": (("alters", "link", 0, "key id"),),
    "torn": (("alters", "link", 0, "torn"),),
    "moved": (("alters", "link", 0, "other"),),
    "conversation": (("alters", "conversation", 0, "tag"),),
    "claim": (("alters", "claim", 0, "tag"),),
    "project": (("alters", "project", 0, "tag"),),
    "for a while": (("alters", "link", 0, "tag"), ("pass", 1), ("run", 0), ("puts_back",)),
}
"""What may happen to records, by a short name."""

_WORK: Final[tuple[Step, ...]] = (("run", 1), ("pass", 0.5), ("run", 0))
_CUTS: Final = (
    "before",
    "after",
    "lost",
    "error",
    "conflict",
    "outage",
    "cancel",
    "aside",
    "pause",
)
Runs = Iterator[tuple[History, Outcome]]


def alterations(scenario: Scenario, name: str) -> Runs:
    """Alter a record before a scenario, and at each of its effects."""
    steps = ALTERATIONS[name]
    plain = scenario.history()
    before = plain.with_steps((*steps, *plain.steps))
    yield before, Course.of(before).outcome
    # What is put back later is a course of its own.
    yield from _meanwhile(plain, steps[0]) if len(steps) == 1 else iter(())


def rotations(scenario: Scenario) -> Runs:
    """Let a whole rotation pass at each effect of a scenario: its process knows the old key."""
    yield from _meanwhile(scenario.history(), ("rotates", TO_THE_END))


def cut_rotations(scenario: Scenario) -> Runs:
    """Let a rotation fail at each of its effects, beside two processes at work."""
    yield from _each_way(_rotated(scenario, _WORK), _CUTS)


def worked_in(scenario: Scenario) -> Runs:
    """Let two processes do all that is to be done at each effect of a rotation."""
    yield from _each_way(_rotated(scenario, ()), ("aside",))


def _rotated(scenario: Scenario, meanwhile: tuple[Step, ...]) -> Course:
    """Return a rotation while there is something to do, for two processes that know the old key."""
    plain = scenario.history()
    *done, last = plain.steps
    rotation: Step = ("rotates", TO_THE_END, *meanwhile)
    # What was lost of a record shows when more comes.
    more = (("pass", 30), ("comments", 0), ("says", 0))
    steps = (("run", 0), ("run", 1), ("pass", 21), *done, rotation, *more, last)
    return Course.of(History(steps, plain.start, plain.mode, 2, plain.hints))


def _each_way(course: Course, modes: tuple[str, ...]) -> Runs:
    yield course.history, course.outcome
    for mode in modes:
        for countdown in range(1, course.count(mode) + 1):
            armed: Step = ("arms", mode, countdown)
            history = course.history.with_steps((armed, *course.history.steps))
            yield history, course.with_fault(mode, countdown)


def _meanwhile(plain: History, step: Step) -> Runs:
    course = Course.of(plain)
    for countdown in range(1, course.count("meanwhile") + 1):
        armed: Step = ("arms", "meanwhile", countdown, step)
        history = plain.with_steps((armed, *plain.steps))
        yield history, course.with_fault("meanwhile", countdown, step)
