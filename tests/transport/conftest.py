"""Servers on loopback that behave as badly as a test asks them to, and transports to reach them."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme
from attrs import define, field, frozen

from chatbridge.clock import SystemClock
from chatbridge.exchange import Party, origin
from chatbridge.transport import HttpTransport


@frozen
class Received:
    """A request as the server read it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    whole: bool = True


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self.sock = sock
        self.server = server
        self.buffer = b""

    def read_head(self) -> Received | None:
        """Read the request line and the headers, nothing of the body."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        fields = (line.split(": ", 1) for line in lines)
        return Received(method, target, {name.lower(): value for name, value in fields}, b"")

    def read_request(self, keep: bool = True) -> Received | None:
        """Read a whole request, note it, and return it; None at the end of the connection."""
        head = self.read_head()
        if head is None:
            return None
        chunked = head.headers.get("transfer-encoding") == "chunked"
        body, whole = self._chunked() if chunked else self._sized(head, keep)
        request = Received(head.method, head.target, head.headers, body, whole)
        self.server.requests.append(request)
        return request if whole else None

    def _sized(self, head: Received, keep: bool) -> tuple[bytes, bool]:
        length = left = int(head.headers.get("content-length", 0))
        kept = bytearray()
        while left:
            if not self.buffer and not self._more():
                return bytes(kept), False
            piece, self.buffer = self.buffer[:left], self.buffer[left:]
            left -= len(piece)
            kept += piece if keep else b""
        assert not keep or len(kept) == length
        return bytes(kept), True

    def _chunked(self) -> tuple[bytes, bool]:
        kept = b""
        while True:
            while b"\r\n" not in self.buffer:
                if not self._more():
                    return kept, False
            size_line, _, self.buffer = self.buffer.partition(b"\r\n")
            size = int(size_line, 16)
            while len(self.buffer) < size + 2:
                if not self._more():
                    return kept, False
            kept, self.buffer = kept + self.buffer[:size], self.buffer[size + 2 :]
            if not size:
                return kept, True

    def _more(self) -> bool:
        try:
            data = self.sock.recv(65536)
        except OSError:
            return False
        self.buffer += data
        return bool(data)

    def send(self, data: bytes) -> bool:
        """Write bytes; tells whether the client is still there."""
        try:
            self.sock.sendall(data)
        except OSError:
            self.server.cut.set()
            return False
        return True

    def answer(self, body: bytes = b"{}", status: int = 200, headers: str = "") -> bool:
        """Write a whole answer."""
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        return self.send(head.encode() + body)

    def drip(self, data: bytes, every: float = 0.02) -> None:
        """Write one byte now and then until all is written, the client is gone or the test over."""
        for index in range(len(data)):
            if self.server.stopped.wait(every) or not self.send(data[index : index + 1]):
                return

    def pour(self, data: bytes) -> None:
        """Write the same bytes again and again until the client is gone or the test over."""
        while not self.server.stopped.is_set() and self.send(data):
            pass

    def reset(self) -> None:
        """Close with a reset instead of a proper end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def wait(self) -> None:
        """Do nothing until the test is over."""
        self.server.stopped.wait(20)


Script = Callable[[Peer], Any]


@define(eq=False, slots=False)
class Server:
    """A listening socket; every connection is played by the script in a thread of its own."""

    script: Script
    tls: ssl.SSLContext | None = None
    requests: list[Received] = field(factory=list, init=False)
    connections: int = field(default=0, init=False)
    stopped: threading.Event = field(factory=threading.Event, init=False)
    cut: threading.Event = field(factory=threading.Event, init=False)
    closed: threading.Semaphore = field(factory=lambda: threading.Semaphore(0), init=False)
    _threads: list[threading.Thread] = field(factory=list, init=False)
    _socks: list[socket.socket] = field(factory=list, init=False)

    def start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._start(self._accept)

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                self._socks.append(sock)
                self._start(self._play, sock)

    def _play(self, sock: socket.socket) -> None:
        try:
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
                self._socks.append(sock)
            self.script(Peer(sock, self))
        except OSError:
            pass
        finally:
            sock.close()
            self.closed.release()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.stopped.set()
        for sock in [self._listener, *self._socks]:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()


def answering(body: bytes = b"{}", status: int = 200, headers: str = "") -> Script:
    """Return a script that answers every request of a connection alike."""

    def script(peer: Peer) -> None:
        while peer.read_request() and peer.answer(body, status, headers):
            pass

    return script


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers; they are stopped with the test."""
    with contextlib.ExitStack() as stack:

        def start(script: Script | None = None, tls: ssl.SSLContext | None = None) -> Server:
            server = Server(script or answering(), tls)
            server.start()
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture
def make_transport() -> Iterator[Callable[..., HttpTransport]]:
    """Make transports without proxies; they are closed with the test."""
    with contextlib.ExitStack() as stack:

        def make(**settings: Any) -> HttpTransport:
            return stack.enter_context(HttpTransport(**{"proxies": {}, **settings}))

        yield make


@pytest.fixture
def transport(make_transport: Callable[..., HttpTransport]) -> HttpTransport:
    """A transport with short limits: a third of a second for a call."""
    return make_transport(
        connect_timeout=0.3, read_timeout=0.25, total_timeout=0.35, stream_timeout=0.4
    )


@pytest.fixture
def party() -> Callable[..., Party]:
    """Return a party that may be reached at these servers or URLs."""

    def make(*places: Server | str, secrets: tuple[str, ...] = ()) -> Party:
        urls = [place if isinstance(place, str) else place.url for place in places]
        return Party("acme bot", frozenset(origin(url) for url in urls), secrets)

    return make


@pytest.fixture
def answers() -> Callable[..., Script]:
    """Return `answering`."""
    return answering


class ShiftedClock(SystemClock):
    """The real time, which a test may move on; sleeps are noted and not slept."""

    def __init__(self) -> None:
        self.shift = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return super().monotonic() + self.shift

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.shift += seconds


@pytest.fixture
def clock() -> ShiftedClock:
    """The real time, which a test may move on."""
    return ShiftedClock()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that nobody but a test trusts."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The authority's certificate, in a file."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="session")
def tls_for(authority: trustme.CA) -> Callable[[str], ssl.SSLContext]:
    """Return a server's TLS context with a certificate for this name."""

    def make(name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        return context

    return make
