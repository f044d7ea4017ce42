"""The WSGI app and its server: what is taken, what is refused, and that nothing shows."""

from __future__ import annotations

import http.client
import io
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.validate import validator

import pytest

from chatbridge.errors import ConfigurationError, StorageUnavailableError
from chatbridge.health import Health
from chatbridge.http_types import WebhookAnswer, WebhookRequest
from chatbridge.testing.virtual_clock import VirtualClock
from chatbridge.web import web_app
from chatbridge.web.app import MAX_BODY
from chatbridge.web.serving import WebServer

PATIENCE = 10.0


class Taking:
    """What the app needs of a bridge: it notes what comes in, and answers as told."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, ...]] = []
        self.webhooks: list[WebhookRequest] = []
        self.answer: WebhookAnswer | Exception = WebhookAnswer(200)
        self.complaints: list[str] = []

    def receive_webhook(self, platform: str, token: str, webhook: WebhookRequest) -> WebhookAnswer:
        return self._take(("chat", platform, token), webhook)

    def receive_hint(self, site: str, webhook: WebhookRequest) -> WebhookAnswer:
        return self._take(("hint", site), webhook)

    def health(self) -> Health:
        ok = not self.complaints
        problems = tuple(self.complaints)
        return Health(ok=ok, running=True, backlog=0, oldest_event=0.0, problems=problems)

    def _take(self, what: tuple[str, ...], webhook: WebhookRequest) -> WebhookAnswer:
        self.taken.append(what)
        self.webhooks.append(webhook)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def bridge() -> Taking:
    """Return what stands in for a bridge."""
    return Taking()


@pytest.fixture
def call(bridge: Taking) -> Callable[..., tuple[int, dict[str, str], bytes]]:
    """Return what calls the app as a server that keeps to PEP 3333 does."""
    app = validator(web_app(bridge, clock=VirtualClock()))  # type: ignore[arg-type]

    def act(method: str, path: str, body: bytes = b"", **environ: str) -> Any:
        started: list[tuple[str, list[tuple[str, str]]]] = []
        given: dict[str, Any] = {
            "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": "",
            "CONTENT_LENGTH": str(len(body)), "SERVER_NAME": "x", "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
            **environ,
        }  # fmt: skip
        answer = app(given, lambda status, fields, *_: started.append((status, fields)))  # type: ignore[arg-type, return-value]
        try:
            content = b"".join(answer)
        finally:
            answer.close()  # type: ignore[attr-defined]
        ((status, fields),) = started
        return int(status.split()[0]), dict(fields), content

    return act


def test_a_webhook_reaches_the_bridge_as_it_came(bridge, call):
    """Raw bytes, headers, query and the time of arrival are handed on."""
    body = b'{"a": "\xff"}'
    status, _, content = call(
        "POST", "/webhooks/telegram/4f2a", body, QUERY_STRING="a=1", HTTP_X_SIGNATURE="s",
        CONTENT_TYPE="application/json",
    )  # fmt: skip
    assert (200, b"", [("chat", "telegram", "4f2a")]) == (status, content, bridge.taken)
    (webhook,) = bridge.webhooks
    assert (body, "a=1") == (webhook.body, webhook.query)
    assert ("s", "application/json") == (
        webhook.headers["X-Signature"],
        webhook.headers["Content-Type"],
    )
    assert VirtualClock().time() == webhook.received_at


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_whatever_stands_below_a_webhooks_path_is_the_adapters_business(bridge, call, method):
    """Method and the rest of the path reach the bridge; further fields of its answer go back."""
    bridge.answer = WebhookAnswer(405, headers={"Allow": "PUT"})
    below = "/_matrix/app/v1/transactions/7 é/"
    status, fields, _ = call(method, "/webhooks/matrix/4f2a" + below.encode().decode("latin-1"))
    assert (405, "PUT") == (status, fields["Allow"])
    (webhook,) = bridge.webhooks
    assert (method, below) == (webhook.method, webhook.path)
    call(method, "/webhooks/matrix/4f2a")
    assert ("chat", "matrix", "4f2a") == bridge.taken[-1]
    assert "" == bridge.webhooks[-1].path


def test_a_hint_reaches_the_bridge(bridge, call):
    """Jira's webhooks go to the site that the path names, also one with odd letters."""
    assert 200 == call("POST", "/hints/acme", b"{}")[0]
    assert 200 == call("POST", "/hints/сайт".encode().decode("latin-1"), b"{}")[0]
    assert [("hint", "acme"), ("hint", "сайт")] == bridge.taken


