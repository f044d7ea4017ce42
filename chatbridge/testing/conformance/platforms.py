"""The adapter under test beside what stands in for its platform: a simulator, or plain answers.

A simulator needs these actions, besides those of its own: `message {chat, text}` and `transcript
{chat}`. Where it has them, `press {chat, choice}`, `block {chat}` and `migrate {chat}` are used,
and `start {chat, payload}` or `open {chat, context}`: somebody opens a link that carries something.
"""

from __future__ import annotations

from typing import Any

from chatbridge.adapter import Adapter, CompletesEvents, Polls, RegistersWebhooks
from chatbridge.content import Address
from chatbridge.events import Event, MessageReceived
from chatbridge.exchange import Exchange, Party, origin
from chatbridge.http_types import HttpRequest, HttpResponse, WebhookRequest
from chatbridge.testing.conformance.cases import AdapterCase
from chatbridge.testing.conformance.wires import Result, Wire
from chatbridge.testing.simulated_transport import SimulatedTransport
from chatbridge.testing.simulator import Simulator
from chatbridge.testing.virtual_clock import VirtualClock
from chatbridge.webhook_routes import unrouted

HOOK = "https://bridge.example/webhooks/conformance"
_BETWEEN = 2.0
"""Seconds that pass between two things that a test does, so that no simulator finds a flood."""


class Platform:
    """What stands in for the platform of one test.

    Args:
        case: what the author gave.
    """

    def __init__(self, case: AdapterCase) -> None:
        self.case = case
        self.clock = VirtualClock()
        self.adapter: Adapter = case.make()
        self.address: Address = case.address
        self.holds: list[float] = []
        self.requests: list[HttpRequest] = []
        self.position: str | None = None
        self.simulator: Simulator | None = None
        if case.simulator is not None:
            self.simulator = case.simulator(self.clock)
            self.simulator.deliver_now = self._take_owed
            places = dict.fromkeys(self.adapter.urls(), self.simulator)
            self._transport = SimulatedTransport(places, self.clock)

    def talk(self, exchange: Exchange[Result], adapter: Adapter | None = None) -> Result:
        """Carry out an exchange and return its result; every call is kept in `requests`."""
        wire = Wire(adapter or self.adapter, self.answer)
        try:
            return wire.talk(exchange)
        finally:
            self.requests = wire.requests
            self.holds = wire.holds
            self.clock.advance(_BETWEEN)

    def open_chat(self) -> None:
        """Let a person write first, so that the bot may answer; nothing where nobody simulates."""
        if self.simulator is None:
            return
        self.listen()
        events = self.person_writes("Hello")
        messages = [event for event in events if isinstance(event, MessageReceived)]
        assert messages, "a person wrote to the simulated bot, and no MessageReceived came of it"
        self.address = messages[-1].address

    def listen(self) -> None:
        """Set the webhook, where there are webhooks, or ask from where on to poll."""
        if self.adapter.capabilities.position == "ours" and self.simulator is not None:
            self.news()
        if self.adapter.capabilities.proof is None or self.simulator is None:
            return
        if isinstance(self.adapter, RegistersWebhooks):
            self.talk(self.adapter.register_webhook(HOOK))
        elif "webhook" in self.simulator.actions():
            self.simulator.control("webhook", {"url": HOOK})
        self._take_owed()

    def person_writes(self, text: str) -> list[Event]:
        """Let a person write a text; return what the adapter makes of it."""
        self.do("message", text=text)
        return self.news()

    def person_opens(self, payload: str) -> list[Event] | None:
        """Let a person open a link that carries this; None where the simulator knows no links."""
        assert self.simulator is not None
        for action, name in (("start", "payload"), ("open", "context")):
            if action in self.simulator.actions():
                self.do(action, **{name: payload})
                return self.news()
        return None

    def do(self, action: str, **arguments: Any) -> Any:
        """Do something as a person, in the test's chat."""
        assert self.simulator is not None
        done = self.simulator.control(action, {"chat": self.case.chat, **arguments})
        self.clock.advance(_BETWEEN)
        return done

    def shown(self) -> list[dict[str, Any]]:
        """Return what the bot has shown in the chat."""
        seen = self.do("transcript")
        return [each for each in seen if each.get("from") == "bot"]

    def news(self) -> list[Event]:
        """Return what the platform tells now, every webhook verified."""
        events = [event for webhook in self.webhooks() for event in self.read(webhook)]
        if isinstance(self.adapter, Polls) and self.adapter.capabilities.proof is None:
            batch = self.talk(self.adapter.poll(self.position, 0.0))
            for update in batch.updates:
                self.position = update.position
                events.extend(update.events)
            self.position = batch.next or self.position
        return events

    def webhooks(self, status: int = 200) -> list[WebhookRequest]:
        """Return the webhooks that are due, each answered with this status."""
        assert self.simulator is not None
        found = []
        for owed in self.simulator.owed_webhooks():
            path = owed.url.partition("?")[0].removeprefix(HOOK)
            found.append(owed.received(path, self.clock.time()))
            self.simulator.webhook_answered(owed.webhook_id, status, None)
        return found

    def read(self, webhook: WebhookRequest) -> list[Event]:
        """Return the events of a webhook that is one and proves itself, completed."""
        strange = unrouted(self.adapter.capabilities.webhook_routes, webhook)
        assert strange is None, "the simulator's webhook is not among `webhook_routes`"
        self.adapter.verify(webhook)
        events = self.adapter.parse(webhook)
        if isinstance(self.adapter, CompletesEvents):
            return self.talk(self.adapter.complete(events))
        return events

    def _take_owed(self) -> None:
        self.webhooks()

    def answer(self, request: HttpRequest) -> HttpResponse | Exception:
        """Return what the platform answers to a call, or the error that its loss becomes."""
        if self.simulator is None:
            if self.case.answer is not None:
                return self.case.answer(request)
            return HttpResponse(200, {"Content-Type": "application/json"}, b"{}")
        party = Party("simulated", frozenset(map(origin, self.adapter.urls())))
        try:
            return self._transport.send(request, party)
        except Exception as error:  # noqa: BLE001 - handed on as the transport's own
            return error
