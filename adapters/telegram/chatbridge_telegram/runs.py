"""Lay a `Document` out as runs of text that look alike, in the order they are shown.

A list becomes bullets and indentation, a table aligned text, a rule a line. A look that Telegram
cannot show may go; text never does.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, zip_longest

from attrs import evolve, frozen

from chatbridge.richtext import (
    Block,
    CodeBlock,
    Document,
    Emoji,
    FileName,
    Heading,
    Inline,
    ItemList,
    ListItem,
    Mark,
    Mention,
    Paragraph,
    Quote,
    Rule,
    Table,
    TableCell,
    Text,
    plain_inlines,
)

_WIDEST_TABLE = 48
"""Characters of a line that a telephone shows without breaking it, roughly."""

_INDENT = "   "


@frozen
class Run:
    """Text that looks alike.

    Args:
        text: the characters.
        marks: how it looks.
        link: where it leads.
        quote: which quotation it belongs to.
        code_block: which block of code it belongs to.
        language: of that code.
    """

    text: str
    marks: frozenset[Mark] = frozenset()
    link: str | None = None
    quote: int | None = None
    code_block: int | None = None
    language: str = ""


def runs_of(document: Document, *, aligned_tables: bool = True) -> list[Run]:
    """Return the runs that show a document.

    Args:
        document: what to show.
        aligned_tables: draw small tables as fixed-width text instead of lines.
    """
    return list(_Layout(aligned_tables).blocks(document.blocks, "\n\n"))


class _Layout:
    """One pass over one document; counts quotations and code blocks to tell neighbours apart."""

    def __init__(self, aligned_tables: bool) -> None:
        self._aligned_tables = aligned_tables
        self._numbers = count()

    def blocks(self, blocks: tuple[Block, ...], gap: str, *, quoted: bool = False) -> Iterator[Run]:
        for at, block in enumerate(blocks):
            if at:
                yield Run(gap)
            yield from self._block(block, quoted)

    def _block(self, block: Block, quoted: bool) -> Iterator[Run]:
        match block:
            case Paragraph(content):
                yield from _inlines(content)
            case Heading(content):
                bold = frozenset({Mark.BOLD})
                yield from (evolve(run, marks=run.marks | bold) for run in _inlines(content))
            case CodeBlock(text, language):
                yield Run(text, code_block=next(self._numbers), language=language)
            case Quote(blocks):
                yield from self._quote(blocks, quoted)
            case ItemList(items, start):
                for at, item in enumerate(items):
                    yield from self._item(item, start, at, quoted)
            case Table(rows):
                yield from self._table(rows, quoted)
            case Rule():
                yield Run("———")

    def _quote(self, blocks: tuple[Block, ...], quoted: bool) -> Iterator[Run]:
        inner = self.blocks(blocks, "\n", quoted=True)
        if quoted:
            yield Run("> ")
            yield from (evolve(run, text=run.text.replace("\n", "\n> ")) for run in inner)
            return
        number = next(self._numbers)
        yield from (evolve(run, quote=number) for run in inner)

    def _item(self, item: ListItem, start: int | None, at: int, quoted: bool) -> Iterator[Run]:
        if at:
            yield Run("\n")
        bullet = {None: "•", True: "☑", False: "☐"}[item.checked]
        yield Run(f"{bullet if start is None else f'{start + at}.'} ")
        for run in self.blocks(item.blocks, "\n", quoted=quoted):
            # Code keeps its own columns: an indentation would become part of what is copied.
            indented = run.code_block is None
            yield evolve(run, text=run.text.replace("\n", "\n" + _INDENT)) if indented else run

    def _table(self, rows: tuple[tuple[TableCell, ...], ...], quoted: bool) -> Iterator[Run]:
        drawn = None if quoted or not self._aligned_tables else _aligned(rows)
        if drawn is not None:
            yield Run(drawn, code_block=next(self._numbers))
            return
        for row_at, row in enumerate(rows):
            if row_at:
                yield Run("\n")
            for cell_at, cell in enumerate(row):
                if cell_at:
                    yield Run(" | ")
                for run in self.blocks(cell.blocks, " ", quoted=True):
                    marks = run.marks | ({Mark.BOLD} if cell.header else set())
                    flat = run.text.replace("\n", " ")
                    yield Run(flat, marks=frozenset(marks), link=run.link)


def _inlines(content: tuple[Inline, ...]) -> Iterator[Run]:
    for node in content:
        match node:
            case Text(text, marks, link):
                yield Run(text, marks, link)
            case Mention(name):
                yield Run(f"@{name}", frozenset({Mark.BOLD}))
            case Emoji() | FileName():
                yield Run(node.text)


def _aligned(rows: tuple[tuple[TableCell, ...], ...]) -> str | None:
    """Return a table of plain, short cells with its columns below each other, else None."""
    grid: list[list[str]] = []
    for row in rows:
        cells = [_plain_cell(cell) for cell in row]
        grid.append([cell for cell in cells if cell is not None])
        if len(grid[-1]) != len(row):
            return None
    widths = [max(map(len, column)) for column in zip_longest(*grid, fillvalue="")]
    if not widths or sum(widths) + 2 * (len(widths) - 1) > _WIDEST_TABLE:
        return None
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in grid
    )
    return "\n".join(lines)


def _plain_cell(cell: TableCell) -> str | None:
    if not cell.blocks:
        return ""
    only = cell.blocks[0]
    if len(cell.blocks) > 1 or not isinstance(only, Paragraph):
        return None
    if any(isinstance(node, Text) and node.link for node in only.content):
        return None
    text = plain_inlines(only.content)
    return None if "\n" in text else text
