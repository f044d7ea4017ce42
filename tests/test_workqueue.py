"""The queue's contract: never twice at once, no added handle lost, failures later and later."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chatbridge.clock import SystemClock
from chatbridge.testing.virtual_clock import VirtualClock
from chatbridge.workqueue import FIRST_DELAY, LONGEST_DELAY, WorkerPool, WorkQueue, work_once

handles = st.sampled_from(["a", "b", "c"])


class Contract(RuleBasedStateMachine):
    """Random interleavings of everything that can be done to a queue, against a simple model."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock()
        self.queue = WorkQueue(self.clock)
        self.running: set[str] = set()
        self.wanted: set[str] = set()
        self.timers: dict[str, float] = {}

    @rule(handle=handles)
    def add(self, handle: str) -> None:
        """Somebody wants it now."""
        self.queue.add(handle)
        self.wanted.add(handle)
        self.timers.pop(handle, None)

    @rule(handle=handles, seconds=st.sampled_from([-1.0, 0.0, 1.0, 5.0, 60.0]))
    def add_after(self, handle: str, seconds: float) -> None:
        """Somebody wants it later."""
        self.queue.add_after(handle, seconds)
        if seconds <= 0:
            self.wanted.add(handle)
            self.timers.pop(handle, None)
        else:
            due = self.clock.monotonic() + seconds
            self.timers[handle] = min(self.timers.get(handle, due), due)

    @rule()
    def get(self) -> None:
        """A worker asks."""
        self._fire()
        handle = self.queue.get(0)
        if handle is None:
            assert self.wanted <= self.running
            return
        assert handle not in self.running
        assert handle in self.wanted
        self.wanted.discard(handle)
        self.running.add(handle)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        """A worker is through."""
        handle = data.draw(st.sampled_from(sorted(self.running)))
        self.queue.done(handle)
        self.running.discard(handle)

    @rule(seconds=st.sampled_from([0.5, 2.0, 100.0]))
    def advance(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(seconds)

    @invariant()
    def everything_that_is_wanted_is_there(self) -> None:
        """Nothing is lost, and the queue says so."""
        self._fire()
        due = self.queue.next_due
        if self.wanted or self.running:
            assert due == 0.0
        elif self.timers:
            assert due == min(self.timers.values()) - self.clock.monotonic()
        else:
            assert due is None
        for handle in ("a", "b", "c"):
            known = handle in self.wanted | self.running or handle in self.timers
            assert known == (handle in self.queue)
        assert len(self.queue) == len(self.wanted) + len(self.timers)

    def teardown(self) -> None:
        """In the end all of it is handed out: what is wanted now once, what is later once more."""
        for handle in sorted(self.running):
            self.queue.done(handle)
        wanted, got = Counter([*self.wanted, *self.timers]), Counter()
        while (handle := self.queue.get(1000.0)) is not None:
            got[handle] += 1
            self.queue.done(handle)
        assert got == wanted

    def _fire(self) -> None:
        now = self.clock.monotonic()
        for handle in [each for each, due in self.timers.items() if due <= now]:
            del self.timers[handle]
            self.wanted.add(handle)


TestContract = Contract.TestCase
TestContract.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@pytest.fixture
def clock() -> VirtualClock:
    """Return the time."""
    return VirtualClock()


@pytest.fixture
def queue(clock) -> WorkQueue:
    """Return an empty queue."""
    return WorkQueue(clock)


def test_failures_come_back_later_and_later(queue, clock):
    """Each failure doubles the pause up to a limit, success starts anew."""
    pauses = [queue.retry("a") for _ in range(12)]
    assert [min(FIRST_DELAY * 2**n, LONGEST_DELAY) for n in range(12)] == pauses
    queue.forget("a")
    assert FIRST_DELAY == queue.retry("a")
    for _ in range(2000):
        assert LONGEST_DELAY >= queue.retry("b")


def test_far_side_names_the_shortest_pause(queue):
    """A Retry-After is never undercut, and a longer back-off stays."""
    assert 77.0 == queue.retry("a", at_least=77.0)
    for _ in range(12):
        queue.retry("b")
    assert LONGEST_DELAY == queue.retry("b", at_least=1.0)


def test_earliest_time_counts(queue, clock):
    """Of several times the first one holds, and it makes one run."""
    for seconds in (50.0, 5.0, 500.0):
        queue.add_after("a", seconds)
    assert 5.0 == queue.next_due
    assert "a" == queue.get(6.0)
    queue.done("a")
    assert None is queue.get(1000.0)


def test_waiting_for_work_ends_with_the_first_timer(queue, clock):
    """A worker that waits sleeps no longer than until something is due."""
    queue.add_after("a", 5.0)
    before = clock.monotonic()
    assert "a" == queue.get(60.0)
    assert 5.0 == pytest.approx(clock.monotonic() - before, abs=0.01)


def test_earlier_timer_shortens_a_wait_under_way(queue, clock):
    """Whoever waits for a late timer notices one that was set meanwhile and is due before."""
    waits = []

    def wait(changed, ready, seconds):
        """Stand in for a real wait, in which another thread sets a timer and notifies."""
        waits.append(seconds)
        if len(waits) == 1:
            with changed:
                queue.add_after("b", 1.0)
        if not ready():
            clock.advance(seconds)
        return ready()

    queue.add_after("a", 30.0)
    clock.wait = wait
    assert "b" == queue.get(60.0)
    assert [30.0, 1.0] == [round(seconds, 3) for seconds in waits]


def test_closed_queue_hands_out_nothing(queue):
    """After closing every worker goes home at once, and nothing is taken any more."""
    queue.add("a")
    queue.close()
    queue.add("b")
    assert None is queue.get(60.0)
    assert "b" not in queue


def test_unforeseen_failure_is_tried_again(queue):
    """Whatever the work raises, the handle comes back and the worker lives."""

    def fails(_handle):
        raise ZeroDivisionError

    queue.add("a")
    work_once(queue, fails, queue.get(0))
    assert FIRST_DELAY == queue.next_due
    assert "a" == queue.get(1.0)


@pytest.mark.fault("F5", "F74")
@pytest.mark.invariant("I25")
def test_many_threads_never_share_a_handle_and_lose_none():
    """Real workers: each handle by one at a time, and as many adds as runs begin after them."""
    queue, lock = WorkQueue(SystemClock()), threading.Lock()
    running: set[str] = set()
    failures: list[str] = []
    last_seen: dict[str, int] = {}
    asked: dict[str, int] = dict.fromkeys("abcdefgh", 0)
    quiet = threading.Event()

    def work(handle: str) -> None:
        with lock:
            if handle in running:
                failures.append(handle)
            running.add(handle)
            last_seen[handle] = asked[handle]
        with lock:
            running.discard(handle)
            if last_seen == asked and all(asked.values()):
                quiet.set()

    pool = WorkerPool(queue, work, 8)
    pool.start()
    for number in range(2000):
        handle = "abcdefgh"[number % 8]
        with lock:
            quiet.clear()
            asked[handle] += 1
        queue.add(handle)
    assert quiet.wait(10.0)
    assert pool.stop(5.0)
    assert ([], asked) == (failures, last_seen)


def test_pool_that_cannot_stop_in_time_says_so():
    """The grace is for all threads together."""
    queue, release = WorkQueue(SystemClock()), threading.Event()
    entered = threading.Semaphore(0)

    def stuck(_handle: str) -> None:
        entered.release()
        release.wait(10.0)

    pool = WorkerPool(queue, stuck, 2)
    pool.start()
    for handle in ("a", "b"):
        queue.add(handle)
        assert entered.acquire(timeout=5.0)
    assert not pool.stop(0.05)
    release.set()
    assert pool.stop(5.0)


def test_what_is_due_at_the_same_moment_comes_in_the_order_it_was_put_off() -> None:
    """Nobody waits longer than who came later, whatever the handles are called."""
    clock = VirtualClock()
    queue = WorkQueue(clock)
    for handle in ("c", "a", "b"):
        queue.add_after(handle, 5.0)
    clock.advance(5.0)
    assert ["c", "a", "b"] == [queue.get(0), queue.get(0), queue.get(0)]
