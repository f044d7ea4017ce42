"""Cuts a document into pieces that fit, at the best place: block, line, sentence, word, grapheme.

Nothing is lost but the white space at a cut, and no piece cuts a grapheme or leaves a mark open.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

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
_T = TypeVar("_T")

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
    parts = [part for block in document.blocks for part in _split_block(block, fits)]
    groups = _grouped(parts, lambda group: fits(Document(tuple(group))))
    return tuple(Document(tuple(group)) for group in groups)


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
    nodes = list(content)
    at = 0

    def run_fits(size: int) -> bool:
        return fits(_one(wrap(tuple(nodes[at : at + size]))))

    pieces: list[tuple[Inline, ...]] = []
    while at < len(nodes):
        count = _most(len(nodes) - at, run_fits)
        piece = tuple(nodes[at : at + count])
        at += count
        if at < len(nodes):
            head, tail = _cut_node(nodes[at], piece, wrap, fits)
            piece = piece if head is None else (*piece, head)
            if tail is None:
                at += 1
            else:
                nodes[at] = tail
        if piece:
            pieces.append(piece)
    return pieces


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

    def joined_fits(group: Sequence[Block]) -> bool:
        joined = _joined(group)
        return joined is not None and fits(_one(joined))

    return [_joined(group) or group[0] for group in _grouped(lists, joined_fits)]


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


def _best_cut(text: str, short_enough: Callable[[int], bool], *, whole_words: bool = False) -> int:
    """Return where to cut, 0 where nothing fits (or no whole word does)."""
    low = _most(len(text), short_enough)
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
