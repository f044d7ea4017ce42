"""Writes a document as Jira's wiki markup; every character of its text is data.

No mention, image or attachment is ever written. What the markup cannot say in a place (a quotation
in an item, code in a cell, a list that begins at three) becomes what it can say there, never
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from chatbridge.jira.characters import clean
from chatbridge.jira.wiki import APART
from chatbridge.jira.wiki_phrases import BREAK, write_inlines, write_verbatim
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
    Rule,
    Table,
    TableCell,
    Text,
)

LANGUAGES = frozenset({
    "actionscript", "ada", "applescript", "bash", "c", "c#", "c++", "cpp", "css", "erlang", "go",
    "groovy", "haskell", "html", "java", "javascript", "js", "json", "lua", "objc", "perl", "php",
    "python", "r", "ruby", "scala", "sh", "sql", "swift", "visualbasic", "xml", "yaml",
})  # fmt: skip
"""Languages of code that Data Center knows; for any other it shows an error in the text."""

_CODE_END = re.compile(r"\{(?=code[:}])", re.IGNORECASE)
_NO_FORMAT_END = re.compile(r"\{(?=noformat[:}])", re.IGNORECASE)


def write_wiki(document: Document) -> str:
    """Return the document as wiki markup, empty for an empty document.

    Args:
        document: any; an address that no browser follows is written as text.
    """
    return _blocks(document.blocks)


def _blocks(blocks: tuple[Block, ...]) -> str:
    written = (_block(block) for block in blocks)
    return "\n\n".join(text for text in written if text)


def _block(block: Block) -> str:
    match block:
        case Paragraph(content):
            return write_inlines(content, one_line=False).strip()
        case Heading(content, level):
            text = write_inlines(content).strip()
            return f"h{min(6, max(1, level))}. {text}" if text else ""
        case CodeBlock(text, language):
            return _code(text, language)
        case Quote(inner):
            return f"{{quote}}\n{_blocks(_without_quotes(inner))}\n{{quote}}"
        case ItemList():
            return "\n".join(_list(block, ""))
        case Table(rows):
            written = "\n".join(_row(row) for row in rows if row)
            # Jira Cloud has no escape for a pipe in a cell: such a table becomes lines.
            return _block(_as_text(block)) if "\\|" in written else written
        case Rule():  # pragma: no branch - there is no other
            return "----"


def _code(text: str, language: str) -> str:
    """Return code; without a language it is not for `{code}`, which takes it for Java."""
    text = clean(text)
    name = language.lower() if language.lower() in LANGUAGES else ""
    if not _NO_FORMAT_END.search(text) and (not name or _CODE_END.search(text)):
        return f"{{noformat}}\n{text}\n{{noformat}}"
    text = _CODE_END.sub("{" + APART, text)
    return f"{{code:{name or 'none'}}}\n{text}\n{{code}}"


def _without_quotes(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Return blocks whose inner quotations are text: the markup's own cannot nest."""
    return tuple(_as_text(block) if isinstance(block, Quote) else block for block in blocks)


def _as_text(block: Block) -> Paragraph:
    return Paragraph((Text(Document((block,)).plain()),))


def _list(block: ItemList, outer: str) -> list[str]:
    """Return the lines of a list; its items begin with the signs of all lists around it."""
    numbered = block.start == 1
    signs = outer + ("#" if numbered else "*")
    lines: list[str] = []
    for at, item in enumerate(block.items):
        box = {None: "", True: "☑ ", False: "☐ "}[item.checked]
        # The markup's own numbers always begin at one.
        number = "" if block.start is None or numbered else f"{block.start + at}. "
        lines += _item(item, signs, box + number)
    return lines


def _item(item: ListItem, signs: str, before: str) -> list[str]:
    lines = [f"{signs} {before}"]
    begun = apart = False
    for block in item.blocks:
        if isinstance(block, ItemList):
            lines += _list(block, signs)
            apart = True
            continue
        if apart:
            # Behind an inner list a text would belong to that list's last item.
            lines.append(f"{signs}* ")
            begun = apart = False
        text, own_line = _inside(block)
        if text:
            joint = "\n" if own_line else BREAK
            lines[-1] += f"{joint if begun else ''}{text}"
            begun = True
    return lines


def _inside(block: Block) -> tuple[str, bool]:
    """Return a block in an item, and whether it begins with a line of its own."""
    match block:
        case CodeBlock(text, language):
            return _code(text, language), True
        case _:
            return write_inlines(_as_inlines(block)).strip(), False


def _as_inlines(block: Block) -> tuple[Inline, ...]:
    match block:
        case Paragraph(content) | Heading(content):
            return content
        case _:
            return _as_text(block).content


def _row(row: tuple[TableCell, ...]) -> str:
    edges = ["||" if cell.header else "|" for cell in row]
    cells = (f"{edge}{_cell(cell) or ' '}" for edge, cell in zip(edges, row, strict=True))
    return "".join(cells) + edges[-1]


def _cell(cell: TableCell) -> str:
    written = (_in_cell(block) for block in cell.blocks)
    return BREAK.join(text for text in written if text).strip()


def _in_cell(block: Block) -> str:
    if isinstance(block, CodeBlock):
        lines = clean(block.text).split("\n")
        return BREAK.join(write_verbatim(line) for line in lines).strip()
    return write_inlines(_as_inlines(block)).strip()
