"""The watchdog: late calls lose their socket, others never do, and its thread comes and goes."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from chatbridge.clock import SystemClock
from chatbridge.deadlines import Watchdog
from chatbridge.errors import ConfigurationError


@pytest.fixture
def dog():
    """A watchdog in real time, whose thread ends soon after the last call."""
    dog = Watchdog(SystemClock(), linger=0.05)
    yield dog
    dog.close()


@pytest.fixture
def pair():
    """Two joined sockets, with a limit so that no test hangs."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        theirs.settimeout(5)
        yield ours, theirs


@pytest.fixture
def pass_time(dog):
    """Return a function that comes back when a call begun now, of so many seconds, was ended."""

    def wait(seconds: float) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.settimeout(5)
            dog.attach(dog.watch(seconds), ours)
            assert b"" == ours.recv(1)

    return wait


def threads() -> list[threading.Thread]:
    """Return the watchdog threads that are alive."""
    return [one for one in threading.enumerate() if one.name == "chatbridge-deadlines"]


def join_all() -> None:
    """Wait for all watchdog threads to end."""
    for thread in threads():
        thread.join(5)


def test_a_late_call_loses_its_socket(dog, pair):
    """A blocked read returns at the deadline, and the call is told that it was late."""
    watch = dog.watch(0.1)
    dog.attach(watch, pair[0])
    started = time.monotonic()
    assert b"" == pair[0].recv(1)
    assert 0.05 < time.monotonic() - started < 3
    assert watch.expired
    assert not dog.finish(watch)


def test_a_finished_call_keeps_its_socket(dog, pair, pass_time):
    """After the end of a call its deadline means nothing."""
    watch = dog.watch(0.05)
    dog.attach(watch, pair[0])
    assert dog.finish(watch)
    pass_time(0.1)
    pair[1].sendall(b"x")
    assert b"x" == pair[0].recv(1)
    assert dog.finish(watch)


def test_a_detached_socket_is_left_alone(dog, pair, pass_time):
    """A late call that gave its socket back does not shut it."""
    watch = dog.watch(0.05)
    dog.attach(watch, pair[0])
    dog.detach(watch)
    pass_time(0.1)
    assert watch.expired
    pair[1].sendall(b"x")
    assert b"x" == pair[0].recv(1)


def test_a_socket_that_comes_too_late_is_shut(dog, pair, pass_time):
    """A call that connects after its deadline gets nothing."""
    watch = dog.watch(0.0)
    pass_time(0.1)
    assert watch.expired
    dog.attach(watch, pair[0])
    assert b"" == pair[0].recv(1)


def test_a_postponed_deadline_is_kept(dog, pair):
    """A deadline that moved away is not kept at its old time, but at its new one."""
    watch = dog.watch(0.05)
    dog.attach(watch, pair[0])
    dog.postpone(watch, 0.3)
    started = time.monotonic()
    assert b"" == pair[0].recv(1)
    assert 0.3 < time.monotonic() - started < 3


def test_an_earlier_deadline_is_not_missed(dog, pair):
    """A call with a short limit is ended in time although the thread sleeps for a long one."""
    long = dog.watch(60)
    short = dog.watch(0.1)
    dog.attach(short, pair[0])
    assert b"" == pair[0].recv(1)
    assert (True, False) == (short.expired, long.expired)
    assert dog.finish(long)


def test_one_thread_for_all_and_none_when_idle(dog):
    """Many calls share a thread; it ends when there is nothing to watch, and comes back."""
    join_all()
    assert [] == threads()
    for _ in range(2):
        watches = [dog.watch(30) for _ in range(50)]
        assert 1 == len(threads())
        for watch in watches:
            assert dog.finish(watch)
        # It would sleep until the first deadline; a short one wakes it up.
        dog.finish(dog.watch(0.0))
        join_all()
        assert [] == threads()


def test_close_ends_everything(dog, pair):
    """Closing ends the calls under way and the thread, and nothing can be watched afterwards."""
    watch = dog.watch(60)
    dog.attach(watch, pair[0])
    dog.close()
    assert b"" == pair[0].recv(1)
    assert not dog.finish(watch)
    join_all()
    assert [] == threads()
    with pytest.raises(ConfigurationError, match="closed"):
        dog.watch(1)
