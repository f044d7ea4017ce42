"""The adapter against the simulator: every request and answer is judged by the specification."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chatbridge.adapter import (
    AnswersChoices,
    BotIdentity,
    EditsMessages,
    Polls,
    RegistersWebhooks,
    ShowsTyping,
)
from chatbridge.content import Address, Attachment, Choice, FileKind
from chatbridge.errors import (
    ConfigurationError,
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
    UnsupportedFeatureError,
)
from chatbridge.events import ChoicePicked, ConversationMigrated, MessageReceived
from chatbridge.http_types import HttpRequest, WebhookRequest
from chatbridge.outgoing import OutgoingMessage, RequestLabel
from chatbridge.richtext import EMPTY, Document, Mark, Paragraph, Text
from chatbridge.secret import Secret
from chatbridge.settings import structure
from chatbridge.testing.simulator import Fault
from chatbridge_telegram import TelegramAdapter, TelegramSettings, chatbridge_register_adapters
from chatbridge_telegram.outcomes import result_of
from chatbridge_telegram.simulator import TelegramSimulator

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
LABEL = RequestLabel("HELP-12", "handle_1")
Talk = Callable[[Any], Any]
Say = Callable[..., OutgoingMessage]


@pytest.fixture
def customer(simulator: TelegramSimulator) -> TelegramSimulator:
    """A simulator in which Jana has opened the bot."""
    simulator.control("start", {"chat": 7, "name": "Jana"})
    return simulator


def _shown(simulator: TelegramSimulator, chat: int = 7) -> dict[str, Any]:
    shown: dict[str, Any] = simulator.control("transcript", {"chat": chat})[-1]
    return shown


def test_the_hook_offers_adapter_and_simulator() -> None:
    """The entry point's module registers both by the names that it promises."""
    offered: list[Any] = []
    chatbridge_register_adapters(
        lambda adapter, simulator=None: offered.append((adapter, simulator))
    )
    assert [(TelegramAdapter, "chatbridge_telegram.simulator:TelegramSimulator")] == offered


def test_what_is_declared_is_implemented(adapter: TelegramAdapter) -> None:
    """Every optional ability of the contract but files is there."""
    for protocol in (Polls, RegistersWebhooks, AnswersChoices, EditsMessages, ShowsTyping):
        assert isinstance(adapter, protocol)


def test_identify(adapter: TelegramAdapter, talk: Talk) -> None:
    """The bot's own name comes from getMe."""
    assert BotIdentity("110201543", "helpdesk_bot", "Simulated bot") == talk(adapter.identify())


def test_a_revoked_token(talk: Talk, make_adapter: Callable[..., Any]) -> None:
    """A token that Telegram does not know is unauthorised."""
    adapter = make_adapter(token=Secret("999999:" + "x" * 35))
    with pytest.raises(RefusedError) as caught:
        talk(adapter.identify())
    assert Refusal.UNAUTHORISED == caught.value.reason
    assert "999999" not in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"token": "nonsense-secret"},
        {"token": "0123:" + "s" * 30},
        {"token": TOKEN, "api_url": "http://api.example.org"},
        {"token": TOKEN, "api_url": "https://user:secret@api.example.org"},
        {"token": TOKEN, "webhook_secret": "not secret!"},
        {"token": TOKEN, "unknown": 1},
    ],
)
def test_wrong_settings_are_named(values: dict[str, Any]) -> None:
    """A wrong setting is refused with its mend and without its value."""
    with pytest.raises(ConfigurationError) as caught:
        structure(values, TelegramSettings, where="bot")
    assert [] == [word for word in values.values() if str(word) in str(caught.value)]


def test_a_wrong_token_says_where_to_get_one() -> None:
    """The mend of a wrong token is where the right one is."""
    with pytest.raises(ConfigurationError, match="copy it from @BotFather"):
        structure({"token": "nonsense"}, TelegramSettings, where="bot")


def test_a_server_of_ones_own(make_adapter: Callable[..., Any]) -> None:
    """Every call goes to the server that api_url names, and to no other."""
    adapter = make_adapter(api_url="http://127.0.0.1:8081/telegram/")
    assert ("http://127.0.0.1:8081/telegram",) == adapter.urls()
    request = next(adapter.identify())
    assert f"http://127.0.0.1:8081/telegram/bot{TOKEN}/getMe" == request.url
    assert TOKEN not in repr(request)


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
        ({"attachments": (Attachment(FileKind.PHOTO),)}, "files"),
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
    assert Refusal.NOT_FOUND == caught.value.reason


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


def test_typing_is_never_worth_an_error(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say
) -> None:
    """Whatever goes wrong while showing that somebody writes is passed over."""
    talk(adapter.typing(say()))
    for kind in ("lost_after", "status"):
        customer.switch_fault(Fault(kind=kind, match="sendChatAction"))
        talk(adapter.typing(say()))
    talk(adapter.typing(say(chat="12345")))


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
