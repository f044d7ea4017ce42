"""New messages read into events."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from chatbridge.content import Address, Attachment, FileKind
from chatbridge.events import (
    Command,
    Event,
    MessageReceived,
    NothingToDo,
    ReplyTo,
)
from chatbridge.http_types import WebhookRequest
from chatbridge_telegram import TelegramAdapter
from chatbridge_telegram.simulated_contents import CONTENTS
from chatbridge_telegram.simulated_files import SORTS, FileShelf, content_of, sample

USER = {"id": 7, "is_bot": False, "first_name": "Jana", "last_name": "N", "language_code": "cs"}
BOT = {"id": 110201543, "is_bot": True, "first_name": "Help", "username": "helpdesk_bot"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Jana"}
GROUP = {"id": -44, "type": "group", "title": "Office"}
Parse = Callable[..., Event]


def _message(**members: Any) -> dict[str, Any]:
    return {"message_id": 5, "date": 1_800_000_000, "chat": PRIVATE, "from": USER, **members}


def test_a_text_message(parse: Parse) -> None:
    """A text becomes a message with its sender, chat, time and an id that repeats keep."""
    event = parse(message=_message(text="hello"))
    assert isinstance(event, MessageReceived)
    assert ("m:7:5", Address("7"), "5") == (event.event_id, event.address, event.message_id)
    assert ("hello", 1_800_000_000.0) == (event.text.plain(), event.sent_at)
    assert event.sender is not None
    assert ("7", "Jana N", "cs", False) == (
        event.sender.user_id, event.sender.name, event.sender.language, event.sender.is_bot
    )  # fmt: skip
    assert event.unsupported is None


@pytest.mark.fault("F43")
def test_a_renumbered_update_is_the_same_event(parse: Parse) -> None:
    """The id does not follow update_id, which starts anew after a quiet week."""
    first, second = (parse(number, message=_message(text="hi")) for number in (9_000_000, 12))
    assert first.event_id == second.event_id


def test_messages_without_an_id_are_told_apart(parse: Parse) -> None:
    """Scheduled and ephemeral messages have the id 0, so the update's number names them."""
    events = [parse(number, message=_message(message_id=0, text="x")) for number in (1, 2)]
    assert ["u:1", "u:2"] == [event.event_id for event in events]


def test_nothing_that_people_wrote_is_in_the_repr(parse: Parse) -> None:
    """Text, name and chat stay out of logs."""
    shown = repr(parse(message=_message(text="confidential words")))
    assert [] == [word for word in ("confidential", "Jana", "'7'") if word in shown]


@pytest.mark.parametrize(
    ("text", "length", "command"),
    [
        ("/new", 4, Command("new")),
        ("/NEW printer broken", 4, Command("new", "printer broken")),
        ("/start abc_-9", 6, Command("start", "abc_-9")),
        ("/close@helpdesk_bot now", 19, Command("close", "now")),
        ("/close@Helpdesk_Bot", 19, Command("close")),
        ("/close@other_bot", 16, None),
    ],
)
def test_commands(parse: Parse, text: str, length: int, command: Command | None) -> None:
    """A command at the start steers the bot, unless it names another one."""
    entities = [{"type": "bot_command", "offset": 0, "length": length}]
    event = parse(message=_message(text=text, entities=entities))
    assert isinstance(event, MessageReceived)
    assert (command, text) == (event.command, event.text.plain())


def test_a_command_inside_the_text_is_none(parse: Parse) -> None:
    """Only the start of a text steers the bot."""
    entities = [{"type": "bot_command", "offset": 4, "length": 4}]
    event = parse(message=_message(text="try /new", entities=entities))
    assert isinstance(event, MessageReceived)
    assert event.command is None


def test_without_an_identity_a_named_command_is_nobodys(adapter: TelegramAdapter) -> None:
    """A bot that does not know its own name obeys no command that names one."""
    entities = [{"type": "bot_command", "offset": 0, "length": 19}]
    message = _message(text="/close@helpdesk_bot", entities=entities)
    body = json.dumps({"update_id": 1, "message": message}).encode()
    (event,) = TelegramAdapter(adapter.settings).parse(WebhookRequest({}, body))
    assert isinstance(event, MessageReceived)
    assert event.command is None


@pytest.fixture
def shelf() -> FileShelf:
    """Files that nobody has sent yet."""
    return FileShelf()


@pytest.mark.parametrize(
    ("kind", "expected", "name"),
    [
        ("photo", FileKind.PHOTO, "photo.jpg"),
        ("document", FileKind.DOCUMENT, "report.pdf"),
        ("video", FileKind.VIDEO, "video.mp4"),
        ("video_note", FileKind.VIDEO_NOTE, "video_note.mp4"),
        ("audio", FileKind.AUDIO, "song.mp3"),
        ("voice", FileKind.VOICE, "voice.ogg"),
        ("animation", FileKind.ANIMATION, "animation.mp4"),
        ("sticker", FileKind.STICKER, "sticker.webp"),
    ],
)
def test_each_file_is_one_attachment(
    parse: Parse, shelf: FileShelf, kind: str, expected: FileKind, name: str
) -> None:
    """A file comes as one attachment of its kind, whichever other members it also fills."""
    kept = shelf.keep(kind, sample(kind), name=SORTS[kind].name)
    event = parse(message=_message(**content_of(kept)))
    assert isinstance(event, MessageReceived)
    (file,) = event.attachments
    assert (expected, name, kept.file_id) == (file.kind, file.name, file.ref)
    assert (kept.media_type, SORTS[kind].size) == (file.media_type, file.size)
    assert event.unsupported is None


