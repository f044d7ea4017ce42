"""What every exchange makes of every failure: the table of outcomes, call by call."""

# ruff: noqa: SIM300 - what is expected stands left, in every test of this project

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import frozen

from chatbridge.adapter import Adapter, BotIdentity
from chatbridge.content import Address, Attachment, FileKind
from chatbridge.errors import (
    ConfigurationError,
    ContentError,
    DeliveryError,
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
)
from chatbridge.events import ChoicePicked, Event
from chatbridge.exchange import Exchange
from chatbridge.http_types import HttpRequest, HttpResponse
from chatbridge.outgoing import OutgoingMessage
from chatbridge.richtext import Document
from chatbridge.testing.conformance.cases import AdapterCase
from chatbridge.testing.conformance.given import KEY, AdapterTests
from chatbridge.testing.conformance.platforms import HOOK, Platform
from chatbridge.testing.conformance.wires import Wire

_WAIT = 7.0


@frozen
class Failure:
    """One way in which a call fails.

    Args:
        answer: what the transport hands back or raises, given the call.
        meaning: what the exchange has to raise; None: by whether the call is repeatable.
    """

    answer: Callable[[HttpRequest], HttpResponse | Exception]
    meaning: type[Exception] | None


def _status(number: int, headers: dict[str, str] | None = None) -> Callable[..., HttpResponse]:
    return lambda _request: HttpResponse(number, headers or {}, b"<html>failure</html>")


def _lost(request: HttpRequest) -> Exception:
    return (RetryLaterError if request.is_repeatable else UnknownOutcomeError)("no whole answer")


FAILURES = {
    "not connected": Failure(lambda _: RetryLaterError("not connected"), RetryLaterError),
    "source of upload failed": Failure(lambda _: ContentError("source failed"), RetryLaterError),
    "answer lost": Failure(_lost, None),
    "TLS failed": Failure(lambda _: ConfigurationError("TLS failed"), ConfigurationError),
    "429": Failure(_status(429, {"Retry-After": f"{_WAIT:g}"}), RetryLaterError),
    "500": Failure(_status(500), None),
    "502": Failure(_status(502), None),
    "503": Failure(_status(503), None),
    "302": Failure(_status(302, {"Location": "https://elsewhere.example/"}), RefusedError),
    "400": Failure(_status(400), RefusedError),
    "401": Failure(_status(401), RefusedError),
    "403": Failure(_status(403), RefusedError),
    "404": Failure(_status(404), RefusedError),
    "413": Failure(_status(413), RefusedError),
}
_STRANGE_ANSWERS = (b"", b"null", b"[]", b"{}", b"true", b'"x"', b"\xff", b"<html>", b"[" * 50_000,
                    b'{"ok": true}', b'{"id": 1e999}', b'{"result": [null, 1, {}]}')  # fmt: skip
_STRICT = frozenset({"send", "identify", "poll", "register_webhook", "webhook_state", "edit"})
"""Exchanges in which a failure must be told; others may pass over it."""
_MAY_FIND_NOTHING = frozenset({"register_webhook", "edit", "poll", "webhook_state"})
"""Exchanges in which a refusal can be what was wanted: there was no webhook any more."""


