"""The transport in memory reaches simulators as a real client would, with the same outcomes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import pytest

from chatbridge.content import Content
from chatbridge.errors import (
    ConfigurationError,
    ContentError,
    RetryLaterError,
    UnknownOutcomeError,
)
from chatbridge.exchange import Exchange, Party, carry_out
from chatbridge.http_types import FormPart, Headers, HttpRequest, HttpResponse, Pace
from chatbridge.testing.simulated_transport import SimulatedTransport
from chatbridge.testing.simulator import (
    ConnectionLost,
    Fault,
    OwedWebhook,
    SimulatedCall,
    Simulator,
)
from chatbridge.testing.virtual_clock import VirtualClock

PARTY = Party(
    "acme bot",
    frozenset({"https://api.acme.example:443", "http://127.0.0.1:80", "http://plain.example:80"}),
)


class Recorder(Simulator):
    """Notes its calls and answers with whatever it was told to."""

    name = "acme"

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock=clock)
        self.calls: list[SimulatedCall] = []
        self.next_answer = HttpResponse(200, Headers({"Content-Type": "text/plain"}), b"done")

    def answer(self, call: SimulatedCall) -> HttpResponse:
        fault = self.take_fault(call)
        if fault is not None and fault.kind == "lost_before":
            raise ConnectionLost
        self.calls.append(call)
        if fault is not None and fault.kind == "slow":
            self.clock.sleep(fault.seconds)
        return self.next_answer

    def control(self, action: str, arguments: dict[str, Any]) -> Any:
        raise LookupError(action)

    def actions(self) -> dict[str, str]:
        return {}

    def credentials(self) -> dict[str, str]:
        return {}

    def owed_webhooks(self) -> list[OwedWebhook]:
        return []

    def webhook_answered(
        self, webhook_id: str, status: int | None, retry_after: int | None, body: bytes = b""
    ) -> None:
        raise LookupError(webhook_id)


@pytest.fixture
def clock() -> VirtualClock:
    """Return the time of everybody in here."""
    return VirtualClock()


@pytest.fixture
def acme(clock: VirtualClock) -> Recorder:
    """Return the platform."""
    return Recorder(clock)


@pytest.fixture
def transport(acme: Recorder, clock: VirtualClock) -> SimulatedTransport:
    """Return a transport that reaches the platform and nobody else."""
    simulators = {"https://api.acme.example/v1/": acme, "http://127.0.0.1": acme}
    return SimulatedTransport(simulators, clock)


def _content(*pieces: bytes, length: int | None = None) -> Content:
    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        yield iter(pieces)

    return Content(length, opened, "image/png")


def _send(transport: SimulatedTransport, method: str = "POST", **fields: Any) -> HttpResponse:
    url = fields.pop("url", "https://api.acme.example/v1/send")
    return transport.send(HttpRequest(method, url, **fields), PARTY)


def test_a_call_arrives_decoded_below_its_base_url(
    transport: SimulatedTransport, acme: Recorder
) -> None:
    """Path and query reach the simulator decoded, without the base URL."""
    _send(transport, "GET", url="https://API.acme.example/v1/a%20b/c?x=1&x=%C3%A9&empty=")
    call = acme.calls[0]
    assert ("GET", "/a b/c") == (call.method, call.path)
    assert {"x": "é", "empty": ""} == call.query
    assert (("x", "1"), ("x", "é"), ("empty", "")) == call.query_all


def test_the_base_url_itself_is_the_root(transport: SimulatedTransport, acme: Recorder) -> None:
    """A call to the base URL without a path below it arrives at "/"."""
    _send(transport, "GET", url="https://api.acme.example/v1?x=1")
    assert "/" == acme.calls[0].path


def test_the_longest_base_url_wins(clock: VirtualClock, acme: Recorder) -> None:
    """Of two simulators on one origin, the more specific one is asked."""
    other = Recorder(clock)
    routes = {"https://api.acme.example": other, "https://api.acme.example/v1": acme}
    transport = SimulatedTransport(routes, clock)
    _send(transport)
    _send(transport, url="https://api.acme.example/v10/send")
    assert (["/send"], ["/v10/send"]) == (
        [call.path for call in acme.calls],
        [call.path for call in other.calls],
    )


def test_json_is_encoded_with_its_type(transport: SimulatedTransport, acme: Recorder) -> None:
    """A JSON value arrives as its bytes, with type and length."""
    _send(transport, json={"text": "Grüße \ud83d"}, headers={"X-Key": "7"})
    call = acme.calls[0]
    assert {"text": "Grüße \ud83d"} == json.loads(call.body)
    assert ("application/json", str(len(call.body)), "7", "api.acme.example") == (
        call.headers["content-type"],
        call.headers["content-length"],
        call.headers["x-key"],
        call.headers["host"],
    )


def test_a_multipart_body_reads_back(transport: SimulatedTransport, acme: Recorder) -> None:
    """An independent parser finds every part with its name, file name, type and bytes."""
    parts = (
        FormPart("chat", "42 é"),
        FormPart("photo", _content(b"\x89PN", b"G\r\n", length=6), 'ca"t\n.png', "image/png"),
        FormPart("raw", b"--dash", "b.bin"),
    )
    _send(transport, parts=parts)
    call = acme.calls[0]
    head = f"Content-Type: {call.headers['Content-Type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + call.body)
    read = [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()  # type: ignore[attr-defined]
    ]
    assert [
        ("chat", None, "42 é".encode()),
        ("photo", "ca%22t%0A.png", b"\x89PNG\r\n"),
        ("raw", "b.bin", b"--dash"),
    ] == read


def test_a_raw_stream_is_read_by_opening(transport: SimulatedTransport, acme: Recorder) -> None:
    """A body that is a stream arrives whole, with its media type."""
    _send(transport, body=_content(b"ab", b"cd"))
    call = acme.calls[0]
    assert (b"abcd", "image/png") == (call.body, call.headers["Content-Type"])


def test_a_source_that_ends_early_is_certainly_not_sent(
    transport: SimulatedTransport, acme: Recorder
) -> None:
    """A stream of the wrong length is a ContentError and the far side saw nothing."""
    with pytest.raises(ContentError):
        _send(transport, body=_content(b"ab", length=3))
    assert [] == acme.calls


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"method": "POST"}, UnknownOutcomeError),
        ({"method": "GET"}, RetryLaterError),
        ({"method": "PUT", "repeatable": True}, RetryLaterError),
    ],
)
@pytest.mark.parametrize("fault", [Fault(kind="lost_before"), Fault(kind="slow", seconds=31)])
def test_a_lost_or_late_answer_depends_on_the_request(
    fields: dict[str, Any],
    outcome: type[Exception],
    fault: Fault,
    transport: SimulatedTransport,
    acme: Recorder,
) -> None:
    """No answer in time means "again" for a repeatable call and "nobody knows" for another."""
    acme.switch_fault(Fault(kind=fault.kind, seconds=fault.seconds))
    with pytest.raises(outcome):
        _send(transport, timeout=30, **fields)


def test_an_answer_in_time_is_an_answer(transport: SimulatedTransport, acme: Recorder) -> None:
    """A slow answer within the call's own limit is none that was lost."""
    acme.switch_fault(Fault(kind="slow", seconds=30))
    assert 200 == _send(transport, timeout=30).status


