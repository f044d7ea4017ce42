"""A simulated Telegram, a clock without waiting, and a driver of exchanges."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import pytest
from attrs import evolve

from chatbridge.adapter import BotIdentity
from chatbridge.content import Address, Attachment, Content, FileKind
from chatbridge.errors import RetryLaterError, UnknownOutcomeError
from chatbridge.events import Event
from chatbridge.exchange import Exchange, Party, carry_out
from chatbridge.http_types import Headers, HttpRequest, HttpResponse, Pace, WebhookRequest
from chatbridge.outgoing import OutgoingMessage
from chatbridge.richtext import Document
from chatbridge.secret import Secret
from chatbridge.testing.simulator import ConnectionLost, SimulatedCall
from chatbridge.uploads import body_of
from chatbridge_telegram import TelegramAdapter, TelegramSettings
from chatbridge_telegram.simulated_files import PICTURE
from chatbridge_telegram.simulator import TelegramSimulator

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


class ManualClock:
    """Time that passes when somebody waits or a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_800_000_000.0 + self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def wait(self, changed: threading.Condition, ready: Callable[[], bool], seconds: float) -> bool:
        if not ready():
            self.now += seconds
        return ready()


def call_of(request: HttpRequest) -> SimulatedCall:
    """Return a request as the simulator sees it, its body written as the real transport does."""
    path = "/" + unquote(request.url.split("/", 3)[3])
    written = body_of(request)
    data = written.data if isinstance(written.data, bytes) else b"".join(written.data or ())
    headers = Headers({"Content-Type": written.media_type or ""})
    return SimulatedCall(method=request.method, path=path, headers=headers, body=data)


def parameters_of(request: HttpRequest, specification: Any) -> dict[str, Any]:
    """Return what a call says, as the specification describes it; an upload is an InputFile."""
    if request.parts is None:
        return request.json or {}
    given: dict[str, Any] = {}
    method = request.url.rpartition("/")[2]
    for part in request.parts:
        kinds = specification.kinds(method, part.name)
        if part.filename is not None:
            given.update({part.name: {}} if kinds else {})
        else:
            assert isinstance(part.value, str)
            given[part.name] = part.value if "String" in kinds else json.loads(part.value)
    return given


def content_of(data: bytes, media_type: str = "application/octet-stream") -> Content:
    """Return bytes as a stream."""

    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        yield iter([data])

    return Content(len(data), opened, media_type)


class SimulatorTransport:
    """Hands requests to the simulator in memory, and both sides to the specification."""

    def __init__(self, simulator: TelegramSimulator, specification: Any) -> None:
        self._simulator = simulator
        self._specification = specification
        self.requests: list[HttpRequest] = []
        self.holds: list[tuple[str, float]] = []

    def send(self, request: HttpRequest, party: Party) -> HttpResponse:
        self.requests.append(request)
        call = call_of(request)
        method = call.path.rpartition("/")[2]
        if self._specification is not None and request.method == "POST":
            given = parameters_of(request, self._specification)
            assert [] == self._specification.request_problems(method, given)
        try:
            answer = self._simulator.answer(call)
        except ConnectionLost:
            lost = RetryLaterError if request.is_repeatable else UnknownOutcomeError
            raise lost("the connection was lost") from None
        if request.stream:
            media_type = answer.headers["Content-Type"]
            content = content_of(answer.body, media_type)
            return evolve(answer, body=b"", content=content, repeatable=True)
        if self._specification is not None and answer.status == 200:
            result = json.loads(answer.body)["result"]
            assert [] == self._specification.result_problems(method, result)
        return evolve(answer, repeatable=request.is_repeatable)

    def hold(self, paces: tuple[Pace, ...], scope: str | None, seconds: float) -> None:
        self.holds.append((paces[0].scope if scope is None else scope, seconds))


@pytest.fixture
def clock() -> ManualClock:
    """A clock that a test moves."""
    return ManualClock()


