"""The virtual clock passes exactly as much time as was asked for, at once."""

from __future__ import annotations

import threading

import pytest

from chatbridge.clock import Clock
from chatbridge.testing.virtual_clock import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    """Return a clock that shows 5000 on the wall."""
    return VirtualClock(start_wall=5000.0)


def test_it_is_a_clock(clock: VirtualClock) -> None:
    """It has what the library asks of time and starts where it was told."""
    port: Clock = clock
    assert 5000.0 == port.time()


def test_sleep_passes_both_times(clock: VirtualClock) -> None:
    """Sleeping an hour moves the monotonic and the wall clock by an hour."""
    before = clock.monotonic()
    clock.sleep(3600)
    assert (3600.0, 8600.0) == (clock.monotonic() - before, clock.time())


def test_a_wait_that_is_ready_takes_no_time(clock: VirtualClock) -> None:
    """Nothing passes where there is nothing to wait for."""
    before = clock.monotonic()
    with (changed := threading.Condition()):
        assert clock.wait(changed, lambda: True, 50)
    assert before == clock.monotonic()


def test_a_wait_passes_all_its_time_and_asks_again(clock: VirtualClock) -> None:
    """What becomes ready by the time that passed is seen."""
    until = clock.monotonic() + 50
    with (changed := threading.Condition()):
        early = clock.wait(changed, lambda: clock.monotonic() >= until, 49)
        late = clock.wait(changed, lambda: clock.monotonic() >= until, 1)
    assert (False, True) == (early, late)
    assert until == clock.monotonic()


def test_a_negative_wait_is_over_at_once(clock: VirtualClock) -> None:
    """A deadline that is over does not turn time back."""
    before = clock.monotonic()
    with (changed := threading.Condition()):
        assert not clock.wait(changed, lambda: False, -1)
    assert before == clock.monotonic()


def test_time_does_not_run_back(clock: VirtualClock) -> None:
    """Neither advance nor sleep take a negative number."""
    with pytest.raises(ValueError, match="forwards"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="forwards"):
        clock.sleep(-1)


def test_the_wall_may_jump_and_monotonic_does_not(clock: VirtualClock) -> None:
    """A jump of the wall clock, either way, leaves deadlines alone."""
    before = clock.monotonic()
    clock.jump_wall(-1000)
    back = clock.time()
    clock.jump_wall(3000)
    assert (4000.0, 7000.0, before) == (back, clock.time(), clock.monotonic())
