"""Reads a run of wiki markup: marks, links, mentions, images, emoticons, escapes, line breaks.

Every character that is no markup by Jira's rules stays as it is. The time is linear in the length:
what failed at one place is never looked for again from the next.
"""

from __future__ import annotations

import re
from html import unescape as decoded
from io import StringIO

from attrs import evolve

from chatbridge.jira.inline_runs import joined
from chatbridge.jira.raised import above, below
from chatbridge.jira.wiki_emoticons import EMOTICONS
from chatbridge.jira.wiki_links import parts_of, read_image, read_target
from chatbridge.richtext import Emoji, Inline, Mark, Text

_PUNCTUATION = r"[-#*_+?^~|%{}\[\]()!@]"
_EMOTICON = "|".join(re.escape(each) for each in sorted(EMOTICONS, key=len, reverse=True))
_TOKEN = re.compile(
    rf"""
      (?P<plain> \\{{3,}}+ | -{{2,}}+ | [ ]?(?<![\w\\])\\\\(?=\w[\w.$-]*+\\) )
    | (?P<break> [ ]?\\\\[ ]?\n? )
    | (?P<escaped> (?:\\{_PUNCTUATION})++ )
    | (?P<mono> \{{\{{ )
    | \[(?P<link> [^\[\]\\\n]*+(?:\\.[^\[\]\\\n]*+)*+ )\]
    | (?<![\w\\])!(?P<image> [^!\n]++ )!(?!\w)
    | (?P<url> (?<![\w\\])(?:https?://|mailto:)[^\s|\[\]{{}}<>"\\\x01-\x03\u2060]++ )
    | \{{(?P<braced> [-*_+^~] | \?\? )\}}
    | (?P<emoticon> (?<!\w)(?:{_EMOTICON})(?!\w) )
    | (?P<mark> \?\? | [-*_+^~] )
    | (?P<entity> &\#?\w{{1,32}}; )
    | (?P<gone> [\x01-\x03\u2060]++ )
    | (?P<line> \n )
    """,
    re.VERBOSE,
)
_MONO_ENDS = {
    "{{{}": ("{}}}", re.compile(r"(?P<end>\{\}\}\})|(?:\\.)++|\n")),
    "{{": ("}}", re.compile(r"(?P<end>\}{2,})|(?:\\.)++|\n")),
}
"""How text of fixed width begins -> how it ends, and what has to be looked at to find that."""
_ESCAPED = re.compile(rf"\\({_PUNCTUATION})|\u2060")

_MARKS = {
    "*": Mark.BOLD,
    "_": Mark.ITALIC,
    "-": Mark.STRIKE,
    "+": Mark.UNDERLINE,
    "??": Mark.ITALIC,
}
_MOVED = {"^": above, "~": below}


def read_inlines(text: str) -> tuple[Inline, ...]:
    """Return what a run of markup without macros says; a line end is a line break."""
    return _Reader(text, links=True).read()


