"""Makes the tables of conversions in the reference by running the converters.

A table stands between `<!-- conversions: WHAT -->` and `<!-- end -->`. Running this file writes all
of them anew; a test fails where one differs from what this would write.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from chatbridge.jira.adf_read import read_adf
from chatbridge.jira.adf_write import write_adf
from chatbridge.jira.html_read import read_html
from chatbridge.jira.wiki_read import read_wiki
from chatbridge.jira.wiki_write import write_wiki
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
from chatbridge_telegram.entities import draw as draw_for_telegram
from chatbridge_viber.drawing import draw as draw_for_viber

PAGE = Path(__file__).parent / "reference" / "conversions.md"
TABLE = re.compile(r"<!-- conversions: ([a-z-]+) -->\n(.*?)<!-- end -->", re.DOTALL)


def _line(*content: Text | Mention | Emoji | str) -> Paragraph:
    return Paragraph(tuple(Text(node) if isinstance(node, str) else node for node in content))


def _marked(text: str, *marks: Mark) -> Text:
    return Text(text, frozenset(marks))


def _items(*texts: str, start: int | None = None, done: bool | None = None) -> ItemList:
    return ItemList(tuple(ListItem((_line(text),), done) for text in texts), start)


WRITTEN: tuple[tuple[str, Block], ...] = (
    ("plain text", _line("tray *2* {a}")),
    ("line break", _line("a\nb")),
    ("bold", _line(_marked("a", Mark.BOLD))),
    ("italic", _line(_marked("a", Mark.ITALIC))),
    ("underlined", _line(_marked("a", Mark.UNDERLINE))),
    ("struck out", _line(_marked("a", Mark.STRIKE))),
    ("code in a line", _line("run ", _marked("lp -d 2", Mark.CODE))),
    ("bold and italic in a word", _line("un", _marked("do", Mark.BOLD, Mark.ITALIC), "ne")),
    ("link", _line(Text("page", link="https://a.example/p"))),
    ("address", _line(Text("https://a.example", link="https://a.example"))),
    ("link that must not be followed", _line(Text("page", link="javascript:x"))),
    ("mention", _line(Mention("Kim"))),
    ("emoji", _line(Emoji("🙂"))),
    ("heading", Heading((Text("a"),), 2)),
    ("bullets", _items("a", "b")),
    ("numbers", _items("a", "b", start=1)),
    ("numbers from 3", _items("a", start=3)),
    ("nested list", ItemList((ListItem((_line("a"), _items("b", start=1))),))),
    ("two paragraphs in an item", ItemList((ListItem((_line("a"), _line("b"))),))),
    ("tasks", ItemList((ListItem((_line("a"),), True), ListItem((_line("b"),), False)))),
    ("quotation", Quote((_line("a"), _line("b")))),
    ("quotation in a quotation", Quote((Quote((_line("a"),)), _line("b")))),
    ("code", CodeBlock("x = 1", "python")),
    ("code without a language", CodeBlock("x = 1")),
    ("code in an item", ItemList((ListItem((_line("a"), CodeBlock("x = 1"))),))),
    ("table", Table(((TableCell((_line("a"),), header=True), TableCell((_line("b"),))),))),
    ("table with a pipe in a cell", Table(((TableCell((_line("a|b"),)), TableCell(())),))),
    ("rule", Rule()),
)  # fmt: skip
"""What a document can hold, each as small as it can be."""


def _node(kind: str, *content: Any, **attrs: Any) -> dict[str, Any]:
    inside = [{"type": "text", "text": each} if isinstance(each, str) else each for each in content]
    made = {"type": kind, "attrs": attrs, "content": inside}
    return {name: value for name, value in made.items() if value}


def _run(text: str, kind: str, **attrs: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, "marks": [{"type": kind, "attrs": attrs}]}


ADF: tuple[dict[str, Any], ...] = (
    _node("status", text="In work", color="blue"),
    _node("date", timestamp="1735689600000"),
    _node("mention", id="5f:1", text="@Kim"),
    _node("mention", id="5f:1"),
    _node("emoji", shortName=":tada:", text="🎉"),
    _node("emoji", shortName=":own:"),
    _node("inlineCard", url="https://a.example/p"),
    _node("blockCard", url="https://a.example/p"),
    _node("embedCard", url="https://a.example/p", layout="wide"),
    _run("2", "subsup", type="sup"),
    _run("2", "subsup", type="sub"),
    _run("a", "textColor", color="#ff0000"),
    _run("a", "link", href="/browse/X-1"),
    _node("panel", _node("paragraph", "a"), panelType="warning"),
    _node("panel", _node("paragraph", "a"), panelType="custom", panelIconText="🎯"),
    _node("expand", _node("paragraph", "a"), title="More"),
    _node("taskList", _node("taskItem", "a", state="DONE"), _node("taskItem", "b", state="TODO")),
    _node("decisionList", _node("decisionItem", "a", state="DECIDED")),
    _node("mediaSingle", _node("media", type="file", id="1", alt="a.png"), _node("caption", "b")),
    _node("mediaGroup", _node("media", type="file", id="1"), _node("media", type="file", id="2")),
    _node("media", type="external", url="https://a.example/i.png", alt="i.png"),
    _node("layoutSection", _node("layoutColumn", _node("paragraph", "a")),
          _node("layoutColumn", _node("paragraph", "b"))),
    _node("extension", extensionKey="toc"),
    _node("bodiedExtension", _node("paragraph", "a"), extensionKey="x"),
    _node("paragraph", "a", _node("inlineExtension", extensionKey="x", text="b")),
    _node("paragraph", "a", _node("inlineExtension", extensionKey="x")),
    _node("nestedExpand", _node("paragraph", "a"), title="More"),
    _node("taskList", _node("blockTaskItem", _node("paragraph", "a"), state="TODO")),
    _node("paragraph", "a ", _node("mediaInline", type="image", id="1", alt="a.png")),
    _node("paragraph", _node("placeholder", text="Name of the printer")),
    _node("syncBlock", resourceId="1"),
    _node("bodiedSyncBlock", _node("paragraph", "a"), resourceId="1"),
    *(_run("a", kind) for kind in ("backgroundColor", "annotation")),
    {**_node("paragraph", "a"), "marks": [{"type": "alignment"}, {"type": "indentation"},
                                          {"type": "fontSize"}]},
    {**_node("expand", _node("paragraph", "a")), "marks": [
        {"type": "breakout"}, {"type": "dataConsumer"}, {"type": "fragment"}]},
    {**_node("media", type="file", id="1", alt="a.png"), "marks": [{"type": "border"}]},
    _node("newKind", _node("paragraph", "a")),
    _node("newKind"),
)  # fmt: skip
WIKI = (
    "*a* _b_ -c- +d+ ??e??", "un{*}do{*}ne", "{{a}} un{{{}do{}}}ne", "x{^}2{^} H{~}2{~}O",
    "{color:red}a{color}", "h2. a", "bq. a", "{quote}\na\n{quote}", "* a\n*# b\n- c",
    "{code:python}\nx = 1\n{code}", "{noformat}\n*a*\n{noformat}",
    "{panel:title=a|bgColor=#fffae6}\nb\n{panel}", "||a||b||\n|c|d|", "----", "a \\\\ b",
    "[a|https://a.example/p]", "[a|https://a.example/p|smart-link]", "see https://a.example/p.",
    "[a|/browse/X-1]", "[^a.pdf]", "!a.png|thumbnail!", "[~jdoe]", "[Kim|~accountid:5f:1]",
    "(/) :)", "\\*a\\* &lt;", "a -- b", "{unknown} [b]", "{code} without an end",
    "{info:title=a}b{info}", "{note}a{note} {tip}b{tip} {warning}c{warning}",
    "{expand:More}a{expand}", "{anchor:x}a", "{toc}", "{status:title=Done}", "{section}a{section}",
    "{{monospaced *a*}}", "{adf}a{adf}", "{html}<b>a</b>{html}", "{csv}a,b{csv}",
)  # fmt: skip
HTML = (
    "<p>a<br/>b</p>", "<b>a</b> <em>b</em> <ins>c</ins> <del>d</del> <tt>e</tt>", "x<sup>2</sup>",
    '<div class="code panel"><pre class="code-java">x = 1;</pre></div>',
    "<ul><li>a<ol><li>b</li></ol></li></ul>", "<blockquote><p>a</p></blockquote>",
    "<table><tr><th>a</th><td>b</td></tr></table>", "<h2>a</h2>", "<hr/>",
    '<a href="https://a.example/p">a</a>', '<a href="/browse/X-1">a</a>',
    '<a class="user-hover" href="/x" rel="jdoe">Kim</a>',
    '<img class="emoticon" src="/x.png" alt="(/)"/>', '<img src="/secure/thumbnail/1/a.png"/>',
    "<video>a</video>", "<script>a</script>",
)  # fmt: skip


def made_anew(text: str) -> str:
    """Return a page with every table as it should be."""

    def table(found: re.Match[str]) -> str:
        lines = "\n".join(TABLES[found[1]]())
        return f"<!-- conversions: {found[1]} -->\n\n{lines}\n\n<!-- end -->"

    return TABLE.sub(table, text)


def written() -> Iterator[str]:
    """What becomes of each part of a document."""
    yield from _head("", "ADF", "wiki markup", "Telegram", "Viber", "plain")
    for name, block in WRITTEN:
        document = Document((block,))
        yield _row(name, _adf(document), _code(write_wiki(document)), *_shown(document))


def from_adf() -> Iterator[str]:
    """What is shown of the nodes that a document has no word for."""
    return _read(("ADF", "Telegram", "Viber", "plain"), ((_json(node), read_adf(
        {"type": "doc", "content": [node]})) for node in ADF))  # fmt: skip


def from_wiki() -> Iterator[str]:
    """What is shown of wiki markup."""
    head = ("wiki markup", "Telegram", "Viber", "plain")
    return _read(head, ((markup, read_wiki(markup)) for markup in WIKI))


def from_html() -> Iterator[str]:
    """What is shown of rendered HTML."""
    head = ("HTML", "Telegram", "Viber", "plain")
    return _read(head, ((html, read_html(html)) for html in HTML))


TABLES = {"written": written, "adf": from_adf, "wiki": from_wiki, "html": from_html}


def _read(head: tuple[str, ...], read: Iterable[tuple[str, Document]]) -> Iterator[str]:
    yield from _head(*head)
    for source, document in read:
        yield _row(_code(source), *_shown(document))


def _shown(document: Document) -> tuple[str, str, str]:
    drawn = draw_for_telegram(document)
    looks = ", ".join(
        f"{entity['type']} {entity['offset']}+{entity['length']}"
        + (f" {entity['language']}" if entity.get("language") else "")
        for entity in drawn.entities
    )
    telegram = _code(drawn.text) + (f" {looks}" if looks else "")
    return telegram, _code(draw_for_viber(document)), _code(document.plain())


def _adf(document: Document) -> str:
    return _code(", ".join(_json(node) for node in write_adf(document)["content"]))


def _json(node: Any) -> str:
    return json.dumps(node, ensure_ascii=False)


def _head(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield _row(*("---" for _ in names))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    shown = text.replace("\n", "⏎").replace("\u2060", "").replace("|", "\\|")
    return f"`{shown}`" if shown.strip() else ""


def main() -> None:
    """Write the page anew if a table has changed."""
    before = PAGE.read_text(encoding="utf-8")
    after = made_anew(before)
    if after != before:
        PAGE.write_text(after, encoding="utf-8")
        sys.stdout.write(f"wrote {PAGE.name}\n")


if __name__ == "__main__":
    main()
