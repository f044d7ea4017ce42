"""ADF both ways: nothing is lost, nothing is ever refused, and what is written is valid."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbridge.jira.adf_read import read_adf
from chatbridge.jira.adf_write import adf_length, write_adf
from chatbridge.jira.characters import clean
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

_TEXTS = st.text(max_size=12) | st.sampled_from(
    ["a\nb", "\r\n", "\x00", "x\u2028y", "👩‍👩‍👧", "*_{}[]"]
)
_INLINES = st.one_of(
    st.builds(
        Text, _TEXTS, st.frozensets(st.sampled_from(list(Mark))),
        st.none() | st.sampled_from(["https://a.example/x", "javascript:alert(1)", "tg://user?id=1"]),
    ),
    st.builds(Mention, _TEXTS),
    st.builds(Emoji, st.sampled_from(["🙂", ":smile:"])),
)  # fmt: skip
_CONTENT = st.lists(_INLINES, max_size=4).map(tuple)
_LEAVES = st.one_of(
    st.builds(Paragraph, _CONTENT),
    st.builds(Heading, _CONTENT, st.integers(0, 8)),
    st.builds(CodeBlock, _TEXTS, st.sampled_from(["", "python"])),
    st.just(Rule()),
)


def _deeper(blocks: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    several = st.lists(blocks, max_size=3).map(tuple)
    cells = st.lists(st.builds(TableCell, several, st.booleans()), max_size=3).map(tuple)
    return st.one_of(
        st.builds(Quote, several),
        st.builds(
            ItemList,
            st.lists(st.builds(ListItem, several, st.sampled_from([None, True, False])),
                     max_size=3).map(tuple),
            st.none() | st.integers(-1, 99),
        ),
        st.builds(Table, st.lists(cells, max_size=3).map(tuple)),
    )  # fmt: skip


_DOCUMENTS = st.builds(
    Document, st.lists(st.recursive(_LEAVES, _deeper, max_leaves=8), max_size=4).map(tuple)
)
_FLAT = st.builds(
    Document,
    st.lists(
        st.builds(
            Paragraph,
            st.lists(
                st.builds(Text, _TEXTS.filter(lambda t: clean(t) == t and t.strip()),
                          st.frozensets(st.sampled_from(list(Mark)))),
                min_size=1, max_size=4,
            ).map(tuple),
        ),
        max_size=4,
    ).map(tuple),
)  # fmt: skip
_QUICK = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_QUICK
@given(document=_DOCUMENTS)
def test_whatever_is_written_is_valid(
    adf_errors: Callable[[Any], list[str]], document: Document
) -> None:
    """Any document becomes ADF that Atlassian's own schema takes."""
    assert [] == adf_errors(write_adf(document))


@_QUICK
@given(document=_FLAT)
def test_paragraphs_come_back_as_they_went(document: Document) -> None:
    """Characters, line breaks and looks survive the way there and back."""
    assert document.plain() == read_adf(write_adf(document)).plain()


def _leaf_texts(node: Any) -> list[str]:
    """Return every text in a document, whatever it stands in."""
    if isinstance(node, Document | Quote):
        return [text for block in node.blocks for text in _leaf_texts(block)]
    if isinstance(node, ItemList):
        return [text for item in node.items for block in item.blocks for text in _leaf_texts(block)]
    if isinstance(node, Table):
        cells = [cell for row in node.rows for cell in row]
        return [text for cell in cells for block in cell.blocks for text in _leaf_texts(block)]
    if isinstance(node, Paragraph | Heading):
        return [inline.name if isinstance(inline, Mention) else inline.text
                for inline in node.content]  # fmt: skip
    return [node.text] if isinstance(node, CodeBlock) else []


@_QUICK
@given(document=_DOCUMENTS)
def test_no_text_is_lost(document: Document) -> None:
    """Every word of any document is still there, in order, after the way there and back."""
    back = "".join(read_adf(write_adf(document)).plain().split())
    at = 0
    for text in _leaf_texts(document):
        for word in clean(text).split():
            at = back.find(word, at)
            assert at >= 0, "a word is lost"
            at += len(word)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["type", "content", "attrs", "marks", "text", "x"]), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip
_KINDS = ["doc", "paragraph", "text", "heading", "codeBlock", "bulletList", "orderedList",
          "listItem", "taskList", "taskItem", "table", "tableRow", "tableCell", "mention", "date",
          "emoji", "status", "inlineCard", "blockCard", "media", "mediaSingle", "expand", "panel",
          "extension", "futureNode", "hardBreak", "decisionList", "decisionItem"]  # fmt: skip
_NODES = st.recursive(
    st.fixed_dictionaries(
        {"type": st.sampled_from(_KINDS)}, optional={"attrs": _JSON, "text": _JSON}
    ),
    lambda inner: st.fixed_dictionaries(
        {"type": st.sampled_from(_KINDS) | _JSON},
        optional={"content": st.lists(inner, max_size=4) | _JSON, "attrs": _JSON, "marks": _JSON},
    ),
    max_leaves=15,
)  # fmt: skip


@_QUICK
@given(body=_JSON | _NODES)
def test_hostile_adf_is_read_as_something(body: Any) -> None:
    """No body at all makes the reader fail, and what it reads can be sent on."""
    document = read_adf(body)
    document.plain().encode()
    json.dumps(write_adf(document), allow_nan=False).encode()


