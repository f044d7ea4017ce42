"""A file on its way out: whole or visibly cut, and its source let go of whatever happens."""

from __future__ import annotations

import http.client
import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from chatbridge.content import Content
from chatbridge.errors import ContentError
from chatbridge.file_serving import ServedFile
from chatbridge.web import web_app
from chatbridge.web.serving import WebServer

PATIENCE = 10.0


class Source:
    """Bytes that come in pieces, or fail on the way; counts who holds it."""

    def __init__(self, pieces: Iterable[bytes | Exception]) -> None:
        self.is_open = False
        self.released = 0
        self.let_go = threading.Event()
        self._pieces = pieces

    def served(self, length: int) -> ServedFile:
        """Return the file that announces so many bytes."""
        content = Content(None, self._open)
        return ServedFile("a.bin", "application/octet-stream", length, content, self._release)

    @contextmanager
    def _open(self) -> Iterator[Iterator[bytes]]:
        self.is_open = True
        try:
            yield self._read()
        finally:
            self.is_open = False

    def _read(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def _release(self) -> None:
        self.released += 1
        self.let_go.set()


def test_all_bytes_come_in_order():
    """The pieces are those of the source."""
    with Source([b"abc", b"def"]).served(6) as served:
        assert [b"abc", b"def"] == list(served)


def test_a_source_that_fails_on_the_way_ends_early(caplog):
    """Fewer bytes than announced come, and the log says no more than that it happened."""
    source = Source([b"abc", ContentError("of HELP-1")])
    with caplog.at_level(logging.INFO), source.served(10) as served:
        assert b"abc" == b"".join(served)
    assert ["a file was not read to its end: ContentError"] == [r.message for r in caplog.records]
    assert (False, 1) == (source.is_open, source.released)


@pytest.mark.fault("F33")
def test_no_more_goes_out_than_was_announced():
    """A source that sends too much is cut."""
    with Source([b"abc", b"defgh", b"ij"]).served(5) as served:
        assert b"abcde" == b"".join(served)


def test_closing_early_lets_go_of_the_source():
    """Nothing more is read, and the place is freed once however often it is closed."""
    source = Source([b"abc", b"def"])
    served = source.served(6)
    assert (b"abc", True) == (next(served), source.is_open)
    served.close()
    served.close()
    assert ([], False, 1) == (list(served), source.is_open, source.released)


def test_a_source_that_does_not_open_is_the_callers_affair():
    """Whoever makes it keeps the place, and frees it."""
    released: list[int] = []

    def broken() -> None:
        raise ContentError("it cannot be opened")

    with pytest.raises(ContentError):
        ServedFile("a", "x/y", 1, Content(1, broken), lambda: released.append(1))  # type: ignore[arg-type]
    assert [] == released


def test_its_repr_shows_its_size_only():
    """Neither name nor type are shown."""
    with Source([]).served(7) as served:
        assert "<ServedFile, 7 bytes>" == repr(served)


class Serving:
    """What the app needs of a bridge that has one file."""

    def __init__(self, served: ServedFile) -> None:
        self.served = served

    def open_file(self, token: str, *, head: bool = False) -> ServedFile:
        """See `Bridge.open_file`."""
        assert ("t0ken", False) == (token, head)
        return self.served


@pytest.fixture
def connect() -> Iterator[http.client.HTTPConnection]:
    """Return a connection to a server that each test starts by `connect.serve`."""
    servers: list[WebServer] = []

    class Connection(http.client.HTTPConnection):
        def serve(self, served: ServedFile) -> None:
            server = WebServer(web_app(Serving(served)), "127.0.0.1", 0)  # type: ignore[arg-type]
            servers.append(server)
            server.start()
            self.host, _, port = server.url.removeprefix("http://").partition(":")
            self.port = int(port)
            self.request("GET", "/files/t0ken/a.bin")

    connection = Connection("127.0.0.1", timeout=PATIENCE)
    yield connection
    connection.close()
    for server in servers:
        server.stop(0.0)


def test_a_real_server_streams_and_lets_go(connect):
    """Over HTTP all bytes arrive, and the source is closed after the last."""
    source = Source(b"x" * 70_000 for _ in range(100))
    connect.serve(source.served(7_000_000))
    assert 7_000_000 == len(connect.getresponse().read())
    assert source.let_go.wait(PATIENCE)
    assert (False, 1) == (source.is_open, source.released)


def test_a_real_server_lets_go_when_the_caller_hangs_up(connect):
    """A caller who leaves in the middle frees the source of an endless file."""
    source = Source(iter(lambda: b"x" * 70_000, b""))
    connect.serve(source.served(2**40))
    response = connect.getresponse()
    assert 1000 == len(response.read(1000))
    response.close()
    connect.close()
    assert source.let_go.wait(PATIENCE)
    assert not source.is_open


def test_a_real_server_shows_that_bytes_are_missing(connect):
    """A file that was cut short never looks whole to who fetches it."""
    connect.serve(Source([b"abc", ContentError("x")]).served(10))
    with pytest.raises(http.client.IncompleteRead):
        connect.getresponse().read()
