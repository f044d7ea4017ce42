"""Takes the macros in braces out of wiki markup: code, quotations, panels, colours, anchors.

What a macro holds is read as blocks and stands in the text as a place of its own, so that lines,
items and cells can be told apart behind it. A macro that is not closed, or that nobody knows, stays
in the text as it is written.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable

from attrs import Factory, define, frozen

from chatbridge.jira.adf_read import read_adf
from chatbridge.jira.panels import kind_by_colour, with_icon
from chatbridge.jira.wiki import APART
from chatbridge.richtext import Block, CodeBlock, Mark, Paragraph, Quote, Text

BOUNDARY = "\x03"
"""Where a macro without a look stood: no letter, nothing to see."""

HELD = re.compile("\x01([0-9]+)\x02")
"""The place of blocks that were taken out. No text has these characters: they were cleaned away."""

Held = list[tuple[Block, ...]]
ReadBlocks = Callable[[str, Held], tuple[Block, ...]]

_TAG = re.compile(
    r"(?:\\.)++|\{(code|noformat|adf|quote|panel|color|colour|anchor)(?::([^{}\n]*+))?\}",
    re.IGNORECASE,
)
_CLOSERS = {
    name: re.compile(rf"\{{{name}\}}", re.IGNORECASE) for name in ("code", "noformat", "adf")
}
_LANGUAGE = re.compile(r"[\w+#.-]+\Z")


@frozen
class _Open:
    name: str
    parameters: str
    place: int


@define
class Macros:
    """One pass over a markup.

    Args:
        read_blocks: reads the text inside a quotation or panel.
    """

    read_blocks: ReadBlocks
    held: Held = Factory(list)
    _written: list[str] = Factory(list)
    _open: list[_Open] = Factory(list)
    _names: Counter[str] = Factory(Counter)
    _unclosed: set[str] = Factory(set)

    def taken_out(self, markup: str) -> str:
        """Return the markup with each macro's content in `held` and a place in its stead."""
        at = 0
        while found := _TAG.search(markup, at):
            self._written.append(markup[at : found.start()])
            at = found.end()
            name = (found[1] or "").lower().replace("colour", "color")
            if name in _CLOSERS:
                at = self._verbatim(markup, found, name)
            elif name == "anchor":
                self._written.append(BOUNDARY)
            elif name:
                self._container(found, name)
            else:
                self._written.append(found[0])
        self._written.append(markup[at:])
        return "".join(self._written)

    def _hold(self, *blocks: Block) -> None:
        self._written.append(f"\x01{len(self.held)}\x02")
        self.held.append(blocks)

    def _verbatim(self, markup: str, found: re.Match[str], name: str) -> int:
        # A search that failed once is not repeated: it would look at the same text again.
        end = None if name in self._unclosed else _CLOSERS[name].search(markup, found.end())
        if end is None:
            self._unclosed.add(name)
            self._written.append(found[0])
            return found.end()
        text = markup[found.end() : end.start()].removeprefix("\n").removesuffix("\n")
        if name == "adf":
            self._hold(*_embedded(text))
        else:
            title, language = _title(found[2] or ""), _language(found[2] or "")
            self._hold(*title, CodeBlock(text.replace("{" + APART, "{"), language))
        return end.end()

    def _container(self, found: re.Match[str], name: str) -> None:
        if found[2] is None and self._names[name]:
            self._close(name)
            return
        nests = name == "color"
        if (found[2] is None) if nests else self._names[name]:
            self._written.append(found[0])
            return
        self._open.append(_Open(name, found[2] or "", len(self._written)))
        self._names[name] += 1
        self._written.append(found[0])

    def _close(self, name: str) -> None:
        while True:
            opened = self._open.pop()
            self._names[opened.name] -= 1
            if opened.name == name:
                break
        if name == "color":
            self._written[opened.place] = BOUNDARY
            self._written.append(BOUNDARY)
            return
        inside = "".join(self._written[opened.place + 1 :])
        del self._written[opened.place :]
        blocks = self.read_blocks(inside, self.held)
        if name == "quote":
            self._hold(Quote(blocks))
        else:
            kind = kind_by_colour(_parameter(opened.parameters, "bgColor"))
            self._hold(*with_icon((*_title(opened.parameters), *blocks), kind=kind))


def _title(parameters: str) -> tuple[Block, ...]:
    title = _parameter(parameters, "title")
    return (Paragraph((Text(title, frozenset({Mark.BOLD})),)),) if title else ()


def _parameter(parameters: str, name: str) -> str:
    for each in parameters.split("|"):
        key, _, value = each.partition("=")
        if key.strip().lower() == name.lower():
            return value.strip()
    return ""


def _language(parameters: str) -> str:
    name = _parameter(parameters, "language") or parameters.partition("|")[0].strip()
    return name.lower() if _LANGUAGE.match(name) and name.lower() != "none" else ""


def _embedded(text: str) -> tuple[Block, ...]:
    """Read a node of ADF, which Jira Cloud writes so where wiki markup has no word for it."""
    try:
        node = json.loads(text)
    except (ValueError, RecursionError):
        return (CodeBlock(text),)
    return read_adf({"type": "doc", "content": [node]}).blocks