def test_a_file_without_name_type_and_size(parse: Parse) -> None:
    """A sender need not say what a file is; it is a document all the same."""
    bare = {"file_id": "f", "file_unique_id": "u"}
    event = parse(message=_message(document=bare))
    assert isinstance(event, MessageReceived)
    assert (Attachment(FileKind.DOCUMENT, "document", None, None, "f"),) == event.attachments


def test_the_largest_picture_is_taken(parse: Parse, shelf: FileShelf) -> None:
    """Of the sizes of a photo the largest counts; its caption is the text."""
    picture = content_of(shelf.keep("photo", sample("photo")))
    event = parse(message=_message(**picture, caption="broken", media_group_id="g1"))
    assert isinstance(event, MessageReceived)
    assert ["simulated-photo-1"] == [file.ref for file in event.attachments]
    assert ("broken", "g1") == (event.text.plain(), event.group)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("location", "📍 50.087000, 14.420800"),
        ("venue", "📍 Charles Bridge, Prague"),
        ("contact", "👤 Jana, +420123456789"),
        ("rich_message", "Rich\n\nwith bold"),
    ],
)
def test_what_has_no_text_is_told_in_words(parse: Parse, kind: str, text: str) -> None:
    """Places, people and rich messages are carried as text."""
    event = parse(message=_message(**CONTENTS[kind]))
    assert isinstance(event, MessageReceived)
    assert (text, None) == (event.text.plain(), event.unsupported)


def test_polls_dice_and_lists_are_told_in_words(parse: Parse) -> None:
    """What was put to a vote, thrown or listed stands there line by line."""
    poll = parse(message=_message(**CONTENTS["poll"]))
    dice = parse(message=_message(**CONTENTS["dice"]))
    tasks = [{"id": 1, "text": "paper", "completion_date": 9}, {"id": 2, "text": "ink"}]
    lists = parse(message=_message(checklist={"title": "Buy", "tasks": tasks}))
    for event in (poll, dice, lists):
        assert isinstance(event, MessageReceived) and event.unsupported is None
    question, *options = poll.text.plain().split("\n\n")
    assert ("📊 ", {"• "}) == (question[:2], {option[:2] for option in options})
    assert "🎲 4" == dice.text.plain()
    assert "Buy\n\n☑ paper\n\n☐ ink" == lists.text.plain()


def test_a_covered_picture_says_so(parse: Parse) -> None:
    """Agents see that a picture came as a spoiler."""
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]
    event = parse(message=_message(photo=photo, caption="look", has_media_spoiler=True))
    assert isinstance(event, MessageReceived)
    assert "look\n\n[covered by its sender as a spoiler]" == event.text.plain()


@pytest.mark.parametrize("kind", ["story", "game"])
def test_what_cannot_be_carried_is_named(parse: Parse, kind: str) -> None:
    """A message of a kind that is not carried says so, instead of vanishing."""
    event = parse(message=_message(**CONTENTS[kind]))
    assert isinstance(event, MessageReceived)
    assert kind == event.unsupported


def test_content_newer_than_the_adapter_is_visible(parse: Parse) -> None:
    """A message of which nothing is known is received as unsupported."""
    event = parse(message=_message(hologram={"x": 1}), strict=False)
    assert isinstance(event, MessageReceived)
    assert "unknown" == event.unsupported


@pytest.mark.parametrize(
    "members", [{"new_chat_members": [USER]}, {"new_chat_title": "x"}, {"group_chat_created": True}]
)
def test_service_messages_need_nothing(parse: Parse, members: dict[str, Any]) -> None:
    """What Telegram notes about a chat is acknowledged on purpose."""
    event = parse(message=_message(**members))
    assert isinstance(event, NothingToDo)


def test_a_topic_is_part_of_the_address(parse: Parse) -> None:
    """A message in a topic is answered in the topic; a mere reply thread is not one."""
    topic = parse(message=_message(text="x", message_thread_id=3, is_topic_message=True))
    thread = parse(message=_message(text="x", message_thread_id=3))
    assert (Address("7", "3"), Address("7")) == (topic.address, thread.address)


def _bots_message(url: str, **members: Any) -> dict[str, Any]:
    label = {"type": "text_link", "offset": 0, "length": 7, "url": url}
    answer = _message(text="HELP-12\nanswer", entities=[label])
    return {**answer, "message_id": 4, "from": BOT, **members}


def test_a_reply_brings_the_handle_back(parse: Parse) -> None:
    """Whoever answers a message of the bot addresses the request that its label names."""
    original = _bots_message("https://t.me/helpdesk_bot?start=h-4_2")
    quote = {"text": "answer", "position": 8}
    event = parse(message=_message(text="thanks", reply_to_message=original, quote=quote))
    assert isinstance(event, MessageReceived)
    assert ReplyTo("4", "h-4_2", "answer") == event.reply_to


