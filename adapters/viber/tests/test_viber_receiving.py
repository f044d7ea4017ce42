"""What callbacks become: who, where, what, and that nothing unknown is an error."""

from __future__ import annotations

import json

import pytest

from chatbridge.adapter import AnswersWebhooks, FetchesFiles, RegistersWebhooks
from chatbridge.content import Address, Contact, FileKind
from chatbridge.errors import WebhookPayloadError
from chatbridge.events import (
    AvailabilityChanged,
    ChoicePicked,
    Command,
    ConversationStarted,
    DeliveryReported,
    MessageReceived,
    NothingToDo,
    ReplyTo,
)
from chatbridge.http_types import WebhookRequest

OLENA = "xy5/5y6O81+/kbWHpLhBoA=="
TOKEN = "4912661846655238145"
USER = {"id": OLENA, "name": "Олена 😀", "language": "uk", "country": "UA", "api_version": 10}


@pytest.fixture
def message(parse):
    """Parse a message of Olena's."""
    return lambda **members: parse("message", sender=USER, message=members)


def test_a_text_message_says_who_where_and_when(message):
    """A text has its sender, its chat, its time and an id that no floating point ever touched."""
    event = message(type="text", text="Доброго дня")
    assert isinstance(event, MessageReceived)
    assert (f"message:{TOKEN}:{OLENA}", TOKEN) == (event.event_id, event.message_id)
    assert (Address(OLENA), Contact(OLENA, "Олена 😀", "uk")) == (event.address, event.sender)
    assert (1457764197.627, "Доброго дня") == (event.sent_at, event.text.plain())
    assert (None, None, None) == (event.command, event.reply_to, event.unsupported)


def test_a_quoted_token_is_the_same_token(parse):
    """A token as text and as a number name the same event."""
    members = {"sender": USER, "message": {"type": "text", "text": "x"}}
    plain, quoted = parse("message", **members), parse("message", message_token=TOKEN, **members)
    assert plain.event_id == quoted.event_id


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/new", Command("new")),
        ("/Status  all of it ", Command("status", "all of it")),
        (" /help", Command("help")),
        ("/etc/hosts is wrong", None),
        ("and/or", None),
        ("/", None),
    ],
)
def test_commands_start_with_a_slash_and_are_one_word(message, text, command):
    """Only a text that begins with a slash and a whole word is a command."""
    assert command == message(type="text", text=text).command


def test_tracking_data_names_the_request_that_was_shown_last(message):
    """What comes back with a message is the handle, marked as said by the platform."""
    event = message(type="text", text="yes", tracking_data="k4x7q2m9k4x7q2m9")
    assert ReplyTo(handle="k4x7q2m9k4x7q2m9", implied=True) == event.reply_to


@pytest.mark.parametrize("data", ["", "x" * 49, '{"a": 1}', "two words", "x\n"])
def test_foreign_tracking_data_is_no_handle(message, data):
    """Whatever another program left there is ignored."""
    assert message(type="text", text="yes", tracking_data=data).reply_to is None


def test_a_pressed_button_is_a_choice(message):
    """What a button carries comes back whole."""
    event = message(type="text", text="chatbridge:choice:1.more.abc.ff.x-_=")
    assert isinstance(event, ChoicePicked)
    assert "1.more.abc.ff.x-_=" == event.data


@pytest.mark.parametrize(
    "text", ["chatbridge:choice:", "chatbridge:choice:" + "x" * 129, "my chatbridge:choice:x"]
)
def test_what_no_button_carries_is_a_text(message, text):
    """Text that only looks like a choice stays what it is."""
    assert isinstance(message(type="text", text=text), MessageReceived)


@pytest.mark.parametrize(
    ("kind", "members", "file_kind", "name", "size"),
    [
        ("picture", {"file_name": "cat.jpg", "text": "look"}, FileKind.PHOTO, "cat.jpg", None),
        ("video", {"size": 90}, FileKind.VIDEO, "video.mp4", 90),
        ("file", {"file_name": "a.pdf", "file_size": 3}, FileKind.DOCUMENT, "a.pdf", 3),
        ("sticker", {"sticker_id": 46105}, FileKind.STICKER, "sticker.png", None),
    ],
)
def test_files_are_attachments(message, kind, members, file_kind, name, size):
    """Each kind of file has its kind, its claimed name and size, and where it is."""
    event = message(type=kind, media="https://dl-media.viber.com/x", **members)
    (found,) = event.attachments
    assert (file_kind, name, size) == (found.kind, found.name, found.size)
    assert ("https://dl-media.viber.com/x", None) == (found.ref, event.unsupported)
    assert members.get("text", "") == event.text.plain()


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"type": "url", "media": "https://example.org/a"}, "https://example.org/a"),
        ({"type": "contact", "contact": {"name": "Jan", "phone_number": "+420"}}, "👤 Jan, +420"),
        ({"type": "location", "location": {"lat": 1, "lon": 2.5}}, "📍 1.000000, 2.500000"),
        ({"type": "location", "location": {"lat": 1, "lon": 2, "address": "Kyiv"}}, "📍 Kyiv"),
    ],
)
def test_what_has_no_text_becomes_a_line(message, members, text):
    """Addresses, people and places are told in words."""
    assert text == message(**members).text.plain()


