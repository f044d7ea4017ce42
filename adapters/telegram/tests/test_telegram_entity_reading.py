"""Texts with entities read into documents."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbridge.errors import WebhookPayloadError
from chatbridge.richtext import (
    CodeBlock,
    Document,
    Mark,
    Mention,
    Paragraph,
    Quote,
    Text,
    plain_inlines,
)
from chatbridge_telegram.entities import draw
from chatbridge_telegram.entity_reading import read_entities, read_text

KINDS = st.sampled_from(
    ["bold", "italic", "code", "pre", "blockquote", "text_link", "text_mention", "url", "new_kind"]
)
ENTITIES = st.lists(
    st.fixed_dictionaries(
        {
            "type": KINDS,
            "offset": st.integers(-3, 30),
            "length": st.integers(-3, 30),
            "url": st.just("https://example.org"),
        }
    ),
    max_size=8,
)


def _read(text: str, *entities: dict[str, Any]) -> Document:
    return read_text(text, read_entities(text, entities))


def _entity(kind: str, offset: int, length: int, **members: Any) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **members}


def _characters(document: Document) -> str:
    found = []
    for block in document.blocks:
        if isinstance(block, Quote):
            found.append(_characters(Document(block.blocks)))
        elif isinstance(block, CodeBlock):
            found.append(block.text)
        elif isinstance(block, Paragraph):
            names = [
                n.name if isinstance(n, Mention) else plain_inlines((n,)) for n in block.content
            ]
            found.append("".join(names))
    return "".join(found).replace("\n", "")


@settings(max_examples=150, deadline=None, database=None)
@given(st.text(st.sampled_from("a😀 é\n👧"), max_size=25), ENTITIES)
def test_no_character_is_lost(text: str, entities: list[dict[str, Any]]) -> None:
    """However entities nest, overlap or miss the text, every character but line ends is kept."""
    assert text.replace("\n", "") == _characters(_read(text, *entities))


def test_offsets_count_utf16_units() -> None:
    """An emoji before the entity counts twice."""
    document = _read("😀👧 bold", _entity("bold", 5, 4))
    assert (Paragraph((Text("😀👧 "), Text("bold", frozenset({Mark.BOLD})))),) == document.blocks


def test_overlapping_entities_share_their_middle() -> None:
    """Where two entities overlap, the shared part has both looks."""
    document = _read("abc", _entity("bold", 0, 2), _entity("italic", 1, 2))
    both = frozenset({Mark.BOLD, Mark.ITALIC})
    expected = (
        Text("a", frozenset({Mark.BOLD})), Text("b", both), Text("c", frozenset({Mark.ITALIC}))
    )  # fmt: skip
    assert (Paragraph(expected),) == document.blocks


def test_quotes_and_code_are_blocks() -> None:
    """A quotation and a block of code stand apart from the text around them."""
    text = "said\nx = 1\nanswer"
    document = _read(text, _entity("blockquote", 0, 4), _entity("pre", 5, 5, language="python"))
    assert (
        Quote((Paragraph((Text("said"),)),)),
        CodeBlock("x = 1", "python"),
        Paragraph((Text("answer"),)),
    ) == document.blocks


def test_adjacent_quotes_stay_two() -> None:
    """Two quotations that touch are not made one."""
    document = _read("ab", _entity("blockquote", 0, 1), _entity("expandable_blockquote", 1, 1))
    assert [Quote, Quote] == [type(block) for block in document.blocks]


def test_empty_lines_part_paragraphs() -> None:
    """An empty line begins a paragraph; a single line end stays in it."""
    document = _read("a\nb\n\nc")
    assert (Paragraph((Text("a\nb"),)), Paragraph((Text("c"),))) == document.blocks


@pytest.mark.parametrize(
    ("entity", "link"),
    [
        (_entity("text_link", 0, 4, url="https://example.org"), "https://example.org"),
        (_entity("text_link", 0, 4, url="javascript:alert(1)"), None),
        (_entity("text_link", 0, 4, url="tg://user?id=1"), None),
        (_entity("text_link", 0, 4), None),
    ],
)
def test_links(entity: dict[str, Any], link: str | None) -> None:
    """Only addresses that a browser opens harmlessly become links."""
    assert (Paragraph((Text("here", link=link),)),) == _read("here", entity).blocks


def test_a_url_links_to_itself() -> None:
    """An address in the text is a link."""
    text = "http://a.example"
    assert (Paragraph((Text(text, link=text),)),) == _read(text, _entity("url", 0, 16)).blocks


def test_a_mentioned_person_is_a_name() -> None:
    """A mention of somebody without a user name is their name."""
    entity = _entity("text_mention", 0, 3, user={"id": 1})
    assert (Paragraph((Mention("Bob"), Text(" hi"))),) == _read("Bob hi", entity).blocks


@pytest.mark.parametrize("entity", [5, None, {"type": "bold"}, _entity("bold", 0, 1, url=3)])
def test_entities_of_another_shape_are_refused(entity: Any) -> None:
    """What is no entity is a payload error, never another exception."""
    with pytest.raises(WebhookPayloadError):
        read_entities("abc", [entity])


@settings(max_examples=100, deadline=None, database=None)
@given(
    st.lists(
        st.tuples(st.text("ab😀", min_size=1), st.frozensets(st.sampled_from(Mark))), max_size=4
    )
)
def test_what_is_drawn_is_read_back(runs: list[tuple[str, frozenset[Mark]]]) -> None:
    """Marks survive the way to Telegram and back; code stands alone."""
    nodes = [
        Text(text, frozenset({Mark.CODE}) if Mark.CODE in marks else marks) for text, marks in runs
    ]
    drawn = draw(Document((Paragraph(tuple(nodes)),)))
    looks = [(character, frozenset(node.marks)) for node in nodes for character in node.text]
    back = read_text(drawn.text, read_entities(drawn.text, drawn.entities))
    found = [
        (character, node.marks)
        for block in back.blocks
        if isinstance(block, Paragraph)
        for node in block.content
        if isinstance(node, Text)
        for character in node.text
    ]
    assert looks == found


@pytest.mark.parametrize(
    ("entities", "shown"),
    [
        ([_entity("spoiler", 4, 6)], "who [spoiler: did it] here"),
        ([_entity("spoiler", 4, 3), _entity("spoiler", 7, 3)], "who [spoiler: did it] here"),
        ([_entity("spoiler", 0, 7), _entity("bold", 4, 6)], "[spoiler: who did] it here"),
        ([_entity("spoiler", 0, 3), _entity("spoiler", 8, 2)],
         "[spoiler: who] did [spoiler: it] here"),
    ],
)  # fmt: skip
def test_covered_words_are_shown_as_such(entities: list[dict[str, Any]], shown: str) -> None:
    """Agents read what a sender has covered, and see that it was."""
    assert shown == _read("who did it here", *entities).plain()
