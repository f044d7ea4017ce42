"""Cuts a document into pieces that fit, at the best place: block, line, sentence, word, grapheme.

Nothing is lost but the white space at a cut, in a code block one line break. No piece cuts a
grapheme that would fit by itself, or leaves a mark open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from attrs import evolve

from chatbridge.flat_inlines import FlatInlines
from chatbridge.graphemes import last_cut, next_cut
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
_T = TypeVar("_T")

_LINE = re.compile(r"(?:\r?\n)+")
_SENTENCE = re.compile(r"[.!?…]+\s+|[。！？]+\s*")  # noqa: RUF001 - full-width signs
_WORD = re.compile(r"\s+")


def split_document(document: Document, fits: Fits) -> tuple[Document, ...]:
    """Return the document in pieces of which each fits.

    Args:
        document: what is too long, perhaps.
        fits: tells whether a piece is short enough; must be true for one grapheme.
    """
    if fits(document):
        return (document,)
    parts = [
        (at, part) for at, block in enumerate(document.blocks) for part in _split_block(block, fits)
    ]
    groups = _grouped_apart(parts, lambda group: fits(Document(tuple(group))))
    return tuple(Document(tuple(group)) for group in groups)


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
                for part in _split_code(text, lambda part: CodeBlock(part, language), fits)
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
    flat = FlatInlines(content)
    pieces = []
    at, whole = 0, len(flat.text)
    while at < whole:
        start = at

        def short_enough(size: int, start: int = start) -> bool:
            return fits(_one(wrap(flat.between(start, start + size))))

        at += _best_cut(flat, start, short_enough)
        end = at if at == whole else flat.before_space(start, at)
        if end > start:
            pieces.append(flat.between(start, end))
        at = flat.behind_space(at)
    return pieces


def _split_code(text: str, wrap: Callable[[str], Block], fits: Fits) -> list[str]:
    """Cut at the ends of lines, of which one goes; blank lines open the next piece."""
    pieces = []
    while text:

        def short_enough(size: int, text: str = text) -> bool:
            return fits(_one(wrap(text[:size])))

        at = _most(len(text), short_enough)
        starts = [match.start() for match in _LINE.finditer(text, 0, at + 2)]
        starts = [start for start in starts if 0 < start <= at <= 2 * start]
        if starts and at < len(text):
            pieces.append(text[: starts[-1]])
            text = text[starts[-1] :].removeprefix("\r").removeprefix("\n")
        else:
            at = _best_cut(FlatInlines((Text(text),)), 0, short_enough)
            pieces.append(text[:at])
            text = text[at:]
    return [piece for piece in pieces if piece.strip()]


def _split_list(block: ItemList, fits: Fits) -> list[Block]:
    lists = [
        (at, part)
        for at, item in enumerate(block.items)
        for part in _split_item(item, None if block.start is None else block.start + at, fits)
    ]
    return _joined_lists(lists, fits)


def _split_item(item: ListItem, start: int | None, fits: Fits) -> list[Block]:
    def alone(part: Document) -> ItemList:
        return ItemList((evolve(item, blocks=part.blocks),), start)

    pieces = split_document(Document(item.blocks), lambda part: fits(_one(alone(part))))
    return [alone(part) for part in pieces]


def _joined_lists(lists: list[tuple[int, Block]], fits: Fits) -> list[Block]:
    """Put items back together where they fit, so that a list is cut as seldom as possible."""

    def joined_fits(group: Sequence[Block]) -> bool:
        joined = _joined(group)
        return joined is not None and fits(_one(joined))

    return [_joined(group) or group[0] for group in _grouped_apart(lists, joined_fits)]


def _joined(group: Sequence[Block]) -> ItemList | None:
    """Return these lists as one; None where they are none, or do not count on."""
    lists = [each for each in group if isinstance(each, ItemList)]
    items = [item for each in lists for item in each.items]
    start, expected = lists[0].start if lists else None, 0
    for each in lists:
        if start is not None and each.start != start + expected:
            return None
        expected += len(each.items)
    return ItemList(tuple(items), start) if len(lists) == len(group) else None


def _split_table(rows: tuple[tuple[TableCell, ...], ...], fits: Fits) -> list[Block]:
    groups = _grouped(rows, lambda group: fits(_one(Table(tuple(group)))))
    # A row that is too long by itself becomes text, which can be cut.
    return [part for group in groups for part in _table_or_text(Table(tuple(group)), fits)]


def _table_or_text(table: Block, fits: Fits) -> list[Block]:
    if fits(_one(table)):
        return [table]
    return _split_block(Paragraph((Text(_one(table).plain()),)), fits)


def _best_cut(flat: FlatInlines, start: int, short_enough: Callable[[int], bool]) -> int:
    """Return how much of the text behind the start becomes one piece, never nothing."""
    text = flat.text
    longest = _most(len(text) - start, short_enough)
    last = start + longest
    if last == len(text):
        return longest
    for break_ in (_LINE, _SENTENCE, _WORD):
        ends = [min(match.end(), last) for match in break_.finditer(text, start, last + 1)]
        # White space can be what an accent stands on.
        ends = [end for end in ends if end > start + longest // 2 and flat.may_cut(end)]
        if ends:
            return ends[-1] - start
    cut = flat.last_cut(last)
    # What is longer than a piece by itself is cut where it must be: a name, then a grapheme.
    cut = cut if cut > start else last_cut(text, last)
    cut = cut if cut > start else last
    return (cut if cut > start else next_cut(text, start + 1)) - start


def _grouped_apart(
    parts: Sequence[tuple[int, Block]], fits: Callable[[Sequence[Block]], bool]
) -> list[list[Block]]:
    """Return the parts in groups, none with two of one origin: they would look like two blocks."""

    def group_fits(group: Sequence[tuple[int, Block]]) -> bool:
        return len({origin for origin, _ in group}) == len(group) and fits([p for _, p in group])

    return [[part for _, part in group] for group in _grouped(parts, group_fits)]


def _grouped(items: Sequence[_T], fits: Callable[[Sequence[_T]], bool]) -> list[Sequence[_T]]:
    """Return the items in groups that fit, each as long as it can be and of one item at least."""
    at = 0

    def group_fits(size: int) -> bool:
        return fits(items[at : at + size])

    groups = []
    while at < len(items):
        size = max(1, _most(len(items) - at, group_fits))
        groups.append(items[at : at + size])
        at += size
    return groups


def _most(limit: int, fits: Callable[[int], bool]) -> int:
    """Return the largest size up to the limit that fits, 0 where none does.

    No size far beyond it is tried: to measure costs as much as there is to measure, and whoever
    cuts a long text does it often.
    """
    low, high = 0, 1
    while high <= limit and fits(high):
        low, high = high, 2 * high
    high = min(high - 1, limit)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _one(block: Block) -> Document:
    return Document((block,))