@pytest.mark.parametrize(
    ("members", "what"),
    [({"type": "rich_media"}, "rich_media"), ({"type": "text", "text": ""}, "empty")],
)
def test_what_cannot_be_carried_is_named(message, members, what):
    """A kind that is newer, or a text without text, is answered visibly."""
    assert what == message(**members).unsupported


@pytest.mark.parametrize("status", ["delivered", "seen", "failed"])
def test_reports_name_the_message(parse, status):
    """A report says which message, and repeats of it are the same event."""
    more = {"desc": "bad keyboard"} if status == "failed" else {}
    event = parse(status, user_id=OLENA, **more)
    assert isinstance(event, DeliveryReported)
    assert (TOKEN, status, f"{status}:{TOKEN}:{OLENA}") == (
        event.message_id,
        event.status,
        event.event_id,
    )


def test_opening_the_chat_is_no_message(parse):
    """Somebody who only opened the chat is told apart, with what their link carried."""
    event = parse("conversation_started", type="open", user=USER, context="a b", subscribed=False)
    assert isinstance(event, ConversationStarted)
    assert ("a b", Address(OLENA), "uk") == (event.payload, event.address, event.sender.language)


@pytest.mark.parametrize(
    ("event", "members", "available"),
    [("subscribed", {"user": USER}, True), ("unsubscribed", {"user_id": OLENA}, False)],
)
def test_subscriptions_say_whether_one_may_write(parse, event, members, available):
    """Both change the availability of the same chat."""
    found = parse(event, **members)
    assert isinstance(found, AvailabilityChanged)
    assert (available, Address(OLENA)) == (found.available, found.address)


@pytest.mark.parametrize(
    ("event", "members"),
    [
        ("webhook", {}),
        ("client_status", {"user": USER, "status": {"type": "x", "code": 1}}),
    ],
)
def test_what_needs_no_answer_is_acknowledged(parse, event, members):
    """The callback of a registration, and payments, are done on purpose."""
    assert isinstance(parse(event, **members), NothingToDo)


def test_unknown_callbacks_are_acknowledged(parse):
    """A kind that nobody knows yet is no error, or Viber would repeat it for an hour."""
    assert isinstance(parse("newer", strict=False, user_id=OLENA), NothingToDo)
    bare = parse("newer", strict=False, message_token=None, timestamp=None)
    other = parse("newer", strict=False, message_token=None, timestamp=1)
    assert bare.event_id != other.event_id


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"event":null}',
        b'{"event":5}',
        b'{"event":"message"}',
        b'{"event":"message","message_token":1,"sender":{},"message":{"type":"text"}}',
        b'{"event":"message","message_token":1,"sender":{"id":"a"}}',
        b'{"event":"message","message_token":1.5,"sender":{"id":"a"},"message":{}}',
        b'{"event":"message","message_token":true,"sender":{"id":"a"},"message":{}}',
        b'{"event":"message","message_token":1,"sender":{"id":"a"},"message":{"type":7}}',
        b'{"event":"message","message_token":1,"sender":{"id":"a"},"message":{"type":"contact"}}',
        b'{"event":"delivered","message_token":"","user_id":"a"}',
        b"[" * 100_000,
    ],
)
def test_bodies_of_another_shape_are_refused(adapter, body):
    """What Viber does not send is a payload error and nothing worse; its text is not repeated."""
    with pytest.raises(WebhookPayloadError):
        adapter.parse(WebhookRequest({}, body))


def test_lone_surrogates_do_not_survive(adapter):
    """Half a character becomes a replacement, so that it can be passed on."""
    sender = {"id": "a", "name": "\ud83d"}
    body = {"event": "message", "message_token": 1, "sender": sender, "timestamp": -5,
            "message": {"type": "text", "text": "\ud800 \x00"}}  # fmt: skip
    (event,) = adapter.parse(WebhookRequest({}, json.dumps(body).encode()))
    assert ("\ufffd \ufffd", "\ufffd") == (event.text.plain(), event.sender.name)
    assert 0.0 == event.sent_at


def test_it_says_what_it_can(adapter):
    """Webhooks can be set and answered; everything that Viber lacks is not there."""
    assert isinstance(adapter, RegistersWebhooks) and isinstance(adapter, AnswersWebhooks)
    assert isinstance(adapter, FetchesFiles)
    for missing in ("poll", "edit", "typing", "answer_choice"):
        assert not hasattr(adapter, missing)
