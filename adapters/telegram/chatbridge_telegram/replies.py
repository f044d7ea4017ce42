"""Read what a message answers: which one, which request that is about, and a part of its text."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chatbridge.events import ReplyTo
from chatbridge.payloads import (
    flag_at,
    integer_at,
    list_at,
    optional_integer,
    optional_object,
    text_at,
)

from .entity_reading import read_entities

_HANDLE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_EXCERPT = 200
_JOINER = "\u200d"


def reply_to_of(message: dict[str, Any], bot_id: int) -> ReplyTo | None:
    """Return what a message answers, None where it answers nothing.

    Without a quotation of the person's own, the start of the answered text stands in for one, so
    that agents see what a "yes" is about. What a third person wrote in a group is left out: only
    a quotation makes it a part of the conversation.

    Args:
        message: an object of the Bot API's type Message.
        bot_id: of the bot that received it.

    Raises:
        WebhookPayloadError: it has another shape.
    """
    quote = text_at(optional_object(message, "quote") or {}, "text")
    original = optional_object(message, "reply_to_message")
    if original is None:
        return ReplyTo(quote=quote) if message.get("external_reply") is not None else None
    message_id = integer_at(original, "message_id")
    # In a topic every message is marked as a reply to the topic's first one.
    if original.get("forum_topic_created") is not None or (
        flag_at(message, "is_topic_message")
        and message_id == optional_integer(message, "message_thread_id")
    ):
        return None
    shown, handle, label = _label(original, bot_id)
    ours = _author(original) in {bot_id, _author(message)} - {None}
    excerpt = _excerpt(shown[label:]) if ours else ""
    return ReplyTo(str(message_id) if message_id else None, handle, quote or excerpt)


def _label(original: dict[str, Any], bot_id: int) -> tuple[str, str | None, int]:
    """Return the text of a message, its handle, and where its label ends.

    The handle is what `send` put into the link at the start; only the bot's own message has one.
    """
    text = text_at(original, "text")
    member = "entities" if text else "caption_entities"
    shown = text or text_at(original, "caption")
    if _author(original) != bot_id:
        return shown, None, 0
    for entity in read_entities(shown, list_at(original, member)):
        if entity.start == 0 and entity.kind == "text_link":
            handle = handle_in(entity.url)
            return shown, handle, entity.end if handle else 0
    return shown, None, 0


def _author(message: dict[str, Any]) -> int | None:
    author = optional_object(message, "from")
    return None if author is None else integer_at(author, "id")


def _excerpt(text: str) -> str:
    """Return the start of a text on one line, cut between words or at least between characters."""
    line = " ".join(text[: 4 * _LONGEST_EXCERPT].split())
    if len(line) <= _LONGEST_EXCERPT:
        return line
    end = line.rfind(" ", _LONGEST_EXCERPT // 2, _LONGEST_EXCERPT)
    if end < 0:
        end = _LONGEST_EXCERPT - 1
        while end and _joins(line, end):
            end -= 1
    return line[:end] + "…"


def _joins(text: str, at: int) -> bool:
    """Tell whether what stands at a place belongs to the character before it."""
    return _JOINER in text[at - 1 : at + 1] or unicodedata.category(text[at]) in {"Mn", "Me", "Sk"}


def handle_in(url: str) -> str | None:
    """Return the payload of a start link, or None where the URL is none."""
    try:
        parts = urlsplit(url)
        values = parse_qs(parts.query, max_num_fields=5).get("start", [])
    except ValueError:
        return None
    if parts.hostname != "t.me" or len(values) != 1:
        return None
    return values[0] if _HANDLE.fullmatch(values[0]) else None
