"""Files, either way: bounded memory, exact lengths, and failures that tell whose fault they are."""

from __future__ import annotations

import contextlib
import gc
import gzip
import time
import tracemalloc

import pytest

from chatbridge.content import Content
from chatbridge.errors import ContentError, RetryLaterError
from chatbridge.http_types import FormPart, HttpRequest

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"


def content(*chunks: bytes, length: int | None = None, fail: Exception | None = None) -> Content:
    """Return a source of these chunks, which may fail after them."""

    @contextlib.contextmanager
    def source():
        def read():
            yield from chunks
            if fail is not None:
                raise fail

        yield read()

    return Content(length, source, "image/png")


@pytest.fixture
def download(transport, party):
    """Ask a server for a stream."""

    def ask(server, made_by=transport, **settings):
        request = HttpRequest("GET", server.url, stream=True, **settings)
        return made_by.send(request, party(server))

    return ask


def read(response) -> bytes:
    """Read the stream of an answer."""
    with response.content.open() as chunks:
        return b"".join(chunks)


def test_a_download_is_a_stream(serve, download, answers):
    """The body comes in pieces, once, with the length and type that the server claims."""
    server = serve(answers(b"x" * 200_000, headers="Content-Type: image/png\r\n"))
    response = download(server)
    assert (200, b"") == (response.status, response.body)
    assert (200_000, "image/png") == (response.content.length, response.content.media_type)
    assert b"x" * 200_000 == read(response)
    with pytest.raises(ContentError, match="once"):
        read(response)
    read(download(server))
    assert 1 == server.connections


def test_a_refused_download_is_read(serve, download, answers):
    """An answer that is no success has a body, not a stream."""
    response = download(serve(answers(b'{"ok":false}', 404)))
    assert (404, None, {"ok": False}) == (response.status, response.content, response.json())


@pytest.mark.fault("F34")
def test_a_download_has_a_limit(serve, download, make_transport, answers):
    """A stream ends with an error at its limit, also where only decoding makes it large."""
    plain = bytes(300_000)
    for script in (
        answers(plain),
        answers(gzip.compress(plain), 200, "Content-Encoding: gzip\r\n"),
    ):
        server = serve(script)
        assert plain == read(download(server, make_transport(max_stream=300_000)))
        with pytest.raises(ContentError):
            read(download(server, make_transport(max_stream=299_999)))


@pytest.mark.parametrize("kind", ["cut", "drip", "silent"])
def test_an_unfinished_download_fails(serve, download, kind):
    """A stream that ends early, drips or stops is an error of the content, in time."""

    def script(peer):
        peer.read_request()
        peer.send(HEAD + b"Content-Length: 5000\r\n\r\nabc")
        if kind == "drip":
            peer.drip(b"a" * 4997)
        elif kind == "silent":
            peer.wait()

    response = download(serve(script))
    started = time.monotonic()
    with pytest.raises(ContentError) as caught:
        read(response)
    assert time.monotonic() - started < 3
    assert caught.value.__context__ is None


def test_a_download_may_take_longer_than_a_call(serve, make_transport, party):
    """Only headers must come within the limit of a call; a stream has a limit of its own."""

    def script(peer):
        peer.read_request()
        peer.send(HEAD + b"Content-Length: 4\r\n\r\nab")
        peer.server.stopped.wait(0.4)
        peer.send(b"cd")

    server = serve(script)
    transport = make_transport(total_timeout=0.2, stream_timeout=20)
    response = transport.send(HttpRequest("GET", server.url, stream=True), party(server))
    assert b"abcd" == read(response)


def test_a_dropped_download_frees_its_connection(serve, download):
    """A stream that nobody reads, or reads to its end, does not keep its connection."""

    def script(peer):
        peer.read_request()
        peer.send(HEAD + b"Content-Length: 500000000\r\n\r\n")
        peer.pour(bytes(65536))

    server = serve(script)
    response = download(server, timeout=30)
    del response
    gc.collect()
    assert server.cut.wait(5)
    server.cut.clear()
    with download(server, timeout=30).content.open() as chunks:
        assert b"" != next(chunks)
    assert server.cut.wait(5)


def test_a_form_is_written_in_pieces(serve, transport, party):
    """Texts, bytes and streams of known length make one body of a known length."""
    server = serve()
    parts = (
        FormPart("chat_id", "42"),
        FormPart("photo", content(b"ab", b"", b"cd", length=4), filename='я"\r\n.png'),
        FormPart("note", b"\x00\x01", filename="n", media_type="text/x-note"),
    )
    transport.send(HttpRequest("POST", server.url, parts=parts), party(server))
    (got,) = server.requests
    kind, _, boundary = got.headers["content-type"].partition("; boundary=")
    assert "multipart/form-data" == kind
    lines = [
        f"--{boundary}",
        'Content-Disposition: form-data; name="chat_id"',
        "",
        "42",
        f"--{boundary}",
        'Content-Disposition: form-data; name="photo"; filename="я%22.png"',
        "Content-Type: image/png",
        "",
        "abcd",
        f"--{boundary}",
        'Content-Disposition: form-data; name="note"; filename="n"',
        "Content-Type: text/x-note",
        "",
        "\x00\x01",
        f"--{boundary}--",
        "",
    ]
    assert "\r\n".join(lines).encode() == got.body
    assert str(len(got.body)) == got.headers["content-length"]