def test_an_unknown_host_is_unreachable(transport: SimulatedTransport) -> None:
    """A host without a simulator certainly did nothing, so the call may come again."""
    party = Party("acme bot", frozenset({"https://nobody.example:443"}))
    with pytest.raises(RetryLaterError, match="cannot be reached"):
        transport.send(HttpRequest("POST", "https://nobody.example/"), party)


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/v1/send",
        "https://api.acme.example:8443/v1/send",
        "http://api.acme.example/v1/send",
        "http://plain.example/v1/send",
        "ftp://api.acme.example/v1/send",
    ],
)
def test_a_foreign_or_plain_origin_is_refused(
    url: str, transport: SimulatedTransport, acme: Recorder
) -> None:
    """Only the party's origins, and only https (or loopback), are reached; no URL is repeated."""
    with pytest.raises(ConfigurationError) as caught:
        _send(transport, url=url)
    assert "v1/send" not in str(caught.value)
    assert [] == acme.calls


def test_plain_http_on_loopback_is_taken(transport: SimulatedTransport, acme: Recorder) -> None:
    """A loopback address needs no encryption."""
    _send(transport, url="http://127.0.0.1/v1/send")
    assert "/v1/send" == acme.calls[0].path


@pytest.mark.parametrize(("method", "repeatable"), [("GET", True), ("POST", False)])
def test_the_answer_knows_whether_its_call_was_repeatable(
    method: str, repeatable: bool, transport: SimulatedTransport, acme: Recorder
) -> None:
    """`check` can decide what a 5xx means, whatever the simulator wrote into its answer."""
    acme.next_answer = HttpResponse(500, repeatable=not repeatable)
    assert repeatable == _send(transport, method).repeatable


