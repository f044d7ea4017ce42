"""Ending a pool of workers: in the time that was given, however many of them hang."""

from __future__ import annotations

import threading
import time

import pytest

from chatbridge.clock import SystemClock
from chatbridge.workqueue import WorkerPool, WorkQueue

PATIENCE = 10.0


@pytest.mark.fault("F76")
def test_the_grace_is_for_all_workers_together():
    """Ten workers that hang hold the end up for one grace, not for ten."""
    queue, go_on, busy = WorkQueue(SystemClock()), threading.Event(), threading.Semaphore(0)

    def hang(_handle: str) -> None:
        busy.release()
        go_on.wait(PATIENCE)

    pool = WorkerPool(queue, hang, 10)
    pool.start()
    for number in range(10):
        queue.add(str(number))
    assert all(busy.acquire(timeout=PATIENCE) for _ in range(10))
    began = time.monotonic()
    assert pool.stop(0.3) is False
    assert time.monotonic() - began < 1.5
    go_on.set()
    assert pool.stop(PATIENCE) is True