def test_endless_nesting_is_shown_flat() -> None:
    """Beyond the limit the text of what is deeper is shown, without recursion."""
    for kind in ("blockquote", "bulletList", "panel", "listItem", "table", "futureNode", "expand"):
        node: dict[str, Any] = {"type": "text", "text": "at the bottom"}
        for _ in range(5_000):
            node = {"type": kind, "content": [node]}
        plain = read_adf({"type": "doc", "content": [node]}).plain()
        assert "at the bottom" in plain


def test_every_kind_of_node_is_shown() -> None:
    """Blocks and inlines that a document has no place for are shown as text."""
    content = [
        _block("panel", _line({"type": "status", "attrs": {"text": "Done"}})),
        _block("expand", _line({"type": "text", "text": "inside"}), title="More"),
        _block("mediaSingle", {"type": "media", "attrs": {"alt": "a.png", "id": "1"}},
               {"type": "caption", "content": [{"type": "text", "text": "a caption"}]}),
        {"type": "blockCard", "attrs": {"url": "https://x.example/1"}},
        _line({"type": "date", "attrs": {"timestamp": "1582152559000"}}),
        _line({"type": "mention", "attrs": {"id": "557058:secret", "text": "@Ann"}}),
        _line({"type": "mention", "attrs": {"id": "557058:secret"}}),
        _line({"type": "emoji", "attrs": {"shortName": ":smile:", "text": "😄"}}),
        _block("taskList", {"type": "taskItem", "attrs": {"state": "DONE"},
                            "content": [{"type": "text", "text": "done"}]},
               _block("taskList", {"type": "taskItem", "attrs": {"state": "TODO"},
                                   "content": [{"type": "text", "text": "deeper"}]})),
        _block("decisionList", {"type": "decisionItem",
                                "content": [{"type": "text", "text": "decided"}]}),
        {"type": "extension", "attrs": {"extensionKey": "k"}},
        _block("layoutSection", _block("layoutColumn", _line({"type": "text", "text": "column"}))),
        {"type": "somethingNew"},
        _line({"type": "placeholder", "attrs": {"text": "type here"}}),
    ]  # fmt: skip
    plain = read_adf({"type": "doc", "version": 1, "content": content}).plain()
    for shown in ("Done", "More", "inside", "[file: a.png]", "a caption", "https://x.example/1",
                  "2020-02-19", "@Ann", "@someone", "😄", "☑ done", "☐ deeper", "• decided",
                  "[embedded content]", "column", "[…]"):  # fmt: skip
        assert shown in plain, shown
    assert "557058" not in plain
    assert "type here" not in plain


def test_marks_and_links_are_read() -> None:
    """Looks and safe links come over; other schemes lose the link and keep the text."""
    marks = [{"type": kind} for kind in ("strong", "em", "strike", "underline", "textColor")]
    nodes = [
        {"type": "text", "text": "a", "marks": marks},
        {"type": "text", "text": "b",
         "marks": [{"type": "link", "attrs": {"href": "https://x.example"}}, {"type": "code"}]},
        {"type": "text", "text": "c",
         "marks": [{"type": "link", "attrs": {"href": "javascript:alert(1)"}}]},
    ]  # fmt: skip
    (block,) = read_adf({"type": "doc", "content": [_line(*nodes)]}).blocks
    looks = frozenset({Mark.BOLD, Mark.ITALIC, Mark.STRIKE, Mark.UNDERLINE})
    assert isinstance(block, Paragraph)
    assert (
        Text("a", looks),
        Text("b", frozenset({Mark.CODE}), "https://x.example"),
        Text("c"),
    ) == block.content


def test_ordered_lists_keep_their_first_number() -> None:
    """A list that starts at seven does so on both sides; nonsense starts at one."""
    document = Document((ItemList((ListItem((Paragraph((Text("x"),)),)),), 7),))
    assert "7. x" == read_adf(write_adf(document)).plain()
    odd = _block("orderedList", _block("listItem", _line({"type": "text", "text": "x"})), order=-5)
    assert "1. x" == read_adf({"type": "doc", "content": [odd]}).plain()


def test_unsafe_links_are_written_as_text() -> None:
    """A link that Jira should not follow is shown behind its text."""
    document = Document((Paragraph((Text("here", link="javascript:alert(1)"),)),))
    written = json.dumps(write_adf(document))
    assert "here (javascript:alert(1))" in written
    assert "href" not in written


@pytest.mark.parametrize(
    ("text", "units"), [("abc", 3), ("é", 1), ("👍", 2), ('"', 2), ("\n", None)]
)
def test_length_counts_what_jira_stores(text: str, units: int | None) -> None:
    """Length is that of the serialized document in UTF-16 units: escapes and pairs count double."""
    empty = adf_length(Document((Paragraph((Text("x"),)),))) - 1
    length = adf_length(Document((Paragraph((Text("a" + text + "b"),)),))) - empty - 2
    assert length == units if units is not None else length > 10


def test_plain_strings_are_plain_text() -> None:
    """Where Jira gives a string instead of ADF it is text, not markup."""
    assert "*a*\n\nb" == read_adf("*a*\n\nb").plain()
    assert "" == read_adf(None).plain()


def _line(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"type": "paragraph", "content": list(nodes)}


def _block(kind: str, *content: dict[str, Any], **attrs: Any) -> dict[str, Any]:
    return {"type": kind, "attrs": attrs, "content": list(content)}
