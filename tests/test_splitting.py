"""Cutting loses nothing but white space at a cut, fits every piece and cuts no grapheme."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatbridge.capabilities import LengthUnit
from chatbridge.richtext import (
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
)
from chatbridge.splitting import clip, split_document

FAMILY = "👩‍👩‍👧‍👦"
FLAG = "🇨🇿"
SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
ACCENT = "e\u0301\u0323"
SKIN = "👍🏽"
LONGEST = 16

pieces_of_text = st.sampled_from(
    ["a", "word ", "Sentence. ", "\n", "\n\n", " ", "  ", "ž", "漢", "שלום ", FAMILY, FLAG,
     SCOTLAND, ACCENT, SKIN, "\u200b", "x" * 30, " \u0301", "\r\n", "?! "]
)  # fmt: skip
texts = st.lists(pieces_of_text, max_size=40).map("".join)
runs = st.builds(
    Text,
    texts,
    st.frozensets(st.sampled_from(Mark), max_size=2),
    st.none() | st.just("https://x.example"),
)
inlines = st.lists(
    runs | st.just(Mention("Ann")) | st.just(Emoji("👍")), max_size=4
).map(tuple)  # fmt: skip
simple = st.builds(Paragraph, inlines) | st.builds(CodeBlock, texts)
nested = st.recursive(
    simple | st.builds(Heading, inlines, st.integers(1, 6)) | st.just(Rule()),
    lambda inner: (
        st.builds(Quote, st.lists(inner, min_size=1, max_size=2).map(tuple))
        | st.builds(
            ItemList,
            st.lists(
                st.builds(ListItem, st.lists(inner, min_size=1, max_size=2).map(tuple)),
                min_size=1,
                max_size=3,
            ).map(tuple),
            st.none() | st.integers(1, 9),
        )
    ),
    max_leaves=4,
)
documents = st.lists(nested, max_size=4).map(tuple).map(Document)
units = st.sampled_from(LengthUnit)


def limit(unit: LengthUnit, longest: int):
    """Return what tells whether a piece is short enough."""
    return lambda piece: unit.measure(piece.plain()) <= longest


def dense(text: str) -> str:
    """Return a text without what a cut may cost: white space, and the signs of quotes and lists."""
    return "".join(c for c in text if not c.isspace() and c not in ">•☐☑.0123456789")


@given(texts, units)
def test_paragraph_is_cut_without_loss(text, unit):
    """The pieces of a paragraph, put together, are the text but for white space."""
    document = Document((Paragraph((Text(text),)),))
    pieces = split_document(document, limit(unit, 80))
    assert "".join(text.split()) == "".join("".join(piece.plain() for piece in pieces).split())


@given(texts, units)
def test_every_piece_of_a_paragraph_fits(text, unit):
    """However it is counted, no piece is too long."""
    pieces = split_document(Document((Paragraph((Text(text),)),)), limit(unit, 80))
    assert [] == [piece for piece in pieces if unit.measure(piece.plain()) > 80]


@given(documents)
def test_any_document_is_cut_without_loss(document):
    """Nothing of lists, quotes, headings and code is lost, and the order stays."""
    pieces = split_document(document, limit(LengthUnit.UTF16, 90))
    assert dense(document.plain()) == dense("".join(piece.plain() for piece in pieces))


@given(documents)
def test_every_piece_of_any_document_fits(document):
    """Signs of quotes and lists count as well."""
    pieces = split_document(document, limit(LengthUnit.CODEPOINT, 90))
    assert [] == [piece for piece in pieces if len(piece.plain()) > 90]


@given(st.lists(pieces_of_text, max_size=40), st.integers(40, 90))
@example(["x" * 30, " \u0301", "a"] * 6, 40)
@example([FLAG] * 60, 41)
def test_no_grapheme_is_cut(parts, longest):
    """No piece begins inside a character as people see it."""
    document = Document((Paragraph((Text("".join(parts)),)),))
    for piece in split_document(document, limit(LengthUnit.CODEPOINT, longest)):
        text = piece.plain()
        if text:
            assert unicodedata.category(text[0]) not in {"Mn", "Me", "Mc"}, ascii(text)
            assert not text.startswith(("\u200d", "\U0001f3fd", "\U000e0067", "\U000e007f"))
            assert not text.endswith("\u200d")
            flags = [c for c in text if "\U0001f1e6" <= c <= "\U0001f1ff"]
            assert 0 == len(flags) % 2


@given(st.lists(runs, min_size=1, max_size=5).map(tuple))
def test_no_mark_and_no_link_is_lost(content):
    """Every character keeps its looks wherever it lands."""

    def looks(document):
        return [
            (character, run.marks, run.link)
            for block in document.blocks
            for run in block.content
            for character in run.text
            if not character.isspace()
        ]

    document = Document((Paragraph(content),))
    pieces = split_document(document, limit(LengthUnit.UTF16, 80))
    assert looks(document) == [look for piece in pieces for look in looks(piece)]


@given(documents)
def test_what_fits_is_left_alone(document):
    """A short text is the very same document."""
    assert (document,) == split_document(document, lambda _: True)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("one two. three four five", "one two."),
        ("one two\nthree. four five", "one two"),
        ("one two three four five", "one two three"),
        ("onetwothreefourfive", "onetwothreefour"),
    ],
)
def test_cuts_are_at_the_best_place(text, first):
    """A line's end is better than a sentence's, that better than a word's, that than none."""
    pieces = split_document(Document.from_plain(text), limit(LengthUnit.CODEPOINT, LONGEST - 1))
    assert first == pieces[0].plain()