class OutcomeTests(AdapterTests):
    """A failure becomes the error that says what to do next."""

    @pytest.mark.parametrize("failure", FAILURES)
    def test_failures_of_send(self, platform: Platform, failure: str) -> None:
        """Whichever call of `send` fails, and how, it is told as the table of outcomes says."""
        given = FAILURES[failure]
        calls = _calls_of_send(platform)
        for at in range(calls):
            hit: list[HttpRequest] = []
            raised = _failure(platform, at, given, hit)
            wanted = _wanted(given, hit)
            assert isinstance(raised, wanted), (
                f"call {at + 1} of send met {failure!r}: {_shown(raised)}, wanted {wanted.__name__}"
            )
            assert not (wanted is RetryLaterError and isinstance(raised, UnknownOutcomeError))

    @pytest.mark.parametrize("failure", FAILURES)
    def test_failures_of_the_others(self, adapter: Adapter, failure: str) -> None:
        """What fails in the other exchanges is told too, and nothing else is raised."""
        given = FAILURES[failure]
        for name, exchange in exchanges(adapter, self.case):
            hit: list[HttpRequest] = []
            raised = _raised(adapter, exchange, given.answer, hit)
            assert raised is None or isinstance(raised, DeliveryError | ConfigurationError), (
                f"{name} met {failure!r} and raised {_shown(raised)}"
            )
            if not hit or name not in _STRICT:
                continue
            wanted = _wanted(given, hit)
            if wanted is RefusedError and name in _MAY_FIND_NOTHING:
                continue
            assert isinstance(raised, wanted), (
                f"{name} met {failure!r}: {_shown(raised)}, wanted {wanted.__name__}"
            )

    def test_waiting_time_is_told(self, adapter: Adapter, platform: Platform) -> None:
        """The time of a Retry-After goes into the error, so that nobody asks earlier."""
        given = FAILURES["429"]
        found = {"send": _failure(platform, 0, given, [])}
        for name, exchange in exchanges(adapter, self.case):
            if name in _STRICT:
                found[name] = _raised(adapter, exchange, given.answer, [])
        times = {name: getattr(error, "retry_after", None) for name, error in found.items()}
        assert dict.fromkeys(times, _WAIT) == times, "hand the Retry-After on as retry_after"

    def test_wrong_token_is_told(self, adapter: Adapter) -> None:
        """A 401 to `identify` says that the token is wrong."""
        error = _raised(adapter, adapter.identify(), FAILURES["401"].answer, [])
        assert isinstance(error, RefusedError)
        assert Refusal.UNAUTHORISED == error.reason, "refuse with Refusal.UNAUTHORISED"

    def test_typing_is_never_worth_an_error(self, adapter: Adapter) -> None:
        """Whatever goes wrong while showing that somebody writes is passed over."""
        if not hasattr(adapter, "typing"):
            pytest.skip("shows no typing")
        for failure, given in FAILURES.items():
            if given.meaning is ConfigurationError:
                continue
            exchange = adapter.typing(_message(self.case))
            error = _raised(adapter, exchange, given.answer, [])
            assert error is None, f"typing met {failure!r} and raised {_shown(error)}"

    @pytest.mark.parametrize(
        "body", _STRANGE_ANSWERS, ids=[repr(each[:8]) for each in _STRANGE_ANSWERS]
    )
    def test_strange_answers(self, adapter: Adapter, body: bytes) -> None:
        """An answer of 200 that no platform gives is survived: a result, or a delivery error."""
        answer = HttpResponse(200, {"Content-Type": "application/json"}, body)
        found = [("send", adapter.send(_message(self.case))), *exchanges(adapter, self.case)]
        for name, exchange in found:
            error = _raised(adapter, exchange, lambda _: answer, [])
            assert error is None or isinstance(error, DeliveryError | ConfigurationError), (
                f"{name} was answered {body[:20]!r} and raised {_shown(error)}"
            )

    def test_identity_is_complete(self, simulated: Platform) -> None:
        """Who the bot is has an id that is the same every time."""
        found = [simulated.talk(simulated.adapter.identify()) for _ in range(2)]
        assert isinstance(found[0], BotIdentity)
        assert found[0].bot_id, "bot_id must not be empty: links are bound to it"
        assert found[0] == found[1]


def exchanges(adapter: Adapter, case: AdapterCase) -> Iterator[tuple[str, Exchange[Any]]]:
    """Yield name and exchange of everything but `send` and `typing` that the adapter can do."""
    picked = ChoicePicked(
        event_id="1", address=case.address, data="d", query_id="1", message_id="1"
    )
    arguments: dict[str, tuple[Any, ...]] = {
        "identify": (),
        "poll": (None, 0.0),
        "register_webhook": (HOOK,),
        "webhook_state": (),
        "edit": (case.message_id, _message(case)),
        "answer_choice": (picked, "Noticed"),
        "fetch": (Attachment(FileKind.DOCUMENT, name="a.txt", ref="ref-1"),),
        "complete": (_told(adapter, case),),
    }
    for name, given in arguments.items():
        method = getattr(adapter, name, None)
        if method is not None:
            yield name, method(*given)


def _told(adapter: Adapter, case: AdapterCase) -> list[Event]:
    """Return what the recorded webhooks say."""
    payloads = [payload for payload in case.recorded() if not payload.polled]
    return [event for each in payloads for event in adapter.parse(case.webhook(each))]


def _message(case: AdapterCase, address: Address | None = None) -> OutgoingMessage:
    text = Document.from_plain("hello")
    return OutgoingMessage(address=address or case.address, key=KEY, text=text)


def _calls_of_send(platform: Platform) -> int:
    """Return how many calls one message takes."""
    try:
        platform.talk(platform.adapter.send(_message(platform.case, platform.address)))
    except DeliveryError:
        assert platform.simulator is None, "a plain message could not be sent to the simulator"
    return max(1, len(platform.requests))


def _failure(
    platform: Platform, at: int, given: Failure, hit: list[HttpRequest]
) -> Exception | None:
    """Return what `send` raises if everything fails from its call number `at` on."""
    made = 0

    def answer(request: HttpRequest) -> HttpResponse | Exception:
        nonlocal made
        made += 1
        if made <= at:
            return platform.answer(request)
        hit.append(request)
        return given.answer(request)

    exchange = platform.adapter.send(_message(platform.case, platform.address))
    try:
        Wire(platform.adapter, answer).talk(exchange)
    except Exception as error:  # noqa: BLE001 - judged by the caller
        return error
    return None


def _raised(
    adapter: Adapter,
    exchange: Exchange[Any],
    answer: Callable[[HttpRequest], HttpResponse | Exception],
    hit: list[HttpRequest],
) -> Exception | None:
    wire = Wire(adapter, answer)
    try:
        wire.talk(exchange)
    except Exception as error:  # noqa: BLE001 - judged by the caller
        return error
    finally:
        hit.extend(wire.requests)
    return None


def _wanted(given: Failure, hit: list[HttpRequest]) -> type[Exception]:
    if given.meaning is not None:
        return given.meaning
    return RetryLaterError if hit[-1].is_repeatable else UnknownOutcomeError


def _shown(error: Exception | None) -> str:
    return "nothing was raised" if error is None else f"{type(error).__name__} was raised"
