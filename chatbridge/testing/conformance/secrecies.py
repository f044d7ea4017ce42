"""Secrets, addresses and what people wrote stay out of errors, logs and reprs."""

# ruff: noqa: SIM300 - what is expected stands left, in every test of this project

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from chatbridge.adapter import Adapter
from chatbridge.content import Choice
from chatbridge.http_types import HttpRequest, HttpResponse
from chatbridge.outgoing import OutgoingMessage
from chatbridge.richtext import Document
from chatbridge.testing.conformance.cases import AdapterCase
from chatbridge.testing.conformance.given import KEY, AdapterTests
from chatbridge.testing.conformance.outcomes import exchanges
from chatbridge.testing.conformance.wires import Wire

_WRITTEN = "canary-of-the-text-81c4"
_SAID = "canary-of-the-answer-2f7d"
_SHORTEST = 8


class SecrecyTests(AdapterTests):
    """Nothing that must not be shown is shown."""

    @pytest.fixture
    def hidden(self, adapter: Adapter) -> list[str]:
        """Return every text that must not be seen anywhere."""
        secrets = [secret.reveal() for secret in adapter.secrets()]
        short = [secret for secret in secrets if len(secret) < _SHORTEST]
        assert [] == short, "give secrets of at least 8 characters in the case's settings"
        assert len(set(secrets)) == len(secrets), "give a different text for every secret"
        return [*secrets, _WRITTEN, _SAID]

    def test_reprs_hold_no_secret(self, adapter: Adapter, hidden: list[str]) -> None:
        """Adapter, settings and calls can be printed without telling anything."""
        for thing in (adapter, adapter.settings, *_first_calls(adapter, self.case)):
            for shown in (repr(thing), str(thing)):
                assert [] == _seen(shown, hidden), f"the repr of {type(thing).__name__} tells"

    @pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 409, 429, 500, 503])
    def test_errors_hold_no_secret(
        self, adapter: Adapter, hidden: list[str], status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Whatever the platform answers, no error and no log repeats it, or what was sent."""
        caplog.set_level(logging.DEBUG)
        said = f"{_SAID} {_WRITTEN} {' '.join(hidden)}"
        bodies = (said.encode(), b'{"description": "%s", "status": 3}' % said.encode())
        for body in bodies:
            answer = HttpResponse(status, {"X-Said": _SAID}, body)
            for error in _errors(adapter, self.case, answer):
                for each in _chain(error):
                    seen = _seen(f"{each} {each!r} {each.args}", hidden)
                    assert [] == seen, f"a {type(each).__name__} repeats what was said or sent"
        logged = "\n".join(record.getMessage() for record in caplog.records)
        assert [] == _seen(logged, hidden), "the adapter logs what must not be shown"

    def test_refused_webhooks_stay_unsaid(self, adapter: Adapter, hidden: list[str]) -> None:
        """The error of a webhook that proves nothing repeats neither header nor body."""
        if adapter.capabilities.proof is None:
            pytest.skip("declares no webhooks")
        genuine = self.case.webhook(self.case.recorded()[0])
        headers = dict.fromkeys(genuine.headers, _SAID)
        webhook = type(genuine)(headers, _WRITTEN.encode())
        with pytest.raises(Exception) as caught:
            adapter.verify(webhook)
        for each in _chain(caught.value):
            assert [] == _seen(f"{each} {each!r}", hidden), "the refusal repeats the webhook"


def _message(case: AdapterCase) -> OutgoingMessage:
    choices = (Choice("Yes", _WRITTEN),) if case.adapter.capabilities.choices else ()
    text = Document.from_plain(f"hello {_WRITTEN}")
    return OutgoingMessage(address=case.address, key=KEY, text=text, choices=choices)


def _first_calls(adapter: Adapter, case: AdapterCase) -> Iterator[HttpRequest]:
    yield next(adapter.send(_message(case)))
    yield next(adapter.identify())


def _errors(adapter: Adapter, case: AdapterCase, answer: HttpResponse) -> Iterator[Exception]:
    found = [("send", adapter.send(_message(case))), *exchanges(adapter, case)]
    for _, exchange in found:
        try:
            Wire(adapter, lambda _: answer).talk(exchange)
        except Exception as error:  # noqa: BLE001 - its text is what counts
            yield error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error and those that a traceback would show with it."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _seen(shown: str, hidden: list[str]) -> list[str]:
    """Return the first letters of what can be seen; never the whole of a secret."""
    return [f"{text[:3]}…" for text in hidden if text in shown]
