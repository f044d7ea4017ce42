"""Read the blocks of a rich message as text, without knowing every kind of block.

Every text, list and known inner member is read in order, as a new kind of block will hold one of
them too (https://core.telegram.org/bots/api#richmessage). Nesting beyond what Telegram allows is a
`WebhookPayloadError`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatbridge.errors import WebhookPayloadError
from chatbridge.payloads import an_object, list_at, readable, text_at
from chatbridge.richtext import Block, CodeBlock, Document, Heading, Paragraph, Quote, Rule, Text

from .entity_reading import SPOILER

_DEEPEST = 40
"""Telegram allows 16 levels of blocks; each holds a list, and texts nest in them."""

_INNER = (
    "label", "text", "alternative_text", "expression", "summary", "blocks", "items", "cells",
    "caption", "credit",
)  # fmt: skip
_MEDIA = frozenset({"photo", "video", "animation", "audio", "voice_note", "document", "map"})
_QUOTES = frozenset({"blockquote", "pullquote"})


def read_rich_message(message: dict[str, Any]) -> tuple[Document, bool]:
    """Return the text of a rich message, and whether it holds media that are not carried.

    Args:
        message: an object of the Bot API's type RichMessage.

    Raises:
        WebhookPayloadError: it is no such object, or nested too deeply.
    """
    blocks: list[Block] = []
    for value in list_at(message, "blocks"):
        blocks.extend(_block(an_object(value, "a block")))
    return Document(tuple(blocks)), _holds_media(message.get("blocks"), 0)


def _block(block: dict[str, Any]) -> Iterator[Block]:
    kind = text_at(block, "type")
    text = _words(block, 0).strip("\n")
    if kind == "divider":
        yield Rule()
    elif not text:
        return
    elif kind == "heading":
        yield Heading((Text(text),), 2)
    elif kind == "pre":
        yield CodeBlock(text, text_at(block, "language"))
    elif kind in _QUOTES:
        yield Quote((Paragraph((Text(text),)),))
    else:
        yield Paragraph((Text(text),))


def _words(value: Any, depth: int) -> str:
    if depth > _DEEPEST:
        raise WebhookPayloadError("a rich message is nested too deeply")
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, list):
        return "".join(_words(inner, depth + 1) for inner in value)
    if not isinstance(value, dict):
        return ""
    parts = [_member(value, name, depth + 1) for name in _INNER]
    box = ("☑ " if value.get("is_checked") is True else "☐ ") if value.get("has_checkbox") else ""
    words = box + "".join(part for part in parts if part)
    covered = words and value.get("type") == "spoiler"
    return words.join(SPOILER) if covered else words


def _member(value: dict[str, Any], name: str, depth: int) -> str:
    """Return the text of one known member, with what parts it from its neighbours."""
    inner = value.get(name)
    if name in {"blocks", "items"} and isinstance(inner, list):
        lines = "\n".join(_words(line, depth + 1) for line in inner)
        return f"\n{lines}" if value.get("summary") is not None else lines
    if name == "cells" and isinstance(inner, list):
        return "\n".join(_row(row, depth + 1) for row in inner)
    words = _words(inner, depth)
    if name == "label":
        return f"{words} " if words else ""
    return f"\n{words}" if words and name in {"caption", "credit"} else words


def _row(row: Any, depth: int) -> str:
    cells = row if isinstance(row, list) else [row]
    return " | ".join(_words(cell, depth + 1) for cell in cells)


def _holds_media(value: Any, depth: int) -> bool:
    if depth > _DEEPEST:
        raise WebhookPayloadError("a rich message is nested too deeply")
    if isinstance(value, list):
        return any(_holds_media(inner, depth + 1) for inner in value)
    if not isinstance(value, dict):
        return False
    kind = value.get("type")
    if isinstance(kind, str) and kind in _MEDIA:
        return True
    return any(_holds_media(value.get(name), depth + 1) for name in ("blocks", "items"))
