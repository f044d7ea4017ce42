"""Forks: the child begins anew, and the parent's connections go on as if nothing had happened."""

from __future__ import annotations

import os
import signal
import socket
import threading
import traceback

import pytest

from chatbridge.errors import RetryLaterError
from chatbridge.http_types import HttpRequest, Pace

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks on this system"),
    # Python 3.12 warns of forks in programs with threads; that this one works is what is tested.
    pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning"),
]


@pytest.fixture
def in_child():
    """Run a function in a forked child; returns whether it came to its end in time."""

    def run(work) -> bool:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                work()
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        # From out here: a child may hang before it comes to its work.
        alarm = threading.Timer(20, os.kill, (child, signal.SIGKILL))
        alarm.start()
        status = os.waitpid(child, 0)[1]
        alarm.cancel()
        alarm.join()
        return status == 0

    return run


@pytest.mark.fault("F73")
@pytest.mark.invariant("I25")
def test_a_child_has_its_own_connections(serve, transport, party, in_child):
    """The child calls on a new connection; the parent keeps its own, idle and in use."""
    polling, go_on = threading.Event(), threading.Event()

    def script(peer):
        while request := peer.read_request():
            if request.target == "/poll":
                polling.set()
                go_on.wait(10)
            peer.answer(request.target.encode())

    server = serve(script)
    answers = []

    def call(path, timeout=10):
        pace = Pace("bot", "1", 99)
        request = HttpRequest("GET", server.url + path, timeout=timeout, paces=(pace,))
        answers.append(transport.send(request, party(server)).body)

    call("/before")
    poll = threading.Thread(target=call, args=("/poll",))
    poll.start()
    assert polling.wait(5)
    call("/idle")
    assert 2 == server.connections

    def work():
        call("/child")
        assert b"/child" == answers[-1]
        # The watchdog lives here too.
        with pytest.raises(RetryLaterError, match="deadline"):
            transport.send(HttpRequest("GET", server.url + "/poll", timeout=0.2), party(server))
        transport.close()

    assert in_child(work)
    assert 3 == server.connections
    go_on.set()
    poll.join(10)
    call("/after")
    assert [b"/before", b"/idle", b"/poll", b"/after"] == answers
    assert 3 == server.connections


@pytest.mark.fault("F73")
@pytest.mark.invariant("I25")
def test_locks_held_by_other_threads_do_not_stop_a_child(serve, transport, party, in_child):
    """A child can call although a thread of the parent held every lock when it forked."""
    server = serve()
    request = HttpRequest("GET", server.url, paces=(Pace("bot", "1", 99),))
    transport.send(request, party(server))

    def work():
        assert 200 == transport.send(request, party(server)).status

    # Only the locks: a pool that is kept here would not be finalized in the child.
    (mutex,) = [pool.pool.mutex for pool in transport._adapter.pools.values()]
    with transport._pacer._lock, transport._dog._changed, mutex, transport._adapter._lock:
        assert in_child(work)


def test_a_child_lets_go_of_the_parents_sockets(serve, transport, party, in_child):
    """The child's copies of the parent's connections are closed, so that closing them ends them."""
    server = serve()
    transport.send(HttpRequest("GET", server.url), party(server))

    def work():
        inherited = []
        for number in os.listdir("/proc/self/fd"):
            try:
                with socket.socket(fileno=os.dup(int(number))) as copy:
                    if copy.getpeername()[1] == server.port:
                        inherited.append(number)
            except OSError:
                pass
        assert [] == inherited

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("open descriptors cannot be listed on this system")
    assert in_child(work)
