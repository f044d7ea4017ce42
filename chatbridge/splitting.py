"""Cuts a document into pieces that fit, at the best place: block, line, sentence, word, grapheme.

Nothing is lost but the white space at a cut, and no piece cuts a grapheme or leaves a mark open.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import TypeAlias

from attrs import evolve

from chatbridge.richtext import (
    Block,
    CodeBlock,
    Document,
    Heading,
    Inline,
    ItemList,
    ListItem,
    Paragraph,
    Quote,
    Table,
    TableCell,
    Text,
)

Fits: TypeAlias = Callable[[Document], bool]

_BREAKS = (re.compile(r"\n+"), re.compile(r"[.!?…。]+[\s]+"), re.compile(r"\s+"))
_JOINER = "\u200d"


def split_document(document: Document, fits: Fits) -> tuple[Document, ...]:
    """Return the document in pieces of which each fits.

    Args:
        document: what is too long, perhaps.
        fits: tells whether a piece is short enough; must be true for one grapheme.
    """
    if fits(document):
        return (document,)
    pieces: list[Document] = []
    open_piece: tuple[Block, ...] = ()
    for block in document.blocks:
        for part in _split_block(block, fits):
            if open_piece and not fits(Document((*open_piece, part))):
                pieces.append(Document(open_piece))
                open_piece = ()
            open_piece = (*open_piece, part)
    return (*pieces, Document(open_piece)) if open_piece else tuple(pieces)


def clip(text: str, graphemes: int) -> str:
    """Return the text cut to at most so many graphemes, with an ellipsis where it was longer."""
    count = 0
    for at in range(1, len(text)):
        if _may_cut(text, at):
            count += 1
            if count >= graphemes:
                return text[:at].rstrip() + "…"
    return text


def _split_block(block: Block, fits: Fits) -> list[Block]:
    if fits(Document((block,))):
        return [block]
    match block:
        case Paragraph(content):
            return [Paragraph(part) for part in _split_inlines(content, Paragraph, fits)]
        case Heading(content, level):
            parts = _split_inlines(content, lambda part: Heading(part, level), fits)
            return [Heading(part, level) for part in parts]
        case CodeBlock(text, language):
            return [
                CodeBlock(part, language)
                for part in _split_text(text, lambda part: CodeBlock(part, language), fits)
            ]
        case Quote(blocks):
            inner = split_document(Document(blocks), lambda part: fits(_one(Quote(part.blocks))))
            return [Quote(part.blocks) for part in inner]
        case ItemList():
            return _split_list(block, fits)
        case Table(rows):
            return _split_table(rows, fits)
    return [block]


def _split_inlines(
    content: tuple[Inline, ...], wrap: Callable[[tuple[Inline, ...]], Block], fits: Fits
) -> list[tuple[Inline, ...]]:
    pieces: list[tuple[Inline, ...]] = []
    piece: tuple[Inline, ...] = ()
    waiting = list(reversed(content))
    while waiting:
        node = waiting.pop()
        if fits(_one(wrap((*piece, node)))):
            piece = (*piece, node)
            continue
        head, tail = _cut_node(node, piece, wrap, fits)
        if head is not None:
            piece = (*piece, head)
        if piece:
            pieces.append(piece)
            piece = ()
        if tail is not None:
            waiting.append(tail)
    return [*pieces, piece] if piece else pieces


def _cut_node(
    node: Inline,
    piece: tuple[Inline, ...],
    wrap: Callable[[tuple[Inline, ...]], Block],
    fits: Fits,
) -> tuple[Inline | None, Inline | None]:
    """Return what of the node still fits behind the piece, and what is left of it."""
    if not isinstance(node, Text):
        return (None, node) if piece else (node, None)
    text = node

    def short_enough(size: int) -> bool:
        return fits(_one(wrap((*piece, evolve(text, text=text.text[:size])))))

    at = _best_cut(text.text, short_enough, whole_words=bool(piece))
    if at == 0:
        if piece:
            return None, text
        at = _grapheme_end(text.text, 1)
    rest = _without_space(text.text[at:])
    head = evolve(text, text=text.text[:at].rstrip()) if text.text[:at].strip() else None
    return head, evolve(text, text=rest) if rest else None


def _split_text(text: str, wrap: Callable[[str], Block], fits: Fits) -> list[str]:
    def short_enough(size: int) -> bool:
        return fits(_one(wrap(text[:size])))

    pieces = []
    while text and not short_enough(len(text)):
        at = _best_cut(text, short_enough) or _grapheme_end(text, 1)
        pieces.append(text[:at].rstrip("\n"))
        text = text[at:].removeprefix("\n")
    return [*pieces, text] if text else pieces


def _split_list(block: ItemList, fits: Fits) -> list[Block]:
    result: list[Block] = []
    for at, item in enumerate(block.items):
        result += _split_item(item, None if block.start is None else block.start + at, fits)
    return _joined_lists(result, fits)


def _split_item(item: ListItem, start: int | None, fits: Fits) -> list[Block]:
    def alone(part: Document) -> ItemList:
        return ItemList((evolve(item, blocks=part.blocks),), start)

    pieces = split_document(Document(item.blocks), lambda part: fits(_one(alone(part))))
    return [alone(part) for part in pieces]


def _joined_lists(lists: list[Block], fits: Fits) -> list[Block]:
    """Put items back together where they fit, so that a list is cut as seldom as possible."""
    result: list[Block] = []
    for each in lists:
        before = result[-1] if result else None
        if isinstance(before, ItemList) and isinstance(each, ItemList):
            joined = evolve(before, items=before.items + each.items)
            follows = before.start is None or each.start == before.start + len(before.items)
            if follows and fits(_one(joined)):
                result[-1] = joined
                continue
        result.append(each)
    return result


def _split_table(rows: tuple[tuple[TableCell, ...], ...], fits: Fits) -> list[Block]:
    result: list[Block] = []
    piece: tuple[tuple[TableCell, ...], ...] = ()
    for row in rows:
        if piece and not fits(_one(Table((*piece, row)))):
            result.append(Table(piece))
            piece = ()
        piece = (*piece, row)
    result.append(Table(piece))
    # A row that is too long by itself becomes text, which can be cut.
    return [part for table in result for part in _table_or_text(table, fits)]


def _table_or_text(table: Block, fits: Fits) -> list[Block]:
    if fits(_one(table)):
        return [table]
    return _split_block(Paragraph((Text(_one(table).plain()),)), fits)


def _best_cut(text: str, short_enough: Callable[[int], bool], *, whole_words: bool = False) -> int:
    """Return where to cut, 0 where nothing fits (or no whole word does)."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if short_enough(middle) else (low, middle - 1)
    if low == len(text):
        return low
    for break_ in _BREAKS:
        ends = [match.end() for match in break_.finditer(text, 0, min(low + 1, len(text)))]
        ends = [min(end, low) for end in ends if min(end, low) > low // 2]
        # White space can be what an accent stands on.
        ends = [end for end in ends if _may_cut(text, end)]
        if ends:
            return ends[-1]
    return 0 if whole_words else _grapheme_start(text, low)


def _without_space(text: str) -> str:
    """Return the text without white space at its start, as far as whole graphemes are."""
    at = 0
    while at < len(text) and text[at].isspace() and (at + 1 == len(text) or _may_cut(text, at + 1)):
        at += 1
    return text[at:]


def _grapheme_start(text: str, at: int) -> int:
    """Return the last place not behind `at` that cuts no grapheme."""
    while 0 < at < len(text) and not _may_cut(text, at):
        at -= 1
    return at


def _grapheme_end(text: str, at: int) -> int:
    """Return the first place not before `at` that cuts no grapheme."""
    while at < len(text) and not _may_cut(text, at):
        at += 1
    return at


def _may_cut(text: str, at: int) -> bool:
    if not 0 < at < len(text):
        return True
    before, after = text[at - 1], text[at]
    if before == _JOINER or after == _JOINER or (before, after) == ("\r", "\n"):
        return False
    if unicodedata.category(after) in {"Mn", "Me", "Mc"} or "\U0001f3fb" <= after <= "\U0001f3ff":
        return False
    if "\U000e0020" <= after <= "\U000e007f":
        return False
    return not (_is_flag(before) and _is_flag(after) and _flags_before(text, at) % 2 == 1)


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flags_before(text: str, at: int) -> int:
    count = 0
    while at > 0 and _is_flag(text[at - 1]):
        at, count = at - 1, count + 1
    return count


def _one(block: Block) -> Document:
    return Document((block,))
