"""The small tree that formatted text is, between Jira's formats and the platforms'.

Readers (ADF, wiki markup, Telegram entities) build it, writers draw it. Text nodes are data: no
reader or writer may take a character of theirs for markup.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from attrs import evolve, field, frozen


class Mark(StrEnum):
    """How a run of text looks."""

    BOLD = "bold"
    ITALIC = "italic"
    UNDERLINE = "underline"
    STRIKE = "strike"
    CODE = "code"


@frozen
class Text:
    """A run of text that looks alike; a newline in it is a line break.

    Args:
        text: the characters; hidden from repr, because people wrote them.
        marks: how it looks.
        link: the address it leads to, or None.
    """

    text: str = field(repr=lambda text: f"<{len(text)} characters>")
    marks: frozenset[Mark] = frozenset()
    link: str | None = field(default=None, repr=False)


@frozen
class Mention:
    """A person named in the text; shown as a name, never as an account."""

    name: str = field(repr=False)


@frozen
class Emoji:
    """A pictogram.

    Args:
        text: the characters that show it, or its short name (":smile:") where it has none.
    """

    text: str


@frozen
class FileName:
    """A file that stands in the text; shown as its name, sent apart from it.

    Args:
        name: as the writer's program calls it, empty where it does not.
    """

    name: str = field(default="", repr=False)

    @property
    def text(self) -> str:
        """What stands for it in the text."""
        return f"[file: {self.name}]" if self.name else "[file]"


Inline: TypeAlias = Text | Mention | Emoji | FileName


@frozen
class Paragraph:
    """Inline text that stands on its own."""

    content: tuple[Inline, ...] = ()


@frozen
class Heading:
    """A title; `level` is 1 to 6."""

    content: tuple[Inline, ...]
    level: int = 1


@frozen
class CodeBlock:
    """Text shown as it is, in a fixed-width face."""

    text: str = field(repr=lambda text: f"<{len(text)} characters>")
    language: str = ""


@frozen
class Quote:
    """What somebody else said."""

    blocks: tuple[Block, ...]


@frozen
class ListItem:
    """One entry of a list; `checked` is None where it is not a task."""

    blocks: tuple[Block, ...]
    checked: bool | None = None


@frozen
class ItemList:
    """A list; `start` is the first number of an ordered one, None for bullets."""

    items: tuple[ListItem, ...]
    start: int | None = None


@frozen
class TableCell:
    """One cell."""

    blocks: tuple[Block, ...]
    header: bool = False


@frozen
class Table:
    """Rows of cells."""

    rows: tuple[tuple[TableCell, ...], ...]


@frozen
class Rule:
    """A line across."""


Block: TypeAlias = Paragraph | Heading | CodeBlock | Quote | ItemList | Table | Rule


@frozen
class Document:
    """A whole text."""

    blocks: tuple[Block, ...] = ()

    @classmethod
    def from_plain(cls, text: str) -> Document:
        """Return a document of one paragraph per block of lines, all characters taken as data."""
        chunks = [chunk for chunk in text.replace("\r\n", "\n").split("\n\n") if chunk]
        return cls(tuple(Paragraph((Text(chunk),)) for chunk in chunks))

    def plain(self) -> str:
        """Return the text without its looks: blocks apart by an empty line, items with bullets."""
        return "\n\n".join(_plain_block(block) for block in self.blocks)

    def is_empty(self) -> bool:
        """Tell whether there is nothing to show."""
        return not self.plain().strip()

    def prefixed(self, *inlines: Inline) -> Document:
        """Return the document with these inlines at the start of its first paragraph."""
        if self.blocks and isinstance(self.blocks[0], Paragraph):
            first = evolve(self.blocks[0], content=(*inlines, *self.blocks[0].content))
            return Document((first, *self.blocks[1:]))
        return Document((Paragraph(inlines), *self.blocks))


EMPTY = Document()
"""Nothing to show."""


def plain_inlines(content: tuple[Inline, ...]) -> str:
    """Return the characters of a run of inlines."""
    return "".join(f"@{node.name}" if isinstance(node, Mention) else node.text for node in content)


def _plain_block(block: Block) -> str:
    match block:
        case Paragraph(content) | Heading(content):
            return plain_inlines(content)
        case CodeBlock(text):
            return text
        case Quote(blocks):
            return "\n".join(f"> {line}" for line in _plain_blocks(blocks).split("\n"))
        case ItemList(items, start):
            return "\n".join(_plain_item(item, start, at) for at, item in enumerate(items))
        case Table(rows):
            return "\n".join(
                " | ".join(_plain_blocks(cell.blocks).replace("\n", " ") for cell in row)
                for row in rows
            )
        case Rule():  # pragma: no branch - there is no other
            return "———"


def _plain_blocks(blocks: tuple[Block, ...]) -> str:
    return "\n".join(_plain_block(block) for block in blocks)


def _plain_item(item: ListItem, start: int | None, at: int) -> str:
    bullet = {None: "•", True: "☑", False: "☐"}[item.checked] if start is None else f"{start + at}."
    return f"{bullet} " + _plain_blocks(item.blocks).replace("\n", "\n   ")
