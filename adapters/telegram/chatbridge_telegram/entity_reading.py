"""Read a Telegram text with entities into a `Document`.

Entities may nest, touch, overlap or lie outside the text; whatever they do, every character of the
text is kept as data. Only the first thousand entities are looked at, so that a hostile message
cannot cost more than its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any

from attrs import evolve, frozen

from chatbridge.capabilities import LengthUnit
from chatbridge.payloads import an_object, integer_at, text_at
from chatbridge.richtext import (
    Block,
    CodeBlock,
    Document,
    Inline,
    Mark,
    Mention,
    Paragraph,
    Quote,
    Text,
)

_MOST_ENTITIES = 1000
_MARKS = {
    "bold": Mark.BOLD,
    "italic": Mark.ITALIC,
    "underline": Mark.UNDERLINE,
    "strikethrough": Mark.STRIKE,
    "code": Mark.CODE,
}
SPOILER = ("[spoiler: ", "]")
"""What stands around words that their sender has covered; agents read them."""
_QUOTES = frozenset({"blockquote", "expandable_blockquote"})
_SAFE_LINK = re.compile(r"(https?://|mailto:|tel:)\S", re.IGNORECASE)


@frozen
class TextEntity:
    """One entity, its place counted in characters of the Python text."""

    kind: str
    start: int
    end: int
    url: str = ""
    language: str = ""


def read_entities(text: str, given: Iterable[Any]) -> list[TextEntity]:
    """Return the entities that cover at least one character, by their start.

    Args:
        text: what they are about.
        given: objects of the Bot API's type MessageEntity, offsets in UTF-16 units.

    Raises:
        WebhookPayloadError: one of them is no such object.
    """
    places = _places(text)
    found = []
    for at, value in enumerate(given):
        if at >= _MOST_ENTITIES:
            break
        entity = an_object(value, "an entity")
        offset, length = integer_at(entity, "offset"), integer_at(entity, "length")
        start = places[min(max(offset, 0), len(places) - 1)]
        end = places[min(max(offset + length, 0), len(places) - 1)]
        if start < end:
            kind, url = text_at(entity, "type"), text_at(entity, "url")
            found.append(TextEntity(kind, start, end, url, text_at(entity, "language")))
    return sorted(found, key=lambda entity: (entity.start, -entity.end))


def read_text(text: str, entities: Sequence[TextEntity]) -> Document:
    """Return the text as a tree.

    Args:
        text: the characters.
        entities: from `read_entities` of the same text.
    """
    return Document(tuple(_blocks(_pieces(text, entities))))


def _places(text: str) -> Sequence[int]:
    """Return for each UTF-16 offset the character it lies in, and the text's length at the end."""
    if not text or max(text) <= "\uffff":
        return range(len(text) + 1)
    places: list[int] = []
    for at, character in enumerate(text):
        places.extend([at] * LengthUnit.UTF16.measure(character))
    places.append(len(text))
    return places


@frozen
class _Piece:
    node: Inline
    raw: str
    quote: int | None
    code: int | None
    language: str


def _pieces(text: str, entities: Sequence[TextEntity]) -> Iterator[_Piece]:
    edges = {0, len(text)}
    for entity in entities:
        edges |= {entity.start, entity.end}
    borders = sorted(edges)
    covered = _covered(entities)
    uncovered = set(covered.values())
    for start, end in pairwise(borders):
        active = [
            (at, entity)
            for at, entity in enumerate(entities)
            if entity.start <= start and end <= entity.end
        ]
        quotes = [at for at, entity in active if entity.kind in _QUOTES]
        codes = [(at, entity.language) for at, entity in active if entity.kind == "pre"]
        raw = text[start:end]
        node = _inline(raw, [entity for _, entity in active])
        code, language = codes[0] if codes else (None, "")
        piece = _Piece(node, raw, quotes[0] if quotes else None, code, language)
        if start in covered:
            yield evolve(piece, node=Text(SPOILER[0]), raw=SPOILER[0])
        yield piece
        if end in uncovered:
            yield evolve(piece, node=Text(SPOILER[1]), raw=SPOILER[1])


def _covered(entities: Sequence[TextEntity]) -> dict[int, int]:
    """Return where covered words begin -> where they end; spoilers that meet are one."""
    found: dict[int, int] = {}
    last = -1
    for entity in entities:
        if entity.kind != "spoiler":
            continue
        if last < 0 or entity.start > found[last]:
            last = entity.start
            found[last] = entity.end
        else:
            found[last] = max(found[last], entity.end)
    return found


def _inline(raw: str, active: list[TextEntity]) -> Inline:
    if any(entity.kind == "text_mention" for entity in active):
        return Mention(raw)
    marks = frozenset(_MARKS[entity.kind] for entity in active if entity.kind in _MARKS)
    link = None
    for entity in active:
        address = {"text_link": entity.url, "url": raw}.get(entity.kind, "")
        if _SAFE_LINK.match(address):
            link = address
    return Text(raw, marks, link)


def _blocks(pieces: Iterable[_Piece]) -> Iterator[Block]:
    for quote, members in groupby(pieces, key=lambda piece: piece.quote):
        inner = tuple(_inner_blocks(members))
        if quote is None:
            yield from inner
        elif inner:
            yield Quote(inner)


def _inner_blocks(pieces: Iterable[_Piece]) -> Iterator[Block]:
    for code, members in groupby(pieces, key=lambda piece: piece.code):
        group = list(members)
        if code is None:
            yield from paragraphs([piece.node for piece in group])
        else:
            yield CodeBlock("".join(piece.raw for piece in group), group[0].language)


def paragraphs(nodes: Iterable[Inline]) -> Iterator[Paragraph]:
    """Yield paragraphs of inline text, cut at empty lines; empty ones are left out."""
    current: list[Inline] = []
    for node in nodes:
        if not isinstance(node, Text):
            current.append(node)
            continue
        first, *rest = re.split(r"\n{2,}", node.text)
        current.append(_saying(node, first))
        for text in rest:
            yield from _paragraph(current)
            current = [_saying(node, text)]
    yield from _paragraph(current)


def _paragraph(nodes: list[Inline]) -> Iterator[Paragraph]:
    kept = [node for node in nodes if not isinstance(node, Text) or node.text]
    while kept and isinstance(kept[0], Text) and not kept[0].text.strip("\n"):
        kept.pop(0)
    while kept and isinstance(kept[-1], Text) and not kept[-1].text.strip("\n"):
        kept.pop()
    if kept and isinstance(kept[0], Text):
        kept[0] = _saying(kept[0], kept[0].text.lstrip("\n"))
    if kept and isinstance(kept[-1], Text):
        kept[-1] = _saying(kept[-1], kept[-1].text.rstrip("\n"))
    if kept:
        yield Paragraph(tuple(kept))


def _saying(node: Text, text: str) -> Text:
    return node if text == node.text else evolve(node, text=text)
