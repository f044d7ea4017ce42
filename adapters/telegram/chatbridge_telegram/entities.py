"""Draw a `Document` as a Telegram text with entities; never with a parse mode, so never escaped.

Offsets and lengths count UTF-16 units. Of two entities that share text one contains the other,
code stands alone, and quotations do not nest (https://core.telegram.org/bots/api#messageentity).
The text is never longer than `Document.plain()` of what was drawn, by which messages are split;
only the address of a link that cannot be shown as one is added where there is room.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from attrs import evolve, frozen

from chatbridge.capabilities import LengthUnit
from chatbridge.richtext import Document, Mark

from .runs import Run, runs_of

Entity: TypeAlias = dict[str, Any]

MAX_TEXT_LENGTH = 4096
"""UTF-16 units of one message's text."""

_LINK_SCHEMES = frozenset({"http", "https", "tg", "mailto", "tel"})
_MARKS = (
    (Mark.BOLD, "bold"),
    (Mark.ITALIC, "italic"),
    (Mark.UNDERLINE, "underline"),
    (Mark.STRIKE, "strikethrough"),
)


@frozen
class DrawnText:
    """What a message shows.

    Args:
        text: the characters.
        entities: their looks, as the Bot API takes them.
    """

    text: str
    entities: tuple[Entity, ...] = ()


def draw(
    document: Document,
    *,
    before: tuple[Run, ...] = (),
    plain: bool = False,
    longest: int = MAX_TEXT_LENGTH,
) -> DrawnText:
    """Return the text and entities that show a document.

    Args:
        document: what to show; any Unicode text.
        before: runs that stand before it.
        plain: leave all entities out.
        longest: the UTF-16 units up to which addresses are written out.
    """
    runs = runs_of(document, aligned_tables=not plain)
    if any(run.code_block is not None for run in runs):
        # A table whose columns were aligned may have grown beyond what the text was split by.
        room = LengthUnit.UTF16.measure(document.plain())
        if sum(LengthUnit.UTF16.measure(run.text) for run in runs) > room:
            runs = runs_of(document, aligned_tables=False)
    runs = [_with_text(run, sendable(run.text)) for run in (*before, *runs)]
    shown = _trimmed(_with_addresses(runs, plain, longest))
    text = "".join(run.text for run in shown)
    return DrawnText(text, () if plain else tuple(_entities(shown)))


def _with_addresses(runs: list[Run], plain: bool, longest: int) -> list[Run]:
    """Write out the address of each link that will not be one, as long as there is room."""
    written: list[Run] = []
    for run in runs:
        url = sendable(run.link or "")
        hidden = bool(url) and url not in run.text and (plain or not _is_link(url))
        shown = f"{run.text} ({url})" if run.text else url
        written.append(_with_text(run, shown if hidden else run.text))
    if written == runs:
        return runs
    length = sum(LengthUnit.UTF16.measure(run.text) for run in written)
    return written if length <= longest else runs


def _with_text(run: Run, text: str) -> Run:
    return run if run.text == text else evolve(run, text=text)


def sendable(text: str) -> str:
    """Return the text without NULs, its lone surrogates replaced and its line ends made plain."""
    if text.isascii() and "\r" not in text and "\x00" not in text:
        return text
    kept = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return kept.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _trimmed(runs: list[Run]) -> list[Run]:
    """Drop white space around the whole, as the server would, before offsets are counted."""
    kept = list(runs)
    while kept and not kept[0].text.strip():
        kept.pop(0)
    while kept and not kept[-1].text.strip():
        kept.pop()
    if kept:
        kept[0] = _with_text(kept[0], kept[0].text.lstrip())
        kept[-1] = _with_text(kept[-1], kept[-1].text.rstrip())
    return [run for run in kept if run.text]


Span: TypeAlias = tuple[int, tuple[tuple[str, str], ...]]
"""What tells two neighbours of one look apart, and the entity's own members."""


def _levels(run: Run) -> tuple[Span | None, ...]:
    """Return the run's looks from the outermost to the innermost."""
    quote: Span | None = None if run.quote is None else (run.quote, (("type", "blockquote"),))
    if run.code_block is not None and run.quote is None:
        fields = [("type", "pre"), *([("language", run.language)] if run.language else [])]
        return None, (run.code_block, tuple(fields)), *(None for _ in _MARKS)
    if _is_link(run.link):
        inner: Span | None = (0, (("type", "text_link"), ("url", sendable(run.link or ""))))
    elif Mark.CODE in run.marks and run.quote is None:
        return None, (0, (("type", "code"),)), *(None for _ in _MARKS)
    else:
        inner = None
    looks = tuple((0, (("type", name),)) if mark in run.marks else None for mark, name in _MARKS)
    return quote, inner, *looks


def _entities(runs: Sequence[Run]) -> Iterator[Entity]:
    placed: list[tuple[int, int, tuple[Span | None, ...]]] = []
    offset = 0
    for run in runs:
        length = LengthUnit.UTF16.measure(run.text)
        looks = _levels(run)
        if not run.text.strip():
            # The server drops an entity of white space; only a quotation goes on through it.
            looks = (looks[0], *(None for _ in looks[1:]))
        placed.append((offset, length, looks))
        offset += length
    yield from _nested(placed, 0)


def _nested(placed: list[tuple[int, int, tuple[Span | None, ...]]], level: int) -> Iterator[Entity]:
    """Yield entities so that each lies wholly within those of the levels before it."""
    if level == 2 + len(_MARKS):
        return
    for span, members in groupby(placed, key=lambda item: item[2][level]):
        group = list(members)
        if span is not None:
            start = group[0][0]
            length = group[-1][0] + group[-1][1] - start
            yield {**dict(span[1]), "offset": start, "length": length}
        yield from _nested(group, level + 1)


def _is_link(url: str | None) -> bool:
    if not url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in _LINK_SCHEMES and bool(parts.netloc or parts.path)
