"""Polling, webhooks and presses against the simulator; the specification judges every call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chatbridge.content import Choice
from chatbridge.errors import (
    ConfigurationError,
    Refusal,
    RefusedError,
)
from chatbridge.events import ChoicePicked, ConversationMigrated, MessageReceived
from chatbridge.http_types import WebhookRequest
from chatbridge.outgoing import OutgoingMessage, RequestLabel
from chatbridge_telegram import TelegramAdapter
from chatbridge_telegram.simulator import TelegramSimulator

LABEL = RequestLabel("HELP-12", "handle_1")
Talk = Callable[[Any], Any]
Say = Callable[..., OutgoingMessage]


def test_a_migrated_group(
    adapter: TelegramAdapter, simulator: TelegramSimulator, talk: Talk, say: Say
) -> None:
    """A send to the old number and both service messages name the new one."""
    simulator.control("message", {"chat": -44, "text": "x"})
    new = str(simulator.control("migrate", {"chat": -44})["chat"])
    with pytest.raises(RefusedError) as caught:
        talk(adapter.send(say(chat="-44")))
    assert (Refusal.MIGRATED, new) == (caught.value.reason, caught.value.migrated_to)
    events = [update.events[0] for update in talk(adapter.poll(None, 0)).updates]
    moves = [event for event in events if isinstance(event, ConversationMigrated)]
    assert [("-44", new)] * 2 == [(move.address.chat, move.moved_to) for move in moves]


def test_a_press_and_its_answer(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say
) -> None:
    """A button brings its data back once, and a late answer is no error."""
    talk(adapter.send(say("ok?", choices=(Choice("Yes", "y1"), Choice("No", "n1")))))
    pressed = customer.control("press", {"chat": 7, "choice": "No"})
    (update,) = talk(adapter.poll(None, 0)).updates[-1:]
    (event,) = update.events
    assert isinstance(event, ChoicePicked)
    assert ("n1", pressed["query_id"]) == (event.data, event.query_id)
    for _ in range(2):
        talk(adapter.answer_choice(event, "noted " * 100))
    answers = customer.control("state", {})["press_answers"]
    assert 200 == len(answers[event.query_id])


def test_polling_confirms_by_position(
    adapter: TelegramAdapter, simulator: TelegramSimulator, talk: Talk
) -> None:
    """What stands up to the position is given up; the rest comes again, in order."""
    for text in ("one", "two", "three"):
        simulator.control("message", {"chat": 7, "text": text})
    first = talk(adapter.poll(None, 0)).updates
    assert first == talk(adapter.poll(None, 0)).updates
    rest = talk(adapter.poll(first[0].position, 0)).updates
    texts = [update.events[0].text.plain() for update in rest]
    assert ["two", "three"] == texts


def test_the_time_of_a_long_poll(adapter: TelegramAdapter) -> None:
    """The wait is clamped to Telegram's 50 seconds and the call may take ten more."""
    request = next(adapter.poll("41", 300.0))
    assert (42, 100, 50, 60.0) == (
        request.json["offset"], request.json["limit"], request.json["timeout"], request.timeout
    )  # fmt: skip
    assert ["message", "edited_message", "callback_query", "my_chat_member"] == request.json[
        "allowed_updates"
    ]
    assert "offset" not in next(adapter.poll(None, -1)).json


def test_polling_while_a_webhook_is_set(adapter: TelegramAdapter, talk: Talk) -> None:
    """The conflict says that a webhook is in the way; removing it ends the conflict."""
    talk(adapter.register_webhook("https://bridge.example.org/hook"))
    with pytest.raises(RefusedError, match="a webhook is set"):
        talk(adapter.poll(None, 0))
    talk(adapter.register_webhook(None))
    assert () == talk(adapter.poll(None, 0)).updates


def test_a_webhook_carries_the_secret(
    adapter: TelegramAdapter, simulator: TelegramSimulator, talk: Talk, transport: Any
) -> None:
    """What was registered is what Telegram sends, proves itself and says what polling says."""
    simulator.control("message", {"chat": 7, "text": "waits"})
    talk(adapter.register_webhook("https://bridge.example.org/hook"))
    assert "drop_pending_updates" not in transport.requests[-1].json
    state = talk(adapter.webhook_state())
    assert ("https://bridge.example.org/hook", 1, "") == (state.url, state.pending, state.problem)
    (owed,) = simulator.owed_webhooks()
    webhook = WebhookRequest(owed.headers, owed.body)
    adapter.verify(webhook)
    (event,) = adapter.parse(webhook)
    assert isinstance(event, MessageReceived)
    assert "waits" == event.text.plain()
    simulator.webhook_answered(owed.webhook_id, 503, None)
    assert "503" in talk(adapter.webhook_state()).problem


def test_webhooks_need_a_secret(make_adapter: Callable[..., Any], talk: Talk) -> None:
    """A webhook that could not prove itself is not set."""
    with pytest.raises(ConfigurationError, match="webhook_secret"):
        talk(make_adapter().register_webhook("https://bridge.example.org/hook"))


def test_a_reply_to_a_label_round_trips(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say
) -> None:
    """The handle that went out with a label comes back with a reply, and with a tap on the key."""
    (message_id,) = talk(adapter.send(say("answer", label=LABEL))).message_ids
    customer.control("message", {"chat": 7, "text": "thanks", "reply_to": int(message_id)})
    customer.control("start", {"chat": 7, "payload": "handle_1"})
    reply, tap = (update.events[0] for update in talk(adapter.poll(None, 0)).updates[-2:])
    assert isinstance(reply, MessageReceived)
    assert isinstance(tap, MessageReceived)
    assert reply.reply_to is not None
    assert tap.command is not None
    assert (message_id, "handle_1") == (reply.reply_to.message_id, reply.reply_to.handle)
    assert ("start", "handle_1") == (tap.command.name, tap.command.argument)
