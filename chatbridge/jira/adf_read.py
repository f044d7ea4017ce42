"""Reads ADF, the Atlassian Document Format, into a document; never fails on what it is given.

What has no place in a document is shown as text (a file's name, a card's address, a date); nodes
that nobody knows yet show what is inside them. Account ids are not taken over.
"""

from __future__ import annotations

from typing import Any

from chatbridge.jira.adf_inlines import INLINE, read_inline, read_inlines
from chatbridge.jira.adf_nodes import DEEPEST, attrs_of, children, flat_text, text_of
from chatbridge.jira.characters import clean
from chatbridge.jira.panels import with_icon
from chatbridge.richtext import (
    EMPTY,
    Block,
    CodeBlock,
    Document,
    Heading,
    ItemList,
    ListItem,
    Mark,
    Paragraph,
    Quote,
    Rule,
    Table,
    TableCell,
    Text,
    plain_inlines,
)


def read_adf(body: object) -> Document:
    """Return what an ADF root node says; a plain string is taken as plain text."""
    if isinstance(body, str):
        return Document.from_plain(clean(body))
    if not isinstance(body, dict):
        return EMPTY
    return Document(tuple(_blocks(children(body), 1)))


def _blocks(nodes: list[Any], depth: int) -> list[Block]:
    """Read nodes where blocks are expected; inline ones between them become paragraphs."""
    blocks: list[Block] = []
    loose: list[Any] = []
    for node in nodes:
        if _is_inline(node):
            loose.append(node)
            continue
        if loose:
            blocks.append(Paragraph(tuple(read_inlines(loose, depth))))
            loose = []
        blocks += _block(node, depth)
    if loose:
        blocks.append(Paragraph(tuple(read_inlines(loose, depth))))
    return blocks


def _is_inline(node: Any) -> bool:
    if not isinstance(node, dict):
        return False
    kind = text_of(node, "type")
    return kind in INLINE or (kind not in _READERS and isinstance(node.get("text"), str))


def _block(node: Any, depth: int) -> list[Block]:
    if not isinstance(node, dict):
        return []
    if depth > DEEPEST:
        return [Paragraph((Text(flat_text(node)),))]
    reader = _READERS.get(text_of(node, "type"))
    if reader is not None:
        return reader(node, depth)
    inside = children(node)
    return _blocks(inside, depth + 1) if inside else [Paragraph((Text("[…]"),))]


def _paragraph(node: dict[str, Any], depth: int) -> list[Block]:
    return [Paragraph(tuple(read_inlines(children(node), depth + 1)))]


def _heading(node: dict[str, Any], depth: int) -> list[Block]:
    level = attrs_of(node).get("level")
    known = level if isinstance(level, int) and 1 <= level <= 6 else 1
    return [Heading(tuple(read_inlines(children(node), depth + 1)), int(known))]


def _code(node: dict[str, Any], depth: int) -> list[Block]:
    text = plain_inlines(tuple(read_inlines(children(node), depth + 1)))
    return [CodeBlock(text, text_of(attrs_of(node), "language"))]


def _quote(node: dict[str, Any], depth: int) -> list[Block]:
    return [Quote(tuple(_blocks(children(node), depth + 1)))]


def _rule(_node: dict[str, Any], _depth: int) -> list[Block]:
    return [Rule()]


def _inside(node: dict[str, Any], depth: int) -> list[Block]:
    return _blocks(children(node), depth + 1)


def _panel(node: dict[str, Any], depth: int) -> list[Block]:
    attrs = attrs_of(node)
    icon = text_of(attrs, "panelIconText") or text_of(attrs, "panelIcon")
    return [*with_icon(tuple(_inside(node, depth)), kind=text_of(attrs, "panelType"), icon=icon)]


def _expand(node: dict[str, Any], depth: int) -> list[Block]:
    title = text_of(attrs_of(node), "title")
    head = [Paragraph((Text(title, frozenset({Mark.BOLD})),))] if title else []
    return [*head, *_inside(node, depth)]


def _list(node: dict[str, Any], depth: int) -> list[Block]:
    start: int | None = None
    if node.get("type") == "orderedList":
        order = attrs_of(node).get("order")
        good = isinstance(order, int) and not isinstance(order, bool) and 0 <= order < 10**6
        start = order if good else 1
    items: list[ListItem] = []
    for child in children(node):
        kind = text_of(child, "type") if isinstance(child, dict) else ""
        blocks = tuple(_block(child, depth + 1) if kind in _LISTS else _inside_of(child, depth))
        if kind in _LISTS and items:
            # A task list holds the deeper list beside its items.
            items[-1] = ListItem(items[-1].blocks + blocks, items[-1].checked)
            continue
        done = attrs_of(child).get("state") == "DONE" if isinstance(child, dict) else False
        items.append(ListItem(blocks, done if kind in {"taskItem", "blockTaskItem"} else None))
    return [ItemList(tuple(items), start)] if items else []


def _inside_of(child: Any, depth: int) -> list[Block]:
    if not isinstance(child, dict):
        return []
    if depth + 1 > DEEPEST:
        return [Paragraph((Text(flat_text(child)),))]
    return _blocks(children(child), depth + 2)


def _table(node: dict[str, Any], depth: int) -> list[Block]:
    rows = []
    for row in children(node):
        cells = tuple(
            TableCell(
                tuple(_inside_of(cell, depth + 1)),
                header=isinstance(cell, dict) and cell.get("type") == "tableHeader",
            )
            for cell in (children(row) if isinstance(row, dict) else [])
        )
        if cells:
            rows.append(cells)
    return [Table(tuple(rows))] if rows else []


def _shown_as_text(node: dict[str, Any], depth: int) -> list[Block]:
    return [Paragraph(tuple(read_inline(node, depth)))]


_LISTS = {"bulletList", "orderedList", "taskList", "decisionList"}
_READERS = {
    "paragraph": _paragraph,
    "heading": _heading,
    "codeBlock": _code,
    "blockquote": _quote,
    "rule": _rule,
    "panel": _panel,
    "mediaSingle": _inside,
    "mediaGroup": _inside,
    "caption": _paragraph,
    "expand": _expand,
    "nestedExpand": _expand,
    "table": _table,
    **dict.fromkeys(_LISTS, _list),
    **dict.fromkeys(("media", "blockCard", "embedCard", "extension", "syncBlock"), _shown_as_text),
}
