"""Read Telegram's Message: who, where, what, in answer to what.

What a person sent is never dropped: content that cannot be carried is named in `unsupported`, and
only Telegram's own notes about a chat become `NothingToDo`.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from attrs import frozen

from chatbridge.content import Address, Contact
from chatbridge.events import (
    Command,
    ConversationMigrated,
    Event,
    MessageEdited,
    MessageReceived,
    NothingToDo,
)
from chatbridge.payloads import (
    flag_at,
    integer_at,
    list_at,
    object_at,
    optional_integer,
    optional_object,
    text_at,
)
from chatbridge.richtext import Document

from .attachments import NOT_CARRIED, attachments_of, facts_of
from .entity_reading import TextEntity, read_entities, read_text
from .replies import reply_to_of
from .rich_blocks import read_rich_message

OUT_OF_SCOPE = {
    "business_connection_id": "a message of a business account",
    "guest_query_id": "a guest message",
    "direct_messages_topic": "a direct message of a channel",
}
SERVICE = frozenset({
    "new_chat_members", "left_chat_member", "chat_owner_left", "chat_owner_changed",
    "new_chat_title", "new_chat_photo", "delete_chat_photo", "group_chat_created",
    "supergroup_chat_created", "channel_chat_created", "message_auto_delete_timer_changed",
    "pinned_message", "refunded_payment", "gift_upgrade_sent", "connected_website",
    "write_access_allowed",
    "proximity_alert_triggered", "boost_added", "chat_background_set", "checklist_tasks_done",
    "checklist_tasks_added", "community_chat_added", "community_chat_removed",
    "direct_message_price_changed", "forum_topic_created", "forum_topic_edited",
    "forum_topic_closed", "forum_topic_reopened", "general_forum_topic_hidden",
    "general_forum_topic_unhidden", "giveaway_created", "giveaway_completed",
    "managed_bot_created", "paid_message_price_changed", "poll_option_added",
    "poll_option_deleted", "suggested_post_approved", "suggested_post_approval_failed",
    "suggested_post_declined", "suggested_post_paid", "suggested_post_refunded",
    "video_chat_scheduled", "video_chat_started", "video_chat_ended",
    "video_chat_participants_invited",
})  # fmt: skip


@frozen
class Bot:
    """Whose updates these are: what tells its own messages and commands from others'.

    Args:
        bot_id: the digits of its token.
        username: without the @, or None where it is not known yet.
    """

    bot_id: int
    username: str | None = None


def message_received(
    message: dict[str, Any], bot: Bot, update_id: int, raw: dict[str, Any]
) -> Event:
    """Return what a new message says.

    Raises:
        WebhookPayloadError: it has another shape than the Bot API's.
    """
    origin = {**message_origin(message, update_id), "raw": raw}
    moved = _migration(message, origin)
    if moved is not None:
        return moved
    for member, reason in OUT_OF_SCOPE.items():
        if message.get(member) is not None:
            return NothingToDo(**origin, reason=reason)
    text, entities, document, unsupported = _content(message)
    attachments = attachments_of(message)
    if document.is_empty() and not attachments and unsupported is None:
        if not SERVICE.isdisjoint(message):
            return NothingToDo(**origin, reason="a service message")
        unsupported = "unknown"
    return MessageReceived(
        **origin,
        message_id=str(integer_at(message, "message_id")),
        text=document,
        command=_command(text, entities, bot),
        attachments=attachments,
        reply_to=reply_to_of(message, bot.bot_id),
        origin_name=_origin_name(optional_object(message, "forward_origin")),
        group=text_at(message, "media_group_id") or None,
        unsupported=unsupported,
    )


def message_edited(message: dict[str, Any], update_id: int, raw: dict[str, Any]) -> Event:
    """Return what a changed message says now.

    Raises:
        WebhookPayloadError: it has another shape than the Bot API's.
    """
    origin = {**message_origin(message, update_id), "raw": raw}
    for member, reason in OUT_OF_SCOPE.items():
        if message.get(member) is not None:
            return NothingToDo(**origin, reason=reason)
    message_id, edited = integer_at(message, "message_id"), optional_integer(message, "edit_date")
    if message_id and edited:
        # Two edits can fall into one second, so what was written tells them apart.
        written = json.dumps(message, sort_keys=True).encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(written, digest_size=8).hexdigest()
        origin["event_id"] = f"e:{origin['address'].chat}:{message_id}:{edited}:{digest}"
        origin["sent_at"] = float(edited)
    else:
        origin["event_id"] = f"u:{update_id}"
    return MessageEdited(**origin, message_id=str(message_id), text=_content(message)[2])


def message_origin(message: dict[str, Any], update_id: int) -> dict[str, Any]:
    """Return the members of `EventOrigin` that a message fills, `raw` left out.

    The id names chat and message, since `update_id` starts anew after a quiet week; only an id
    of 0 (scheduled and ephemeral messages) is no name.
    """
    address = address_of(message)
    message_id = integer_at(message, "message_id")
    event_id = f"m:{address.chat}:{message_id}" if message_id else f"u:{update_id}"
    return {
        "event_id": event_id,
        "address": address,
        "sender": _sender(message),
        "sent_at": float(integer_at(message, "date")),
        "shared": text_at(object_at(message, "chat"), "type") != "private",
    }


def address_of(message: dict[str, Any]) -> Address:
    """Return the chat and, where the message stands in a topic, the topic."""
    chat = integer_at(object_at(message, "chat"), "id")
    # Without is_topic_message the number only groups replies of a supergroup.
    thread = optional_integer(message, "message_thread_id")
    in_topic = thread is not None and flag_at(message, "is_topic_message")
    return Address(str(chat), str(thread) if in_topic else None)


def contact_of(user: dict[str, Any]) -> Contact:
    """Return a person from an object of the type User."""
    names = (text_at(user, "first_name"), text_at(user, "last_name"))
    return Contact(
        user_id=str(integer_at(user, "id")),
        name=" ".join(name for name in names if name),
        language=text_at(user, "language_code") or None,
        is_bot=flag_at(user, "is_bot"),
    )


def _sender(message: dict[str, Any]) -> Contact | None:
    """Return who wrote: the chat where one speaks as a chat, as `from` is a stand-in then."""
    chat = optional_object(message, "sender_chat")
    if chat is not None:
        return Contact(str(integer_at(chat, "id")), text_at(chat, "title"))
    user = optional_object(message, "from")
    return None if user is None else contact_of(user)


def _migration(message: dict[str, Any], origin: dict[str, Any]) -> Event | None:
    here = origin["address"].chat
    new = optional_integer(message, "migrate_to_chat_id")
    old = optional_integer(message, "migrate_from_chat_id")
    if new is not None:
        return ConversationMigrated(**{**origin, "address": Address(here)}, moved_to=str(new))
    if old is not None:
        return ConversationMigrated(**{**origin, "address": Address(str(old))}, moved_to=here)
    return None


def _content(
    message: dict[str, Any],
) -> tuple[str, list[TextEntity], Document, str | None]:
    """Return the raw text, its entities, the whole as a tree, and what is not carried."""
    text = text_at(message, "text")
    member = "entities" if text else "caption_entities"
    entities = read_entities(shown := text or text_at(message, "caption"), list_at(message, member))
    document = read_text(shown, entities)
    unsupported = next((name for name in NOT_CARRIED if message.get(name) is not None), None)
    rich = optional_object(message, "rich_message")
    if rich is not None:
        body, more = read_rich_message(rich)
        document = Document((*document.blocks, *body.blocks))
        unsupported = "rich_message" if more or body.is_empty() else unsupported
    document = Document((*document.blocks, *facts_of(message)))
    return text, entities, document, unsupported


def _command(text: str, entities: list[TextEntity], bot: Bot) -> Command | None:
    """Return the command at the start of the text, unless it addresses another bot."""
    command = next((e for e in entities if e.start == 0 and e.kind == "bot_command"), None)
    if command is None:
        return None
    name, _, addressee = text[1 : command.end].partition("@")
    if not name or (addressee and addressee.lower() != (bot.username or "").lower()):
        return None
    return Command(name.lower(), text[command.end :].strip())


def _origin_name(origin: dict[str, Any] | None) -> str:
    """Return whom a forwarded message is shown to come from."""
    if origin is None:
        return ""
    user = optional_object(origin, "sender_user")
    if user is not None:
        return contact_of(user).name or "?"
    chat = optional_object(origin, "sender_chat") or optional_object(origin, "chat") or {}
    return text_at(origin, "sender_user_name") or text_at(chat, "title") or "?"