@pytest.mark.parametrize(
    "original",
    [
        _bots_message("https://t.me/helpdesk_bot?start=h", **{"from": USER}),
        _bots_message("https://example.org/helpdesk_bot?start=h"),
        _bots_message("https://t.me/helpdesk_bot?start=a%20b"),
        _bots_message("https://t.me/helpdesk_bot"),
    ],
)
def test_a_handle_is_taken_from_the_bots_own_label_only(
    parse: Parse, original: dict[str, Any]
) -> None:
    """Nobody can pass off a link of their own as a label."""
    event = parse(message=_message(text="x", reply_to_message=original))
    assert isinstance(event, MessageReceived)
    assert ReplyTo("4", None, "HELP-12 answer") == event.reply_to


LABEL_LINK = "https://t.me/helpdesk_bot?start=h-4_2"


@pytest.mark.parametrize(
    ("original", "quote"),
    [
        ({"text": "HELP-12\nanswer\n\nmore"}, "answer more"),
        ({"text": "HELP-12"}, ""),
        ({"text": "HELP-12\n" + "word " * 100}, ("word " * 100)[:199] + "…"),
        ({"text": "HELP-12\n" + "👨‍👩‍👧" * 99}, "👨‍👩‍👧" * 39 + "…"),
        ({"text": "HELP-12\n" + "e\u0301" * 150}, "e\u0301" * 99 + "…"),
        ({"text": "HELP-12\n" + "\u0301" * 5000}, None),
        ({"text": None, "caption": "HELP-12\na picture"}, "a picture"),
        ({"text": None, "sticker": None}, ""),
    ],
)
def test_a_reply_without_a_quotation_tells_what_it_answers(
    parse: Parse, original: dict[str, Any], quote: str | None
) -> None:
    """Agents see the start of the answered text, on one line, without its label and no half
    character.
    """
    message = _bots_message(LABEL_LINK, **original)
    if message["text"] is None:
        message["caption_entities"] = message.pop("entities")
    answered = {name: value for name, value in message.items() if value is not None}
    event = parse(message=_message(text="yes", reply_to_message=answered), strict=False)
    assert isinstance(event, MessageReceived) and event.reply_to is not None
    if quote is not None:
        assert quote == event.reply_to.quote
    assert len(event.reply_to.quote) <= 200


@pytest.mark.parametrize(("author", "quote"), [(USER, "mine"), ({**USER, "id": 8}, "")])
def test_what_others_wrote_in_a_group_stays_there(
    parse: Parse, author: dict[str, Any], quote: str
) -> None:
    """The text of a third person becomes known only where somebody quotes it."""
    original = {**_message(text="mine", chat=GROUP), "message_id": 4, "from": author}
    event = parse(message=_message(text="x", chat=GROUP, reply_to_message=original))
    assert isinstance(event, MessageReceived)
    assert ReplyTo("4", None, quote) == event.reply_to


def test_a_topics_first_message_is_no_reply(parse: Parse) -> None:
    """Clients mark every message of a topic as an answer to its first one."""
    opened = _message(forum_topic_created={"name": "x", "icon_color": 1})
    members = {"message_thread_id": 5, "is_topic_message": True, "reply_to_message": opened}
    event = parse(message=_message(text="x", **members))
    assert isinstance(event, MessageReceived)
    assert event.reply_to is None


@pytest.mark.fault("F56")
def test_a_forward_names_its_origin_and_keeps_its_sender(parse: Parse) -> None:
    """A forwarded text is its forwarder's, and says whom it is shown to come from."""
    hidden = {"type": "hidden_user", "date": 1, "sender_user_name": "Eve"}
    event = parse(message=_message(text="x", forward_origin=hidden))
    assert isinstance(event, MessageReceived)
    assert event.sender is not None
    assert ("Eve", "7") == (event.origin_name, event.sender.user_id)


@pytest.mark.fault("F56")
def test_an_anonymous_administrator_is_the_group(parse: Parse) -> None:
    """Where a chat speaks, `from` is a stand-in and the chat is the sender."""
    event = parse(message=_message(text="x", chat=GROUP, sender_chat=GROUP))
    assert event.sender is not None
    assert ("-44", "Office", False) == (
        event.sender.user_id, event.sender.name, event.sender.is_bot
    )  # fmt: skip


@pytest.mark.fault("F31", "F56")
def test_another_bot_is_known_as_one(parse: Parse) -> None:
    """A program's message says so, which keeps loops away."""
    event = parse(message=_message(text="x", chat=GROUP, **{"from": BOT}))
    assert event.sender is not None
    assert event.sender.is_bot


def test_equal_texts_of_two_chats_are_two_events(parse: Parse) -> None:
    """A message id is unique inside its chat only."""
    first = parse(message=_message(text="x"))
    second = parse(message=_message(text="x", chat=GROUP))
    assert evolve(first, raw=None) != evolve(second, raw=None)
    assert first.event_id != second.event_id
