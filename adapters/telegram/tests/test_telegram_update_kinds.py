"""Updates that are no new message: edits, presses, blocks, migrations, and the unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chatbridge.content import Address
from chatbridge.events import (
    AvailabilityChanged,
    ChoicePicked,
    ConversationMigrated,
    Event,
    MessageEdited,
    MessageReceived,
    NothingToDo,
)

USER = {"id": 7, "is_bot": False, "first_name": "Jana", "last_name": "N", "language_code": "cs"}
BOT = {"id": 110201543, "is_bot": True, "first_name": "Help", "username": "helpdesk_bot"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Jana"}
GROUP = {"id": -44, "type": "group", "title": "Office"}
Parse = Callable[..., Event]


def _message(**members: Any) -> dict[str, Any]:
    return {"message_id": 5, "date": 1_800_000_000, "chat": PRIVATE, "from": USER, **members}


def test_an_edit(parse: Parse) -> None:
    """A change has an id and a time of its own, and the whole new text."""
    event = parse(edited_message=_message(text="new", edit_date=1_800_000_009))
    assert isinstance(event, MessageEdited)
    assert event.event_id.startswith("e:7:5:1800000009:")
    assert ("5", "new", 1_800_000_009.0) == (
        event.message_id, event.text.plain(), event.sent_at
    )  # fmt: skip


@pytest.mark.fault("F55")
def test_two_edits_in_one_second(parse: Parse) -> None:
    """Two changes within one second are two events; the same one twice is one."""
    one, again, other = (
        parse(edited_message=_message(text=text, edit_date=1_800_000_009))
        for text in ("new", "new", "newer")
    )
    assert (one.event_id == again.event_id, one.event_id == other.event_id) == (True, False)


def _press(**members: Any) -> dict[str, Any]:
    return {"id": "99", "from": USER, "chat_instance": "1", "data": "yes", **members}


def test_a_press(parse: Parse) -> None:
    """A press carries its data, and is answered in the chat and topic of its message."""
    message = _message(message_thread_id=3, is_topic_message=True, text="x")
    event = parse(callback_query=_press(message=message))
    assert isinstance(event, ChoicePicked)
    assert ("c:99", "99", "yes", "5", Address("7", "3")) == (
        event.event_id, event.query_id, event.data, event.message_id, event.address
    )  # fmt: skip


def test_a_press_on_an_old_message(parse: Parse) -> None:
    """A message that Telegram no longer shows to the bot still names its chat."""
    old = {"chat": PRIVATE, "message_id": 5, "date": 0}
    event = parse(callback_query=_press(message=old))
    assert isinstance(event, ChoicePicked)
    assert Address("7") == event.address


@pytest.mark.parametrize("members", [{}, {"message": _message(), "data": None}])
def test_a_press_that_is_not_ours_needs_nothing(parse: Parse, members: dict[str, Any]) -> None:
    """A press without a message or without data is acknowledged on purpose."""
    event = parse(callback_query=_press(**members), strict=False)
    assert isinstance(event, NothingToDo)


@pytest.mark.fault("F25")
@pytest.mark.parametrize(
    ("member", "available"),
    [
        ({"status": "kicked", "until_date": 0}, False),
        ({"status": "left"}, False),
        ({"status": "member"}, True),
        ({"status": "restricted", "is_member": True, "can_send_messages": True}, True),
        ({"status": "restricted", "is_member": True, "can_send_messages": False}, False),
    ],
)
def test_availability(parse: Parse, member: dict[str, Any], available: bool) -> None:
    """Blocking, removing and letting back in are seen."""
    change = {
        "chat": PRIVATE,
        "from": USER,
        "date": 1_800_000_000,
        "old_chat_member": {"status": "left", "user": BOT},
        "new_chat_member": {"user": BOT, **member},
    }
    strict = member["status"] != "restricted"  # which has many members of no interest here
    event = parse(my_chat_member=change, strict=strict)
    assert isinstance(event, AvailabilityChanged)
    assert (available, "u:1") == (event.available, event.event_id)


def test_both_halves_of_a_migration_say_the_same(parse: Parse) -> None:
    """Either service message alone moves the conversation, whichever comes first."""
    supergroup = {"id": -1001, "type": "supergroup", "title": "Office"}
    left = parse(message=_message(chat=GROUP, migrate_to_chat_id=-1001))
    came = parse(message=_message(chat=supergroup, migrate_from_chat_id=-44))
    assert isinstance(left, ConversationMigrated)
    assert isinstance(came, ConversationMigrated)
    assert (Address("-44"), "-1001") == (left.address, left.moved_to)
    assert (Address("-44"), "-1001") == (came.address, came.moved_to)
    assert left.event_id != came.event_id


@pytest.mark.parametrize("members", [{"business_connection_id": "b"}, {"guest_query_id": "g"}])
def test_chats_of_other_kinds_are_left_alone(parse: Parse, members: dict[str, Any]) -> None:
    """A business or guest chat may share a number with one of the bot's and is never mixed up."""
    assert isinstance(parse(message=_message(text="x", **members)), NothingToDo)


def test_a_channel_post_needs_nothing(parse: Parse) -> None:
    """A channel is no conversation."""
    channel = {"id": -1002, "type": "channel", "title": "News"}
    event = parse(channel_post=_message(chat=channel, text="x"))
    assert isinstance(event, NothingToDo)
    assert "channel_post is not carried" == event.reason


def test_an_unknown_kind_with_a_chat_is_visible(parse: Parse) -> None:
    """A kind newer than the adapter is answered where it names a chat."""
    event = parse(strict=False, hologram_message=_message(text="x"))
    assert isinstance(event, MessageReceived)
    assert ("unknown", Address("7"), "u:1") == (event.unsupported, event.address, event.event_id)


def test_an_unknown_kind_without_a_chat_is_acknowledged(parse: Parse) -> None:
    """A kind that names no chat is acknowledged with a reason."""
    event = parse(strict=False, hologram={"x": 1})
    assert isinstance(event, NothingToDo)
    assert "an unknown kind of update" == event.reason
