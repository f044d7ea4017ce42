"""`HttpTransport` against real servers: what is sent, what comes back, where it may go."""

from __future__ import annotations

import json
import threading

import pytest
import responses

from chatbridge.errors import ConfigurationError, RetryLaterError
from chatbridge.exchange import Party
from chatbridge.http_types import Headers, HttpRequest, Pace


def test_a_json_call(serve, transport, party):
    """A request is written as described, and its answer comes back whole."""
    server = serve()
    request = HttpRequest(
        "POST", f"{server.url}/a%20b/c?d=e%2F&f", headers={"X-Key": "k"}, json={"text": "привіт"}
    )
    response = transport.send(request, party(server))
    assert (200, b"{}", False) == (response.status, response.body, response.repeatable)
    (got,) = server.requests
    assert ("POST", "/a%20b/c?d=e%2F&f") == (got.method, got.target)
    assert '{"text":"привіт"}'.encode() == got.body
    assert "application/json" == got.headers["content-type"]
    assert "k" == got.headers["x-key"]
    assert "identity" == got.headers["accept-encoding"]
    assert got.headers["user-agent"].startswith("chatbridge/")
    assert f"127.0.0.1:{server.port}" == got.headers["host"]


def test_half_a_surrogate_pair_is_deliverable_json(serve, transport, party):
    """A text that UTF-8 cannot say is escaped, not refused."""
    server = serve()
    transport.send(HttpRequest("POST", server.url, json={"t": "a\ud83d"}), party(server))
    assert {"t": "a\ud83d"} == json.loads(server.requests[0].body)


@pytest.mark.parametrize("status", [200, 204, 302, 307, 400, 404, 429, 500, 503])
def test_every_status_is_an_answer(serve, transport, party, answers, status):
    """A status is returned and never raised, with the answer's headers."""
    body = b"" if status == 204 else b"told"
    server = serve(answers(body, status, "Retry-After: 7\r\n"))
    response = transport.send(HttpRequest("GET", server.url), party(server))
    assert (status, body) == (response.status, response.body)
    assert 7.0 == response.retry_after
    assert response.repeatable


@pytest.mark.fault("F35", "F83")
@pytest.mark.invariant("I11", "I23")
def test_no_redirect_is_followed(serve, transport, party, answers):
    """A redirect is returned; the host it names is not contacted, credentials go nowhere."""
    elsewhere = serve()
    server = serve(answers(b"", 302, f"Location: {elsewhere.url}/\r\n"))
    request = HttpRequest("GET", server.url, headers={"Authorization": "Bearer x"})
    response = transport.send(request, party(server, elsewhere))
    assert (302, f"{elsewhere.url}/") == (response.status, response.headers["Location"])
    assert (0, 1) == (elsewhere.connections, len(server.requests))


def test_connections_are_reused(serve, transport, party, answers):
    """Calls in a row use one connection, whatever their answers' size or status."""
    for script in (answers(b"x" * 300_000), answers(b"", 204), answers(b"no", 404)):
        server = serve(script)
        for _ in range(4):
            transport.send(HttpRequest("POST", server.url, json=1), party(server))
        assert (1, 4) == (server.connections, len(server.requests))


def test_chunked_and_endless_answers_are_read(serve, transport, party):
    """An answer in chunks, and one that ends with its connection, are read whole."""

    def script(peer):
        while request := peer.read_request():
            if request.target == "/chunks":
                head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                peer.send(head + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            else:
                peer.send(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
                return

    server = serve(script)
    for target, expected in (("/chunks", b"abcde"), ("/eof", b"until the end")):
        response = transport.send(HttpRequest("GET", server.url + target), party(server))
        assert expected == response.body


def test_a_rested_connection_is_not_reused(serve, make_transport, party, clock):
    """A connection that rested too long is closed by us before the server may close it."""
    server = serve()
    transport = make_transport(clock=clock, idle_limit=15)
    for shift, connections in ((0, 1), (14, 1), (14, 1), (16, 2)):
        clock.shift += shift
        transport.send(HttpRequest("POST", server.url, json=1), party(server))
        assert connections == server.connections


def test_a_connection_closed_by_the_server_is_not_used(serve, transport, party):
    """A server that closes after each answer costs a connection, never an unknown outcome."""

    def script(peer):
        peer.read_request()
        peer.answer()

    server = serve(script)
    for count in range(1, 5):
        transport.send(HttpRequest("POST", server.url, json=1), party(server))
        assert count == server.connections
        assert server.closed.acquire(timeout=5)


@pytest.mark.fault("F74")
@pytest.mark.invariant("I25")
def test_many_threads_share_the_transport(serve, make_transport, party):
    """Answers never get mixed up between threads."""

    def script(peer):
        while request := peer.read_request():
            peer.answer(request.body)

    server = serve(script)
    transport = make_transport(pool_size=4)
    wrong = []

    def work(number):
        for turn in range(20):
            request = HttpRequest("POST", server.url, json=[number, turn])
            if transport.send(request, party(server)).json() != [number, turn]:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert ([], 160) == (wrong, len(server.requests))


@pytest.mark.fault("F35")
@pytest.mark.invariant("I23")
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://localhost:{port}/",
        "https://127.0.0.1:{port}/",
        "http://127.0.0.1:{port}@evil.example/",
        "http://user:word@127.0.0.1:{port}/",
        "http://evil.example\\@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}.evil.example/",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "file:///etc/passwd",
        "//127.0.0.1:{port}/",
        "",
    ],
)
def test_only_the_partys_origins(serve, transport, party, url):
    """A URL that leads elsewhere, or says so ambiguously, is refused before any connection."""
    server = serve()
    with pytest.raises(ConfigurationError) as caught:
        transport.send(HttpRequest("GET", url.format(port=server.port)), party(server))
    assert 0 == server.connections
    assert "evil" not in str(caught.value)
    assert "word" not in str(caught.value)


