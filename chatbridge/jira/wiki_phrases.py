r"""Writes inline text as wiki markup: marks in braces, links, line breaks; all characters are data.

A mark in braces (`{*}bold{*}`) holds inside a word, where `*bold*` does not. White space at its
edges stands outside, as do characters that need an escape, and it ends with the line. What a link's
brackets could be misread with is written before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from attrs import evolve

from chatbridge.jira.characters import clean
from chatbridge.jira.wiki import PUNCTUATION, escape
from chatbridge.richtext import Inline, Mark, Mention, Text

SIGNS = {
    Mark.BOLD: "{*}",
    Mark.ITALIC: "{_}",
    Mark.UNDERLINE: "{+}",
    Mark.STRIKE: "{-}",
}
BREAK = " \\\\ "
"""A line break that ends no item, cell or heading; blanks keep other backslashes away from it."""

NEEDS_ESCAPE = re.compile(f"({PUNCTUATION.pattern}+)")
"""What stands outside of marks."""

_PARTS = frozenset("}])([\"'.,;:!?/=")
"""What text of fixed width may follow, besides a blank."""

_SCHEMES = ("https://", "http://", "mailto:", "tel:")
_KEPT_IN_ADDRESSES = "!#$%&'()*+,/:;=?@_~-."
_UNFIT_FOR_ALIASES = frozenset("|[]^!")


def write_inlines(content: Iterable[Inline], *, one_line: bool = True) -> str:
    """Return inline text as wiki markup.

    Args:
        content: the inlines.
        one_line: write no line end, as an item, a cell or a heading would end there.
    """
    written: list[str] = []
    before = ""
    for at, runs in enumerate(_lines(content)):
        line = _line(runs)
        if at:
            # An empty line would end the paragraph.
            bare = not one_line and line.strip() and before.strip()
            written.append("\n" if bare else BREAK)
        written.append(line)
        before = line
    return "".join(written)


def write_verbatim(text: str, *, glued: bool = False) -> str:
    """Return a line of text in a face of fixed width.

    Args:
        text: what is shown.
        glued: other text stands next to it, without a blank.
    """
    shown = escape(text.strip())
    if glued:
        return "{{{}" + shown + "{}}}"
    return "{{" + shown + "}}" if shown else ""


def _lines(content: Iterable[Inline]) -> Iterator[list[Text]]:
    """Yield the text line by line, neighbours that look alike as one."""
    line: list[Text] = []
    for run in _texts(content):
        for at, part in enumerate(run.text.split("\n")):
            if at:
                yield line
                line = []
            if line and (line[-1].marks, line[-1].link) == (run.marks, run.link):
                line[-1] = Text(line[-1].text + part, run.marks, run.link)
            elif part:
                line.append(Text(part, run.marks, run.link))
    yield line


def _texts(content: Iterable[Inline]) -> Iterator[Text]:
    for node in content:
        if not isinstance(node, Text):
            yield Text(clean(f"@{node.name}" if isinstance(node, Mention) else node.text))
            continue
        for run in _safe_runs(evolve(node, text=clean(node.text))):
            # White space stands outside of marks and links.
            inner = run.text.strip()
            start = run.text.index(inner)
            yield Text(run.text[:start])
            yield from _linked(evolve(run, text=inner)) if inner else ()
            yield Text(run.text[start + len(inner) :])


def _safe_runs(run: Text) -> Iterator[Text]:
    """Yield runs without a mark where an escape would stand inside of it.

    Jira Cloud's parser takes escapes away before it reads what is inside a mark, so that a text
    could become a mention there.
    """
    looks = run.marks & SIGNS.keys()
    if not looks or not NEEDS_ESCAPE.search(run.text):
        yield run
    elif run.link or Mark.CODE in run.marks:
        yield evolve(run, marks=run.marks - looks)
    else:
        for at, part in enumerate(NEEDS_ESCAPE.split(run.text)):
            yield Text(part) if at % 2 else evolve(run, text=part)


def _linked(run: Text) -> Iterator[Text]:
    """Yield a run with its link, or with the address as text where Jira could not follow it."""
    link = clean(run.link or "").strip().replace("\n", "")
    if not link or link.lower().startswith(_SCHEMES):
        yield evolve(run, link=link or None)
        return
    yield evolve(run, link=None)
    yield Text("" if link in run.text else f" ({link})")


def _line(runs: list[Text]) -> str:
    """Return one line, each mark open as long as its runs go on."""
    if len(runs) == 1 and not runs[0].marks:
        return _run(runs[0], glued=False)
    written: list[str] = []
    opened: list[Mark] = []
    for at, run in enumerate(runs):
        wanted = {mark for mark in run.marks if mark in SIGNS}
        while opened and not set(opened) <= wanted:
            written.append(SIGNS[opened.pop()])
        fresh = [mark for mark in SIGNS if mark in wanted and mark not in opened]
        # What goes on longest is opened first, so that it need not be closed on the way.
        for mark in sorted(fresh, key=lambda mark: -_goes_on(runs, at, mark)):
            opened.append(mark)
            written.append(SIGNS[mark])
        # A sign or bracket parts text of fixed width from its neighbour as well as a blank.
        before = "".join(written[-2:])[-1:]
        follows = bool(before) and not before.isspace() and before not in _PARTS
        after = runs[at + 1] if at + 1 < len(runs) else Text("")
        goes_on = wanted == after.marks & SIGNS.keys() and after.text[:1].isalnum()
        written.append(_run(run, glued=follows or goes_on))
    return "".join(written) + "".join(SIGNS[mark] for mark in reversed(opened))


def _goes_on(runs: list[Text], at: int, mark: Mark) -> int:
    end = at
    while end < len(runs) and mark in runs[end].marks:
        end += 1
    return end - at


def _run(run: Text, *, glued: bool) -> str:
    if not run.link:
        is_code = Mark.CODE in run.marks and bool(run.text.strip())
        return write_verbatim(run.text, glued=glued) if is_code else escape(run.text)
    # Jira Cloud takes no text of fixed width for a link; the link matters more.
    shown = escape(run.text)
    address = quote(run.link, safe=_KEPT_IN_ADDRESSES)
    if run.text == run.link == address:
        return f"[{address}]"
    if _UNFIT_FOR_ALIASES & set(run.text):
        return f"{shown} [{address}]"
    return f"[{shown}|{address}]"
