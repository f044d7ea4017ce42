"""Runs that an exhaustive search leaves out: those that imply them show the same, or more."""

from __future__ import annotations

import pytest

from chatbridge.testing.world.courses import Course
from chatbridge.testing.world.enumeration import OPERATIONS_OF, Scenario, scenarios
from chatbridge.testing.world.faults import Effect, Noted
from chatbridge.testing.world.histories import run
from chatbridge.testing.world.implied import implied_afters, is_implied_order

SAMPLE = (
    Scenario(("says", "public")),
    Scenario(("photo", "hides"), "webhook"),
    Scenario(("replies", "resolves"), "hints"),
    Scenario(("race",)),
    Scenario(("says",), start="nothing"),
    Scenario(("document", "fetches late"), "webhook", platform="viber"),
    Scenario(("album", "internal file"), edition="data_center"),
)


def test_a_crash_after_an_effect_is_the_crash_before_the_next_one() -> None:
    """From there on both have the same effects, to the end, and both hold; there are many."""
    compared = 0
    for scenario in SAMPLE:
        course = Course.of(scenario.history())
        unharmed = run(scenario.history(), traced=True).trace
        for number in sorted(implied_afters(course.noted)):
            after = run(scenario.history(("arms", "after", number)), traced=True)
            before = run(scenario.history(("arms", "before", number + 1)), traced=True)
            if after.trace == unharmed:
                # A put that somebody else's made void: nothing was written, so nothing dies there.
                continue
            assert ((), ()) == (after.problems, before.problems)
            assert _since_crash(after.trace, after.hit) == _since_crash(before.trace, before.hit)
            compared += 1
    assert compared > 50


def test_a_crash_that_another_one_does_not_imply_is_kept() -> None:
    """Time, another process, another webhook or news that are taken away tell them apart."""
    put = Effect("p0", "put", "link", "storage", "link:1")
    read = Effect("p0", "read", "GET issue", "desk")
    take = Effect("p0", "read", "getUpdates", "telegram")
    other = Effect("p1", "put", "link", "storage", "link:1")

    def implied(*noted: tuple[Effect, int, float]) -> set[int]:
        return set(implied_afters([Noted(effect, 1, *more) for effect, *more in noted]))

    assert {1} == implied((put, 1, 0.0), (read, 1, 0.0), (put, 1, 0.0))
    assert set() == implied((put, 1, 0.0), (take, 1, 0.0), (put, 1, 0.0))
    assert set() == implied((put, 1, 0.0), (put, 2, 0.0))
    assert set() == implied((put, 1, 0.0), (put, 1, 0.5))
    assert set() == implied((put, 1, 0.0), (other, 1, 0.0))
    assert {2} == implied((put, 1, 0.0), (other, 1, 0.0), (other, 1, 0.0))


@pytest.mark.parametrize(("platform", "setting"), [("telegram", "poll"), ("viber", "hints")])
def test_either_order_of_customers_and_agents_has_the_same_effects(
    platform: str, setting: str
) -> None:
    """What customers and what agents do commutes, where nothing works between them."""
    operations = OPERATIONS_OF[platform]
    left_out = [
        (first, second) for first in operations for second in operations
        if is_implied_order(operations[first], operations[second])
    ]  # fmt: skip
    for first, second in left_out[::17]:
        one, other = (
            run(Scenario(names, setting, platform=platform).history(), traced=True)
            for names in ((first, second), (second, first))
        )
        assert one == other
    assert len(left_out) > 150
    tried = {scenario.names for scenario in scenarios(setting, platform=platform)}
    assert set() == tried & set(left_out)
    assert set() == {(second, first) for first, second in left_out} - tried


def _since_crash(trace: tuple[str, ...], hit: tuple[str, ...]) -> list[str]:
    at = int(hit[0].split()[2])
    counts = [int(line.split()[0]) for line in trace]
    return [line.partition(" ")[2] for line in trace[counts.index(at) + 1 :]]
