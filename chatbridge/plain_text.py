"""Draws formatted text as plain characters, for platforms that show nothing else.

Nothing is lost: a link's address stands after its text. No marks are made of a platform's own, so
no character that somebody wrote is taken for markup by this library.
"""

from __future__ import annotations

from itertools import zip_longest

from attrs import evolve

from chatbridge.payloads import readable
from chatbridge.richtext import (
    Block,
    CodeBlock,
    Document,
    Heading,
    Inline,
    ItemList,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
)


def plain_text(document: Document) -> str:
    """Return the characters that show a document.

    Args:
        document: the formatted text; its links are written out after their text.

    Returns:
        a text without NULs and lone surrogates, and without white space at its end.
    """
    written = Document(tuple(_written_out(block) for block in document.blocks))
    return readable(written.plain()).rstrip()


def _written_out(block: Block) -> Block:
    match block:
        case Paragraph(content) | Heading(content):
            return evolve(block, content=_with_addresses(content))
        case Quote(blocks):
            return Quote(tuple(_written_out(each) for each in blocks))
        case ItemList(items):
            shown = (tuple(_written_out(each) for each in item.blocks) for item in items)
            pairs = zip(items, shown, strict=True)
            return evolve(block, items=tuple(evolve(item, blocks=new) for item, new in pairs))
        case Table(rows):
            return Table(
                tuple(
                    tuple(
                        evolve(cell, blocks=tuple(map(_written_out, cell.blocks))) for cell in row
                    )
                    for row in rows
                )
            )
        case CodeBlock() | Rule():  # pragma: no branch - there are no other blocks
            return block


def _with_addresses(content: tuple[Inline, ...]) -> tuple[Inline, ...]:
    """Return the inlines with each address after the last run that leads there."""
    shown: list[Inline] = []
    said = ""
    for node, after in zip_longest(content, content[1:]):
        shown.append(node)
        if not isinstance(node, Text) or not node.link:
            said = ""
            continue
        said += node.text
        if isinstance(after, Text) and after.link == node.link:
            continue
        if not _names(said, node.link):
            shown.append(Text(f" ({node.link})"))
        said = ""
    return tuple(shown)


def _names(said: str, link: str) -> bool:
    """Tell whether a text already is the address that it leads to."""
    bare = link.removeprefix("mailto:").removeprefix("tel:")
    return said.strip().rstrip("/") in {
        link.rstrip("/"),
        bare,
        bare.partition("://")[2].rstrip("/"),
    }
