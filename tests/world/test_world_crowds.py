"""Eight processes at work on two links at once, in orders that seeds draw (M4)."""

from __future__ import annotations

import pytest

from chatbridge.outbound import Outbound
from chatbridge.testing.world.crowds import crowd_of


@pytest.mark.fault("F5", "F6", "F40", "F61")
@pytest.mark.invariant("I1", "I2", "I3", "I6", "I9")
def test_eight_processes_at_once_break_nothing() -> None:
    """Whatever order eight processes do their effects in, every invariant holds."""
    crowds = {seed: crowd_of(seed) for seed in range(6)}
    assert {} == {seed: crowd.problems for seed, crowd in crowds.items() if crowd.problems}
    assert sum(crowd.operations for crowd in crowds.values()) > 2_000


@pytest.mark.fault("F5", "F25")
@pytest.mark.invariant("I9")
@pytest.mark.parametrize("seed", [103, 576])
def test_a_chat_may_go_and_come_back_while_eight_processes_work(seed: int) -> None:
    """No claim is taken from whoever sends, and a note that agents are told was claimed."""
    assert () == crowd_of(seed).problems


def test_a_seed_decides_the_order_of_a_crowd() -> None:
    """The same seed is the same run, another one is another."""
    assert crowd_of(3) == crowd_of(3)
    assert len({crowd_of(seed).operations for seed in range(4)}) > 1


@pytest.mark.invariant("I3", "I9")
def test_a_crowd_shows_that_claims_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody heeds the claim of another process, a few orders show it."""
    monkeypatch.setattr(Outbound, "_claimed_for", lambda _self, _kept: 0.0)
    assert any(crowd_of(seed).problems for seed in range(5))


@pytest.mark.fault("F5", "F6", "F40", "F61")
@pytest.mark.invariant("I1", "I2", "I3", "I6", "I9")
@pytest.mark.heavy
@pytest.mark.parametrize("platform", ["telegram", "viber"])
def test_many_crowds_break_nothing(platform: str) -> None:
    """Some fifty thousand effects of eight processes, on each platform."""
    crowds = {seed: crowd_of(seed, 8, platform) for seed in range(1000, 1070)}
    assert {} == {seed: crowd.problems for seed, crowd in crowds.items() if crowd.problems}