class _Reader:
    """One pass over one run."""

    def __init__(self, text: str, *, links: bool) -> None:
        self._text = text
        self._links = links
        self._found: list[Inline] = []
        # Plain text that is not yet in `_found`; large texts are mostly that.
        self._said = StringIO()
        # Where marks begin and end, by the place in `_found` of the sign that says so.
        self._turns: dict[int, str] = {}
        self._open: dict[tuple[str, bool], int] = {}
        self._no_mono_before = 0

    def read(self) -> tuple[Inline, ...]:
        text, at = self._text, 0
        while token := _TOKEN.search(text, at):
            self._say(text[at : token.start()])
            at = self._take(token.lastgroup or "", token)
        self._say(text[at:])
        return self._marked()

    def _take(self, kind: str, token: re.Match[str]) -> int:
        """Read one token; return where it ends."""
        value = token[kind]
        match kind:
            case "mono" | "link" | "image":
                return self._enclosed(kind, token)
            case "url":
                return self._address(token)
            case "mark":
                self._sign(value, token.start(), token.end())
            case "braced":
                self._braced(value)
            case "break" | "line":
                if kind == "line":
                    self._open.clear()
                self._say("\n")
            case "emoticon":
                self._show(Emoji(EMOTICONS[value]))
            case "entity":
                self._say(decoded(value))
            case "escaped" | "plain":
                self._say(value[1::2] if kind == "escaped" else value)
        return token.end()

    def _say(self, text: str) -> None:
        self._said.write(text)

    def _place(self) -> int:
        """Return the place in `_found` of what comes next."""
        if text := self._said.getvalue():
            self._found.append(Text(text))
            self._said = StringIO()
        return len(self._found)

    def _show(self, *inlines: Inline) -> None:
        self._place()
        self._found += inlines

    def _address(self, token: re.Match[str]) -> int:
        address = token["url"].rstrip(".,;:!?'*_")
        while address.endswith(")") and address.count(")") > address.count("("):
            address = address[:-1].rstrip(".,;:!?'*_")
        known = self._links and address.rpartition("/")[2].rpartition(":")[2]
        shown = address or token["url"]
        self._show(Text(shown, link=shown if known else None))
        return token.start() + len(shown)

    def _enclosed(self, kind: str, token: re.Match[str]) -> int:
        """Read a thing with two ends; take its first character as it is where it is no such."""
        if kind == "mono":
            end = self._mono(token.start())
            if end:
                return end
        else:
            inlines = self._link(token["link"]) if kind == "link" else _image(token["image"])
            if inlines:
                self._show(*inlines)
                return token.end()
        self._say(self._text[token.start()])
        return token.start() + 1

    def _mono(self, start: int) -> int:
        """Return where text of fixed width that begins here ends, 0 where it does not."""
        if start < self._no_mono_before:
            return 0
        inside, end = _mono_at(self._text, start)
        if not end:
            line_end = self._text.find("\n", start)
            self._no_mono_before = len(self._text) if line_end < 0 else line_end
            return 0
        inside = _without_escapes(inside)
        if not inside.strip("\x03"):
            return 0
        self._show(Text(inside.replace("\x03", ""), frozenset({Mark.CODE})))
        return end

    def _link(self, inside: str) -> list[Inline]:
        if not self._links:
            return []
        first, *others = parts_of(inside)
        alias = _Reader(first, links=False).read() if others else ()
        said = "".join(node.text for node in alias if isinstance(node, Text))
        target = read_target(
            _ESCAPED.sub(lambda found: found[1] or "", (others or [first])[0]), said
        )
        if isinstance(target, Text) and alias and target.text == said:
            return [evolve(node, link=target.link) for node in alias if isinstance(node, Text)]
        return [] if target is None else [target]

    def _sign(self, sign: str, start: int, end: int) -> None:
        """Take a sign for the beginning or end of a mark, if its neighbours let it."""
        before, after = self._text[start - 1 : start], self._text[end : end + 1]
        opened, place = self._open.get((sign, False)), self._place()
        ends = bool(before) and not before.isspace() and not after.isalnum()
        if opened is not None and ends and opened + 1 < place:
            self._end(sign, opened, place)
            del self._open[sign, False]
        elif after and not after.isspace() and after != sign[0] and not before.isalnum():
            self._open[sign, False] = place
        self._show(Text(sign))

    def _braced(self, sign: str) -> None:
        place = self._place()
        for form in (True, False):
            opened = self._open.pop((sign, form), None)
            if opened is not None:
                self._end(sign, opened, place)
                break
        else:
            self._open[sign, True] = place
        self._show(Text("{" + sign + "}"))

    def _end(self, sign: str, opened: int, place: int) -> None:
        self._turns[opened] = self._turns[place] = sign

    def _marked(self) -> tuple[Inline, ...]:
        """Return what was found with its marks, neighbours that look alike as one."""
        signs: set[str] = set()
        shown: list[Inline] = []
        self._place()
        for place, node in enumerate(self._found):
            if place in self._turns:
                signs ^= {self._turns[place]}
            else:
                shown.append(_with_signs(node, signs))
        return tuple(joined(shown))


def _mono_at(text: str, start: int) -> tuple[str, int]:
    """Return the text of fixed width that begins in a place, and where it ends; 0: it does not."""
    for opening, (closing, steps) in _MONO_ENDS.items():
        if not text.startswith(opening, start):
            continue
        for step in steps.finditer(text, start + len(opening)):
            if step[0] == "\n":
                break
            if step["end"]:
                inside = text[start + len(opening) : step.end() - len(closing)]
                if inside or opening == "{{":
                    return inside, step.end()
                break
    return "", 0


def _without_escapes(text: str) -> str:
    return _ESCAPED.sub(lambda found: found[1] or "", text)


def _with_signs(node: Inline, signs: set[str]) -> Inline:
    if not signs or not isinstance(node, Text):
        return node
    text = node.text
    for sign in sorted(signs & _MOVED.keys()):
        text = _MOVED[sign](text)
    marks = {_MARKS[sign] for sign in signs & _MARKS.keys()}
    return evolve(node, text=text, marks=node.marks | marks)


def _image(inside: str) -> list[Inline]:
    image = read_image(inside)
    return [] if image is None else [image]
