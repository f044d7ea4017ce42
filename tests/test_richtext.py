"""The tree of formatted text keeps every character as data and shows none in a repr."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbridge.richtext import (
    EMPTY,
    CodeBlock,
    Document,
    Emoji,
    Heading,
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


def paragraph(text: str) -> Paragraph:
    """Return a paragraph of one run."""
    return Paragraph((Text(text),))


def items(*texts: str, start: int | None = None) -> ItemList:
    """Return a list."""
    return ItemList(tuple(ListItem((paragraph(text),)) for text in texts), start)


@pytest.mark.parametrize(
    ("block", "plain"),
    [
        (paragraph("a\nb"), "a\nb"),
        (Heading((Text("title"),), 2), "title"),
        (CodeBlock("x = 1", "python"), "x = 1"),
        (Quote((paragraph("a\nb"), paragraph("c"))), "> a\n> b\n> c"),
        (items("a", "b"), "• a\n• b"),
        (items("a", "b", start=3), "3. a\n4. b"),
        (ItemList((ListItem((paragraph("a"), items("b"))),)), "• a\n   • b"),
        (ItemList((ListItem((paragraph("a"),), True),)), "☑ a"),
        (ItemList((ListItem((paragraph("a"),), False),)), "☐ a"),
        (Table(((TableCell((paragraph("a\nb"),)), TableCell(())),)), "a b | "),
        (Rule(), "———"),
    ],
)
def test_every_block_has_a_plain_form(block, plain):
    """What a block says is told without its looks."""
    assert plain == Document((block,)).plain()


def test_blocks_stand_apart():
    """Blocks are parted by an empty line."""
    assert "a\n\nb" == Document((paragraph("a"), paragraph("b"))).plain()


def test_inlines_are_told_as_characters():
    """Mentions are names, pictograms their characters."""
    assert "Hi @Ann 👍" == plain_inlines((Text("Hi "), Mention("Ann"), Text(" "), Emoji("👍")))


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_plain_text_keeps_every_character(text):
    """Taken as data, a text differs by nothing but the number of empty lines."""
    normal = text.replace("\r\n", "\n")
    document = Document.from_plain(text)
    assert normal.replace("\n", "") == document.plain().replace("\n", "")
    assert all(isinstance(block, Paragraph) for block in document.blocks)


@pytest.mark.fault("F57")
def test_markup_in_plain_text_is_data():
    """No character of a text becomes a mark or a link."""
    (block,) = Document.from_plain("*b* [x](https://x.example) <b>").blocks
    assert (Text("*b* [x](https://x.example) <b>"),) == block.content


@pytest.mark.parametrize("text", ["", " \n\t ", "\u2003"])
def test_white_space_is_empty(text):
    """What shows nothing is empty."""
    assert Document.from_plain(text).is_empty()
    assert EMPTY.is_empty()


def test_text_goes_before_the_first_paragraph():
    """A prefix joins a paragraph, and stands alone before any other block."""
    bold = Text("A:", frozenset({Mark.BOLD}))
    joined = Document((paragraph("x"), paragraph("y"))).prefixed(bold)
    assert ("A:x\n\ny", 2) == (joined.plain(), len(joined.blocks))
    assert "A:\n\nx" == Document((CodeBlock("x"),)).prefixed(bold).plain()
    assert "A:" == EMPTY.prefixed(bold).plain()


@pytest.mark.parametrize(
    "node",
    [
        Text("hidden-words", link="https://hidden-words.example"),
        Mention("hidden-words"),
        CodeBlock("hidden-words"),
        Document.from_plain("hidden-words"),
        Quote((paragraph("hidden-words"),)),
    ],
)
def test_no_repr_shows_what_people_wrote(node):
    """Tracebacks and logs may hold any of these values."""
    assert "hidden-words" not in repr(node)
