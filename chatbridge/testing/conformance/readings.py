"""What `parse` makes of recorded payloads: the promised events, always the same, and no effect."""

from __future__ import annotations

import socket
import time
from typing import Any, NoReturn

import pytest

from chatbridge.adapter import Adapter, AnswersWebhooks, CompletesEvents, FetchesFiles
from chatbridge.capabilities import Capabilities
from chatbridge.events import Event, MessageReceived, NothingToDo
from chatbridge.http_types import WebhookAnswer
from chatbridge.richtext import Document
from chatbridge.testing.conformance.cases import Payload, event_kinds
from chatbridge.testing.conformance.given import AdapterTests, events_of
from chatbridge.testing.conformance.platforms import Platform

_LONGEST_ID = 1024


class ReadingTests(AdapterTests):
    """Recorded payloads become events."""

    @pytest.fixture
    def events(self, adapter: Adapter, payload: Payload) -> list[Event]:
        """Return the events of a recorded payload."""
        return events_of(self.case, adapter, payload, payload.body)

    def test_kind_is_as_named(self, payload: Payload, events: list[Event]) -> None:
        """A payload holds events of the class that its file is named after."""
        assert events, "no event at all; what needs no answer is NothingToDo"
        wanted = event_kinds()[payload.kind]
        kinds = {type(event).__name__ for event in events if not isinstance(event, wanted)}
        assert set() == kinds, f"{payload.name} became {', '.join(sorted(kinds))}"

    def test_same_bytes_give_equal_events(self, payload: Payload, events: list[Event]) -> None:
        """Parsing again, with another adapter object, gives equal events of equal identity."""
        again = events_of(self.case, self.case.make(), payload, payload.body)
        assert events == again, "the same bytes gave other events; is there a clock or chance?"

    def test_parsing_has_no_effect(
        self, payload: Payload, adapter: Adapter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No clock is read and no connection opened while a payload is verified and parsed."""
        webhook = self.case.webhook(payload)
        with monkeypatch.context() as patch:
            for module, name in (
                (time, "time"), (time, "time_ns"), (time, "sleep"), (socket, "socket"),
                (socket, "create_connection"), (socket, "getaddrinfo"),
            ):  # fmt: skip
                patch.setattr(module, name, _forbidden(name))
            if not payload.polled:
                adapter.verify(webhook)
            events_of(self.case, adapter, payload, payload.body)

    def test_events_are_usable(self, events: list[Event]) -> None:
        """Each has an identity, a chat to answer in, and the platform's own words."""
        for event in events:
            name = type(event).__name__
            assert 0 < len(event.event_id) <= _LONGEST_ID, f"{name} needs an event_id"
            event.event_id.encode()
            assert event.raw is not None, f"{name} must keep the platform's own object in `raw`"
            if not isinstance(event, NothingToDo):
                assert event.address.chat, f"{name} needs the chat that it happened in"
                event.address.chat.encode()
            if isinstance(event, MessageReceived):
                said = event.text.plain().strip() or event.attachments or event.unsupported
                assert said, "a message without text and files must name what is `unsupported`"
                assert event.sender is not None, "a message needs its sender"

    def test_events_do_not_show_what_people_wrote(self, events: list[Event]) -> None:
        """The repr of an event holds no text, name, chat or identity."""
        for event in events:
            shown = repr(event)
            for word in _private(event):
                assert word not in shown, f"the repr of {type(event).__name__} shows what it holds"

    def test_answers_are_pure(self, payload: Payload, adapter: Adapter) -> None:
        """What travels in the webhook's answer is made of the webhook alone, for repeats too."""
        if payload.polled or not isinstance(adapter, AnswersWebhooks):
            pytest.skip("answers no webhook")
        webhook = self.case.webhook(payload)
        for welcome in (None, "Welcome"):
            answers = [adapter.answer(webhook, welcome) for _ in range(2)]
            assert answers[0] == answers[1]
            assert answers[0] is None or isinstance(answers[0], WebhookAnswer)

    def test_completing_leaves_nothing_out(
        self, payload: Payload, adapter: Adapter, platform: Platform
    ) -> None:
        """What `complete` returns still holds every event that `parse` found, as the same one."""
        if payload.polled or not isinstance(adapter, CompletesEvents):
            pytest.skip("completes no events of webhooks")
        events = adapter.parse(self.case.webhook(payload))
        completed = platform.talk(platform.adapter.complete(events))  # type: ignore[attr-defined]
        missing = {each.event_id for each in events} - {each.event_id for each in completed}
        assert set() == missing, "complete left out an event, or changed its event_id"

    def test_identities_differ(self, adapter: Adapter) -> None:
        """No two recorded payloads have an event in common, or one would be taken for a repeat."""
        names: dict[str, str] = {}
        for payload in self.case.recorded():
            for event in events_of(self.case, adapter, payload, payload.body):
                before = names.setdefault(event.event_id, payload.name)
                assert payload.name == before, (
                    f"{before} and {payload.name} have the same event_id; the second would be lost"
                )

    def test_payloads_cover_what_is_declared(self, capabilities: Capabilities) -> None:
        """There is a payload for every kind of event that the capabilities promise."""
        wanted = {"MessageReceived"}
        wanted |= {"ChoicePicked"} if capabilities.choices else set()
        wanted |= {"DeliveryReported"} if capabilities.receipts else set()
        missing = wanted - {payload.kind for payload in self.case.recorded()}
        assert set() == missing, f"record a payload for {', '.join(sorted(missing))}"

    def test_a_payload_has_a_file(self, adapter: Adapter) -> None:
        """Who fetches files has a recorded message with one."""
        if not isinstance(adapter, FetchesFiles):
            pytest.skip("fetches no files")
        found = [
            attachment
            for payload in self.case.recorded()
            for event in events_of(self.case, adapter, payload, payload.body)
            if isinstance(event, MessageReceived)
            for attachment in event.attachments
        ]
        assert found, "record a MessageReceived with a file"


def _private(event: Event) -> list[str]:
    """Return what must not be seen of an event; short texts may stand anywhere by chance."""
    words: list[Any] = [event.event_id, event.address.chat, event.address.thread]
    if event.sender is not None:
        words += [event.sender.user_id, event.sender.name]
    for name in ("text", "data", "payload", "message_id", "query_id"):
        value = getattr(event, name, None)
        words.append(value.plain() if isinstance(value, Document) else value)
    return [word for word in words if isinstance(word, str) and len(word) >= 4]


def _forbidden(name: str) -> Any:
    def call(*_arguments: Any, **_named: Any) -> NoReturn:
        pytest.fail(f"{name} was called; an adapter has no clock and no network")

    return call
