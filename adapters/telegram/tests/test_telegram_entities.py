"""The drawing of documents as text and entities."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbridge.capabilities import LengthUnit
from chatbridge.richtext import (
    Block,
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
from chatbridge_telegram.entities import draw, sendable

BOLD = frozenset({Mark.BOLD})
ANY_TEXT = st.text(st.characters(), max_size=12) | st.sampled_from(
    ["a\nb", " ", "👩‍👩‍👧 x", "\ud800"]
)
UNLINKABLE = ("/relative", "javascript:x", "http://[")
LINKS = st.none() | st.sampled_from(["https://example.org/a", *UNLINKABLE])
INLINES = st.lists(
    st.builds(Text, ANY_TEXT, st.frozensets(st.sampled_from(Mark)), LINKS)
    | st.builds(Mention, ANY_TEXT)
    | st.builds(Emoji, st.sampled_from(["😀", ":smile:"])),
    max_size=5,
).map(tuple)
LEAVES = (
    st.builds(Paragraph, INLINES)
    | st.builds(Heading, INLINES)
    | st.builds(CodeBlock, ANY_TEXT, st.sampled_from(["", "python"]))
    | st.just(Rule())
)


def _containers(blocks: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    inner = st.lists(blocks, max_size=3).map(tuple)
    items = st.lists(st.builds(ListItem, inner, st.sampled_from([None, True, False])), max_size=3)
    cells = st.lists(st.builds(TableCell, inner, st.booleans()), max_size=3).map(tuple)
    return (
        st.builds(Quote, inner)
        | st.builds(ItemList, items.map(tuple), st.sampled_from([None, 1, 9]))
        | st.builds(Table, st.lists(cells, max_size=3).map(tuple))
    )


BLOCKS = st.recursive(LEAVES, _containers, max_leaves=8)
DOCUMENTS = st.lists(BLOCKS, max_size=5).map(lambda blocks: Document(tuple(blocks)))


def _covered(text: str, entity: dict[str, Any]) -> str:
    start, length = entity["offset"], entity["length"]
    return text.encode("utf-16-le")[2 * start : 2 * (start + length)].decode("utf-16-le")


def _inline(*nodes: Any) -> Document:
    return Document((Paragraph(nodes),))


@settings(max_examples=120, deadline=None, database=None)
@given(DOCUMENTS, st.booleans())
def test_entities_cover_whole_characters_and_nest(document: Document, plain: bool) -> None:
    """Every entity lies on character borders inside the text and nests as Telegram demands."""
    drawn = draw(document, plain=plain)
    drawn.text.encode("utf-8")
    assert "\x00" not in drawn.text
    assert drawn.text.strip() == drawn.text
    for entity in drawn.entities:
        assert entity["length"] > 0
        assert entity["offset"] + entity["length"] <= LengthUnit.UTF16.measure(drawn.text)
        assert _covered(drawn.text, entity)
    assert [] == [(a, b) for a in drawn.entities for b in drawn.entities if _clash(a, b)]
    assert not (plain and drawn.entities)


def _clash(first: dict[str, Any], second: dict[str, Any]) -> bool:
    if first is second:
        return False
    start, end = first["offset"], first["offset"] + first["length"]
    other, other_end = second["offset"], second["offset"] + second["length"]
    if end <= other or other_end <= start:
        return False
    kinds = {first["type"], second["type"]}
    nested = (start <= other and other_end <= end) or (other <= start and end <= other_end)
    return not nested or bool(kinds & {"code", "pre"}) or kinds == {"blockquote"}


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(BLOCKS, max_size=5))
def test_drawing_is_never_longer_than_plain_text(blocks: list[Block]) -> None:
    """Splitting by `Document.plain` is enough, where every link can be shown as one."""
    document = Document(tuple(blocks))
    drawn = draw(document).text
    if not any(address in drawn for address in UNLINKABLE):
        units = LengthUnit.UTF16.measure
        assert units(drawn) <= units(document.plain())


@pytest.mark.fault("F26")
@settings(max_examples=100, deadline=None, database=None)
@given(st.text(st.characters(), max_size=60))
def test_any_unicode_can_be_sent(text: str) -> None:
    """Lone surrogates and NULs are the only characters that do not arrive as they are."""
    shown = sendable(text)
    shown.encode("utf-8")
    assert "\x00" not in shown and "\r" not in shown
    if not any(character in "\x00\r" or "\ud800" <= character <= "\udfff" for character in text):
        assert text == shown


@pytest.mark.parametrize(
    ("mark", "kind"),
    [
        (Mark.BOLD, "bold"),
        (Mark.ITALIC, "italic"),
        (Mark.UNDERLINE, "underline"),
        (Mark.STRIKE, "strikethrough"),
        (Mark.CODE, "code"),
    ],
)
def test_each_mark_has_its_entity(mark: Mark, kind: str) -> None:
    """A marked run is covered by the entity of its mark, counted in UTF-16 units."""
    drawn = draw(_inline(Text("😀 "), Text("x😀", frozenset({mark}))))
    assert ({"type": kind, "offset": 3, "length": 3},) == drawn.entities


def test_neighbours_share_the_outer_mark() -> None:
    """One bold entity goes over runs that differ inside it only."""
    drawn = draw(_inline(Text("a", BOLD), Text("b", BOLD | {Mark.ITALIC}), Text("c", BOLD)))
    assert (
        {"type": "bold", "offset": 0, "length": 3},
        {"type": "italic", "offset": 1, "length": 1},
    ) == drawn.entities


def test_a_link_is_a_text_link() -> None:
    """The address leads from the text that had it."""
    drawn = draw(_inline(Text("see "), Text("here", link="https://example.org")))
    link = {"type": "text_link", "url": "https://example.org", "offset": 4, "length": 4}
    assert ("see here", (link,)) == (drawn.text, drawn.entities)


@pytest.mark.parametrize("url", ["/browse/HELP-1", "javascript:alert(1)"])
def test_an_address_that_cannot_be_a_link_is_written_out(url: str) -> None:
    """What Telegram would not open is shown instead of being dropped."""
    assert (f"here ({url})", ()) == (
        draw(_inline(Text("here", link=url))).text,
        draw(_inline(Text("here", link=url))).entities,
    )


def test_plain_drawing_keeps_addresses() -> None:
    """The second try after bad markup has no entities but still says where links lead."""
    drawn = draw(_inline(Text("here", BOLD, "https://example.org")), plain=True)
    assert ("here (https://example.org)", ()) == (drawn.text, drawn.entities)


def test_blocks_become_text_and_entities() -> None:
    """Headings are bold, quotations and code have entities, lists and rules are characters."""
    document = Document(
        (
            Heading((Text("Title"),)),
            Quote((Paragraph((Text("said"),)),)),
            CodeBlock("x = 1", "python"),
            ItemList(
                (
                    ListItem((Paragraph((Text("done"),)),), True),
                    ListItem((Paragraph((Text("open"),)),), False),
                    ListItem((Paragraph((Text("two\nlines"),)),)),
                )
            ),
            ItemList((ListItem((Paragraph((Text("ninth"),)),)),), 9),
            Rule(),
            Paragraph((Mention("Bob"), Emoji("😀"))),
        )
    )
    drawn = draw(document)
    assert (
        "Title\n\nsaid\n\nx = 1\n\n☑ done\n☐ open\n• two\n   lines\n\n9. ninth\n\n———\n\n@Bob😀"
    ) == drawn.text
    assert [
        ("bold", "Title"),
        ("blockquote", "said"),
        ("pre", "x = 1"),
        ("bold", "@Bob"),
    ] == [(entity["type"], _covered(drawn.text, entity)) for entity in drawn.entities]
    assert "python" == drawn.entities[2]["language"]


def test_quotations_in_quotations_keep_their_sign() -> None:
    """A quotation inside another is shown by a sign, since the entity does not nest."""
    inner = Quote((Paragraph((Text("first\nsaid"),)),))
    drawn = draw(Document((Quote((inner, Paragraph((Text("answer"),)))),)))
    assert "> first\n> said\nanswer" == drawn.text
    assert 1 == len(drawn.entities)


def _table(*rows: tuple[str, ...]) -> Document:
    def cell(text: str) -> TableCell:
        return TableCell((Paragraph((Text(text),)),))

    return Document((Table(tuple(tuple(cell(text) for text in row) for row in rows)),))


def test_a_small_table_is_aligned_where_there_is_room() -> None:
    """Columns stand below each other in fixed width, as long as that is not longer than lines."""
    drawn = draw(_table(("id", "name"), ("12", "Bo")))
    assert ("id  name\n12  Bo", "pre") == (drawn.text, drawn.entities[0]["type"])


def test_a_wide_table_becomes_lines() -> None:
    """A table that a telephone would break is drawn as lines with bars."""
    drawn = draw(_table(("a" * 40, "b" * 40), ("c", "d")))
    assert ("a" * 40 + " | " + "b" * 40 + "\nc | d", ()) == (drawn.text, drawn.entities)


def test_a_table_keeps_its_links() -> None:
    """A table with a link is not drawn as code, which could hold none."""
    cell = TableCell((Paragraph((Text("here", link="https://example.org"),)),))
    assert "text_link" == draw(Document((Table(((cell,),)),))).entities[0]["type"]


def test_code_in_a_quotation_is_plain() -> None:
    """Code may not lie in a quotation, so it is shown there without its look."""
    inner = (Paragraph((Text("run "), Text("make", frozenset({Mark.CODE})))), CodeBlock("x", "sh"))
    drawn = draw(Document((Quote(inner),)))
    assert "run make\nx" == drawn.text
    assert ["blockquote"] == [entity["type"] for entity in drawn.entities]


def test_code_in_a_heading_stands_alone() -> None:
    """A heading is bold around its code, never over it."""
    nodes = (Text("run "), Text("make", frozenset({Mark.CODE})), Text(" now"))
    drawn = draw(Document((Heading(nodes),)))
    assert [("bold", 0, 4), ("code", 4, 4), ("bold", 8, 4)] == [
        (entity["type"], entity["offset"], entity["length"]) for entity in drawn.entities
    ]


def test_a_table_that_padding_makes_longer_becomes_lines() -> None:
    """A message that was split to fit is never made longer by aligning its columns."""
    drawn = draw(_table(("a" * 20, "b"), ("c", "d"), ("e", "f")))
    assert ("a" * 20 + " | b\nc | d\ne | f", ()) == (drawn.text, drawn.entities)


def test_white_space_carries_no_look() -> None:
    """An entity of nothing but white space, which the server would drop, is not drawn."""
    assert () == draw(_inline(Text("a"), Text(" ", BOLD), Text("b"))).entities
