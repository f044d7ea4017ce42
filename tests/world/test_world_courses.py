"""Faults that start from a kept copy: nothing differs from the whole history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from chatbridge.testing.world import sampling
from chatbridge.testing.world.courses import Course
from chatbridge.testing.world.enumeration import Scenario, asides, meanwhiles, pauses, single_faults
from chatbridge.testing.world.histories import History, Outcome, heard, judged, ready, run
from chatbridge.testing.world.live_copies import copy_of
from chatbridge.testing.world.operations import perform

Search = Callable[[Scenario], Iterator[tuple[History, Outcome]]]


@pytest.mark.parametrize(
    ("search", "setting"),
    [
        (single_faults, "poll"),
        (single_faults, "hints"),
        (pauses, "poll"),
        (asides, "webhook"),
        (partial(meanwhiles, name="hides"), "poll"),
    ],
)
def test_a_fault_from_a_copy_is_the_fault_of_the_whole_history(
    search: Search, setting: str
) -> None:
    """What came of each run, its effects and its fault are those of its history, run anew."""
    for history, outcome in list(search(Scenario(("public", "says"), setting)))[::5]:
        assert run(history) == outcome


def test_a_copy_lives_on_as_its_world_does() -> None:
    """A copy of a world with running bridges has the same effects from there on."""
    history = History((("says", 0), ("comments", 0)), "two", "webhook", 2, hints=True)
    later = (("run", 0), ("comments", 1, "files"), ("crash", 1), ("delivers", 1), ("run", 1))
    with heard() as surprises:
        world = ready(history)
        for step in (*history.steps, ("delivers", 0), ("run", 1)):
            perform(world, step)
        world.gate.trace = []
        copy = copy_of(world)
        outcomes = []
        for each in (world, copy.thaw(), copy.thaw()):
            for step in later:
                perform(each, step)
            outcomes.append(judged(each, surprises))
    assert [outcomes[0]] * 3 == outcomes
    assert len(outcomes[0].trace) > 40


def test_a_course_counts_the_effects_that_a_fault_can_hit() -> None:
    """As many places as there are, and not one more."""
    scenario = Scenario(("joins",))
    course = Course.of(scenario.history())
    assert course.count("error") == len(course.kinds)
    last = scenario.history(("arms", "before", course.count("before")))
    assert run(last).hit
    beyond = scenario.history(("arms", "before", course.count("before") + 1))
    assert () == run(beyond).hit


def test_pairs_of_crashes_are_those_of_whole_histories() -> None:
    """Both crashes happen, and what comes of them is what comes of the history."""
    runs = list(sampling.crash_pairs(0, 4))
    assert [(run(history), 2) for _, history, _ in runs[1::9]] == [
        (outcome, len(outcome.hit)) for _, _, outcome in runs[1::9]
    ]
    assert len(runs) > 40


def test_seeds_choose_three_operations() -> None:
    """Each seed is one scenario, the same each time."""
    assert len({sampling.three_of(seed) for seed in range(50)}) == 50
    assert sampling.three_of(7) == sampling.three_of(7)
    assert {3} == {len(sampling.three_of(seed).names) for seed in range(50)}
