"""Simulators behind a real server: their calls, their control, their faults and their webhooks."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, RemoteDisconnected
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from chatbridge.content import Content
from chatbridge.errors import ConfigurationError
from chatbridge.http_types import Headers, HttpResponse
from chatbridge.testing.serving import SimulationServer
from chatbridge.testing.simulator import (
    ConnectionLost,
    Fault,
    OwedWebhook,
    SimulatedCall,
    Simulator,
)

PATIENCE = 10.0


class Acme(Simulator):
    """A platform of few calls: echo, a long poll, two streams and a failure."""

    name = "acme"

    def __init__(self) -> None:
        super().__init__()
        self.released = False
        self.polls = 0
        self.owed: list[OwedWebhook] = []
        self.answers: list[tuple[str, int | None, int | None]] = []
        self.bodies: list[bytes] = []

    def answer(self, call: SimulatedCall) -> HttpResponse:
        fault = self.take_fault(call)
        if fault is not None and fault.kind == "lost_before":
            raise ConnectionLost
        if fault is not None:
            return HttpResponse(fault.status, Headers({"Retry-After": str(fault.retry_after)}))
        if call.path == "/poll":
            with self.changed:
                self.polls += 1
                self.changed.notify_all()
                self.clock.wait(self.changed, lambda: self.released, PATIENCE)
            return HttpResponse(200)
        if call.path == "/stream":
            return HttpResponse(200, content=_content(b"ab", b"cd"))
        if call.path == "/flood":
            return HttpResponse(200, content=_content(*[b"x" * 1_000_000] * 40))
        if call.path == "/bug":
            raise KeyError("secret of a caller")
        shown = {
            "method": call.method,
            "path": call.path,
            "query": call.query_all,
            "key": call.headers.get("X-Key"),
            "type": call.headers.get("Content-Type"),
            "body": call.body.decode(),
        }
        return HttpResponse(
            201, Headers({"Content-Type": "application/json"}), json.dumps(shown).encode()
        )

    def control(self, action: str, arguments: dict[str, Any]) -> Any:
        if action == "release":
            with self.changed:
                self.released = True
                self.changed.notify_all()
            return {"released": True}
        if action == "show":
            return {"arguments": arguments, "text": "é"}
        if action == "write":
            raise ValueError("write needs a text")
        raise LookupError("there is no such action")

    def actions(self) -> dict[str, str]:
        return {"release": "end all polls", "show": "show the arguments"}

    def credentials(self) -> dict[str, str]:
        return {"bot_token": "4711"}

    def owe(self, url: str, webhook_id: str = "w1") -> None:
        with self.changed:
            headers = {"X-Sig": "s", "Content-Type": "application/json"}
            self.owed.append(OwedWebhook(webhook_id=webhook_id, url=url, headers=headers,
                                         body=b"{}", due=0.0))  # fmt: skip
            self.changed.notify_all()

    def owed_webhooks(self) -> list[OwedWebhook]:
        with self.changed:
            due, self.owed = self.owed, []
            return due

    def webhook_answered(
        self, webhook_id: str, status: int | None, retry_after: int | None, body: bytes = b""
    ) -> None:
        with self.changed:
            self.answers.append((webhook_id, status, retry_after))
            self.bodies.append(body)
            self.changed.notify_all()

    def until(self, ready: Callable[[], bool]) -> None:
        """Wait until something has happened, within a bound."""
        with self.changed:
            assert self.changed.wait_for(ready, PATIENCE)


def _content(*pieces: bytes) -> Content:
    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        yield iter(pieces)

    return Content(None, opened)


@pytest.fixture
def acme() -> Acme:
    """Return the platform."""
    return Acme()


@pytest.fixture
def server(acme: Acme) -> Iterator[SimulationServer]:
    """Return a running server with a platform and a desk."""
    with SimulationServer({"acme": acme, "desk": Acme()}, webhook_timeout=PATIENCE) as running:
        yield running
        acme.control("release", {})


def _port(server: SimulationServer) -> int:
    return urlsplit(server.url("control")).port or 0


def _threads_left(before: set[threading.Thread]) -> list[threading.Thread]:
    """Return the new threads that do not end, within a bound."""
    new = set(threading.enumerate()) - before
    for thread in new:
        thread.join(PATIENCE / 5)
    return [thread for thread in new if thread.is_alive()]


Reply = tuple[int, dict[str, str], bytes]
Call = Callable[..., Reply]


@pytest.fixture
def call(server: SimulationServer) -> Call:
    """Return a function that makes one call to the server."""

    def make(method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        connection = HTTPConnection("127.0.0.1", _port(server), timeout=PATIENCE)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, fields)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    return make


class Host:
    """A bridge's web server: answers webhooks as it was told and notes them."""

    def __init__(self) -> None:
        self.status = 200
        self.retry_after = ""
        self.body = b""
        self.received: list[tuple[str, str | None, bytes]] = []
        self.changed = threading.Condition()
        self.hold = threading.Event()
        self.hold.set()
        host = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with host.changed:
                    host.received.append((self.path, self.headers["X-Sig"], body))
                    host.changed.notify_all()
                host.hold.wait(PATIENCE)
                self.send_response(host.status)
                if host.retry_after:
                    self.send_header("Retry-After", host.retry_after)
                self.send_header("Content-Length", str(len(host.body)))
                self.end_headers()
                self.wfile.write(host.body)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def until_received(self, count: int) -> None:
        """Wait until so many webhooks have arrived, within a bound."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.received) == count, PATIENCE)


@pytest.fixture
def host() -> Iterator[Host]:
    """Return a running host."""
    host = Host()
    thread = threading.Thread(target=host.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield host
    host.hold.set()
    host.server.shutdown()
    host.server.server_close()
    thread.join()


def test_a_call_reaches_its_simulator_without_the_prefix(call: Call) -> None:
    """Method, decoded path, query, headers and body arrive; status and headers come back."""
    status, headers, body = call("POST", "/acme/bot1/a%20b%C3%A9?x=1&x=2", b"hello", X_Key="7")
    assert (201, "application/json") == (status, headers["Content-Type"])
    assert {
        "method": "POST",
        "path": "/bot1/a bé",
        "query": [["x", "1"], ["x", "2"]],
        "key": "7",
        "type": None,
        "body": "hello",
    } == json.loads(body)


@pytest.mark.parametrize("path", ["/acme", "/acme/"])
def test_the_prefix_alone_is_the_root(path: str, call: Call) -> None:
    """A simulator's base URL is its "/", with and without the last slash."""
    assert "/" == json.loads(call("GET", path)[2])["path"]


