"""Wiki markup both ways: what is written reads as the same, and text is never markup."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbridge.jira.characters import clean
from chatbridge.jira.wiki import APART
from chatbridge.jira.wiki_phrases import NEEDS_ESCAPE
from chatbridge.jira.wiki_read import read_wiki
from chatbridge.jira.wiki_write import write_wiki
from chatbridge.richtext import (
    Block,
    CodeBlock,
    Document,
    Heading,
    Inline,
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

_MARKUP = [
    "{code}", "{noformat}", "{quote}", "{panel}", "{color:red}", "{color}", "{*}", "{_}", "{", "}",
    "[", "]", "[~accountid:x]", "[a|https://b.example]", "*", "_", "-", "--", "----", "+", "^", "~",
    "??", "!", "!a.png!", "|", "||", "# ", "* ", "- ", "h1. ", "bq. ", "\\", "\\\\", ":)", ";)",
    ":D", "(/)", "(x)", "http://a.b/c_d", "mailto:a@b.c", "&lt;", "&", "a", "b c", "\n", "\n\n",
    " ",    "{{", "}}", "[^f.txt]", "☑ ", "h1", ".", "é", "👩‍👩‍👧",
]  # fmt: skip
_ANY_TEXT = st.lists(st.sampled_from(_MARKUP) | st.text(max_size=3), max_size=14).map("".join)


def _words(text: str) -> list[str]:
    return clean(text).replace(APART, "").split()


@pytest.mark.fault("F57")
@settings(max_examples=500, deadline=None)
@given(text=_ANY_TEXT)
def test_text_is_never_markup(text: str) -> None:
    """Any text, written and read back, is the same text in paragraphs, without a mark or link."""
    read = read_wiki(write_wiki(Document.from_plain(text)))
    assert _words(text) == _words(read.plain())
    for block in read.blocks:
        assert isinstance(block, Paragraph)
        assert all(isinstance(node, Text) for node in block.content)
        assert not any(node.marks or node.link for node in block.content)


_PIECES = st.sampled_from([piece for piece in _MARKUP if "\n" not in piece])
_LINE = st.lists(_PIECES, min_size=1, max_size=5).map("".join).map(str.strip).filter(bool)
# A box at the start of an item makes it a task.
_TEXT = (
    st.lists(_LINE, min_size=1, max_size=2)
    .map("\n".join)
    .filter(lambda text: not text.startswith("☑"))
)
_ADDRESSES = st.none() | st.sampled_from(["https://a.example/x?y=z#q", "mailto:a@b.example"])
_UNFIT = frozenset("|[]^!")


def _alone(content: list[Text]) -> tuple[Text, ...]:
    """Return runs of which no neighbours look alike."""
    kept: list[Text] = []
    for run in content:
        # A look ends with its line; an alias of brackets and pipes stands before its address.
        unfit = "\n" in run.text and (run.marks or run.link)
        unfit = unfit or (run.link and (_UNFIT & set(run.text) or Mark.CODE in run.marks))
        # Characters that need an escape stand outside of marks.
        unfit = unfit or (run.marks - {Mark.CODE} and NEEDS_ESCAPE.search(run.text))
        if not unfit and not (kept and (kept[-1].marks, kept[-1].link) == (run.marks, run.link)):
            kept.append(run)
    return tuple(kept)


def _content(texts: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[Text, ...]]:
    marks = st.frozensets(st.sampled_from(list(Mark)), max_size=3)
    runs = st.builds(Text, texts, marks, _ADDRESSES)
    return st.lists(runs, min_size=1, max_size=4).map(_alone).filter(bool)


_PARAGRAPHS = st.builds(Paragraph, _content(_TEXT))
_CODE = st.builds(
    CodeBlock, _ANY_TEXT.map(clean).map(lambda text: text.replace(APART, "")), st.just("")
)


def _lists(blocks: st.SearchStrategy[Block]) -> st.SearchStrategy[ItemList]:
    boxes = st.sampled_from([None, True, False])
    one = st.builds(ListItem, st.tuples(_PARAGRAPHS), boxes)
    several = st.builds(ListItem, st.tuples(_PARAGRAPHS, blocks), boxes)
    items = st.lists(one | several, min_size=1, max_size=3).map(tuple)
    return st.builds(ItemList, items, st.sampled_from([None, 1]))


_ITEM_LISTS = st.recursive(st.one_of(_lists(_CODE)), _lists, max_leaves=4)
_CELL_TEXTS = st.builds(Paragraph, _content(_TEXT.filter(lambda text: "|" not in text)))
_CELLS = st.builds(TableCell, st.tuples(_CELL_TEXTS) | st.just(()), st.booleans())
_ROWS = st.lists(_CELLS, min_size=1, max_size=3).map(tuple)
_TABLES = st.builds(Table, st.lists(_ROWS, min_size=1, max_size=3).map(tuple))
_HEADINGS = st.builds(Heading, _content(_LINE), st.integers(1, 6))
_BLOCKS = st.one_of(
    _PARAGRAPHS, _HEADINGS, _CODE, _ITEM_LISTS, _TABLES, st.just(Rule()),
)  # fmt: skip
_QUOTES = st.builds(Quote, st.lists(_BLOCKS, min_size=1, max_size=3).map(tuple))
_DOCUMENTS = st.builds(Document, st.lists(_BLOCKS | _QUOTES, max_size=4).map(tuple))


@settings(max_examples=300, deadline=None)
@given(document=_DOCUMENTS)
def test_what_markup_can_say_reads_as_the_same_tree(document: Document) -> None:
    """Written and read back, a document that the markup has words for is equal."""
    assert document == read_wiki(write_wiki(document))


_LINKS = st.none() | st.just("https://a.example/x?y=z#q")
_MARKED = st.builds(Text, _TEXT, st.frozensets(st.sampled_from(list(Mark))), _LINKS)
_WITH_MARKS = st.builds(
    Document, st.tuples(st.builds(Paragraph, st.lists(_MARKED, min_size=1, max_size=3).map(tuple)))
)


@pytest.mark.fault("F57")
@settings(max_examples=300, deadline=None)
@given(document=_WITH_MARKS)
def test_text_with_looks_is_never_markup(document: Document) -> None:
    """No mark holds an escape, which Cloud's parser would take away; no character is lost."""
    markup = write_wiki(document)
    (paragraph,) = read_wiki(markup).blocks
    assert isinstance(paragraph, Paragraph)
    for node in paragraph.content:
        assert isinstance(node, Text)
        assert not (node.marks - {Mark.CODE} and NEEDS_ESCAPE.search(node.text))
    (given_block,) = document.blocks
    assert isinstance(given_block, Paragraph)
    addresses = {run.link for run in given_block.content if isinstance(run, Text) and run.link}
    shown = plain_inlines(paragraph.content)
    for address in addresses:
        shown = shown.replace(address, "")
    assert "".join(_words(document.plain())) == "".join(shown.split())


