"""Reads HTML as a tree of elements; broken tags are text, and nothing is ever executed or fetched.

The time is linear in the length, which `html.parser` of older Pythons does not promise. Elements
beyond a depth are left out as such; what is in them stays.
"""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from typing import TypeAlias

from attrs import Factory, define

DEEPEST = 60
"""Nesting beyond this is read as the text that is in it."""

# As many parts of a tag as are ever written; an atomic group remembers each of them.
_TOKEN = re.compile(
    r"""(?P<comment><!--)|<[!?][^<>]*+>
    |<(?P<end>/?)(?P<name>[a-z][a-z0-9:-]*+)
    (?P<attributes>(?>(?:[^<>"']++|"[^"<]*+"|'[^'<]*+'){0,2000}))>""",
    re.VERBOSE | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"""([^\s=/"'<>]++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s"'<>]++))?""")
_EMPTY = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta",
                    "source", "track", "wbr"})  # fmt: skip
_UNSEEN = frozenset({"script", "style", "template", "title"})
_ENDED_BY = {
    "li": frozenset({"li"}), "tr": frozenset({"tr"}), "td": frozenset({"td", "th", "tr"}),
    "th": frozenset({"td", "th", "tr"}), "p": frozenset({"p", "ul", "ol", "table", "pre",
    "blockquote", "hr", "div", "h1", "h2", "h3", "h4", "h5", "h6"}),
}  # fmt: skip
"""What ends an element that is the innermost one and has no end tag."""


@define
class Element:
    """A tag and what is inside."""

    name: str
    attributes: dict[str, str] = Factory(dict)
    inside: list[Node] = Factory(list)


Node: TypeAlias = Element | str


def read_tree(html: str) -> Element:
    """Return an element without a name that holds everything."""
    return _Reader(html).read()


class _Reader:
    """One pass over a text."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._open = [Element("")]
        self._names: Counter[str] = Counter()
        # What was once looked for in vain is not looked for again.
        self._missing: set[str] = set()

    def read(self) -> Element:
        at = 0
        while token := _TOKEN.search(self._html, at):
            self._say(self._html[at : token.start()])
            at = token.end()
            name = (token["name"] or "").lower()
            if token["comment"]:
                at = self._behind("-->", at)
            elif token["end"] and name:
                self._end(name)
            elif name in _UNSEEN:
                at = self._behind(f"</{name}>", at)
            elif name:
                self._begin(name, token["attributes"])
        self._say(self._html[at:])
        return self._open[0]

    def _say(self, text: str) -> None:
        if text:
            self._open[-1].inside.append(unescape(text))

    def _behind(self, mark: str, at: int) -> int:
        """Return the place behind the next mark, `at` if there is none: then all is text."""
        end = -1 if mark in self._missing else self._html.find(mark, at)
        if end < 0:
            self._missing.add(mark)
            return at
        return end + len(mark)

    def _begin(self, name: str, attributes: str) -> None:
        if name in _ENDED_BY.get(self._open[-1].name, ()):
            self._pop()
        if name == "tr" and self._open[-1].name == "tr":
            self._pop()
        element = Element(name, _attributes(attributes))
        self._open[-1].inside.append(element)
        if name not in _EMPTY and len(self._open) <= DEEPEST:
            self._open.append(element)
            self._names[name] += 1

    def _end(self, name: str) -> None:
        if not self._names[name]:
            return
        while self._pop() != name:
            continue

    def _pop(self) -> str:
        name = self._open.pop().name
        self._names[name] -= 1
        return name


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in _ATTRIBUTE.finditer(text):
        value = each[2] or ""
        if value[:1] in {'"', "'"}:
            value = value[1:-1]
        found.setdefault(each[1].lower(), unescape(value))
    return found
