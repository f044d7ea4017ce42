"""Why a far side does not answer: name, connection, proxy, TLS and a wrong program, told apart."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from chatbridge import Finding
from chatbridge.cli.way_checks import broken_way, with_cause
from chatbridge.cli.web_checks import check_web
from chatbridge.configuration import open_bridge, read_configuration
from chatbridge.web import web_app


class _Silent(WSGIRequestHandler):
    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def serve():
    """Return what serves a WSGI application on loopback and returns its address."""
    running = []

    def start(app) -> str:
        server = make_server("127.0.0.1", 0, app, handler_class=_Silent)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def closed_port() -> int:
    """Return a port of loopback on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return int(closed.getsockname()[1])


@pytest.fixture
def listening() -> Iterator[int]:
    """Return a port on which somebody listens and hangs up after the first bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def hang_up() -> None:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(1)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield listener.getsockname()[1]
        # Whoever was not called is called now.
        with socket.create_connection(listener.getsockname(), 5) as last:
            last.sendall(b"x")
        thread.join()


def test_a_name_that_leads_nowhere(monkeypatch):
    """The name server's answer is told apart from a silent host."""

    def nowhere(*_arguments, **_more):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", nowhere)
    text, mend = broken_way("https://acme.atlassian.example")
    assert "the name acme.atlassian.example leads to no address (DNS)" == text
    assert "name server" in mend


def test_a_port_that_refuses(closed_port):
    """Nothing listens: the address is to be looked at."""
    text, _ = broken_way(f"https://127.0.0.1:{closed_port}")
    assert f"127.0.0.1 refuses connections on port {closed_port}" == text


def test_a_host_that_is_silent(monkeypatch):
    """No answer at all is most often a firewall."""

    def silent(*_arguments, **_more):
        raise TimeoutError

    monkeypatch.setattr("socket.create_connection", silent)
    text, mend = broken_way("https://127.0.0.1")
    assert "does not answer on port 443" in text and "firewall" in mend


def test_a_host_that_speaks_no_tls(listening):
    """Plain HTTP where TLS is expected is no certificate's fault."""
    text, _ = broken_way(f"https://127.0.0.1:{listening}")
    assert "127.0.0.1 does not speak TLS as it should" == text


@pytest.mark.parametrize(
    ("code", "message", "mend"),
    [
        (10, "certificate has expired", "clock"),
        (18, "self-signed certificate", "ca_bundle"),
        (62, "Hostname mismatch", "check the address"),
    ],
)
def test_a_certificate_that_is_not_accepted(monkeypatch, listening, code, message, mend):
    """The reason is told as TLS names it; an unknown authority has a mend of its own."""

    def refuse(*_arguments, **_more):
        error = ssl.SSLCertVerificationError()
        error.verify_code, error.verify_message = code, message
        raise error

    monkeypatch.setattr("ssl.SSLContext.wrap_socket", refuse)
    text, told = broken_way(f"https://127.0.0.1:{listening}")
    assert f"the certificate of 127.0.0.1 is not accepted: {message}" == text
    assert mend in told


def test_a_proxy_that_is_not_there(monkeypatch, closed_port):
    """Where a proxy is set, it is looked at, and not the host behind it."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port}")
    text, mend = broken_way("https://acme.atlassian.net")
    assert f"the proxy: 127.0.0.1 refuses connections on port {closed_port}" == text
    assert "HTTPS_PROXY" in mend


def test_what_is_ok_or_was_answered_stays(serve):
    """A finding of a host that can be reached keeps its own words."""
    url = serve(lambda _environ, _start: [])
    good, refused = Finding("x", True, "fine"), Finding("x", False, "it refuses", "mend")
    assert (good, refused) == (with_cause(good, url), with_cause(refused, url))


def test_the_own_web_app_is_known(set_up, serve):
    """A bridge under the public address is told from another program, with its complaints."""
    with open_bridge(read_configuration()) as bridge:
        url = serve(web_app(bridge))
        assert [(True, "a bridge answers there, as seen from here")] == [
            (each.ok, each.text) for each in check_web(url)
        ]


def test_another_program_answers(serve):
    """A web server that does not pass the paths on is named with them."""

    def other(_environ, start_response):
        start_response("404 Not Found", [("Content-Type", "text/html")])
        return [b"<h1>Not here</h1>"]

    (finding,) = check_web(serve(other))
    assert (False, "something else answers there (404), and no bridge") == (
        finding.ok,
        finding.text,
    )
    assert "/webhooks" in finding.mend


def test_nobody_answers(closed_port):
    """Without a server the cause is the refused connection."""
    (finding,) = check_web(f"http://127.0.0.1:{closed_port}")
    assert "refuses connections" in finding.text


def test_without_a_public_url_nothing_is_asked():
    """Polling needs none."""
    assert [] == list(check_web(None))