def test_blocks_stay_whole_where_they_can():
    """A cut between paragraphs is better than one inside."""
    document = Document.from_plain("a" * 10 + "\n\n" + "b" * 10 + "\n\n" + "c" * 3)
    pieces = split_document(document, limit(LengthUnit.CODEPOINT, 18))
    assert ["a" * 10, "b" * 10 + "\n\nccc"] == [piece.plain() for piece in pieces]


def test_lists_are_cut_between_items_and_go_on_counting():
    """An ordered list keeps its numbers across messages."""
    items = tuple(ListItem((Paragraph((Text("x" * 8),)),)) for _ in range(4))
    pieces = split_document(Document((ItemList(items, 1),)), limit(LengthUnit.CODEPOINT, 25))
    assert [f"{n}. xxxxxxxx\n{n + 1}. xxxxxxxx" for n in (1, 3)] == [p.plain() for p in pieces]


def test_tables_are_cut_between_rows():
    """Rows stay whole; one that cannot becomes text."""

    def row(text):
        return (TableCell((Paragraph((Text(text),)),)),)

    table = Table((row("a" * 10), row("b" * 10), row("c " * 20)))
    pieces = split_document(Document((table,)), limit(LengthUnit.CODEPOINT, 21))
    assert "a" * 10 + "\n" + "b" * 10 == pieces[0].plain()
    assert 20 == sum(piece.plain().count("c") for piece in pieces)
    assert all(len(piece.plain()) <= 21 for piece in pieces)


def test_code_keeps_its_spaces():
    """Only the line break at a cut goes; indentation stays."""
    code = "\n".join(f"    line {number}" for number in range(6))
    pieces = split_document(Document((CodeBlock(code, "py"),)), limit(LengthUnit.CODEPOINT, 30))
    assert code == "\n".join(piece.plain() for piece in pieces)
    assert {"py"} == {piece.blocks[0].language for piece in pieces}


_TINY = tuple(Paragraph((Text("a"),)) for _ in range(4000))


@pytest.mark.parametrize(
    "document",
    [
        Document(_TINY),
        Document((Paragraph(tuple(Emoji("a") for _ in _TINY)),)),
        Document((ItemList(tuple(ListItem((block,)) for block in _TINY)),)),
        Document((Table(tuple((TableCell((block,)),) for block in _TINY)),)),
        Document((Paragraph((Text("a " * 4000),)),)),
    ],
    ids=["blocks", "inlines", "items", "rows", "words"],
)
def test_many_tiny_pieces_cost_little(document):
    """The whole is measured a few dozen times at most, however many pieces it is made of."""
    measured = []

    def fits(piece):
        measured.append(len(piece.plain()))
        return measured[-1] <= 1000

    assert len(split_document(document, fits)) > 1
    assert sum(measured) < 40 * len(document.plain())


def test_white_space_alone_becomes_nothing():
    """A text that shows nothing needs no piece."""
    assert () == split_document(Document.from_plain(" " * 100), limit(LengthUnit.CODEPOINT, 20))


@pytest.mark.parametrize(
    ("text", "count", "clipped"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc…"),
        ("ab cd", 3, "ab…"),
        (FAMILY * 4, 3, FAMILY * 3 + "…"),
        (FLAG * 4, 3, FLAG * 3 + "…"),
        (ACCENT * 3, 3, ACCENT * 3),
        (ACCENT * 4, 3, ACCENT * 3 + "…"),
        (SKIN * 4, 2, SKIN * 2 + "…"),
        ("", 3, ""),
    ],
)
def test_clipping_counts_what_people_see(text, count, clipped):
    """A family is one character, and the ellipsis says that there was more."""
    assert clipped == clip(text, count)
