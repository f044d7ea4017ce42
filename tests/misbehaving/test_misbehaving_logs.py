"""A log that cannot be written: the disk under it is full, or nobody reads the pipe any more."""

from __future__ import annotations

import errno
import logging
import sys

import pytest

from chatbridge.cli.display import logs_to_stderr
from chatbridge.clock import SystemClock
from chatbridge.crew import Crew
from chatbridge.workqueue import WorkQueue, work_once


class FullDisk(logging.Handler):
    """A host's handler that raises."""

    def emit(self, record):
        raise OSError(errno.ENOSPC, "no space left")


@pytest.fixture
def full():
    """Let the library's log fail."""
    log, handler = logging.getLogger("chatbridge"), FullDisk()
    log.addHandler(handler)
    yield
    log.removeHandler(handler)


def fail(*_):
    """Fail in a way that is logged."""
    raise RuntimeError("unforeseen")


def test_a_worker_outlives_a_log_that_fails(full):
    """(F62) What failed is tried again, and its worker lives, though the log raises."""
    queue = WorkQueue(SystemClock())
    queue.add("one")
    handle = queue.get(wait=1)
    work_once(queue, fail, handle)
    assert "one" in queue


def test_a_round_outlives_a_log_that_fails(full, world):
    """(F62) Polling and feeding go on, though the storage fails and the log raises."""
    crew = Crew(world.bridge.engine, 1, lambda site: False)

    class Broken:
        """A round that fails, and ends its loop at the second try."""

        tries = 0

        def step(self):
            self.tries += 1
            if self.tries == 2:
                crew._stopping.set()
            fail()

        def release(self):
            fail()

    broken = Broken()
    crew._stopping.wait = lambda seconds: crew._stopping.is_set()
    crew._rounds[("poll", "x")] = broken
    crew._go_round(("poll", "x"), broken)
    assert 2 == broken.tries


def test_the_program_goes_on_when_its_log_cannot_be_written(monkeypatch):
    """(F62) `chatbridge run` writes its log to standard error, or not at all."""

    class Closed:
        """A stream on a full disk."""

        def write(self, text):
            raise OSError(errno.EFBIG, "file too large")

        flush = write

    with logs_to_stderr():
        monkeypatch.setattr(sys, "stderr", Closed())
        logging.getLogger("chatbridge.test").error("nobody reads this")
