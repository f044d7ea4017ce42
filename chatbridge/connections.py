"""Connections that know the call they serve: how far it got, and until when it must be over.

They decide whether a failed request may have happened, so each step is noted here, where it
happens, and never guessed from an exception. Nothing here retries.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import urllib3
from attrs import define, field
from urllib3.connection import HTTPConnection, HTTPSConnection

from chatbridge.clock import Clock
from chatbridge.deadlines import Watch, Watchdog, close_descriptor
from chatbridge.errors import ConfigurationError

_LARGEST_HELD = 64 * 1024


@define(eq=False)
class Call:
    """One request under way.

    Args:
        clock: the time.
        dog: the watchdog.
        watch: its watch over this call.
        connect_timeout: seconds for name, connection and TLS handshake together.
        write_timeout: seconds that one write may stall.
        idle_limit: seconds after which an unused connection is not used again.

    Attributes:
        connected: whether there was a connection, verified where it is TLS.
        sent: whether the whole request was given to the network; before that the far side
            cannot have acted on it.
        tls_failed: whether the far side failed the TLS handshake.
    """

    clock: Clock
    dog: Watchdog
    watch: Watch
    connect_timeout: float
    write_timeout: float
    idle_limit: float
    connected: bool = field(default=False, init=False)
    sent: bool = field(default=False, init=False)
    tls_failed: bool = field(default=False, init=False)


class _Current(threading.local):
    call: Call | None = None


_current = _Current()


def enter(call: Call | None) -> Call | None:
    """Make this the call of the thread and return the one before, to be put back afterwards.

    Calls are nested where the source of an upload is a download.
    """
    before, _current.call = _current.call, call
    return before


def _call() -> Call:
    call = _current.call
    if call is None:
        raise RuntimeError("a connection was used outside a call")
    return call


class _Lines:
    """The lines of a status and its headers, and which was the last one."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self.last = b""

    def readline(self, limit: int) -> bytes:
        self.last = self._source.readline(limit)
        return self.last

    def close(self) -> None:
        self._source.close()


class _WholeHeaders(http.client.HTTPResponse):
    """An answer whose headers must have an end.

    http.client takes headers that a lost connection cuts short for whole: the answer would read as
    a 200 with an empty body.
    """

    def begin(self) -> None:
        source: Any = self.fp
        lines: Any = _Lines(source)
        # The status and the headers are read by line only.
        self.fp = lines
        try:
            super().begin()
        finally:
            if self.fp is lines:
                self.fp = source
        if not lines.last:
            raise http.client.IncompleteRead(b"")


class PlainConnection(HTTPConnection):
    """A connection without TLS: loopback, or the first leg to a proxy."""

    response_class = _WholeHeaders

    _call_served: Call | None = None
    _used_at = 0.0
    _held: bytes | None = None
    _intact = True

    def _new_conn(self) -> socket.socket:
        call = _call()
        sock = _open_socket(self._dns_host, self.port, list(self.socket_options or ()), call)
        call.dog.attach(call.watch, sock)
        return sock

    def connect(self) -> None:
        """Connect, and note whether TLS or the certificate failed."""
        call = _call()
        try:
            super().connect()
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            # Closed in the middle of the handshake: a connection lost, not a wrong certificate.
            raise
        except ssl.SSLError:
            call.tls_failed = True
            raise
        self._join(call)

    @property
    def is_connected(self) -> bool:
        """Whether it may be used again.

        urllib3 asks before each reuse. Servers close idle connections; a request written in that
        very moment gets a reset, and nobody can tell whether it was read. Only such connections
        are used as are far from their server's limit, which is better than to repeat a request.
        """
        call = _call()
        rested = call.clock.monotonic() - self._used_at > call.idle_limit
        return self._intact and not rested and super().is_connected

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Write the whole request, and note when that is done."""
        call = _call()
        if self.sock is None:
            self.connect()
        else:
            self._join(call)
        self._intact = False
        # urllib3 would give a write as long as a connection attempt.
        self.timeout = call.write_timeout
        body = kwargs.get("body")
        self._held = b"" if isinstance(body, bytes) and len(body) < _LARGEST_HELD else None
        super().request(*args, **kwargs)
        held, self._held = self._held, None
        if held:
            super().send(held)
        call.sent = self._intact = True

    def send(self, data: Any) -> None:
        """Write, a small body together with its head: one packet and one TLS record."""
        if self._held is None:
            super().send(data)
        else:
            self._held += data

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
        """Read the status and the headers."""
        response = super().getresponse()
        self._used_at = _call().clock.monotonic()
        return response

    def _join(self, call: Call) -> None:
        # The call before this one may not have been told yet that its connection went back to the
        # pool; its deadline must not hit this call.
        before, self._call_served = self._call_served, call
        if before is not None and before is not call:
            before.dog.detach(before.watch)
        call.connected = True
        call.dog.attach(call.watch, getattr(self.sock, "socket", self.sock))

    def abandon(self) -> None:
        """In the child of a fork: close the descriptor only, the parent goes on using it."""
        sock, self.sock = self.sock, None
        if isinstance(sock, socket.socket):
            close_descriptor(sock)


class TlsConnection(PlainConnection, HTTPSConnection):
    """A connection with TLS."""


class PlainPool(urllib3.HTTPConnectionPool):
    """Connections to one origin without TLS."""

    ConnectionCls = PlainConnection


class TlsPool(urllib3.HTTPSConnectionPool):
    """Connections to one origin with TLS."""

    ConnectionCls = TlsConnection


POOLS = {"http": PlainPool, "https": TlsPool}


def abandon_pool(pool: urllib3.HTTPConnectionPool) -> None:
    """In the child of a fork: close the idle connections of the parent's pool, taking no lock."""
    queue = pool.pool.queue if pool.pool is not None else ()
    for connection in list(queue):
        if isinstance(connection, PlainConnection):
            connection.abandon()


def tls_context(ca_bundle: str) -> ssl.SSLContext:
    """Return a context that verifies chain and host name and speaks TLS 1.2 or newer.

    Reading the authorities takes 20 ms and about 1 MB: make one, and share it.

    Args:
        ca_bundle: a file or a folder of trusted authorities.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        if Path(ca_bundle).is_dir():
            context = ssl.create_default_context(capath=ca_bundle)
        else:
            context = ssl.create_default_context(cafile=ca_bundle)
    except OSError:
        context = None
    if context is None:
        raise ConfigurationError("ca_bundle cannot be read: name a PEM file or a folder of them")
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _open_socket(host: str, port: int, options: list[Any], call: Call) -> socket.socket:
    """Connect to the first address of the host that answers, all within one time limit.

    The look-up of the name cannot be interrupted; the resolver's own timeouts limit it.
    """
    until = call.clock.monotonic() + min(call.connect_timeout, call.dog.remaining(call.watch))
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for index, (family, kind, protocol, _, address) in enumerate(addresses):
        left = until - call.clock.monotonic()
        if left <= 0:
            break
        sock = socket.socket(family, kind, protocol)
        try:
            for option in options:
                sock.setsockopt(*option)
            # A dead first address must leave time for the others.
            sock.settimeout(left / (len(addresses) - index))
            sock.connect(address)
            # What is left is for the TLS handshake.
            sock.settimeout(max(0.001, until - call.clock.monotonic()))
            return sock
        except OSError:
            sock.close()
    raise ConnectionError("no address of the host could be reached")