@pytest.fixture
def simulator(clock: ManualClock) -> TelegramSimulator:
    """A simulated Telegram."""
    return TelegramSimulator(clock=clock, token=TOKEN, username="helpdesk_bot")


@pytest.fixture
def transport(simulator: TelegramSimulator, specification_or_none: Any) -> SimulatorTransport:
    """What carries requests to the simulator."""
    return SimulatorTransport(simulator, specification_or_none)


@pytest.fixture
def settings() -> TelegramSettings:
    """A bot with a webhook secret."""
    return TelegramSettings(token=Secret(TOKEN), webhook_secret=Secret("a-webhook-secret"))


@pytest.fixture
def adapter(settings: TelegramSettings) -> TelegramAdapter:
    """An adapter that knows who its bot is."""
    return TelegramAdapter(settings, BotIdentity("110201543", "helpdesk_bot", "Help"))


@pytest.fixture
def talk(transport: SimulatorTransport) -> Callable[[Exchange[Any]], Any]:
    """Carry out an exchange against the simulator."""
    party = Party("telegram bot", frozenset({"https://api.telegram.org:443"}), (TOKEN,))
    return lambda exchange: carry_out(exchange, transport, party)


@pytest.fixture
def say() -> Callable[..., OutgoingMessage]:
    """Make an outgoing message of a plain text or a document."""

    def make(text: str | Document = "hello", chat: str = "7", **members: Any) -> OutgoingMessage:
        document = text if isinstance(text, Document) else Document.from_plain(text)
        members.setdefault("address", Address(chat))
        return OutgoingMessage(key="0" * 32, text=document, **members)

    return make


@pytest.fixture
def make_file() -> Callable[..., Attachment]:
    """Make a file that an agent sends."""

    def make(kind: FileKind = FileKind.PHOTO, data: bytes = PICTURE, **members: Any) -> Attachment:
        return Attachment(kind, **{"content": content_of(data), "name": "shot.jpg", **members})

    return make


@pytest.fixture
def make_adapter() -> Callable[..., TelegramAdapter]:
    """Make an adapter with other settings and without an identity."""

    def make(**members: Any) -> TelegramAdapter:
        return TelegramAdapter(TelegramSettings(**{"token": Secret(TOKEN), **members}))

    return make


@pytest.fixture
def api(simulator: TelegramSimulator) -> Callable[..., HttpResponse]:
    """Call a method of the simulator with JSON parameters, as some other client would."""

    def call(method: str, **parameters: Any) -> HttpResponse:
        url = f"https://api.telegram.org/bot{TOKEN}/{method}"
        return simulator.answer(call_of(HttpRequest("POST", url, json=parameters)))

    return call


@pytest.fixture
def people(simulator: TelegramSimulator) -> Callable[..., Any]:
    """Do what a person would do."""
    return lambda action, **arguments: simulator.control(action, arguments)


@pytest.fixture
def ask(api: Callable[..., HttpResponse]) -> Callable[..., Any]:
    """Call a method of the simulator and return its result."""

    def call(method: str, **parameters: Any) -> Any:
        answer = api(method, **parameters).json()
        assert answer["ok"], answer
        return answer["result"]

    return call


@pytest.fixture
def customer(simulator: TelegramSimulator) -> TelegramSimulator:
    """A simulator in which Jana has opened the bot."""
    simulator.control("start", {"chat": 7, "name": "Jana"})
    return simulator


@pytest.fixture
def parse(adapter: TelegramAdapter, specification_or_none: Any) -> Callable[..., Event]:
    """Parse an update that the Bot API could send, and return its only event."""

    def of(update_id: int = 1, *, strict: bool = True, **members: Any) -> Event:
        update = {"update_id": update_id, **members}
        if strict and specification_or_none is not None:
            assert [] == specification_or_none.problems(["Update"], update, "update")
        webhook = WebhookRequest({}, json.dumps(update).encode())
        (event,) = adapter.parse(webhook)
        assert [event] == adapter.parse(webhook)
        assert update == event.raw
        return event

    return of