def test_a_large_body_goes_through_memory(call: Call) -> None:
    """A body of 3 MB arrives whole, larger than what a web server would keep in memory itself."""
    body = b"x" * 3_000_000
    answer = json.loads(call("POST", "/acme/echo", body)[2])
    assert len(body) == len(answer["body"])


def test_an_unknown_simulator_is_not_found(call: Call) -> None:
    """A path below no simulator is a 404 that names those which are there."""
    status, _, body = call("GET", "/viber/x")
    assert (404, {"error": "there are only: control, acme, desk"}) == (status, json.loads(body))


def test_a_head_call_has_no_body(server: SimulationServer) -> None:
    """HEAD is answered with the length and without the bytes."""
    with socket.create_connection(("127.0.0.1", _port(server)), timeout=PATIENCE) as client:
        client.sendall(b"HEAD /acme/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = client.makefile("rb").read()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert (b"HTTP/1.1 201 Created", b"") == (head.splitlines()[0], body)
    assert b"Content-Length: " in head


def test_a_streamed_answer_arrives_whole(call: Call) -> None:
    """An answer that is a stream of unknown length is sent piece by piece."""
    assert b"abcd" == call("GET", "/acme/stream")[2]


def test_a_lost_connection_is_closed_without_a_byte(call: Call, acme: Acme) -> None:
    """The client learns at once that no answer comes, and the next call works."""
    acme.switch_fault(Fault(kind="lost_before"))
    with pytest.raises(RemoteDisconnected):
        call("POST", "/acme/x")
    assert 201 == call("POST", "/acme/x")[0]


def test_a_simulators_mistake_is_a_500_without_content(call: Call, acme: Acme) -> None:
    """A bug in a simulator is told by type and place, without what somebody sent."""
    status, _, body = call("GET", "/acme/bug")
    error = json.loads(body)["error"]
    assert 500 == status
    assert "KeyError at test_serving.py" in error
    assert "secret" not in error


def test_control_lists_every_action(call: Call) -> None:
    """GET /control tells every simulator's actions and the fault switch, each with a line."""
    listed = json.loads(call("GET", "/control")[2])
    assert ["acme", "desk"] == list(listed)
    assert {"release", "show", "fault"} == set(listed["acme"])
    assert "end all polls" == listed["acme"]["release"]


def test_an_action_takes_its_arguments_as_json(call: Call) -> None:
    """POST hands the JSON object over and answers with what the action returned."""
    status, headers, body = call("POST", "/control/acme/show", b'{"n": 1}')
    assert (200, "application/json") == (status, headers["Content-Type"])
    assert {"arguments": {"n": 1}, "text": "é"} == json.loads(body)


def test_an_action_without_a_body_has_no_arguments(call: Call) -> None:
    """POST with nothing is an action without arguments."""
    assert {} == json.loads(call("POST", "/control/acme/show")[2])["arguments"]


def test_a_read_takes_its_arguments_from_the_query(call: Call) -> None:
    """GET reads the arguments from the query, so that a browser can look."""
    body = call("GET", "/control/acme/show?chat=5")[2]
    assert {"chat": "5"} == json.loads(body)["arguments"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("POST", "/control/acme/dance", b"{}", 404, "there is no such action"),
        ("POST", "/control/nobody/show", b"{}", 404, "only acme, desk"),
        ("POST", "/control/acme/write", b"{}", 400, "write needs a text"),
        ("POST", "/control/acme/show", b"[]", 400, "must be a JSON object"),
        ("POST", "/control/acme/show", b"{", 400, "must be JSON"),
        ("PUT", "/control/acme/show", b"{}", 405, "GET or POST"),
        ("PUT", "/control/acme/fault", b"{}", 405, "DELETE"),
        ("POST", "/control/acme/fault", b"{}", 400, "kind must be one of status"),
        ("POST", "/control/acme/fault", b'{"kind": "melt"}', 400, "kind must be one of"),
        ("POST", "/control/acme/fault", b'{"kind": "slow", "x": 1}', 400, "known: kind, match"),
        ("POST", "/control/acme/fault", b'{"kind": "slow", "seconds": "1"}', 400, "int or float"),
        ("POST", "/control/acme/fault", b'{"kind": "slow", "times": true}', 400, "times must be"),
        ("POST", "/control/acme/fault", b'{"kind": "slow", "match": "("}', 400, "regular expr"),
    ],
)
def test_a_wrong_control_call_says_what_is_expected(
    method: str, path: str, body: bytes, status: int, error: str, call: Call
) -> None:
    """Errors of control calls are JSON with a text that names the mend."""
    answered, _, said = call(method, path, body)
    assert status == answered
    assert error in json.loads(said)["error"]


