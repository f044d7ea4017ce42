"""Sending against the simulator: every request and answer is judged by the specification."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chatbridge.content import Address, Attachment, Choice, FileKind
from chatbridge.errors import (
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
    UnsupportedFeatureError,
)
from chatbridge.events import ChoicePicked
from chatbridge.http_types import HttpRequest
from chatbridge.outgoing import OutgoingMessage, RequestLabel
from chatbridge.richtext import EMPTY, Document, Mark, Paragraph, Text
from chatbridge.testing.simulator import Fault
from chatbridge_telegram import TelegramAdapter
from chatbridge_telegram.outcomes import result_of
from chatbridge_telegram.simulator import TelegramSimulator

LABEL = RequestLabel("HELP-12", "handle_1")
Talk = Callable[[Any], Any]
Say = Callable[..., OutgoingMessage]


def _shown(simulator: TelegramSimulator, chat: int = 7) -> dict[str, Any]:
    shown: dict[str, Any] = simulator.control("transcript", {"chat": chat})[-1]
    return shown


def test_send_draws_label_text_and_choices(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say
) -> None:
    """A message shows the request's key as a link with its handle, the text and the buttons."""
    text = Document((Paragraph((Text("Done", frozenset({Mark.BOLD})), Text(" 😀"))),))
    choices = (Choice("Yes", "y1"), Choice("No", "n1"))
    receipt = talk(adapter.send(say(text=text, label=LABEL, choices=choices)))
    shown = _shown(customer)
    assert ((str(shown["message_id"]),), "bot") == (receipt.message_ids, shown["from"])
    assert ("HELP-12\nDone 😀", ["Yes", "No"]) == (shown["text"], shown["choices"])
    url = "https://t.me/helpdesk_bot?start=handle_1"
    assert [
        {"type": "text_link", "offset": 0, "length": 7, "url": url},
        {"type": "bold", "offset": 8, "length": 4},
    ] == shown["entities"]


def test_send_never_lets_telegram_open_links(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say, transport: Any
) -> None:
    """A one-time link in a text is not used up by a preview, and nothing is parsed as markup."""
    talk(adapter.send(say("https://example.org/once *x* <b>")))
    sent = transport.requests[-1].json
    assert {"is_disabled": True} == sent["link_preview_options"]
    assert "parse_mode" not in sent


def test_without_an_identity_the_label_is_bold(
    customer: TelegramSimulator, talk: Talk, say: Say, make_adapter: Callable[..., Any]
) -> None:
    """A bot that does not know its name cannot link to itself."""
    talk(make_adapter().send(say("x", label=LABEL)))
    assert [{"type": "bold", "offset": 0, "length": 7}] == _shown(customer)["entities"]


def test_a_plain_message_has_no_entities(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say
) -> None:
    """The second try after bad markup draws nothing but characters."""
    text = Document((Paragraph((Text("x", frozenset({Mark.BOLD})),)),))
    talk(adapter.send(say(text=text, label=LABEL, plain=True)))
    assert ("HELP-12\nx", []) == (_shown(customer)["text"], _shown(customer)["entities"])


def test_a_reply_quotes_the_message(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say
) -> None:
    """An answer names the message that it answers; a deleted one does not stop it."""
    talk(adapter.send(say("x", reply_to="1")))
    assert 1 == _shown(customer)["reply_to"]
    talk(adapter.send(say("y", reply_to="999")))
    assert ("y", None) == (_shown(customer)["text"], _shown(customer)["reply_to"])


def test_a_topic_is_answered_in_the_topic(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say
) -> None:
    """A thread of the address becomes the message's topic; a deleted one is told."""
    thread = customer.control("topic", {"chat": 7})["thread"]
    talk(adapter.send(say("x", address=Address("7", str(thread)))))
    assert thread == _shown(customer)["thread"]
    with pytest.raises(RefusedError) as caught:
        talk(adapter.send(say("x", address=Address("7", "999"))))
    assert Refusal.THREAD_GONE == caught.value.reason


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"attachments": (Attachment(FileKind.PHOTO),)}, "content"),
        ({"text": EMPTY}, "visible character"),
        ({"choices": (Choice("x", "é" * 33),)}, "64 bytes"),
    ],
)
def test_what_cannot_be_said_is_told_before_any_call(
    adapter: TelegramAdapter, talk: Talk, say: Say, transport: Any, members: Any, named: str
) -> None:
    """Nothing is dropped silently and nothing is half sent."""
    with pytest.raises(UnsupportedFeatureError, match=named):
        talk(adapter.send(say(**members)))
    assert [] == transport.requests


def test_an_address_of_another_platform(adapter: TelegramAdapter, talk: Talk, say: Say) -> None:
    """An address that Telegram cannot have made is refused without a call and without its text."""
    with pytest.raises(RefusedError) as caught:
        talk(adapter.send(say("x", chat="viber-id")))
    assert Refusal.INVALID == caught.value.reason
    assert "viber-id" not in str(caught.value)


