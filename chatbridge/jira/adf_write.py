"""Writes a document as ADF, the Atlassian Document Format, version 1.

Text goes into text nodes and nowhere else; no mention, card, media or macro is ever written, so
nothing that a customer says can notify or embed. What ADF does not allow in a place (a quote in a
list, a list in a task) becomes what it allows there, never nothing. The result is valid by
Atlassian's schema of ADF (package `@atlaskit/adf-schema`).
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from chatbridge.jira.characters import clean
from chatbridge.richtext import (
    Block,
    CodeBlock,
    Document,
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
)

Node: TypeAlias = dict[str, Any]

_MARKS = {
    Mark.BOLD: "strong",
    Mark.ITALIC: "em",
    Mark.UNDERLINE: "underline",
    Mark.STRIKE: "strike",
}
_SCHEMES = ("https://", "http://", "mailto:", "tel:")


def write_adf(document: Document) -> Node:
    """Return the document as an ADF root node.

    An empty document becomes one empty paragraph, since Jira refuses a document without content.
    """
    content = _anywhere(document.blocks)
    return {"type": "doc", "version": 1, "content": content or [{"type": "paragraph"}]}


def adf_length(document: Document) -> int:
    """Return how long Jira counts the document: its serialized ADF in UTF-16 units."""
    text = json.dumps(write_adf(document), ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-16-le", "replace")) // 2


def _anywhere(blocks: tuple[Block, ...]) -> list[Node]:
    """Write blocks where the root or a table cell holds them."""
    nodes: list[Node] = []
    for block in blocks:
        match block:
            case Heading(content, level):
                attrs = {"level": min(6, max(1, level))}
                nodes.append({"type": "heading", "attrs": attrs, **_content(content)})
            case Quote(inner):
                nodes.append({"type": "blockquote", "content": _nested(inner)})
            case Rule():
                nodes.append({"type": "rule"})
            case Table(rows):
                nodes += _table(rows)
            case ItemList() if _is_task_list(block):
                nodes += _task_list(block)
            case _:
                nodes += _plain_block(block)
    return nodes


def _nested(blocks: tuple[Block, ...]) -> list[Node]:
    """Write blocks inside a quote or list item, which hold paragraphs, lists and code only."""
    nodes: list[Node] = []
    for block in blocks:
        match block:
            case Quote(inner):
                nodes += _nested(inner)
            case Heading(content):
                nodes.append({"type": "paragraph", **_content(content)})
            case Table() | Rule():
                nodes += _plain_block(Paragraph((Text(Document((block,)).plain()),)))
            case _:
                nodes += _plain_block(block)
    return nodes or [{"type": "paragraph"}]


def _plain_block(block: Block) -> list[Node]:
    match block:
        case Paragraph(content):
            return [{"type": "paragraph", **_content(content)}]
        case CodeBlock(text, language):
            return [_code(text, language)]
        case ItemList(items, start) if items:
            content_nodes = [_item(item) for item in items]
            if start is None:
                return [{"type": "bulletList", "content": content_nodes}]
            attrs = {"order": max(0, start)}
            return [{"type": "orderedList", "attrs": attrs, "content": content_nodes}]
    return []


def _code(text: str, language: str) -> Node:
    node: Node = {"type": "codeBlock"}
    if language:
        node["attrs"] = {"language": clean(language)}
    if cleaned := clean(text):
        node["content"] = [{"type": "text", "text": cleaned}]
    return node


def _item(item: ListItem) -> Node:
    blocks = item.blocks
    if item.checked is not None:
        box = Text("☑ " if item.checked else "☐ ")
        blocks = Document(blocks).prefixed(box).blocks
    return {"type": "listItem", "content": _nested(blocks)}


def _is_task_list(block: ItemList) -> bool:
    return (
        bool(block.items)
        and block.start is None
        and all(
            item.checked is not None
            and len(item.blocks) == 1
            and isinstance(item.blocks[0], Paragraph)
            for item in block.items
        )
    )


def _task_list(block: ItemList) -> list[Node]:
    tasks = []
    for at, item in enumerate(block.items):
        (paragraph,) = item.blocks
        content = paragraph.content if isinstance(paragraph, Paragraph) else ()
        attrs = {"localId": f"task-{at:06}", "state": "DONE" if item.checked else "TODO"}
        tasks.append({"type": "taskItem", "attrs": attrs, **_content(content)})
    return [{"type": "taskList", "attrs": {"localId": "tasks"}, "content": tasks}]


def _table(rows: tuple[tuple[TableCell, ...], ...]) -> list[Node]:
    written = [
        {"type": "tableRow", "content": [_cell(cell) for cell in row]} for row in rows if row
    ]
    return [{"type": "table", "content": written}] if written else []


def _cell(cell: TableCell) -> Node:
    kind = "tableHeader" if cell.header else "tableCell"
    # A table in a cell is not allowed; its rows are written as lines of text.
    blocks = tuple(
        Paragraph((Text(Document((block,)).plain()),)) if isinstance(block, Table) else block
        for block in cell.blocks
    )
    return {"type": kind, "content": _anywhere(blocks) or [{"type": "paragraph"}]}


def _content(content: tuple[Inline, ...]) -> Node:
    nodes: list[Node] = []
    for inline in content:
        if isinstance(inline, Text):
            nodes += _text(inline)
        else:
            nodes += _text(Text(f"@{inline.name}" if isinstance(inline, Mention) else inline.text))
    return {"content": nodes} if nodes else {}


def _text(run: Text) -> list[Node]:
    marks, suffix = _marks(run)
    nodes: list[Node] = []
    # One node for all breaks: a hostile text may be nothing else.
    line_break = {"type": "hardBreak"}
    for at, line in enumerate((clean(run.text) + suffix).split("\n")):
        if at:
            nodes.append(line_break)
        if line:
            nodes.append({"type": "text", "text": line, **({"marks": marks} if marks else {})})
    return nodes


def _marks(run: Text) -> tuple[list[Node], str]:
    """Return the marks, and what must be said in text because no mark may say it."""
    if Mark.CODE in run.marks:
        # ADF lets code stand together with a link, with nothing else.
        marks: list[Node] = [{"type": "code"}]
    else:
        marks = [{"type": name} for mark, name in _MARKS.items() if mark in run.marks]
    if run.link is None:
        return marks, ""
    link = clean(run.link).replace("\n", "")
    if link.lower().startswith(_SCHEMES):
        return [*marks, {"type": "link", "attrs": {"href": link}}], ""
    return marks, "" if link in run.text else f" ({link})"
