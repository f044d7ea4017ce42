"""Reads the lines of wiki markup as blocks: headings, lists, tables, quotations, rules, paragraphs.

Macros were taken out before. A line that is nothing else is part of a paragraph; none is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import evolve, frozen

from chatbridge.jira.wiki_inlines import read_inlines
from chatbridge.jira.wiki_macros import HELD, Held
from chatbridge.richtext import (
    Block,
    Heading,
    ItemList,
    ListItem,
    Paragraph,
    Quote,
    Rule,
    Table,
    TableCell,
    Text,
)

_LIST = re.compile(r"[\s\x03]*([*#-]+)(?:\s+|$)(.*)", re.DOTALL)
_HEADING = re.compile(r"[\s\x03]*h([1-6])\.(?:\s+|$)(.*)", re.IGNORECASE | re.DOTALL)
_QUOTE = re.compile(r"[\s\x03]*bq\.(?:\s+|$)(.*)", re.IGNORECASE | re.DOTALL)
_RULE = re.compile(r"[\s\x03]*-{4,}[\s\x03]*$")
_ROW = re.compile(r"[\s\x03]*\|")
_CELL_EDGE = re.compile(
    r"""
      \\. | \[[^\[\]\\\n]*+(?:\\.[^\[\]\\\n]*+)*+\]
    | (?<!\w)![^!\s|][^!\n|]*+\|[^!\n|]*+! | (\|\|?)
    """,
    re.VERBOSE | re.DOTALL,
)
_DEEPEST_LIST = 16
_BOXES = {"☑": True, "☐": False}


def read_blocks(text: str, held: Held) -> tuple[Block, ...]:
    """Return the blocks of a text.

    Args:
        text: markup without macros.
        held: what stands in the places of the macros.
    """
    blocks: list[Block] = []
    for kind, lines in _groups(text.split("\n")):
        joined = "\n".join(lines)
        if found := _HEADING.match(joined) if kind == "line" else None:
            blocks += _titled(found, held)
        elif found := _QUOTE.match(joined) if kind == "line" else None:
            blocks.append(Quote(_loose(found[1], held)))
        elif kind == "line":
            blocks.append(Rule())
        elif kind == "list":
            blocks += _lists(_entries(lines, held), 0)
        elif kind == "table":
            blocks.append(Table(tuple(_rows(lines, held))))
        else:
            blocks += _loose(joined, held)
    return tuple(blocks)


def _groups(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield lines that belong together, with what they make."""
    open_kind, open_lines = "", list[str]()
    for line in lines:
        kind = _kind(line, open_kind)
        goes_on = kind == open_kind in {"list", "table"}
        if kind == "text":
            goes_on = open_kind in {"list", "text"}
            goes_on |= open_kind == "table" and not _is_closed(open_lines[-1])
        if open_lines and goes_on:
            open_lines.append(line)
            continue
        if open_lines:
            yield open_kind, open_lines
        open_kind, open_lines = kind, [line] if kind else []
    if open_lines:
        yield open_kind, open_lines


def _kind(line: str, before: str) -> str:
    if not line.strip():
        return ""
    if _RULE.match(line) or _HEADING.match(line) or _QUOTE.match(line):
        return "line"
    if found := _LIST.match(line):
        # Two strokes are a dash, unless they go deeper into a list.
        return "text" if found[1].startswith("--") and before != "list" else "list"
    return "table" if _ROW.match(line) else "text"


def _is_closed(row: str) -> bool:
    return row.rstrip().endswith("|")


def _titled(found: re.Match[str], held: Held) -> list[Block]:
    blocks = list(_loose(found[2], held))
    if blocks and isinstance(blocks[0], Paragraph):
        blocks[0] = Heading(blocks[0].content, int(found[1]))
    return blocks


def _loose(text: str, held: Held) -> tuple[Block, ...]:
    """Return paragraphs, and between them what macros hold."""
    blocks: list[Block] = []
    for at, piece in enumerate(HELD.split(text)):
        if at % 2:
            blocks += held[int(piece)]
        elif content := read_inlines(piece.strip(" \t\n")):
            blocks.append(Paragraph(content))
    return tuple(blocks)


@frozen
class _Entry:
    signs: str
    item: ListItem


def _entries(lines: list[str], held: Held) -> list[_Entry]:
    gathered: list[tuple[str, list[str]]] = []
    for line in lines:
        found = _LIST.match(line)
        if found is None:
            gathered[-1][1].append(line.strip(" \t"))
        else:
            gathered.append((found[1][-_DEEPEST_LIST:], [found[2]]))
    return [_Entry(signs, _item(_loose("\n".join(texts), held))) for signs, texts in gathered]


def _item(blocks: tuple[Block, ...]) -> ListItem:
    """Return an item; a box at its start makes it a task."""
    if not blocks or not isinstance(blocks[0], Paragraph):
        return ListItem(blocks)
    first, *others = blocks[0].content
    if not isinstance(first, Text) or first.marks or first.link or first.text[:1] not in _BOXES:
        return ListItem(blocks)
    if first.text[1:2] not in {"", " "}:
        return ListItem(blocks)
    rest = evolve(first, text=first.text[2:])
    content = (rest, *others) if rest.text else tuple(others)
    head = (Paragraph(content),) if content else ()
    return ListItem((*head, *blocks[1:]), _BOXES[first.text[0]])


def _lists(entries: list[_Entry], depth: int) -> list[Block]:
    """Nest entries by how many signs they have; the last sign says which kind of list it is."""
    lists: list[Block] = []
    items: list[ListItem] = []
    ordered = False
    at = 0
    while at < len(entries):
        signs = entries[at].signs
        deeper = at
        while deeper < len(entries) and len(entries[deeper].signs) > depth + 1:
            deeper += 1
        if deeper > at:
            ordered = ordered if items else signs[depth] == "#"
            before = items.pop() if items else ListItem(())
            inner = tuple(_lists(entries[at:deeper], depth + 1))
            items.append(evolve(before, blocks=before.blocks + inner))
            at = deeper
            continue
        if items and ordered != (signs[-1] == "#"):
            lists.append(ItemList(tuple(items), 1 if ordered else None))
            items = []
        ordered = signs[-1] == "#"
        items.append(entries[at].item)
        at += 1
    return [*lists, ItemList(tuple(items), 1 if ordered else None)]


def _rows(lines: list[str], held: Held) -> Iterator[tuple[TableCell, ...]]:
    rows: list[list[str]] = []
    for line in lines:
        if _ROW.match(line):
            rows.append([line])
        else:
            rows[-1].append(line)
    for row in rows:
        yield tuple(_cells("\n".join(row).strip(" \t\n\x03"), held))


def _cells(row: str, held: Held) -> Iterator[TableCell]:
    edges = [found for found in _CELL_EDGE.finditer(row) if found[1]]
    for at, edge in enumerate(edges):
        last = at + 1 == len(edges)
        text = row[edge.end() :] if last else row[edge.end() : edges[at + 1].start()]
        if last and at and not text.strip():
            return
        yield TableCell(read_blocks(text.strip(" \t\n"), held), header=edge[1] == "||")