@pytest.mark.fault("F24")
@pytest.mark.parametrize(("chat", "per_second"), [("7", 1.0), ("-44", 17 / 60)])
def test_paces(adapter: TelegramAdapter, say: Say, chat: str, per_second: float) -> None:
    """A chat, a group and the bot as a whole are each paced as Telegram asks."""
    request: HttpRequest = next(adapter.send(say("x", chat=chat)))
    own, whole = request.paces
    assert ("chat", per_second, 3) == (own.scope, own.per_second, own.burst)
    assert ("bot", 30.0, 30) == (whole.scope, whole.per_second, whole.burst)
    assert chat in own.key and "110201543" in whole.key
    assert own.per_second * 60 + own.burst <= (20 if chat.startswith("-") else 63)


def test_only_the_visible_request_is_unrepeatable(adapter: TelegramAdapter, say: Say) -> None:
    """Whatever shows nothing new may be repeated after a failure."""
    pressed = ChoicePicked(event_id="c:1", address=Address("7"), data="x", query_id="1")
    exchanges = (
        adapter.identify(), adapter.poll(None, 0), adapter.register_webhook(None),
        adapter.webhook_state(), adapter.edit("1", say()), adapter.answer_choice(pressed, ""),
        adapter.typing(say()),
    )  # fmt: skip
    assert {True} == {next(exchange).is_repeatable for exchange in exchanges}
    assert not next(adapter.send(say())).is_repeatable


def test_a_lost_answer_leaves_the_outcome_open(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say
) -> None:
    """A message whose answer never came may have been shown."""
    customer.switch_fault(Fault(kind="lost_after", match="sendMessage"))
    with pytest.raises(UnknownOutcomeError):
        talk(adapter.send(say("shown all the same")))
    assert "shown all the same" == _shown(customer)["text"]


@pytest.mark.fault("F25")
def test_a_blocked_bot(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say
) -> None:
    """Blocked by a person or removed from a group, the refusal says so."""
    customer.control("message", {"chat": -44, "text": "x"})
    for chat in (7, -44):
        customer.control("block", {"chat": chat})
        with pytest.raises(RefusedError) as caught:
            talk(adapter.send(say(chat=str(chat))))
        assert Refusal.BLOCKED == caught.value.reason
    customer.control("unblock", {"chat": 7})
    assert talk(adapter.send(say())).message_ids


@pytest.mark.fault("F24")
def test_a_flood_waits_as_long_as_telegram_says(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say, transport: Any
) -> None:
    """A 429 names its waiting time, and the chat is the one that has to wait."""
    with pytest.raises(RetryLaterError) as caught:
        for _ in range(30):
            talk(adapter.send(say()))
    assert caught.value.retry_after == 1.0
    assert [("chat", 1.0)] == transport.holds


def test_too_long(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say
) -> None:
    """The limit is the platform's: 4096 units pass, one more is refused."""
    assert talk(adapter.send(say("😀" * 2048))).message_ids
    with pytest.raises(RefusedError) as caught:
        talk(adapter.send(say("😀" * 2048 + "x")))
    assert Refusal.TOO_LONG == caught.value.reason


@pytest.mark.fault("F26")
def test_bad_markup_is_told_and_plain_passes(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say, api: Any
) -> None:
    """Entities that the server does not take are bad markup; the plain second try has none."""
    entity = {"type": "bold", "offset": 1, "length": 1}
    answer = api("sendMessage", chat_id=7, text="😀", entities=[entity])
    with pytest.raises(RefusedError) as caught:
        result_of(answer)
    assert Refusal.BAD_MARKUP == caught.value.reason
    text = Document((Paragraph((Text("😀", frozenset({Mark.BOLD})),)),))
    assert talk(adapter.send(say(text, plain=True))).message_ids


def test_edit(adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say) -> None:
    """A sent message shows its new text and buttons; a repeat of the same edit is a success."""
    (message_id,) = talk(adapter.send(say("old", choices=(Choice("A", "a"),)))).message_ids
    for _ in range(2):
        receipt = talk(adapter.edit(message_id, say("new")))
        assert (message_id,) == receipt.message_ids
    shown = _shown(customer)
    assert ("new", []) == (shown["text"], shown["choices"])
    assert shown["edited"] is not None


def test_edit_of_a_message_that_is_gone(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say
) -> None:
    """An edit that finds nothing says so."""
    with pytest.raises(RefusedError) as caught:
        talk(adapter.edit("99", say("x")))
    assert Refusal.GONE == caught.value.reason


def test_typing_is_never_worth_an_error(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say
) -> None:
    """Whatever goes wrong while showing that somebody writes is passed over."""
    talk(adapter.typing(say()))
    for kind in ("lost_after", "status"):
        customer.switch_fault(Fault(kind=kind, match="sendChatAction"))
        talk(adapter.typing(say()))
    talk(adapter.typing(say(chat="12345")))
