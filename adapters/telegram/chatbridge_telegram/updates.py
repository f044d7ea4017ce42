"""Read Telegram's Update into events.

An update that no kind here knows is still answered: visibly where it names a chat, else by
`NothingToDo` with a reason. The order and the identity of events come from the update alone, so the
same bytes give equal events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from chatbridge.adapter import Update
from chatbridge.content import Address
from chatbridge.errors import WebhookPayloadError
from chatbridge.events import (
    AvailabilityChanged,
    ChoicePicked,
    Event,
    MessageReceived,
    NothingToDo,
)
from chatbridge.payloads import (
    an_object,
    flag_at,
    integer_at,
    object_at,
    optional_integer,
    optional_object,
    text_at,
)

from .messages import Bot, address_of, contact_of, message_edited, message_received

WANTED = ("message", "edited_message", "callback_query", "my_chat_member")
"""The kinds that the adapter asks for (`allowed_updates`)."""

_UNWANTED = frozenset({
    "channel_post", "edited_channel_post", "business_connection", "business_message",
    "edited_business_message", "deleted_business_messages", "guest_message", "message_reaction",
    "message_reaction_count", "inline_query", "chosen_inline_result", "shipping_query",
    "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "chat_member",
    "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot", "subscription",
})  # fmt: skip

_Reader: TypeAlias = Callable[[dict[str, Any], Bot, int, dict[str, Any]], Event]


def event_of(update: Any, bot: Bot) -> Event:
    """Return what one update says.

    Args:
        update: an object of the Bot API's type Update.
        bot: whose it is.

    Raises:
        WebhookPayloadError: it is no such object, or a known member has another shape.
    """
    source = an_object(update, "the update")
    update_id = integer_at(source, "update_id")
    for kind, read in _READERS.items():
        if source.get(kind) is not None:
            return read(object_at(source, kind), bot, update_id, source)
    for kind in _UNWANTED:
        if kind in source:
            return _nothing(source, update_id, f"{kind} is not carried")
    return _unknown(source, update_id)


def polled_update(update: Any, bot: Bot) -> Update | None:
    """Return what polling handed over; one that cannot be read says so instead of failing.

    Returns:
        None where it has no number, so that nothing can confirm it.
    """
    number = update.get("update_id") if isinstance(update, dict) else None
    if isinstance(number, bool) or not isinstance(number, int):
        return None
    try:
        event = event_of(update, bot)
    except WebhookPayloadError:
        event = _nothing(update, number, "the update cannot be read")
    return Update(str(number), (event,))


def _message(value: dict[str, Any], bot: Bot, update_id: int, raw: dict[str, Any]) -> Event:
    return message_received(value, bot, update_id, raw)


def _edited(value: dict[str, Any], _bot: Bot, update_id: int, raw: dict[str, Any]) -> Event:
    return message_edited(value, update_id, raw)


def _choice(value: dict[str, Any], _bot: Bot, update_id: int, raw: dict[str, Any]) -> Event:
    message, data = optional_object(value, "message"), text_at(value, "data")
    if message is None or not data:
        return _nothing(raw, update_id, "a press without a message or data")
    query_id = text_at(value, "id")
    if not query_id:
        raise WebhookPayloadError("a callback query has no id")
    message_id = integer_at(message, "message_id")
    return ChoicePicked(
        event_id=f"c:{query_id}",
        address=address_of(message),
        sender=contact_of(object_at(value, "from")),
        raw=raw,
        data=data,
        query_id=query_id,
        message_id=str(message_id) if message_id else None,
    )


def _membership(value: dict[str, Any], _bot: Bot, update_id: int, raw: dict[str, Any]) -> Event:
    member = object_at(value, "new_chat_member")
    status = text_at(member, "status")
    if status == "restricted":
        available = flag_at(member, "is_member") and flag_at(member, "can_send_messages")
    else:
        available = status in {"creator", "administrator", "member"}
    return AvailabilityChanged(
        event_id=f"u:{update_id}",
        address=address_of(value),
        sender=contact_of(object_at(value, "from")),
        sent_at=float(integer_at(value, "date")),
        raw=raw,
        available=available,
    )


_READERS: dict[str, _Reader] = {
    "message": _message,
    "edited_message": _edited,
    "callback_query": _choice,
    "my_chat_member": _membership,
}


def _unknown(source: dict[str, Any], update_id: int) -> Event:
    """Answer a kind that is newer than this adapter: visibly where a chat is named."""
    for value in source.values():
        if not isinstance(value, dict) or not isinstance(value.get("chat"), dict):
            continue
        person = optional_object(value, "from")
        return MessageReceived(
            event_id=f"u:{update_id}",
            address=address_of(value),
            sender=None if person is None else contact_of(person),
            raw=source,
            message_id=str(optional_integer(value, "message_id") or 0),
            unsupported="unknown",
        )
    return _nothing(source, update_id, "an unknown kind of update")


def _nothing(source: dict[str, Any], update_id: int, reason: str) -> NothingToDo:
    return NothingToDo(
        event_id=f"u:{update_id}", address=Address(_chat_in(source)), raw=source, reason=reason
    )


def _chat_in(source: dict[str, Any]) -> str:
    """Return the first chat that the update names, else an empty text."""
    for value in source.values():
        chat = value.get("chat") if isinstance(value, dict) else None
        number = chat.get("id") if isinstance(chat, dict) else None
        if isinstance(number, int) and not isinstance(number, bool):
            return str(number)
    return ""
