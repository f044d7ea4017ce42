"""Draw formatted text as the HTML that Matrix clients show; every character of people is escaped.

Only elements that the specification recommends clients to show are written.
"""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

from chatbridge.payloads import readable
from chatbridge.richtext import (
    Block,
    CodeBlock,
    Document,
    Heading,
    Inline,
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

_ELEMENTS = {
    Mark.BOLD: "strong",
    Mark.ITALIC: "em",
    Mark.UNDERLINE: "u",
    Mark.STRIKE: "del",
    Mark.CODE: "code",
}
_SCHEMES = {"http", "https", "mailto"}


def as_html(document: Document) -> str:
    """Return the document as HTML."""
    return readable(_blocks(document.blocks))


def _blocks(blocks: tuple[Block, ...]) -> str:
    return "".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case Paragraph(content):
            return f"<p>{_inlines(content)}</p>"
        case Heading(content, level):
            return f"<h{level}>{_inlines(content)}</h{level}>"
        case CodeBlock(text, language):
            named = f' class="language-{escape(language)}"' if language.isalnum() else ""
            return f"<pre><code{named}>{escape(text)}</code></pre>"
        case Quote(blocks):
            return f"<blockquote>{_blocks(blocks)}</blockquote>"
        case ItemList(items, start):
            inner = "".join(map(_item, items))
            return f"<ul>{inner}</ul>" if start is None else f'<ol start="{start}">{inner}</ol>'
        case Table(rows):
            lines = ("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
            return f"<table>{''.join(lines)}</table>"
        case Rule():
            return "<hr>"


def _item(item: ListItem) -> str:
    box = {None: "", True: "☑ ", False: "☐ "}[item.checked]
    return f"<li>{box}{_blocks(item.blocks)}</li>"


def _cell(cell: TableCell) -> str:
    element = "th" if cell.header else "td"
    return f"<{element}>{_blocks(cell.blocks)}</{element}>"


def _inlines(content: tuple[Inline, ...]) -> str:
    return "".join(map(_inline, content))


def _inline(node: Inline) -> str:
    shown = escape(plain_inlines((node,)), quote=False).replace("\n", "<br>")
    if not isinstance(node, Text):
        return shown
    for mark in sorted(node.marks):
        shown = f"<{_ELEMENTS[mark]}>{shown}</{_ELEMENTS[mark]}>"
    if node.link is None:
        return shown
    if not _leads_somewhere(node.link):
        return f"{shown} ({escape(node.link)})"
    return f'<a href="{escape(node.link)}">{shown}</a>'


def _leads_somewhere(link: str) -> bool:
    try:
        return urlsplit(link).scheme.lower() in _SCHEMES
    except ValueError:
        return False