def test_faults_are_switched_on_and_off(call: Call) -> None:
    """A fault hits the calls that match, is shown while it waits, and DELETE removes it."""
    fault = b'{"kind": "status", "match": "POST /send", "status": 429, "retry_after": 3}'
    shown = json.loads(call("POST", "/control/acme/fault", fault)[2])
    untouched = call("GET", "/acme/send")[0]
    status, headers, _ = call("POST", "/acme/send")
    assert ["status"] == [one["kind"] for one in shown]
    assert (201, 429, "3") == (untouched, status, headers["Retry-After"])
    call("POST", "/control/acme/fault", b'{"kind": "status", "times": null}')
    assert [] == json.loads(call("DELETE", "/control/acme/fault")[2])
    assert 201 == call("POST", "/acme/send")[0]


def test_long_polls_do_not_starve_control(call: Call, acme: Acme) -> None:
    """While 40 polls hang, a control call is answered; it ends them all."""
    with ThreadPoolExecutor(40) as pool:
        polls = [pool.submit(call, "GET", "/acme/poll") for _ in range(40)]
        acme.until(lambda: acme.polls == 40)
        assert 200 == call("POST", "/control/acme/release")[0]
        assert [200] * 40 == [poll.result()[0] for poll in polls]


def test_the_ready_line_has_urls_and_credentials(server: SimulationServer) -> None:
    """One JSON object tells a program all it needs: the desk's URL is the site's."""
    line = json.loads(json.dumps(server.ready_line()))
    origin = server.url("desk").removesuffix("/desk")
    assert {
        "control_url": f"{origin}/control",
        "site_url": f"{origin}/desk",
        "acme_api_url": f"{origin}/acme",
        "desk": {"bot_token": "4711"},
        "acme": {"bot_token": "4711"},
    } == line


def test_url_knows_only_what_is_served(server: SimulationServer) -> None:
    """Asking for a simulator that is not there is an error, not a guess."""
    with pytest.raises(LookupError, match="'viber'"):
        server.url("viber")


@pytest.mark.parametrize("name", ["control", "", "a/b", "Desk"])
def test_a_name_that_cannot_be_reached_is_refused(name: str, acme: Acme) -> None:
    """A simulator's name must be able to stand in a path of its own."""
    with pytest.raises(ValueError, match="lower case word"):
        SimulationServer({name: acme})


def test_a_server_listens_on_loopback_only_and_stops(acme: Acme) -> None:
    """After `stop` nothing listens and no thread is left; stopping twice does no harm."""
    before = set(threading.enumerate())
    server = SimulationServer({"acme": acme})
    with pytest.raises(RuntimeError, match="not been started"):
        server.url("acme")
    with server:
        port = _port(server)
        assert server.url("acme").startswith("http://127.0.0.1:")
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    assert [] == _threads_left(before)


