"""The fixtures of the adapter suite: made of the author's case, fresh for every test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest

from chatbridge.adapter import Adapter
from chatbridge.capabilities import Capabilities
from chatbridge.events import Event
from chatbridge.http_types import HttpResponse, WebhookRequest
from chatbridge.outgoing import OutgoingMessage
from chatbridge.richtext import Document
from chatbridge.testing.conformance.cases import AdapterCase, Payload
from chatbridge.testing.conformance.platforms import Platform
from chatbridge.testing.conformance.wires import Wire

KEY = "0123456789abcdef0123456789abcdef"
"""The key of every message that the suite sends."""


class AdapterTests:
    """What every part of the suite stands on."""

    case: ClassVar[AdapterCase]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run what wants a payload once for each."""
        if "payload" in metafunc.fixturenames:
            payloads = type(self).case.recorded()
            names = [payload.name for payload in payloads]
            metafunc.parametrize("payload", payloads, ids=names)

    @pytest.fixture
    def adapter(self) -> Adapter:
        """Return a fresh adapter."""
        return self.case.make()

    @pytest.fixture
    def capabilities(self) -> Capabilities:
        """Return what the adapter declares."""
        return self.case.adapter.capabilities

    @pytest.fixture
    def platform(self) -> Platform:
        """Return the adapter's platform, in which a person has written to the bot."""
        platform = Platform(self.case)
        platform.open_chat()
        return platform

    @pytest.fixture
    def simulated(self, platform: Platform) -> Platform:
        """Return the platform where it is a simulator."""
        if platform.simulator is None:
            pytest.skip("the case names no simulator")
        return platform

    @pytest.fixture
    def say(self, platform: Platform) -> Callable[..., OutgoingMessage]:
        """Make a message of a text or a document."""

        def make(text: str | Document = "hello", **members: Any) -> OutgoingMessage:
            document = Document.from_plain(text) if isinstance(text, str) else text
            members.setdefault("address", platform.address)
            return OutgoingMessage(**{"key": KEY, "text": document, **members})

        return make


def events_of(case: AdapterCase, adapter: Adapter, payload: Payload, body: bytes) -> list[Event]:
    """Return the events of a payload, its body perhaps another: by webhook, or else by poll."""
    if not payload.polled:
        headers: Mapping[str, str] = case.webhook(payload).headers
        return adapter.parse(WebhookRequest(headers, body, received_at=case.received_at))
    poll = getattr(adapter, "poll", None)
    assert poll is not None, "an adapter needs a way in: declare a proof, or implement poll"
    answer = HttpResponse(200, {"Content-Type": "application/json"}, body)
    batch = Wire(adapter, lambda _request: answer).talk(poll(case.position, 0.0))
    return [event for update in batch.updates for event in update.events]
