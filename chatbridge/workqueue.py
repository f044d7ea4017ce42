"""A queue of handles with the contract of Kubernetes' client-go: a set of what needs care.

One handle is never worked on twice at once; adding it many times before its turn makes one run;
adding it during its run makes one more; failures come back later and later. Handles are opaque and
carry no content.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from chatbridge.clock import Clock

_log = logging.getLogger("chatbridge.workqueue")

FIRST_DELAY = 0.5
LONGEST_DELAY = 300.0


class WorkQueue:
    """Handles that wait for a worker.

    Args:
        clock: the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._ready: deque[str] = deque()
        self._dirty: set[str] = set()
        self._running: set[str] = set()
        self._later: list[tuple[float, int, str]] = []
        self._due: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._put_off = 0
        self._closed = False

    def add(self, handle: str) -> None:
        """Let the handle be worked on soon."""
        with self._changed:
            self._add(handle)

    def add_after(self, handle: str, seconds: float) -> None:
        """Let the handle be worked on after so many seconds, or earlier if somebody adds it."""
        if seconds <= 0:
            self.add(handle)
            return
        with self._changed:
            due = self._clock.monotonic() + seconds
            if due < self._due.get(handle, float("inf")):
                self._due[handle] = due
                self._put_off += 1
                heapq.heappush(self._later, (due, self._put_off, handle))
                self._changed.notify_all()

    def retry(self, handle: str, *, at_least: float | None = None) -> float:
        """Let a failed handle come back after a pause that grows; return the pause in seconds.

        Args:
            handle: which.
            at_least: the shortest pause that the far side allows, or None.
        """
        with self._changed:
            failures = self._failures.get(handle, 0)
            self._failures[handle] = failures + 1
        pause = min(FIRST_DELAY * 2**failures, LONGEST_DELAY) if failures < 32 else LONGEST_DELAY
        pause = max(pause, at_least or 0.0)
        self.add_after(handle, pause)
        return pause

    def forget(self, handle: str) -> None:
        """Note that the handle succeeded, so that its next failure pauses shortly again."""
        with self._changed:
            self._failures.pop(handle, None)

    def get(self, wait: float) -> str | None:
        """Return a handle that now runs, or None when there is none within so many seconds."""
        deadline = self._clock.monotonic() + wait
        with self._changed:
            while True:
                self._move_due()
                if self._closed:
                    return None
                if self._ready:
                    handle = self._ready.popleft()
                    self._dirty.discard(handle)
                    self._running.add(handle)
                    return handle
                now = self._clock.monotonic()
                if now >= deadline:
                    return None
                first = self._first_timer()
                pause = max(min(deadline, first) - now, 0.001)
                self._clock.wait(self._changed, partial(self._has_news, first), pause)

    def done(self, handle: str) -> None:
        """Note that the run of this handle ended; if it was added meanwhile, it runs again."""
        with self._changed:
            self._running.discard(handle)
            if handle in self._dirty:
                self._ready.append(handle)
                self._changed.notify()

    def close(self) -> None:
        """Hand out nothing any more; `get` returns None at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def next_due(self) -> float | None:
        """Seconds until something is to be done, 0 where it is now, None where nothing waits."""
        with self._changed:
            self._move_due()
            if self._ready or self._running:
                return 0.0
            return max(0.0, self._later[0][0] - self._clock.monotonic()) if self._later else None

    def __contains__(self, handle: str) -> bool:
        """Tell whether the handle waits, pauses or runs."""
        with self._changed:
            return handle in self._dirty or handle in self._running or handle in self._due

    def __len__(self) -> int:
        with self._changed:
            return len(self._dirty) + len(self._due)

    def _add(self, handle: str) -> None:
        self._due.pop(handle, None)
        if handle in self._dirty or self._closed:
            return
        self._dirty.add(handle)
        if handle not in self._running:
            self._ready.append(handle)
            self._changed.notify()

    def _move_due(self) -> None:
        now = self._clock.monotonic()
        while self._later and (
            self._later[0][0] <= now or self._due.get(self._later[0][2]) != self._later[0][0]
        ):
            due, _, handle = heapq.heappop(self._later)
            if self._due.get(handle) == due:
                self._add(handle)

    def _has_news(self, first: float) -> bool:
        """Tell whether waiting for the timer that was the first one has become pointless."""
        timer = self._first_timer()
        return (
            self._closed or bool(self._ready) or timer < first or timer <= self._clock.monotonic()
        )

    def _first_timer(self) -> float:
        return self._later[0][0] if self._later else float("inf")


class WorkerPool:
    """Threads that work on the handles of a queue.

    Args:
        queue: where the handles come from.
        work: called with a handle; must not raise, and what it raises is logged without detail.
        threads: how many.
    """

    def __init__(self, queue: WorkQueue, work: Callable[[str], None], threads: int) -> None:
        self._queue = queue
        self._work = work
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"chatbridge-worker-{at}", daemon=True)
            for at in range(threads)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self, grace: float) -> bool:
        """Take no new work and wait for what runs; return whether all of it ended in time.

        Args:
            grace: seconds to wait.
        """
        self._stopping.set()
        self._queue.close()
        until = time.monotonic() + grace
        for thread in self._threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while not self._stopping.is_set():
            handle = self._queue.get(wait=60.0)
            if handle is not None:
                work_once(self._queue, self._work, handle)


def work_once(queue: WorkQueue, work: Callable[[str], None], handle: str) -> None:
    """Run one handle that `get` returned, and tell the queue."""
    try:
        work(handle)
    except Exception as error:  # noqa: BLE001 - a worker outlives whatever goes wrong
        queue.retry(handle)
        # The log may be what fails, where it lies on the same full disk.
        with suppress(Exception):
            _log.error("unexpected %s while working; will be tried again", type(error).__name__)
    except BaseException:
        # Cut off from outside (an interrupt, a timeout of gevent): the handle is not done.
        queue.retry(handle)
        raise
    finally:
        queue.done(handle)
