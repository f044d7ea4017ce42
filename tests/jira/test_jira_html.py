"""Rendered HTML: all that a browser would show is read, and nothing that leads into the site."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatbridge.jira.characters import clean
from chatbridge.jira.html_read import read_html
from chatbridge.richtext import (
    Block,
    CodeBlock,
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

SITE = "https://desk.example"


def paragraph(*content: Text | Mention | Emoji | str) -> Paragraph:
    """Return a paragraph; strings are plain text."""
    return Paragraph(tuple(Text(node) if isinstance(node, str) else node for node in content))


def marked(text: str, *marks: Mark) -> Text:
    """Return a run with these marks."""
    return Text(text, frozenset(marks))


@pytest.mark.parametrize(
    ("html", "block"),
    [
        ("<p>a<br/>\n b</p>", paragraph("a\nb")),
        ("<b>a</b>", paragraph(marked("a", Mark.BOLD))),
        ("<strong><em>a</em></strong>", paragraph(marked("a", Mark.BOLD, Mark.ITALIC))),
        ("<ins>a</ins><del>b</del>",
         paragraph(marked("a", Mark.UNDERLINE), marked("b", Mark.STRIKE))),
        ("<tt>a</tt>", paragraph(marked("a", Mark.CODE))),
        ("x<sup>2</sup>, H<sub>2</sub>O, a<sup>th</sup>", paragraph("x², H₂O, a^(th)")),
        ("<font color='red'>a</font>", paragraph("a")),
        ("<h3><a name='t'></a>a</h3>", Heading((Text("a"),), 3)),
        ("<hr/>", Rule()),
        ("<blockquote><p>a</p></blockquote>", Quote((paragraph("a"),))),
        ("<div class='code panel'><pre class='code-java'>\n<span>a</span>  &lt;b\n</pre></div>",
         CodeBlock("a  <b", "java")),
        ("<ul><li>a<ol><li>b</li></ol></li></ul>",
         ItemList((ListItem((paragraph("a"), ItemList((ListItem((paragraph("b"),)),), 1))),))),
        ("<ul><li>a</li><ul><li>b</li></ul></ul>",
         ItemList((ListItem((paragraph("a"), ItemList((ListItem((paragraph("b"),)),)))),))),
        ("<ol start='4'><li>a<li>b</ol>",
         ItemList((ListItem((paragraph("a"),)), ListItem((paragraph("b"),))), 4)),
        ("<ul><li><input type='checkbox' checked> a</li></ul>",
         ItemList((ListItem((paragraph("a"),), checked=True),))),
        ("<table><tr><th>a</th><td>b</td></tr></table>",
         Table(((TableCell((paragraph("a"),), header=True), TableCell((paragraph("b"),))),))),
        ("<a href='https://a.example/?x=1&amp;y=2'>a</a>",
         paragraph(Text("a", link="https://a.example/?x=1&y=2"))),
        ("<a class='user-hover' href='/x' rel='jdoe'>J. Doe</a>", paragraph(Mention("J. Doe"))),
        ("<img class='emoticon' src='/x.png' alt='(/)'>", paragraph(Emoji("✅"))),
        ("<img src='/secure/attachment/1/a%20b.png'>", paragraph("[file: a b.png]")),
        ("<img src='https://a.example/i/c.png'>",
         paragraph(Text("[file: c.png]", link="https://a.example/i/c.png"))),
        ("<video><b>a</b></video>", paragraph(marked("a", Mark.BOLD))),
        ("a < b <c <d e='f", paragraph("a < b <c <d e='f")),
    ],
)  # fmt: skip
def test_elements(html: str, block: Block) -> None:
    """Each element becomes what it shows."""
    assert (block,) == read_html(html, site=SITE).blocks


@pytest.mark.parametrize(
    "href",
    ["/browse/X-1", "#a", "browse/X-1", f"{SITE}/browse/X-1", "javascript:alert(1)", "//x.example",
     "https://", "java\nscript:x", "data:text/html,x", "https://DESK.example:443/x"],
)  # fmt: skip
def test_no_link_leads_into_the_site(href: str) -> None:
    """An address that a customer cannot or must not open is no link; its text stays."""
    assert (paragraph("a"),) == read_html(f'<a href="{href}">a</a>', site=SITE).blocks


def test_what_nobody_sees_is_left_out() -> None:
    """Scripts, styles and comments are not text."""
    html = "a<script>b<i></script><style>c</style><!-- d -->e"
    assert "ae" == read_html(html).plain()


@given(text=st.text(max_size=60))
def test_escaped_text_is_data(text: str) -> None:
    """Any text that the site escaped is read as this text and nothing else."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    read = read_html(f"<p>{escaped}</p>")
    assert clean(text).split() == read.plain().split()
    assert all(isinstance(block, Paragraph) for block in read.blocks)


_TAGS = [
    "<b>", "</b>", "<p>", "</p>", "<ul>", "<li>", "</ul>", "<table>", "<tr>", "<td>", "</table>",
    "<pre>", "</pre>", "<br>", "<a href='/x'>", "</a>", "<blockquote>", "</blockquote>", "<h1>",
    "</h1>", "<x-y>", ">", " ", "<caption>", "<tbody>", "</div>", "<sup>", "w1 ", "w2",
]  # fmt: skip


@example(html=["<table>", "<td>", "w1 "])
@given(html=st.lists(st.sampled_from(_TAGS), max_size=30))
def test_no_word_is_lost(html: list[str]) -> None:
    """However tags are nested, every word is shown, in order."""
    shown = read_html("".join(html)).plain()
    for word in ("w1", "w2"):
        assert html.count(f"{word} " if word == "w1" else word) == shown.count(word)
