"""TLS: always verified, one context for all connections, through proxies as well."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
import warnings

import pytest

from chatbridge.errors import ConfigurationError, RetryLaterError, UnknownOutcomeError
from chatbridge.exchange import Party
from chatbridge.http_types import HttpRequest


@pytest.fixture
def secure(make_transport, ca_bundle):
    """A transport that trusts the tests' authority."""
    return make_transport(ca_bundle=ca_bundle, connect_timeout=0.5, total_timeout=1.0)


def test_a_trusted_server_is_spoken_to(serve, secure, party, tls_for):
    """A certificate of a trusted authority for the right name is taken, and reused."""
    server = serve(tls=tls_for("127.0.0.1"))
    for _ in range(3):
        assert 200 == secure.send(HttpRequest("POST", server.url, json=1), party(server)).status
    assert 1 == server.connections


@pytest.mark.fault("F83")
@pytest.mark.invariant("I23")
def test_an_unknown_authority_is_refused(serve, make_transport, party, tls_for):
    """A certificate of an authority that is not trusted ends the call before any byte of it."""
    server = serve(tls=tls_for("127.0.0.1"))
    with pytest.raises(ConfigurationError, match="certificate"):
        make_transport().send(HttpRequest("POST", server.url, json=1), party(server))
    assert [] == server.requests


@pytest.mark.fault("F83")
@pytest.mark.invariant("I23")
def test_a_wrong_host_name_is_refused(serve, secure, party, tls_for):
    """A certificate for another name ends the call, also after a good one at another origin."""
    good, wrong = serve(tls=tls_for("127.0.0.1")), serve(tls=tls_for("jira.example"))
    for _ in range(2):
        secure.send(HttpRequest("GET", good.url), party(good, wrong))
        with pytest.raises(ConfigurationError, match="certificate"):
            secure.send(HttpRequest("GET", wrong.url), party(good, wrong))
    assert [] == wrong.requests


@pytest.mark.fault("F83")
def test_old_protocols_are_refused(serve, secure, party, tls_for):
    """A server that speaks nothing newer than TLS 1.1 is not spoken to."""
    context = tls_for("127.0.0.1")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    server = serve(tls=context)
    with pytest.raises(ConfigurationError, match="TLS"):
        secure.send(HttpRequest("GET", server.url), party(server))


@pytest.mark.fault("F83")
def test_a_server_without_tls_is_refused(serve, secure, party):
    """An https URL that leads to a plain server is a mistake, not something to try again."""

    def script(peer):
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        peer.wait()

    server = serve(script)
    url = f"https://127.0.0.1:{server.port}"
    with pytest.raises(ConfigurationError, match="TLS"):
        secure.send(HttpRequest("GET", url), party(url))


@pytest.mark.fault("F83")
def test_a_handshake_that_breaks_did_not_happen(serve, secure, party):
    """Closing or falling silent in the handshake is a lost connection: try again."""

    def close(peer):
        # All of it: closing with unread bytes would be a reset, not an end.
        peer.sock.recv(65536)

    def stay_silent(peer):
        peer.wait()

    for script in (close, stay_silent):
        server = serve(script)
        url = f"https://127.0.0.1:{server.port}"
        started = time.monotonic()
        with pytest.raises(RetryLaterError, match="no connection"):
            secure.send(HttpRequest("POST", url), party(url))
        assert time.monotonic() - started < 3


def test_the_deadline_holds_inside_tls(serve, secure, party, tls_for):
    """A dripping answer over TLS ends at the deadline, and its bytes are not taken."""

    def script(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n")
        peer.drip(b"a" * 9000)

    server = serve(script, tls_for("127.0.0.1"))
    started = time.monotonic()
    with pytest.raises(UnknownOutcomeError, match="deadline"):
        secure.send(HttpRequest("POST", server.url), party(server))
    assert time.monotonic() - started < 4


def test_one_context_for_all_connections(serve, secure, party, tls_for, answers, monkeypatch):
    """The authorities are read once, however many connections and origins there are."""
    made = []
    create = ssl.create_default_context

    def counting(*args, **kwargs):
        made.append(1)
        return create(*args, **kwargs)

    monkeypatch.setattr(ssl, "create_default_context", counting)
    script = answers(headers="Connection: close\r\n")
    servers = [serve(script, tls_for("127.0.0.1")) for _ in range(3)]
    for server in servers * 3:
        secure.send(HttpRequest("GET", server.url), party(server))
    assert ([1], 9) == (made, sum(server.connections for server in servers))


@pytest.mark.fault("F83")
def test_a_missing_bundle_is_named(make_transport):
    """A ca_bundle that cannot be read is told by its setting's name."""
    party = Party("site", frozenset({"https://127.0.0.1:443"}))
    transport = make_transport(ca_bundle="/nowhere/ca.pem")
    with pytest.raises(ConfigurationError, match="ca_bundle"):
        transport.send(HttpRequest("GET", "https://127.0.0.1/"), party)


@pytest.fixture
def tunnel(serve):
    """A proxy that joins every CONNECT to one loopback port, and notes what was asked."""
    asked = []

    def start(port):
        def script(peer):
            head = peer.read_head()
            asked.append((head.method, head.target, head.headers.get("proxy-authorization")))
            with socket.create_connection(("127.0.0.1", port)) as onward:
                peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=copy, args=(onward, peer.sock), daemon=True)
                back.start()
                copy(peer.sock, onward)
                with contextlib.suppress(OSError):
                    onward.shutdown(socket.SHUT_RDWR)
                back.join(5)

        return serve(script), asked

    return start


def copy(source, target):
    """Carry bytes from one socket to another."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)


def test_a_proxy_carries_verified_tls(
    serve, make_transport, ca_bundle, tls_for, tunnel, monkeypatch
):
    """The proxy of the environment, as it was at the start, is used; it sees a host, no more."""
    server = serve(tls=tls_for("jira.example"))
    proxy, asked = tunnel(server.port)
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:word@127.0.0.1:{proxy.port}")
    transport = make_transport(ca_bundle=ca_bundle, proxies=None)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    party = Party("site", frozenset({"https://jira.example:443", "https://other.example:443"}))
    for _ in range(2):
        response = transport.send(HttpRequest("GET", "https://jira.example/secret/path"), party)
        assert 200 == response.status
    assert [("CONNECT", "jira.example:443", "Basic bWU6d29yZA==")] == asked
    assert ["/secret/path"] * 2 == [request.target for request in server.requests]
    with pytest.raises(ConfigurationError, match="certificate"):
        transport.send(HttpRequest("GET", "https://other.example/"), party)


def test_a_dripping_proxy_ends_at_the_deadline(serve, make_transport):
    """A proxy that never finishes its answer to CONNECT did not let the request happen."""

    def script(peer):
        peer.read_head()
        peer.drip(b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"a" * 5000)

    proxy = serve(script)
    transport = make_transport(proxies={"https": proxy.url}, total_timeout=0.3)
    party = Party("site", frozenset({"https://jira.example:443"}))
    started = time.monotonic()
    with pytest.raises(RetryLaterError, match="no connection"):
        transport.send(HttpRequest("POST", "https://jira.example/"), party)
    assert time.monotonic() - started < 3


def test_loopback_never_goes_through_a_proxy(serve, make_transport, party):
    """A simulator on this machine is reached directly."""
    server = serve()
    transport = make_transport(proxies={"http": "http://127.0.0.1:1", "all": "http://127.0.0.1:1"})
    assert 200 == transport.send(HttpRequest("GET", server.url), party(server)).status
