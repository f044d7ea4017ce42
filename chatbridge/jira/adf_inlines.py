"""Reads the inline nodes of ADF: text, mentions, dates, cards and the like.

Whatever a document cannot hold is shown as text: a file's name, a card's address, a day.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chatbridge.jira.adf_nodes import DEEPEST, attrs_of, children, flat_text, text_of
from chatbridge.jira.characters import clean
from chatbridge.jira.raised import above, below
from chatbridge.richtext import Emoji, FileName, Inline, Mark, Mention, Text

_MARKS = {
    "strong": Mark.BOLD,
    "em": Mark.ITALIC,
    "underline": Mark.UNDERLINE,
    "strike": Mark.STRIKE,
    "code": Mark.CODE,
}
_LINKS = ("https://", "http://", "mailto:", "tel:")
_FILES = {"media", "mediaInline"}
_CARDS = {"inlineCard", "blockCard", "embedCard"}
_EMBEDDED = {"extension", "inlineExtension", "syncBlock"}
INLINE = {"text", "hardBreak", "mention", "emoji", "date", "status", "placeholder",
           "inlineCard", "mediaInline", "inlineExtension"}  # fmt: skip
"""The kinds that stand in a line of text."""


def read_inlines(nodes: list[Any], depth: int) -> list[Inline]:
    """Return what nodes in a line of text say; blocks among them give their text."""
    found: list[Inline] = []
    for node in nodes:
        if isinstance(node, dict):
            found += read_inline(node, depth)
    return found


def read_inline(node: dict[str, Any], depth: int) -> list[Inline]:
    """Return what one node in a line of text says."""
    kind, attrs = text_of(node, "type"), attrs_of(node)
    if kind == "text" or (kind not in INLINE and isinstance(node.get("text"), str)):
        return _run(node)
    if depth > DEEPEST:
        return [Text(flat_text(node))]
    if kind in _FILES:
        return [_file(attrs)]
    if kind in _CARDS:
        return [_card(attrs)]
    if kind in _EMBEDDED:
        return [Text(text_of(attrs, "text") or "[embedded content]")]
    return _simple_inline(kind, attrs) or read_inlines(children(node), depth + 1)


def _simple_inline(kind: str, attrs: dict[str, Any]) -> list[Inline]:
    match kind:
        case "hardBreak":
            return [Text("\n")]
        case "mention":
            return [Mention(text_of(attrs, "text").lstrip("@").strip() or "someone")]
        case "emoji":
            return [Emoji(text_of(attrs, "text") or text_of(attrs, "shortName") or "[emoji]")]
        case "date":
            return [Text(_date(attrs.get("timestamp")))]
        case "status":
            return [Text(text_of(attrs, "text") or "[status]")]
    return []


def _run(node: dict[str, Any]) -> list[Inline]:
    text = text_of(node, "text")
    if not text:
        return []
    looks: set[Mark] = set()
    link: str | None = None
    marks = node.get("marks")
    for mark in marks if isinstance(marks, list) else []:
        if not isinstance(mark, dict):
            continue
        kind = text_of(mark, "type")
        if kind in _MARKS:
            looks.add(_MARKS[kind])
        elif kind == "link":
            link = _address(attrs_of(mark).get("href"))
        elif kind == "subsup":
            text = (below if attrs_of(mark).get("type") == "sub" else above)(text)
    return [Text(text, frozenset(looks), link)]


def _file(attrs: dict[str, Any]) -> Text | FileName:
    file = FileName(text_of(attrs, "alt").replace("\n", " ").strip())
    url = _address(attrs.get("url")) if attrs.get("type") == "external" else None
    # What is kept elsewhere is no file of the comment: it is only ever a link.
    return file if url is None else Text(file.text, link=url)


def _card(attrs: dict[str, Any]) -> Text:
    data = attrs.get("data")
    known = data if isinstance(data, dict) else {}
    url = _address(attrs.get("url")) or _address(known.get("url"))
    return Text(text_of(known, "name") or url or "[link]", link=url)


def _date(timestamp: object) -> str:
    try:
        moment = datetime.fromtimestamp(int(str(timestamp)[:20]) / 1000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return "[date]"
    return moment.date().isoformat()


def _address(value: object) -> str | None:
    address = clean(value).strip() if isinstance(value, str) else ""
    return address if address.lower().startswith(_LINKS) and "\n" not in address else None