def test_it_works_below_a_prefix(bridge, call):
    """What the host has moved to SCRIPT_NAME does not matter."""
    assert 200 == call("POST", "/hints/acme", b"{}", SCRIPT_NAME="/chat/bridge")[0]
    assert [("hint", "acme")] == bridge.taken


def test_the_answer_of_the_bridge_goes_back(bridge, call):
    """Status, body, type and Retry-After are those of the bridge."""
    bridge.answer = WebhookAnswer(503, b"later", "text/x", retry_after=7)
    status, fields, content = call("POST", "/webhooks/telegram/4f2a", b"{}")
    assert (503, b"later") == (status, content)
    assert ("text/x", "7", "5", "no-store") == (
        fields["Content-Type"],
        fields["Retry-After"],
        fields["Content-Length"],
        fields["Cache-Control"],
    )


def test_a_secret_at_the_end_of_a_hints_path_is_handed_over(bridge, call):
    """Who cannot sign has a secret in the path; it is no part of the site's name."""
    secret = "a_secret-of-16-or-more"
    assert 200 == call("POST", f"/hints/acme/{secret}", b"{}")[0]
    assert 200 == call("POST", "/hints/acme", b"{}")[0]
    assert [("hint", "acme")] * 2 == bridge.taken
    assert [secret, ""] == [webhook.path_secret for webhook in bridge.webhooks]


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("PUT", "/hints/acme", 405, "POST"),
        ("POST", "/health", 405, "GET, HEAD"),
        ("GET", "/", 404, None),
        ("POST", "", 404, None),
        ("POST", "/webhooks/telegram", 404, None),
        ("POST", "/webhooks/telegram/4f2a" + "/x" * 600, 404, None),
        ("POST", "/webhooks/../4f2a", 404, None),
        ("POST", "/hints/", 404, None),
        ("POST", "/hints/a/b", 404, None),
    ],
)
def test_what_is_not_there_is_not_there(bridge, call, method, path, status, allowed):
    """Unknown paths are 404, wrong methods 405 with the right ones, and the bridge is not asked."""
    found, fields, content = call(method, path)
    assert (status, allowed, b"", []) == (found, fields.get("Allow"), content, bridge.taken)


@pytest.mark.fault("F49", "F82")
@pytest.mark.parametrize(
    ("length", "body", "status"),
    [
        (str(MAX_BODY), b"x" * MAX_BODY, 200),
        (str(MAX_BODY + 1), b"x" * (MAX_BODY + 1), 413),
        ("99999999999999999999", b"", 413),
        ("5", b"abc", 400),
        ("", b"ignored without a length", 200),
    ],
)
def test_the_size_of_a_body_is_limited(bridge, call, length, body, status):
    """Up to 1 MiB is taken; what is larger, or broken off, never reaches the bridge."""
    assert status == call("POST", "/hints/acme", body, CONTENT_LENGTH=length)[0]
    assert (status == 200) == bool(bridge.taken)


@pytest.mark.parametrize("length", ["-1", "a", "1_0", "²"])
def test_a_length_that_is_none_is_refused(bridge, length):
    """A server that passes nonsense on gets a 400."""
    app = web_app(bridge)
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/hints/acme",
        "CONTENT_LENGTH": length,
        "wsgi.input": io.BytesIO(b"x"),
    }
    told: list[str] = []
    app(environ, lambda status, _: told.append(status))
    assert (["400 Bad Request"], []) == (told, bridge.taken)


def test_a_stream_without_a_length_is_read_to_the_limit(bridge):
    """Where the server ends the stream itself, it is read, and no more than the limit."""
    app = web_app(bridge)
    for size, status in ((MAX_BODY, "200 OK"), (MAX_BODY + 1, "413 ")):
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/hints/acme",
            "wsgi.input_terminated": True,
            "wsgi.input": io.BytesIO(b"x" * size),
        }
        told: list[str] = []
        app(environ, lambda line, _, told=told: told.append(line))
        assert told[0].startswith(status)
    assert 1 == len(bridge.taken)


