"""Reads the inline elements of rendered HTML: marks, links, mentions, images, line breaks.

No address inside a Jira site becomes a link, and no account is shown: a customer could open neither
and should know neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from attrs import evolve, frozen

from chatbridge.jira.html_tree import Element, Node
from chatbridge.jira.inline_runs import joined
from chatbridge.jira.raised import above, below
from chatbridge.jira.wiki_emoticons import EMOTICONS
from chatbridge.jira.wiki_links import SAFE
from chatbridge.richtext import Emoji, Inline, Mark, Mention, Text

_MARKS = {
    "b": Mark.BOLD, "strong": Mark.BOLD,
    "i": Mark.ITALIC, "em": Mark.ITALIC, "cite": Mark.ITALIC,
    "u": Mark.UNDERLINE, "ins": Mark.UNDERLINE,
    "s": Mark.STRIKE, "del": Mark.STRIKE, "strike": Mark.STRIKE,
    "code": Mark.CODE, "tt": Mark.CODE, "kbd": Mark.CODE, "samp": Mark.CODE, "pre": Mark.CODE,
}  # fmt: skip
_MOVED = {"sup": above, "sub": below}
_PEOPLE = frozenset({"user-hover", "account-link", "mention"})
_SPACE = re.compile(r"[ \t\r\n\f]+")


@frozen
class Looks:
    """How text looks inside the elements around it, and which site is not to be linked to."""

    site: str = ""
    marks: frozenset[Mark] = frozenset()
    link: str | None = None
    moved: str = ""


def read_inlines(nodes: Iterable[Node], looks: Looks) -> tuple[Inline, ...]:
    """Return what the nodes say; white space counts once, as a browser shows it."""
    return tuple(_without_extra_space(joined(_inlines(nodes, looks))))


def looks_inside(node: Element, looks: Looks) -> Looks:
    """Return how text looks inside an element."""
    if node.name == "a":
        link = _address(node.attributes.get("href", ""), looks.site)
        return evolve(looks, link=link or looks.link)
    if node.name in _MOVED:
        return evolve(looks, moved=node.name)
    mark = _MARKS.get(node.name)
    return evolve(looks, marks=looks.marks | {mark}) if mark else looks


def text_in(nodes: Iterable[Node]) -> str:
    """Return all characters inside, line breaks as such, white space as it is."""
    parts: list[str] = []
    waiting = list(nodes)[::-1]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
        elif node.name == "br":
            parts.append("\n")
        else:
            waiting += reversed(node.inside)
    return "".join(parts)


def _inlines(nodes: Iterable[Node], looks: Looks) -> Iterator[Inline]:
    for node in nodes:
        if isinstance(node, str):
            text = _SPACE.sub(" ", node)
            text = _MOVED[looks.moved](text) if looks.moved else text
            yield Text(text, looks.marks, looks.link)
        else:
            yield from _element(node, looks)


def _element(node: Element, looks: Looks) -> Iterator[Inline]:
    match node.name:
        case "br":
            yield Text("\n")
        case "img":
            yield from _image(node, looks)
        case "input" if node.attributes.get("type", "").lower() == "checkbox":
            yield Text("☑ " if "checked" in node.attributes else "☐ ")
        case "a" if _PEOPLE & set(node.attributes.get("class", "").split()):
            name = _SPACE.sub(" ", text_in(node.inside)).strip().lstrip("@")
            yield Mention(name or "someone")
        case _:
            yield from _inlines(node.inside, looks_inside(node, looks))


def _image(node: Element, looks: Looks) -> Iterator[Inline]:
    classes = set(node.attributes.get("class", "").split())
    alt, source = node.attributes.get("alt", "").strip(), node.attributes.get("src", "")
    if classes & {"emoticon", "emoji"}:
        yield Emoji(EMOTICONS.get(alt, alt) or "[emoji]")
    elif "rendericon" not in classes:
        name = alt if alt and "\n" not in alt else unquote(_path(source).rpartition("/")[2])
        link = _address(source, looks.site) if source.lower().startswith(SAFE[:2]) else None
        yield Text(f"[file: {name}]" if name else "[file]", looks.marks, link or looks.link)


def _address(href: str, site: str) -> str | None:
    """Return an address that a customer may open, None for all others."""
    address = "".join(href.split())
    if not address.lower().startswith(SAFE) or not _rest(address):
        return None
    host = urlsplit(site).hostname if site else None
    return None if host and _host(address) == host else address


def _rest(address: str) -> str:
    return address.partition(":")[2].strip("/")


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _path(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def _without_extra_space(inlines: Iterable[Inline]) -> list[Inline]:
    """Drop white space at line ends and behind other white space."""
    kept: list[Inline] = []
    open_line = False
    for node in inlines:
        if not isinstance(node, Text):
            kept.append(node)
            open_line = True
            continue
        text = re.sub(r" ?\n ?", "\n", re.sub(" {2,}", " ", node.text))
        if not open_line:
            text = text.lstrip(" ")
        if text.startswith("\n"):
            _trim_end(kept)
        if text:
            kept.append(evolve(node, text=text))
            open_line = text[-1] not in " \n"
    _trim_end(kept)
    return kept


def _trim_end(kept: list[Inline]) -> None:
    last = kept[-1] if kept else None
    if isinstance(last, Text) and last.text.endswith(" "):
        kept.pop()
        if text := last.text.rstrip(" "):
            kept.append(evolve(last, text=text))
