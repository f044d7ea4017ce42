"""What a failed call means: every row of the table of outcomes, against misbehaving servers."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest

from chatbridge.content import Content
from chatbridge.errors import ConfigurationError, RetryLaterError, UnknownOutcomeError
from chatbridge.exchange import Party
from chatbridge.http_types import HttpRequest

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def close_unanswered(peer):
    """End the connection without a word."""
    peer.read_request()


def reset_unanswered(peer):
    """Reset the connection without a word."""
    peer.read_request()
    peer.reset()


def stay_silent(peer):
    """Say nothing."""
    peer.read_request()
    peer.wait()


def cut_headers(peer):
    """End in the middle of a header's name."""
    peer.read_request()
    peer.send(HEAD + b"Content-Le")


def cut_after_a_header(peer):
    """End after a header, before the empty line."""
    peer.read_request()
    peer.send(HEAD + b"Content-Length: 0\r\n")


def cut_body(peer):
    """End before the announced length."""
    peer.read_request()
    peer.send(HEAD + b"Content-Length: 10\r\n\r\n12345")


def cut_chunks(peer):
    """End before the last chunk."""
    peer.read_request()
    peer.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n")


def drip_headers(peer):
    """Write headers one byte at a time."""
    peer.read_request()
    peer.drip(HEAD + b"X-Long: " + b"a" * 5000)


def drip_body(peer):
    """Write the body one byte at a time."""
    peer.read_request()
    peer.send(HEAD + b"Content-Length: 5000\r\n\r\n")
    peer.drip(b"a" * 5000)


def pour_headers(peer):
    """Write headers without end."""
    peer.read_request()
    peer.send(HEAD)
    peer.pour(b"X-More: " + b"a" * 1000 + b"\r\n")


def pour_body(peer):
    """Write a body without end."""
    peer.read_request()
    peer.send(HEAD + b"\r\n")
    peer.pour(b"a" * 65536)


def announce_too_much(peer):
    """Announce more than is allowed."""
    peer.read_request()
    peer.send(HEAD + b"Content-Length: 99999999\r\n\r\n")
    peer.pour(b"a" * 65536)


def speak_no_http(peer):
    """Speak another protocol."""
    peer.read_request()
    peer.send(b"220 mail.example ESMTP\r\n")