def test_health_tells_what_is_wrong(bridge, call):
    """It is a 200 while all is well, else a 503 with the problems; HEAD has no body."""
    assert (200, True) == (call("GET", "/health")[0], json.loads(call("GET", "/health")[2])["ok"])
    bridge.complaints = ["the platform does not answer"]
    status, fields, content = call("GET", "/health")
    assert (503, "application/json") == (status, fields["Content-Type"])
    assert bridge.complaints == json.loads(content)["problems"]
    assert (503, b"") == call("HEAD", "/health")[::2]


def test_a_storage_that_fails_lets_the_webhook_come_again(bridge, call):
    """An error of ours is a 503 with a time, so that the platform keeps the event."""
    bridge.answer = StorageUnavailableError("the disk is full")
    status, fields, _ = call("POST", "/webhooks/telegram/4f2a", b"{}")
    assert (503, "5") == (status, fields["Retry-After"])


@pytest.mark.fault("F81")
@pytest.mark.invariant("I10")
def test_nothing_of_a_call_is_logged(bridge, call, caplog):
    """A crash is told by kind and place; path, body, headers and its text stay out of the log."""
    bridge.answer = KeyError("secret-in-the-error")
    with caplog.at_level(logging.DEBUG):
        answer = call("POST", "/webhooks/telegram/secret-token", b"secret-body", HTTP_X="secret-h")
    assert (500, b"") == answer[::2]
    assert "KeyError at test_web_app.py:" in caplog.text
    assert "secret" not in caplog.text


@pytest.fixture
def serve() -> Iterator[Callable[..., WebServer]]:
    """Return what serves an app on a free port of loopback; stopped by the fixture."""
    servers: list[WebServer] = []

    def act(app: Any, **given: Any) -> WebServer:
        server = WebServer(app, "127.0.0.1", 0, **given)
        servers.append(server)
        server.start()
        return server

    yield act
    for server in servers:
        server.stop(0.0)


def _connect(server: WebServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)


def test_the_server_serves_the_app(bridge, serve):
    """Over real HTTP the app answers as it does alone, unnamed, and refuses large bodies."""
    connection = _connect(serve(web_app(bridge)))
    connection.request("POST", "/hints/acme", b"{}", {"X-Hub-Signature": "s"})
    answer = connection.getresponse()
    assert (200, None) == (answer.status, answer.getheader("Server"))
    assert "s" == bridge.webhooks[0].headers["X-Hub-Signature"]
    connection.close()
    connection.request("POST", "/hints/acme", b"x" * (MAX_BODY + 1))
    assert 413 == connection.getresponse().status
    connection.close()


def test_stopping_finishes_what_is_under_way(serve):
    """A call that runs gets its answer; a new one gets no connection."""
    entered, go_on = threading.Event(), threading.Event()

    def slow(environ, start_response):
        entered.set()
        go_on.wait(PATIENCE)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]

    server = serve(slow)
    connection = _connect(server)
    connection.request("GET", "/")
    assert entered.wait(PATIENCE)
    ended: list[bool] = []
    stopping = threading.Thread(target=lambda: ended.append(server.stop(PATIENCE)))
    stopping.start()
    while _accepts(server):
        pass
    go_on.set()
    assert b"done" == connection.getresponse().read()
    stopping.join(PATIENCE)
    assert [True] == ended
    connection.close()


def test_stopping_waits_no_longer_than_it_was_told(serve):
    """A call that does not end is cut off, and that is said."""
    entered, go_on = threading.Event(), threading.Event()

    def stuck(environ, start_response):
        entered.set()
        go_on.wait(PATIENCE)
        start_response("200 OK", [])
        return []

    server = serve(stuck)
    connection = _connect(server)
    connection.request("GET", "/")
    assert entered.wait(PATIENCE)
    assert server.stop(0.1) is False
    with pytest.raises((http.client.HTTPException, OSError)):
        connection.getresponse()
    go_on.set()
    connection.close()


def test_a_taken_port_is_told_with_the_mend(bridge):
    """The error names address and port, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port} .*--port"):
            WebServer(web_app(bridge), "127.0.0.1", port)


def test_a_server_that_never_started_can_be_stopped(bridge):
    """Stopping gives the port back."""
    server = WebServer(web_app(bridge), "127.0.0.1", 0)
    assert server.stop(0.0)
    assert not _accepts(server)


def _accepts(server: WebServer) -> bool:
    host, _, port = server.url.removeprefix("http://").partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=PATIENCE).close()
    except ConnectionError:
        return False
    return True
