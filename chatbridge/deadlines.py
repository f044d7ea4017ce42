"""Total deadlines for calls over sockets: one thread that shuts a late call's socket down.

The timeouts of sockets are per operation, so a far side that drips a byte now and then outlives
them; a `Watch` does not let it. The thread starts with the first call, ends when there has been
nothing to watch for a while, and never touches the socket of a call that is over.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading

from attrs import define, field

from chatbridge.clock import Clock
from chatbridge.errors import ConfigurationError


@define(eq=False)
class Watch:
    """One call that must be over at a certain moment.

    Args:
        at: the clock's `monotonic()` of the deadline.

    Attributes:
        expired: whether the call was ended from outside. Ask after every read: an answer that was
            cut short by the shut-down can look whole (headers cut in the middle read as a 200).
    """

    at: float
    expired: bool = field(default=False, init=False)
    _sock: socket.socket | None = field(default=None, init=False, repr=False)


class Watchdog:
    """Ends watched calls at their deadlines by shutting their sockets down.

    Args:
        clock: the time.
        linger: seconds without anything to watch after which the thread ends.
    """

    def __init__(self, clock: Clock, *, linger: float = 30.0) -> None:
        self._clock = clock
        self._linger = linger
        self._closed = False
        self._begin()

    def _begin(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._live: set[Watch] = set()
        self._thread: threading.Thread | None = None
        self._wakes_at = 0.0

    def watch(self, seconds: float) -> Watch:
        """Return a watch over a call that begins now and may take that long.

        Raises:
            ConfigurationError: the watchdog is closed.
        """
        watch = Watch(self._clock.monotonic() + seconds)
        with self._changed:
            if self._closed:
                raise ConfigurationError("the transport is closed; make a new one")
            if self._thread is None:
                self._wakes_at = watch.at
                thread = threading.Thread(
                    target=self._run, name="chatbridge-deadlines", daemon=True
                )
                thread.start()
                self._thread = thread
            elif watch.at < self._wakes_at:
                self._wakes_at = watch.at
                self._changed.notify()
            self._live.add(watch)
        return watch

    def attach(self, watch: Watch, sock: socket.socket) -> None:
        """Say which socket the call uses now; a call that is too late already loses it at once."""
        with self._changed:
            watch._sock = sock
            if watch.expired:
                _shut_down(sock)

    def detach(self, watch: Watch) -> None:
        """Say that the call has no socket any more: another one may be using it."""
        with self._changed:
            watch._sock = None

    def postpone(self, watch: Watch, seconds: float) -> None:
        """Move a deadline so many seconds further away."""
        with self._changed:
            # The thread may wake for the old deadline; it looks at `at` again and sleeps on.
            watch.at += seconds

    def finish(self, watch: Watch) -> bool:
        """End the watch; a second time does nothing.

        Returns:
            Whether the call was over in time.
        """
        with self._changed:
            self._live.discard(watch)
            watch._sock = None
            return not watch.expired

    def remaining(self, watch: Watch) -> float:
        """Return the seconds left, at least 0."""
        return max(0.0, watch.at - self._clock.monotonic())

    def close(self) -> None:
        """End every call that is under way, and the thread; nothing can be watched afterwards."""
        with self._changed:
            self._closed = True
            self._expire(set(self._live))
            self._changed.notify()

    def forget_parent(self) -> None:
        """In the child of a fork: begin anew and let go of the parent's calls.

        The sockets are closed here but never shut down, which would end the parent's calls too.
        """
        abandoned = self._live
        self._begin()
        for watch in abandoned:
            if watch._sock is not None:
                close_descriptor(watch._sock)

    def _expire(self, late: set[Watch]) -> None:
        self._live -= late
        for watch in late:
            watch.expired = True
            if watch._sock is not None:
                _shut_down(watch._sock)

    def _run(self) -> None:
        idle_until: float | None = None
        with self._changed:
            while not self._closed:
                now = self._clock.monotonic()
                self._expire({watch for watch in self._live if watch.at <= now})
                if self._live:
                    idle_until = None
                    wakes_at = min(watch.at for watch in self._live)
                elif idle_until is None:
                    wakes_at = idle_until = now + self._linger
                elif now < idle_until:
                    wakes_at = idle_until
                else:
                    break
                self._wakes_at = wakes_at
                self._sleep_until(wakes_at, now)
            self._thread = None

    def _sleep_until(self, wakes_at: float, now: float) -> None:
        # A call whose deadline comes earlier lowers `_wakes_at` and notifies. The usual one, whose
        # deadline comes later than those before it, need not wake anybody.
        self._clock.wait(
            self._changed, lambda: self._closed or self._wakes_at < wakes_at, wakes_at - now
        )


def close_descriptor(sock: socket.socket) -> None:
    """Close a socket's descriptor at once, whoever else still holds the object."""
    descriptor = sock.detach()
    if descriptor >= 0:
        with contextlib.suppress(OSError):
            os.close(descriptor)


def _shut_down(sock: socket.socket) -> None:
    # Not `sock.shutdown`: that of a TLS socket also drops the TLS state, and a reader that wakes up
    # would then take cipher text for plain text.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
