"""Markup that nobody writes by hand: it is read without a failure, and no word of it is lost."""

from __future__ import annotations

from typing import Any

import pytest

from chatbridge.jira.adf_read import read_adf
from chatbridge.jira.html_read import read_html
from chatbridge.jira.wiki_read import read_wiki
from chatbridge.jira.wiki_write import write_wiki
from chatbridge.richtext import (
    CodeBlock,
    Document,
    Heading,
    ItemList,
    ListItem,
    Mark,
    Paragraph,
    Text,
)

SITE = "https://desk.example"


@pytest.mark.parametrize(
    ("html", "plain"),
    [
        ('a<img class="rendericon" src="https://a.example/x.png">b', "ab"),
        ('<img src="https://[x/y.png">', "[file]"),
        ('<a href="https://[x/y">the page</a>', "the page"),
        ("<h1><ul><li>one</li></ul></h1>", "• one"),
        ("<table><td>a</td><tr><td>b</td></tr></table>", "a\nb"),
        ("before<!-- never ends", "before never ends"),
        ("before<style>never ends", "beforenever ends"),
        ("before</>after", "before</>after"),
        ("<p><br/></p><p>a</p>", "a"),
    ],
)
def test_odd_html_is_read(html: str, plain: str) -> None:
    """Broken addresses, tables, headings and ends of tags show the words that they hold."""
    assert plain == read_html(html, site=SITE).plain()


@pytest.mark.parametrize(
    ("markup", "plain", "code"),
    [
        ("{{a}} b", "a b", ["a"]),
        ("{{a}}} b", "a} b", ["a}"]),
        ("{{}} {{a}}", "{{}} a", ["a"]),
        ("{{a\nb}} {{c}}", "{{a\nb}} c", ["c"]),
        (r"{{a\}} b}}", "a}} b", ["a}} b"]),
        ("un{{{}do{}}}ne", "undone", ["do"]),
        ("{{{}{}}}", "{}{}", ["{}{}"]),
        ("{{{}a}} b", "{}a b", ["{}a"]),
    ],
)
def test_odd_text_of_fixed_width_is_read(markup: str, plain: str, code: list[str]) -> None:
    """It ends at the last two of its closing braces, in the same line, and is never empty."""
    document = read_wiki(markup)
    (paragraph,) = document.blocks
    texts = [node for node in paragraph.content if Mark.CODE in getattr(node, "marks", ())]
    assert (plain, code) == (document.plain(), [node.text for node in texts])


@pytest.mark.parametrize("parts", [1, 1000])
def test_tags_have_as_many_attributes_as_anybody_writes(parts: int) -> None:
    """A tag of a thousand attributes is a tag; one of endless ones is text, and nothing is lost."""
    tag = "<b" + ' x="1"' * parts + ">"
    assert "a" == read_html(f"{tag}a</b>", site=SITE).plain()
    endless = "<b" + ' x="1"' * 1001 + ">"
    assert f"{endless}a" == read_html(f"{endless}a</b>", site=SITE).plain()


@pytest.mark.parametrize("name", ["code", "code-none", "language-"])
def test_code_of_no_language_has_none(name: str) -> None:
    """A class that names no language is not taken for one."""
    (block,) = read_html(f'<pre class="{name}">x</pre>', site=SITE).blocks
    assert CodeBlock("x") == block


@pytest.mark.parametrize(
    ("markup", "plain", "link"),
    [
        ("!https://x.example/a%20b.png!", "[file: a b.png]", "https://x.example/a%20b.png"),
        ("!https://[x/a.png!", "[file]", "https://[x/a.png"),
        ("{{never ends", "{{never ends", None),
    ],
)
def test_odd_wiki_is_read(markup: str, plain: str, link: str | None) -> None:
    """Pictures from elsewhere are links with a file's name; what is no markup is text."""
    document = read_wiki(markup)
    assert plain == document.plain()
    (block,) = document.blocks
    assert isinstance(block, Paragraph)
    links = [node.link for node in block.content if isinstance(node, Text)]
    assert link is None or [link] == links


def _doc(*content: Any) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": list(content)}


@pytest.mark.parametrize(
    ("node", "plain"),
    [
        ({"type": "date", "attrs": {"timestamp": "9" * 19}}, "[date]"),
        ({"type": "date", "attrs": {"timestamp": "soon"}}, "[date]"),
        ({"type": "date", "attrs": {"timestamp": "0"}}, "1970-01-01"),
    ],
)
def test_a_date_that_is_none_is_shown_as_one(node: dict[str, Any], plain: str) -> None:
    """What no calendar has is no reason to fail."""
    document = read_adf(_doc({"type": "paragraph", "content": [node]}))
    assert plain == document.plain()


def test_loose_words_between_blocks_are_kept() -> None:
    """A text where only blocks may stand becomes a paragraph of its own, in its place."""
    loose = {"type": "text", "text": "loose"}
    rule = {"type": "rule"}
    assert "loose\n———\nloose" == read_adf(_doc(loose, rule, loose)).plain().replace("\n\n", "\n")


def test_what_is_nested_without_end_is_shown_flat() -> None:
    """However deep the lists, their words are read, and in time."""
    node: dict[str, Any] = {"type": "paragraph", "content": [{"type": "text", "text": "deep"}]}
    for _ in range(300):
        node = {"type": "bulletList", "content": [{"type": "listItem", "content": [node, 7]}]}
    assert "deep" in read_adf(_doc(node)).plain()
    run: dict[str, Any] = {"type": "text", "text": "deep"}
    for _ in range(300):
        run = {"type": "placeholder2", "content": [run]}
    assert "deep" in read_adf(_doc({"type": "paragraph", "content": [run]})).plain()


def test_an_item_behind_an_inner_list_is_no_part_of_it() -> None:
    """A text after an inner list is written apart; an empty block in it is nothing."""
    inner = ItemList((ListItem((Paragraph((Text("inner"),)),)),))
    blocks = (Paragraph((Text("a"),)), inner, Paragraph(()), Paragraph((Text("b"),)))
    written = write_wiki(Document((ItemList((ListItem(blocks),)),)))
    assert ["a", "inner", "b"] == [line.strip("* ") for line in written.splitlines() if line]


def test_a_heading_in_wiki_markup_of_a_macro_alone_stays_a_macro() -> None:
    """A title that holds a block of code shows the code."""
    blocks = read_wiki("h1. {code}x{code}").blocks
    assert not any(isinstance(each, Heading) for each in blocks)
    assert "x" in Document(blocks).plain()