@pytest.mark.parametrize(
    ("inline", "markup"),
    [
        (Text("un-do", frozenset({Mark.BOLD})), "{*}un{*}\\-{*}do{*}"),
        (Text(" a ", frozenset({Mark.ITALIC})), "{_}a{_}"),
        (Text("a", frozenset({Mark.STRIKE, Mark.BOLD})), "{*}{-}a{-}{*}"),
        (Text("a-b", frozenset({Mark.CODE, Mark.BOLD})), "{{a\\-b}}"),
        (Text("a|b", link="https://a.example"), "a\\|b [https://a.example]"),
        (Text("a", link="https://a.example/{x|y}"), "[a|https://a.example/%7Bx%7Cy%7D]"),
        (Text("a", link="javascript:x"), "a \\(javascript:x\\)"),
        (Text("a\nb", frozenset({Mark.BOLD})), "{*}a{*}\n{*}b{*}"),
        (Mention("[~kim]"), "@\\[\\~kim\\]"),
    ],
)
def test_written_inlines(inline: Inline, markup: str) -> None:
    """Some runs and their markup."""
    assert markup == write_wiki(Document((Paragraph((inline,)),)))


@pytest.mark.parametrize(
    ("block", "markup"),
    [
        (CodeBlock("{code}", "python"), "{noformat}\n{code}\n{noformat}"),
        (CodeBlock("{code}{noformat}"), f"{{code:none}}\n{{{APART}code}}{{noformat}}\n{{code}}"),
        (CodeBlock("x", "brainf"), "{noformat}\nx\n{noformat}"),
        (Table(((TableCell((Paragraph((Text("a|b"),)),)),),)), "a\\|b"),
        (Quote((Quote((Paragraph((Text("a"),)),)),)), "{quote}\n> a\n{quote}"),
        (ItemList((ListItem((Paragraph((Text("a"),)),)),), 7), "* 7. a"),
        (ItemList((ListItem((ItemList((ListItem((Paragraph((Text("a"),)),)),)),
                             Paragraph((Text("b"),)))),)), "* \n** a\n** b"),
    ],
)  # fmt: skip
def test_what_a_place_cannot_hold_is_written_otherwise(block: Block, markup: str) -> None:
    """Nothing is left out where the markup has no word for it."""
    assert markup == write_wiki(Document((block,)))


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("{code} without an end", "{code} without an end"),
        ("{quote}a", "{quote}a"),
        ("{panel:title=A|bgColor=#fffae6}b{panel}", "⚠️ A\n\nb"),
        ("{color:red}a{color}{color}", "a{color}"),
        ('{adf:display=block}\n{"type":"rule"}\n{adf}', "———"),
        ("{adf}{nonsense{adf}", "{nonsense"),
        ('{{{"a": {}}}} x', '{"a": {}} x'),
        ("\\\\server\\share", "\\\\server\\share"),
        ("-- a\n- b\n-- c", "-- a\n\n• b\n   • c"),
        ("|a\nb|c|", "a b | c"),
        ("[~kim] [Kim|~accountid:5] [^a.pdf]", "@someone @Kim [file: a.pdf]"),
        ("[a|ftp://x] [b]", "[a|ftp://x] [b]"),
        ("f(x) (x) wow!really.no! !a.png|thumbnail!", "f(x) ❌ wow!really.no! [file: a.png]"),
        ("&lt;&nbsp;&nosuch;", "<\xa0&nosuch;"),
    ],
)
def test_read_markup(markup: str, plain: str) -> None:
    """Some markup and what is shown of it; what is broken stays as it is written."""
    assert plain == read_wiki(markup).plain()