@pytest.mark.parametrize("streamed_by_simulator", [True, False])
def test_a_stream_is_handed_over_as_content(
    streamed_by_simulator: bool, transport: SimulatedTransport, acme: Recorder
) -> None:
    """`stream=True` moves the body into a content that knows length and type and opens twice."""
    if streamed_by_simulator:
        fields = Headers({"Content-Type": "text/plain"})
        acme.next_answer = HttpResponse(200, fields, content=_content(b"do", b"ne"))
    response = _send(transport, "GET", stream=True)
    assert response.content is not None
    read = []
    for _ in range(2):
        with response.content.open() as pieces:
            read.append(b"".join(pieces))
    assert (b"", 4, "text/plain") == (
        response.body,
        response.content.length,
        response.content.media_type,
    )
    assert [b"done", b"done"] == read


def test_a_simulators_stream_is_read_where_none_was_asked_for(
    transport: SimulatedTransport, acme: Recorder
) -> None:
    """Without `stream` the body is there as bytes."""
    acme.next_answer = HttpResponse(200, content=_content(b"do", b"ne"))
    response = _send(transport, "GET")
    assert (b"done", None) == (response.body, response.content)


def test_the_log_sees_each_answered_call(acme: Recorder, clock: VirtualClock) -> None:
    """The log gets request and whole answer, streams included; a lost call is not logged."""
    seen: list[tuple[str, int, bytes]] = []

    def log(request: HttpRequest, response: HttpResponse) -> None:
        seen.append((request.method, response.status, response.body))

    transport = SimulatedTransport({"https://api.acme.example/v1": acme}, clock, log=log)
    acme.switch_fault(Fault(kind="lost_before"))
    with pytest.raises(UnknownOutcomeError):
        _send(transport)
    _send(transport, "GET", stream=True)
    assert [("GET", 200, b"done")] == seen


CHAT = Pace("chat", "c1")
OTHER_CHAT = Pace("chat", "c2")
BOT = Pace("bot", "b")


@pytest.mark.parametrize(
    ("scope", "held", "free"),
    [(None, (CHAT, BOT), (OTHER_CHAT, BOT)), ("bot", (OTHER_CHAT, BOT), (OTHER_CHAT,))],
)
def test_a_hold_stops_what_counts_against_its_pace(
    scope: str | None,
    held: tuple[Pace, ...],
    free: tuple[Pace, ...],
    transport: SimulatedTransport,
    clock: VirtualClock,
) -> None:
    """During a hold, calls of that pace are told to come later; others pass; then all pass."""
    transport.hold((CHAT, BOT), scope, 7)
    clock.advance(2)
    with pytest.raises(RetryLaterError) as caught:
        _send(transport, paces=held)
    assert 5 == caught.value.retry_after
    _send(transport, paces=free)
    clock.advance(5)
    _send(transport, paces=held)


def test_a_shorter_hold_does_not_end_a_longer_one(
    transport: SimulatedTransport, clock: VirtualClock
) -> None:
    """Of two holds of one pace the later end counts."""
    transport.hold((CHAT,), None, 10)
    transport.hold((CHAT,), None, 1)
    clock.advance(9)
    with pytest.raises(RetryLaterError):
        _send(transport, paces=(CHAT,))


def test_a_429_holds_through_the_exchange(transport: SimulatedTransport, acme: Recorder) -> None:
    """What an exchange is told to wait is held for the most specific pace of its request."""
    acme.next_answer = HttpResponse(429, Headers({"Retry-After": "9"}))

    def exchange() -> Exchange[int]:
        url = "https://api.acme.example/v1/send"
        response = yield HttpRequest("POST", url, paces=(CHAT, BOT))
        return response.check().status

    with pytest.raises(RetryLaterError):
        carry_out(exchange(), transport, PARTY)
    assert [(CHAT, 9.0)] == transport.holds