def bad_encoding(peer):
    """Claim an encoding that the body does not have."""
    while peer.read_request():
        peer.send(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\n12345")


AFTER_SENDING = [
    close_unanswered,
    reset_unanswered,
    stay_silent,
    cut_headers,
    cut_after_a_header,
    cut_body,
    cut_chunks,
    drip_headers,
    drip_body,
    pour_headers,
    pour_body,
    announce_too_much,
    speak_no_http,
    bad_encoding,
]


@pytest.mark.fault("F29")
@pytest.mark.parametrize("script", AFTER_SENDING)
def test_after_sending_the_outcome_is_unknown(serve, transport, party, script):
    """No whole answer in time: unknown for an unrepeatable request, to be repeated otherwise."""
    server = serve(script)
    started = time.monotonic()
    with pytest.raises(UnknownOutcomeError):
        transport.send(HttpRequest("POST", server.url, json=1), party(server))
    with pytest.raises(RetryLaterError):
        transport.send(HttpRequest("POST", server.url, json=1, repeatable=True), party(server))
    with pytest.raises(RetryLaterError):
        transport.send(HttpRequest("GET", server.url), party(server))
    assert time.monotonic() - started < 3 * 0.5 + 2
    # Once each: nothing below repeats a request by itself.
    assert 3 == len(server.requests)


def test_headers_cut_by_the_deadline_are_no_answer(serve, make_transport, party):
    """Headers that the deadline cuts short would read as a whole 200; they are not taken."""

    def script(peer):
        peer.read_request()
        peer.send(HEAD + b"X-Next: ")
        peer.wait()

    server = serve(script)
    transport = make_transport(read_timeout=20, total_timeout=0.2)
    with pytest.raises(UnknownOutcomeError, match="deadline"):
        transport.send(HttpRequest("POST", server.url, json=1), party(server))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_did_not_happen(transport, party, method):
    """Where nobody listens, any request may be tried again."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(RetryLaterError, match="no connection"):
        transport.send(HttpRequest(method, url), party(url))


def test_an_unknown_host_did_not_happen(transport, monkeypatch):
    """A name that cannot be looked up may be tried again."""

    def fail(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    party = Party("site", frozenset({"https://jira.example:443"}))
    with pytest.raises(RetryLaterError, match="site: no connection"):
        transport.send(HttpRequest("POST", "https://jira.example/"), party)


def test_a_host_name_that_is_none_is_a_mistake(transport):
    """A host name that cannot be written is not tried again and again."""
    place = f"https://{'a' * 70}.example"
    party = Party("site", frozenset({f"{place}:443"}))
    with pytest.raises(ConfigurationError):
        transport.send(HttpRequest("POST", place), party)


def test_a_slow_accept_did_not_happen(make_transport, party):
    """A connection that does not come about in time may be tried again."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for _ in range(64):  # until the queue of the listener is full
            sock = stack.enter_context(socket.socket())
            sock.settimeout(0.1)
            try:
                sock.connect(listener.getsockname())
            except TimeoutError:
                break
        else:
            pytest.skip("this system's listeners take connections without end")
        transport = make_transport(connect_timeout=0.2)
        started = time.monotonic()
        with pytest.raises(RetryLaterError, match="no connection"):
            transport.send(HttpRequest("POST", url), party(url))
        assert time.monotonic() - started < 2


def test_a_dead_address_leaves_time_for_the_next(serve, transport, party, monkeypatch):
    """All addresses of a host are tried within the one time limit."""
    server = serve()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dead = listener.getsockname()
    kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    found = [(*kind, dead), (*kind, ("127.0.0.1", server.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found)
    assert 200 == transport.send(HttpRequest("POST", server.url), party(server)).status


def pouring(length: int | None = None) -> Content:
    """Return a source of 64 MiB, more than all buffers on the way hold."""

    @contextlib.contextmanager
    def source():
        yield (bytes(65536) for _ in range(1024))

    return Content(length, source)


@pytest.mark.parametrize("repeatable", [True, False])
def test_an_unfinished_body_did_not_happen(serve, transport, party, repeatable):
    """A request that the far side did not read to its end may be tried again."""

    def never_read(peer):
        peer.read_head()
        peer.wait()

    def reset_early(peer):
        peer.read_head()
        peer.reset()

    for script in (never_read, reset_early):
        server = serve(script)
        request = HttpRequest(
            "POST", server.url, body=pouring(64 * 1024 * 1024), repeatable=repeatable
        )
        with pytest.raises(RetryLaterError, match="not sent to its end"):
            transport.send(request, party(server))
        assert 1 == server.connections


def test_an_early_answer_to_an_upload_is_an_answer(serve, transport, party):
    """A server that refuses an upload before its end is heard."""

    def refuse(peer):
        peer.read_head()
        peer.answer(b"too large", 413)
        # Reads on for a while, as servers do so that the answer is not lost by a reset.
        peer.buffer = b""
        for _ in range(200):
            peer.buffer = b""
            if not peer._more():
                return

    server = serve(refuse)
    request = HttpRequest("POST", server.url, body=pouring(64 * 1024 * 1024))
    try:
        assert 413 == transport.send(request, party(server)).status
    except RetryLaterError as error:  # the reset overtook the answer: still certain
        assert "not sent to its end" in str(error)


def test_a_calls_own_timeout_overrides_ours(serve, transport, party):
    """A long poll may be silent for longer than other calls, and ends at its own time."""

    def script(peer):
        while request := peer.read_request():
            peer.server.stopped.wait(0.8 if request.target == "/poll" else 20)
            peer.answer(b"[]")

    server = serve(script)
    response = transport.send(HttpRequest("GET", server.url + "/poll", timeout=5), party(server))
    assert b"[]" == response.body
    started = time.monotonic()
    with pytest.raises(RetryLaterError):
        transport.send(HttpRequest("GET", server.url + "/long", timeout=0.1), party(server))
    assert time.monotonic() - started < 0.45


def test_an_old_deadline_does_not_hit_the_next_call(serve, make_transport, party):
    """A connection used again is not shut by the deadline of the call before."""

    def script(peer):
        while request := peer.read_request():
            if request.target == "/slow":
                peer.server.stopped.wait(0.5)
            peer.answer()

    server = serve(script)
    transport = make_transport()
    transport.send(HttpRequest("GET", server.url, timeout=0.3), party(server))
    response = transport.send(HttpRequest("POST", server.url + "/slow", timeout=5), party(server))
    assert (200, 1) == (response.status, server.connections)


def test_a_download_not_yet_told_its_end_does_not_hit_the_next_call(serve, make_transport, party):
    """A stream's connection is free with its last byte; its deadline is not that of the next."""

    def script(peer):
        while request := peer.read_request():
            if request.target == "/slow":
                peer.server.stopped.wait(0.5)
            peer.answer(b"whole")

    server = serve(script)
    transport = make_transport()
    first = HttpRequest("GET", server.url, stream=True, timeout=0.3)
    with transport.send(first, party(server)).content.open() as chunks:
        assert b"whole" == next(chunks)
        slow = HttpRequest("POST", server.url + "/slow", timeout=5)
        assert 200 == transport.send(slow, party(server)).status
    assert 1 == server.connections


def test_a_write_may_stall_longer_than_a_connection_attempt(serve, make_transport, party):
    """A far side that reads an upload with pauses is not taken for one that cannot be reached."""

    def script(peer):
        peer.server.stopped.wait(0.5)
        peer.read_request(keep=False)
        peer.answer()

    server = serve(script)
    transport = make_transport(connect_timeout=0.1, read_timeout=20, stream_timeout=20)
    request = HttpRequest("POST", server.url, body=pouring(64 * 1024 * 1024))
    assert 200 == transport.send(request, party(server)).status


def test_close_ends_calls_under_way(serve, make_transport, party):
    """A long poll does not keep the program from closing."""
    reading = threading.Event()

    def script(peer):
        peer.read_request()
        reading.set()
        peer.wait()

    server = serve(script)
    transport = make_transport()
    caught = []

    def poll():
        try:
            transport.send(HttpRequest("GET", server.url, timeout=30), party(server))
        except RetryLaterError as error:
            caught.append(error)

    thread = threading.Thread(target=poll)
    thread.start()
    assert reading.wait(5)
    transport.close()
    thread.join(5)
    assert not thread.is_alive()
    assert 1 == len(caught)


@pytest.mark.fault("F34", "F82")
@pytest.mark.parametrize("headers", ["Content-Encoding: gzip\r\n", ""])
def test_a_large_answer_is_given_up(serve, make_transport, party, headers, answers):
    """The limit counts bytes after decoding; a small wire size does not get round it."""
    import gzip

    plain = bytes(3_000_000)
    server = serve(answers(gzip.compress(plain) if headers else plain, 200, headers))
    request = HttpRequest("POST", server.url)
    response = make_transport(max_body=3_000_000).send(request, party(server))
    assert plain == response.body
    with pytest.raises(UnknownOutcomeError):
        make_transport(max_body=2_999_999).send(request, party(server))