@pytest.mark.fault("F83")
@pytest.mark.invariant("I23")
def test_http_is_for_loopback_only(transport):
    """An http origin that is not this machine is refused even where it is listed."""
    party = Party("acme bot", frozenset({"http://jira.example:80"}))
    with pytest.raises(ConfigurationError, match="https"):
        transport.send(HttpRequest("GET", "http://jira.example/"), party)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Note": "a\r\nX-Injected: secret-thing"},
        {"X-Note": "secret-thing \u20ac"},
        {"X Note\n": "secret-thing"},
        {"content-length": "3"},
        {"Transfer-Encoding": "chunked"},
        {"Host": "secret-thing"},
    ],
)
def test_headers_cannot_break_the_request(serve, transport, party, headers):
    """What would end a header or frame the body anew is refused, and not told."""
    server = serve()
    with pytest.raises(ConfigurationError) as caught:
        transport.send(HttpRequest("GET", server.url, headers=headers), party(server))
    assert "secret-thing" not in str(caught.value)
    assert [] == server.requests


def test_the_requests_own_headers_win(serve, transport, party):
    """A request may say its own media type and user agent, in any case, once."""
    server = serve()
    headers = Headers({"content-type": "application/vnd+json", "user-agent": "me"})
    transport.send(HttpRequest("POST", server.url, headers=headers, json=1), party(server))
    got = server.requests[0].headers
    assert ("application/vnd+json", "me") == (got["content-type"], got["user-agent"])


def test_no_netrc_and_no_cookies(serve, transport, party, answers, monkeypatch, tmp_path):
    """Neither a netrc file nor a cookie of an earlier answer adds anything to a request."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password word\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = serve(answers(headers="Set-Cookie: a=b\r\n"))
    for _ in range(2):
        transport.send(HttpRequest("GET", server.url), party(server))
    for request in server.requests:
        assert {"authorization", "cookie"}.isdisjoint(request.headers)


def test_a_short_pace_is_slept_and_a_long_one_told(serve, make_transport, party, clock):
    """The calling thread waits for a pace that is near; else nothing is sent and the wait told."""
    server = serve()
    transport = make_transport(clock=clock, max_wait=1.0)
    near = HttpRequest("GET", server.url, paces=(Pace("chat", "1", 2.0),))
    far = HttpRequest("GET", server.url, paces=(Pace("chat", "2"), Pace("bot", "b", 0.1)))
    for request in (near, near, far):
        transport.send(request, party(server))
    assert [pytest.approx(0.5, abs=0.1)] == clock.slept
    with pytest.raises(RetryLaterError) as caught:
        transport.send(far, party(server))
    assert pytest.approx(10, abs=0.5) == caught.value.retry_after
    assert "bot" == caught.value.scope
    assert 3 == len(server.requests)


def test_a_hold_stops_calls(serve, make_transport, party, clock):
    """While a pace is held its requests are told to wait, other paces' go."""
    server = serve()
    transport = make_transport(clock=clock)
    held = HttpRequest("GET", server.url, paces=(Pace("chat", "1"),))
    free = HttpRequest("GET", server.url, paces=(Pace("chat", "2"),))
    transport.hold(held.paces, None, 30.0)
    with pytest.raises(RetryLaterError) as caught:
        transport.send(held, party(server))
    assert pytest.approx(30, abs=0.5) == caught.value.retry_after
    assert 200 == transport.send(free, party(server)).status
    clock.shift += 31
    assert 200 == transport.send(held, party(server)).status


def test_a_closed_transport_says_so(serve, make_transport, party):
    """After close nothing is sent, and the error names the reason."""
    server = serve()
    transport = make_transport()
    transport.send(HttpRequest("GET", server.url), party(server))
    transport.close()
    transport.close()
    with pytest.raises(ConfigurationError, match="closed"):
        transport.send(HttpRequest("GET", server.url), party(server))
    assert server.closed.acquire(timeout=5)
    assert 1 == len(server.requests)


def test_two_bodies_are_refused(serve, transport, party):
    """A request with two bodies is a mistake that is told."""
    server = serve()
    with pytest.raises(ConfigurationError, match="two"):
        transport.send(HttpRequest("POST", server.url, json=1, body=b"2"), party(server))
    with pytest.raises(ConfigurationError, match="JSON"):
        transport.send(HttpRequest("POST", server.url, json=float("nan")), party(server))
    assert 0 == server.connections


def test_hosts_may_intercept_calls_in_their_tests(transport):
    """The `responses` package sees our calls as it sees those of requests."""
    party = Party("site", frozenset({"https://jira.example:443"}))
    with responses.RequestsMock() as mock:
        mock.post("https://jira.example/x", json={"ok": 1}, status=201)
        mock.get("https://jira.example/y", body=b"0123456789")
        response = transport.send(HttpRequest("POST", "https://jira.example/x", json={}), party)
        assert (201, {"ok": 1}) == (response.status, response.json())
        response = transport.send(HttpRequest("GET", "https://jira.example/y", stream=True), party)
        with response.content.open() as chunks:
            assert b"0123456789" == b"".join(chunks)