def test_a_stop_cuts_off_a_pending_poll(acme: Acme) -> None:
    """A client that polls when the server stops is disconnected and does not wait to the end."""
    with ThreadPoolExecutor(1) as pool:
        with SimulationServer({"acme": acme}) as server:
            connection = HTTPConnection("127.0.0.1", _port(server), timeout=PATIENCE)
            connection.request("GET", "/acme/poll")
            poll = pool.submit(connection.getresponse)
            acme.until(lambda: acme.polls == 1)
        assert isinstance(poll.exception(PATIENCE), RemoteDisconnected | ConnectionResetError)
        connection.close()
        acme.control("release", {})


def test_a_stop_frees_who_writes_to_a_client_that_does_not_read(acme: Acme) -> None:
    """An answer that nobody takes holds no thread once the server has stopped."""
    before = set(threading.enumerate())
    with SimulationServer({"acme": acme}) as server:
        connection = HTTPConnection("127.0.0.1", _port(server), timeout=PATIENCE)
        connection.request("GET", "/acme/flood")
        connection.getresponse()
    connection.close()
    assert [] == _threads_left(before)


def test_a_taken_port_says_so(server: SimulationServer, acme: Acme) -> None:
    """A port that is in use is named with the mend, and no thread is left behind."""
    port = _port(server)
    before = set(threading.enumerate())
    with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{port}"):
        SimulationServer({"acme": acme}, port=port).start()
    assert [] == _threads_left(before)


@pytest.mark.parametrize(
    ("status", "header", "retry_after"), [(200, "", None), (503, "7", 7), (302, "soon", None)]
)
def test_an_owed_webhook_is_delivered_and_its_answer_reported(
    status: int, header: str, retry_after: int | None, host: Host, acme: Acme, server: object
) -> None:
    """The webhook arrives with path, headers and body; status and Retry-After come back."""
    host.status, host.retry_after = status, header
    acme.owe(f"{host.url}/hooks/acme?x=1")
    acme.until(lambda: bool(acme.answers))
    assert [("/hooks/acme?x=1", "s", b"{}")] == host.received
    assert [("w1", status, retry_after)] == acme.answers


def test_what_a_webhook_is_answered_with_is_reported(
    host: Host, acme: Acme, server: object
) -> None:
    """The body of the answer comes back too, for platforms that read it."""
    host.body = '{"text": "Добрий день"}'.encode()
    acme.owe(host.url)
    acme.until(lambda: bool(acme.answers))
    assert [host.body] == acme.bodies


def test_webhooks_are_delivered_side_by_side(host: Host, acme: Acme, server: object) -> None:
    """A receiver that hangs on some webhooks still gets the others."""
    host.hold.clear()
    for number in range(8):
        acme.owe(f"{host.url}/{number}", f"w{number}")
    host.until_received(8)
    host.hold.set()
    acme.until(lambda: len(acme.answers) == 8)
    assert {200} == {status for _, status, _ in acme.answers}


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/hook",
        "http://10.0.0.1/hook",
        "http://127.0.0.1.example.org/hook",
        "ftp://127.0.0.1/hook",
        "http://0.0.0.0/hook",
        "nothing",
    ],
)
def test_no_webhook_leaves_this_machine(
    url: str, acme: Acme, server: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that is not loopback is not even looked up, and counts as not answered."""
    reached: list[object] = []
    monkeypatch.setattr(socket, "create_connection", lambda *told, **more: reached.append(told))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *told, **more: reached.append(told))
    acme.owe(url)
    acme.until(lambda: bool(acme.answers))
    assert [("w1", None, None)] == acme.answers
    assert [] == reached


def test_a_receiver_that_is_down_is_reported(acme: Acme, server: object) -> None:
    """Where nobody listens the webhook counts as not answered, so the simulator may retry."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    acme.owe(f"http://127.0.0.1:{port}/hook")
    acme.until(lambda: bool(acme.answers))
    assert [("w1", None, None)] == acme.answers


def test_a_stop_cuts_off_a_webhook_under_way(host: Host, acme: Acme) -> None:
    """A receiver that hangs does not keep the server from stopping."""
    host.hold.clear()
    with SimulationServer({"acme": acme}, webhook_timeout=6 * PATIENCE):
        acme.owe(f"{host.url}/slow")
        host.until_received(1)
    assert [("w1", None, None)] == acme.answers


@pytest.mark.fault("F81")
def test_nothing_touches_the_disk(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large upload and its large answer need no temporary file."""
    opened: list[object] = []
    monkeypatch.setattr("tempfile.TemporaryFile", lambda *told, **more: opened.append(told))
    monkeypatch.setattr(
        "waitress.buffers.TempfileBasedBuffer.newfile", lambda self: opened.append(self)
    )
    call("POST", "/acme/echo", b"x" * 3_000_000)
    assert [] == opened
