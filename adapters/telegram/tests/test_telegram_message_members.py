"""Every member that a message can have by the specification is read, named, or known as a note."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatbridge.events import Event, MessageReceived, NothingToDo
from chatbridge_telegram.attachments import NOT_CARRIED
from chatbridge_telegram.messages import OUT_OF_SCOPE, SERVICE

FOLDER = Path(
    os.environ.get("CHATBRIDGE_SPECS") or Path(__file__).resolve().parents[4] / "shared" / "specs"
)
FILES = ("telegram-bot-api.json", "telegram-bot-api-10.2.json")

READ = frozenset({
    "message_id", "message_thread_id", "is_topic_message", "from", "sender_chat", "date", "chat",
    "forward_origin", "reply_to_message", "external_reply", "quote", "edit_date",
    "media_group_id", "text", "entities", "caption", "caption_entities", "rich_message",
    "has_media_spoiler", "migrate_to_chat_id", "migrate_from_chat_id",
    # files and facts
    "animation", "audio", "document", "live_photo", "photo", "sticker", "video", "video_note",
    "voice", "checklist", "contact", "dice", "poll", "venue", "location",
})  # fmt: skip
"""Members that an event is made of."""

ABOUT = frozenset({
    "sender_boost_count", "sender_business_bot", "sender_tag", "receiver_user",
    "ephemeral_message_id", "is_automatic_forward", "reply_to_story",
    "reply_to_checklist_task_id", "reply_to_poll_option_id", "via_bot", "guest_bot_caller_user",
    "guest_bot_caller_chat", "has_protected_content", "is_from_offline", "is_paid_post",
    "author_signature", "paid_star_count", "link_preview_options", "suggested_post_info",
    "effect_id", "show_caption_above_media", "reply_markup",
})  # fmt: skip
"""Members that say how a message came about or is shown, and nothing of what it says."""

ENTITIES = frozenset({
    "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold",
    "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote",
    "code", "pre", "text_link", "text_mention", "custom_emoji", "date_time",
})  # fmt: skip
"""Kinds of entities whose text is known to arrive."""


@pytest.fixture(params=FILES)
def described(request: pytest.FixtureRequest) -> Any:
    """The description of a version of the Bot API."""
    file = FOLDER / request.param
    if not file.exists():
        pytest.skip("the specification is not at hand")
    return json.loads(file.read_text(encoding="utf-8"))


def _members(described: Any) -> set[str]:
    return {field["name"] for field in described["types"]["Message"]["fields"]}


def test_every_member_of_a_message_has_its_place(described: Any) -> None:
    """A member that is new in the specification fails here, before it is missed silently."""
    places = [READ, ABOUT, SERVICE, frozenset(NOT_CARRIED), frozenset(OUT_OF_SCOPE)]
    assert set() == _members(described) - frozenset().union(*places)
    assert sum(map(len, places)) == len(frozenset().union(*places))


def test_no_place_is_for_what_does_not_exist() -> None:
    """What is in no version of the specification is not read either."""
    known: set[str] = set()
    for name in FILES:
        if not (FOLDER / name).exists():
            pytest.skip("the specification is not at hand")
        known |= _members(json.loads((FOLDER / name).read_text(encoding="utf-8")))
    assert set() == (READ | ABOUT | SERVICE | set(NOT_CARRIED) | set(OUT_OF_SCOPE)) - known


def _message(**members: Any) -> dict[str, Any]:
    user = {"id": 7, "is_bot": False, "first_name": "Jana"}
    chat = {"id": 7, "type": "private", "first_name": "Jana"}
    return {"message_id": 5, "date": 1_800_000_000, "chat": chat, "from": user, **members}


@pytest.mark.parametrize("member", sorted(NOT_CARRIED))
def test_what_a_person_sent_is_named(parse: Callable[..., Event], member: str) -> None:
    """Whatever a person sends and is not carried is named, so that its sender is told."""
    event = parse(message=_message(**{member: {}}), strict=False)
    assert isinstance(event, MessageReceived)
    assert member == event.unsupported


@pytest.mark.parametrize("member", sorted(SERVICE))
def test_notes_about_a_chat_need_nothing(parse: Callable[..., Event], member: str) -> None:
    """What Telegram notes by itself is acknowledged on purpose."""
    assert isinstance(parse(message=_message(**{member: {}}), strict=False), NothingToDo)


def test_every_kind_of_entity_is_known(described: Any) -> None:
    """The kinds that the specification names are those whose text is known to arrive."""
    (kind,) = (
        field for field in described["types"]["MessageEntity"]["fields"] if field["name"] == "type"
    )
    # Each kind is named in quotation marks, an example of it in brackets.
    words = kind["description"].replace("'", '"').split('"')[1::2]
    assert ENTITIES == set(words)


@pytest.mark.parametrize("kind", sorted(ENTITIES))
def test_the_text_of_every_entity_arrives(parse: Callable[..., Event], kind: str) -> None:
    """However a text looks, its characters are there."""
    user = {"id": 9, "is_bot": False, "first_name": "Petr"}
    more = {"user": user, "url": "https://a.example", "unix_time": 1, "custom_emoji_id": "1"}
    entity = {"type": kind, "offset": 3, "length": 4, **more}
    event = parse(message=_message(text="a: word.", entities=[entity]), strict=False)
    assert isinstance(event, MessageReceived)
    shown = event.text.plain()
    assert [] == [part for part in ("a:", "word", ".") if part not in shown]
