"""Reads the HTML into which Jira renders a text; never fails on what it is given.

What has no place in a document is shown as text, as an image's name; unknown elements show what is
inside them. Scripts and styles are dropped, and nothing inside a Jira site is linked to.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from chatbridge.jira.characters import clean
from chatbridge.jira.html_inlines import Looks, looks_inside, read_inlines, text_in
from chatbridge.jira.html_tree import Element, Node, read_tree
from chatbridge.richtext import (
    Block,
    CodeBlock,
    Document,
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

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset({
    "p", "div", "ul", "ol", "li", "table", "tbody", "thead", "tfoot", "tr", "td", "th", "pre",
    "blockquote", "hr", "section", "article", "header", "footer", "dl", "dt", "dd", "details",
    "summary", "figure", "figcaption", "center", "caption", "form", "fieldset", "address", "aside",
    "main", "nav", "body", "html", "head", *_HEADINGS,
})  # fmt: skip


def read_html(html: str, *, site: str = "") -> Document:
    """Return what a rendered text says.

    Args:
        html: as `renderedBody` holds it.
        site: the address of the Jira site; links to it become text, as relative ones always do.
    """
    return Document(tuple(_blocks(read_tree(clean(html)).inside, Looks(site))))


def _blocks(nodes: list[Node], looks: Looks) -> Iterator[Block]:
    """Read nodes where blocks are expected; inline ones between them become paragraphs."""
    loose: list[Node] = []
    for node in nodes:
        if not isinstance(node, Element) or not _holds_blocks(node):
            loose.append(node)
            continue
        yield from _paragraph(loose, looks)
        loose = []
        yield from _block(node, looks)
    yield from _paragraph(loose, looks)


def _holds_blocks(node: Element) -> bool:
    """Tell whether an element is a block, or an inline one with a block in it."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if each.name in _BLOCKS:
            return True
        waiting += (inner for inner in each.inside if isinstance(inner, Element))
    return False


def _paragraph(nodes: list[Node], looks: Looks) -> Iterator[Block]:
    content = list(read_inlines(nodes, looks))
    # A line break at the end of a block shows nothing.
    while content and isinstance(content[-1], Text) and not content[-1].text.strip():
        content.pop()
    while content and isinstance(content[0], Text) and not content[0].text.strip():
        content.pop(0)
    if content:
        first, last = content[0], content[-1]
        if isinstance(first, Text):
            content[0] = evolve(first, text=first.text.lstrip("\n"))
        if isinstance(last, Text):
            last = content[-1] if isinstance(content[-1], Text) else last
            content[-1] = evolve(last, text=last.text.rstrip("\n"))
        yield Paragraph(tuple(content))


def _block(node: Element, looks: Looks) -> Iterator[Block]:
    inside = node.inside
    match node.name:
        case "hr":
            yield Rule()
        case "pre":
            yield CodeBlock(_code(inside), _language(node))
        case "blockquote":
            yield Quote(tuple(_blocks(inside, looks)))
        case "ul" | "ol":
            yield from _list(node, looks)
        case "table":
            yield from _table(node, looks)
        case name if name in _HEADINGS:
            for block in _blocks(inside, looks):
                if isinstance(block, Paragraph):
                    yield Heading(block.content, _HEADINGS[name])
                else:
                    yield block
        case _:
            yield from _blocks(inside, looks_inside(node, looks))


def _code(inside: list[Node]) -> str:
    return text_in(inside).removeprefix("\n").removesuffix("\n")


def _language(node: Element) -> str:
    inner = [node, *(each for each in node.inside if isinstance(each, Element))]
    for element in inner:
        for name in element.attributes.get("class", "").split():
            start, _, language = name.partition("-")
            if start in {"code", "language", "lang"} and language.lower() not in {"", "none"}:
                return language.lower()
    return ""


def _list(node: Element, looks: Looks) -> Iterator[Block]:
    items: list[ListItem] = []
    for child in node.inside:
        if isinstance(child, Element) and child.name == "li":
            items.append(_item(tuple(_blocks(child.inside, looks))))
        elif blocks := tuple(_blocks([child], looks)):
            # A list straight inside a list belongs to the item before it.
            before = items.pop() if items else ListItem(())
            items.append(evolve(before, blocks=before.blocks + blocks))
    start = node.attributes.get("start", "1")
    number = int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 1
    if items:
        yield ItemList(tuple(items), number if node.name == "ol" else None)


def _item(blocks: tuple[Block, ...]) -> ListItem:
    first = blocks[0] if blocks else None
    box = first.content[0] if isinstance(first, Paragraph) and first.content else None
    if not isinstance(first, Paragraph) or not isinstance(box, Text):
        return ListItem(blocks)
    if box.text[:2] not in {"☑ ", "☐ "}:
        return ListItem(blocks)
    rest = evolve(box, text=box.text[2:])
    content = (rest, *first.content[1:]) if rest.text else first.content[1:]
    return ListItem((Paragraph(content), *blocks[1:]), box.text[0] == "☑")


def _table(node: Element, looks: Looks) -> Iterator[Block]:
    rows = [
        tuple(
            TableCell(tuple(_blocks(cell.inside, looks)), header=cell.name == "th") for cell in row
        )
        for row in _rows(node)
    ]
    # What stands outside of all cells, a caption above all, comes first.
    yield from _blocks(_outside_cells(node), looks)
    if rows:
        yield Table(tuple(rows))


def _rows(node: Element) -> Iterator[list[Element]]:
    """Yield the cells of each row; cells that stand in none make one of their own."""
    loose: list[Element] = []
    for child in node.inside:
        if not isinstance(child, Element):
            continue
        if child.name in {"td", "th"}:
            loose.append(child)
        elif child.name in {"tr", "tbody", "thead", "tfoot"}:
            if loose:
                yield loose
                loose = []
            yield from _rows(child)
    if loose:
        yield loose


def _outside_cells(node: Element) -> list[Node]:
    found: list[Node] = []
    for child in node.inside:
        if isinstance(child, Element) and child.name in {"tbody", "thead", "tfoot", "tr"}:
            found += _outside_cells(child)
        elif not isinstance(child, Element) or child.name not in {"td", "th"}:
            found.append(child)
    return found