def test_a_source_without_length_is_sent_in_chunks(serve, transport, party):
    """Where the length is unknown the body is chunked, and still whole."""
    server = serve()
    for request in (
        HttpRequest("PUT", server.url, body=content(b"abc", b"def")),
        HttpRequest("POST", server.url, parts=(FormPart("f", content(b"abc", b"def")),)),
    ):
        transport.send(request, party(server))
        got = server.requests[-1]
        assert "chunked" == got.headers["transfer-encoding"]
        assert "content-length" not in got.headers
        assert b"abcdef" in got.body
    assert 1 == server.connections


BAD_SOURCES = {
    "fails": content(b"abc", length=6, fail=ValueError("secret text")),
    "fails at once": content(length=6, fail=ContentError("secret text", retry_after=9)),
    "fails after its last byte": content(b"abcdef", length=6, fail=OSError("secret text")),
    "fails, length unknown": content(b"abc", fail=OSError("secret text")),
    "too short": content(b"abc", length=6),
    "too long": content(b"abcdef", b"g", length=6),
    "too long at once": content(b"abcdefg", length=6),
}


@pytest.mark.parametrize("shape", ["body", "parts"])
@pytest.mark.parametrize("kind", BAD_SOURCES)
def test_a_source_that_fails_is_no_request(serve, transport, party, kind, shape):
    """The source's failure is told as such, and the server never has a whole request."""
    server = serve()
    source = BAD_SOURCES[kind]
    body = {"body": source} if shape == "body" else {"parts": (FormPart("f", source),)}
    with pytest.raises(ContentError) as caught:
        transport.send(HttpRequest("POST", server.url, **body), party(server))
    assert "secret" not in str(caught.value)
    assert (None, None) == (caught.value.__context__, caught.value.retry_after)
    assert server.closed.acquire(timeout=5)
    assert [False] == [request.whole for request in server.requests]


def test_a_download_is_the_body_of_an_upload(serve, transport, party, answers):
    """A file goes from one side to the other on one thread, opened only while it is sent."""
    source, target = serve(answers(b"x" * 1_000_000)), serve()

    @contextlib.contextmanager
    def fetched():
        response = transport.send(HttpRequest("GET", source.url, stream=True), party(source))
        with response.content.open() as chunks:
            yield chunks

    for _ in range(2):
        parts = (FormPart("file", Content(1_000_000, fetched), filename="f"),)
        transport.send(HttpRequest("POST", target.url, parts=parts), party(target))
        assert target.requests[-1].whole
    assert (1, 1) == (source.connections, target.connections)


def test_a_source_that_cannot_be_reached_is_no_unknown_outcome(serve, transport, party):
    """When the download behind an upload fails, the upload certainly did not happen."""

    def cut(peer):
        peer.read_request()
        peer.send(HEAD + b"Content-Length: 10\r\n\r\n12345")

    source, target = serve(cut), serve()

    @contextlib.contextmanager
    def fetched():
        response = transport.send(HttpRequest("GET", source.url, stream=True), party(source))
        with response.content.open() as chunks:
            yield chunks

    with pytest.raises(ContentError):
        transport.send(HttpRequest("POST", target.url, body=Content(10, fetched)), party(target))
    assert target.closed.acquire(timeout=5)
    assert [False] == [request.whole for request in target.requests]


def test_a_slow_source_ends_at_the_deadline(serve, transport, party):
    """An upload whose source drips is over at the deadline of the upload."""
    server = serve()

    @contextlib.contextmanager
    def dripping():
        def read():
            while not server.stopped.wait(0.02):
                yield b"a"

        yield read()

    started = time.monotonic()
    with pytest.raises(RetryLaterError, match="not sent to its end"):
        transport.send(HttpRequest("POST", server.url, body=Content(None, dripping)), party(server))
    assert time.monotonic() - started < 3


def peak_of_a_relay(serve, transport, party, size: int) -> int:
    """Carry so many bytes from one server to another and return the peak of memory in bytes."""
    piece = bytes(65536)

    def pour(peer):
        peer.read_request()
        peer.send(HEAD + f"Content-Length: {size}\r\n\r\n".encode())
        for _ in range(size // len(piece)):
            peer.send(piece)

    def swallow(peer):
        peer.read_request(keep=False)
        peer.answer()

    source, target = serve(pour), serve(swallow)
    response = transport.send(
        HttpRequest("GET", source.url, stream=True, timeout=300), party(source)
    )
    parts = (FormPart("file", response.content, filename="f"),)
    tracemalloc.start()
    try:
        request = HttpRequest("POST", target.url, parts=parts, timeout=300)
        assert 200 == transport.send(request, party(target)).status
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_relay_needs_little_memory(serve, transport, party):
    """20 MiB go through both ways at once in less than 2 MiB."""
    assert peak_of_a_relay(serve, transport, party, 20 * 2**20) < 2 * 2**20


@pytest.mark.heavy
def test_a_large_relay_needs_little_memory(serve, transport, party):
    """200 MiB go through both ways at once in less than 2 MiB, servers of the test included."""
    assert peak_of_a_relay(serve, transport, party, 200 * 2**20) < 2 * 2**20
