"""How long requests wait: rates, bursts, holds, and memory that stays bounded."""

from __future__ import annotations

import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbridge.http_types import Pace
from chatbridge.pacing import Pacer
from chatbridge.testing.virtual_clock import VirtualClock

CHAT = Pace("chat", "1", 1.0)
OTHER = Pace("chat", "2", 1.0)
BOT = Pace("bot", "b", 30.0, burst=30)


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that stands still unless it is moved."""
    return VirtualClock()


@pytest.fixture
def pacer(clock: VirtualClock) -> Pacer:
    """A pacer at rest."""
    return Pacer(clock)


def wait(pacer: Pacer, *paces: Pace, longest: float = math.inf) -> float:
    """Return the seconds only, rounded."""
    return round(pacer.wait_for(paces, longest)[0], 6)


def test_a_rate_spaces_requests(pacer, clock):
    """At one a second, requests at one moment are spread over the next seconds."""
    assert [0, 1, 2, 3] == [wait(pacer, CHAT) for _ in range(4)]
    clock.advance(3.5)
    assert 0.5 == wait(pacer, CHAT)


def test_other_keys_and_no_paces_do_not_wait(pacer):
    """A limit of one chat is no limit of another one."""
    wait(pacer, CHAT)
    assert [0, 0] == [wait(pacer, OTHER), wait(pacer)]
    assert (0.0, None) == pacer.wait_for(())


def test_a_burst_goes_at_once(pacer, clock):
    """After a quiet time a burst passes, then the rate holds; quiet time does not add up."""
    burst = Pace("bot", "b", 2.0, burst=3)
    assert [0, 0, 0, 0.5, 1.0] == [wait(pacer, burst) for _ in range(5)]
    clock.advance(1000)
    assert [0, 0, 0, 0.5] == [wait(pacer, burst) for _ in range(4)]


def test_all_limits_count(pacer):
    """The longest wait of all paces counts, and names its scope."""
    slow = Pace("bot", "b", 0.1)
    assert (0.0, None) == pacer.wait_for((CHAT, slow))
    assert (10.0, "bot") == pacer.wait_for((OTHER, slow))


def test_too_long_a_wait_books_nothing(pacer):
    """Asking again and again while it is too early does not push the moment away."""
    wait(pacer, CHAT)
    assert [1, 1, 1] == [wait(pacer, CHAT, longest=0.5) for _ in range(3)]
    assert [1, 2] == [wait(pacer, CHAT), wait(pacer, CHAT)]


@pytest.mark.fault("F20", "F24")
@pytest.mark.invariant("I18")
def test_a_hold_is_kept_to_the_second(pacer, clock):
    """Nothing passes before the hold's end, then one request, then the usual pace."""
    fast = Pace("bot", "b", 10.0, burst=5)
    pacer.hold((fast,), None, 30)
    assert 30 == wait(pacer, fast, longest=0)
    clock.advance(29.999)
    assert 0.001 == wait(pacer, fast, longest=0)
    clock.advance(0.001)
    assert [0, 0.1, 0.2] == [wait(pacer, fast) for _ in range(3)]


def test_a_shorter_hold_does_not_end_a_longer_one(pacer):
    """The later end of two holds counts."""
    pacer.hold((CHAT,), None, 30)
    pacer.hold((CHAT,), None, 3)
    assert 30 == wait(pacer, CHAT, longest=0)


@pytest.mark.parametrize("seconds", [0, -1, math.nan])
def test_a_hold_of_no_time_holds_nothing(pacer, seconds):
    """A far side that names no real time stops nobody."""
    pacer.hold((CHAT,), None, seconds)
    pacer.hold((), None, 5)
    assert 0 == wait(pacer, CHAT)


def test_a_hold_hits_the_scope_it_names(pacer):
    """A named scope is held, the others are not; without a name it is the most specific one."""
    pacer.hold((CHAT, BOT), "bot", 30)
    assert [30, 0] == [wait(pacer, BOT, longest=0), wait(pacer, CHAT, longest=0)]
    pacer.hold((OTHER, Pace("bot", "c")), None, 20)
    assert [20, 0] == [wait(pacer, OTHER, longest=0), wait(pacer, Pace("bot", "c"), longest=0)]
    pacer.hold((Pace("chat", "9"),), "site", 10)
    assert 10 == wait(pacer, Pace("chat", "9"), longest=0)


def test_two_chats_told_to_wait_hold_the_bot(pacer, clock):
    """When another chat of the bot is told the same within the hold, the limit is the bot's."""
    pacer.hold((CHAT, BOT), None, 30)
    pacer.hold((CHAT, BOT), None, 30)
    assert 0 == wait(pacer, BOT, longest=0)
    clock.advance(10)
    pacer.hold((OTHER, BOT), None, 25)
    assert 25 == wait(pacer, BOT, longest=0)


def test_two_chats_told_at_different_times_do_not_hold_the_bot(pacer, clock):
    """A second chat that is told to wait after the first one's hold says nothing of the bot."""
    pacer.hold((CHAT, BOT), None, 30)
    clock.advance(30)
    pacer.hold((OTHER, BOT), None, 30)
    assert 0 == wait(pacer, BOT, longest=0)


def test_being_told_our_own_wait_changes_nothing(pacer, clock):
    """A wait that the pacer named, held again by its scope, is not a longer one."""
    slow = Pace("bot", "b", 0.1, burst=2)
    for _ in range(2):
        wait(pacer, CHAT, slow)
    seconds, scope = pacer.wait_for((OTHER, slow), longest=1)
    pacer.hold((OTHER, slow), scope, seconds)
    assert (seconds, "bot") == pacer.wait_for((OTHER, slow), longest=1)
    assert 0 == wait(pacer, OTHER, longest=0)


@pytest.mark.fault("F82")
def test_memory_is_bounded_by_what_is_in_use(pacer, clock):
    """Ten thousand chats, one after the other, leave few buckets behind."""
    for number in range(10_000):
        wait(pacer, Pace("chat", str(number)))
        clock.advance(0.1)
    assert len(pacer) <= 1025
    # What is held is never thrown away.
    pacer.hold((CHAT,), None, 1e6)
    for number in range(5_000):
        wait(pacer, Pace("chat", str(number)))
        clock.advance(2)
    assert wait(pacer, CHAT, longest=0) > 900_000


def test_threads_never_book_one_moment_twice(clock):
    """Booked from many threads, the waits are those of one queue."""
    pacer = Pacer(clock)
    waits: list[float] = []

    def work() -> None:
        waits.extend(wait(pacer, CHAT) for _ in range(200))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert list(range(800)) == sorted(waits)


@pytest.mark.fault("F24")
@pytest.mark.invariant("I18")
@given(
    gaps=st.lists(st.floats(0, 3), max_size=60),
    rate=st.floats(0.2, 20),
    burst=st.integers(1, 5),
)
def test_no_window_holds_more_than_the_pace_allows(gaps, rate, burst):
    """In any window of t seconds at most burst + rate * t requests go."""
    clock = VirtualClock()
    pacer = Pacer(clock)
    went = []
    for gap in gaps:
        clock.advance(gap)
        went.append(clock.monotonic() + pacer.wait_for((Pace("chat", "1", rate, burst),))[0])
    assert sorted(went) == pytest.approx(went)
    for first, start in enumerate(went):
        for last in range(first, len(went)):
            allowed = burst + rate * (went[last] - start)
            assert last - first + 1 <= allowed + 1e-6
