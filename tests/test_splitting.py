"""Cutting loses nothing but white space at a cut, fits every piece and cuts no grapheme."""

from __future__ import annotations

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatbridge.capabilities import LengthUnit
from chatbridge.richtext import (
    CodeBlock,
    Document,
    Emoji,
    FileName,
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
from chatbridge.splitting import split_document

FAMILY = "👩‍👩‍👧‍👦"
FLAG = "🇨🇿"
SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
ACCENT = "e\u0301\u0323"
SKIN = "👍🏽"
SYLLABLE = "\u1112\u1161\u11ab"
CONJUNCT = "\u0915\u094d\u0937"
PILE = "e" + "\u0301" * 40
LONGEST = 16

pieces_of_text = st.sampled_from(
    ["a", "word ", "Sentence. ", "\n", "\n\n", " ", "  ", "ž", "漢", "שלום ", FAMILY, FLAG,
     SCOTLAND, ACCENT, SKIN, SYLLABLE, CONJUNCT, "\u200b", "x" * 30, " \u0301", "\r\n", "?! ",
     "。", "\u0301", "\u200d", "👩", "\U0001f1e8", "\u1161"]
)  # fmt: skip
texts = st.lists(pieces_of_text, max_size=40).map("".join)
runs = st.builds(
    Text,
    texts,
    st.frozensets(st.sampled_from(Mark), max_size=2),
    st.none() | st.just("https://x.example"),
)
inlines = st.lists(
    runs
    | st.sampled_from([Mention("Ann"), Mention("Ann " * 30), Emoji("👍"), Emoji(f":{'o' * 99}:"),
                       FileName("a.png"), FileName(FAMILY * 15)]),
    max_size=6,
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


@settings(deadline=None)
@given(documents, units, st.integers(60, 200))
def test_every_piece_of_any_document_fits(document, unit, longest):
    """Signs of quotes and lists count as well."""
    pieces = split_document(document, limit(unit, longest))
    assert [] == [piece for piece in pieces if unit.measure(piece.plain()) > longest]


def cuts(text: str, shown: list[str]):
    """Return where a text was cut, as (end of a piece, start of the next); all else is there."""
    at, found = 0, []
    for piece in shown:
        start = text.find(piece, at)
        assert start >= 0, "a piece is no part of the text, or out of order"
        found.append((at, start))
        at = start + len(piece)
    return [*found[1:], (at, len(text))] if shown else [(0, len(text))]


def graphemes(text: str):
    """Return where the characters, as people see them, begin and end, by another library."""
    return [match.span() for match in regex.finditer(r"\X", text)]


@settings(deadline=None)
@given(inlines, units, st.integers(4, 90))
@example((Text("x" * 9 + "e"), Text("\u0301", frozenset({Mark.BOLD}))), LengthUnit.CODEPOINT, 10)
@example((Text(PILE * 2),), LengthUnit.CODEPOINT, 10)
@example((Text(SYLLABLE * 9),), LengthUnit.CODEPOINT, 4)
@example((Text(CONJUNCT * 9),), LengthUnit.CODEPOINT, 4)
@example((Text("a"), Mention("x" * 40), Text("b")), LengthUnit.CODEPOINT, 10)
def test_any_inlines_are_cut_at_any_limit(content, unit, longest):
    """(issue 4) Any limit that one character fits: nothing but white space at cuts is lost, each
    piece fits, and a grapheme is cut only where it alone is too long.
    """
    document = Document((Paragraph(content),))
    text = document.plain()
    shown = [piece.plain() for piece in split_document(document, limit(unit, longest))]
    assert [] == [piece for piece in shown if unit.measure(piece) > longest]
    whole = {
        place: text[first:last]
        for first, last in graphemes(text)
        for place in range(first + 1, last)
    }
    for end, start in cuts(text, shown):
        assert "" == text[end:start].strip()
        for place in {end, start} & whole.keys():
            assert unit.measure(whole[place]) > longest


@given(inlines, st.integers(10, 90))
def test_names_stay_names(content, longest):
    """A person, a file and a pictogram are cut only where they alone are too long."""
    document = Document((Paragraph(content),))
    pieces = split_document(document, limit(LengthUnit.CODEPOINT, longest))
    whole = [
        node
        for node in content
        if not isinstance(node, Text) and len(Document((Paragraph((node,)),)).plain()) <= longest
    ]
    kept = [node for piece in pieces for block in piece.blocks for node in block.content]
    assert whole == [node for node in kept if not isinstance(node, Text)]


@given(texts, units, st.integers(4, 90))
@example("\n" * 20 + "a" + "\n" * 20, LengthUnit.CODEPOINT, 10)
@example("a\r\n\r\nb" * 20, LengthUnit.CODEPOINT, 10)
def test_code_is_cut_without_loss(text, unit, longest):
    """Of code one line break goes at a cut, or a whole piece of which nothing would be seen."""
    document = Document((CodeBlock(text),))
    shown = [piece.plain() for piece in split_document(document, limit(unit, longest))]
    assert [] == [piece for piece in shown if unit.measure(piece) > longest]
    for end, start in cuts(text, shown):
        assert "" == text[end:start].strip()


@given(st.lists(st.sampled_from(["a", "b ", "\n", "\n\n", "  c"]), max_size=60).map("".join))
def test_of_code_only_one_line_break_goes(text):
    """Where every piece shows something, a cut costs one line break or nothing."""
    shown = [
        piece.plain()
        for piece in split_document(Document((CodeBlock(text),)), limit(LengthUnit.CODEPOINT, 20))
    ]
    for end, start in cuts(text, shown)[:-1]:
        lost = text[end:start]
        assert lost in {"", "\n"} or ("" == lost.strip() and len(lost) > 10)


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


def test_code_keeps_its_blank_lines():
    """Blank lines at a cut open the next piece."""
    code = "one\n\n\n\ntwo"
    pieces = split_document(Document((CodeBlock(code),)), limit(LengthUnit.CODEPOINT, 6))
    assert ["one", "\n\n\ntwo"] == [piece.plain() for piece in pieces]


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
