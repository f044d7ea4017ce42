"""Makes an outgoing text fit a platform: cuts it into parts, each of which one request shows.

The adapter draws a part; this module only decides what each part holds. It makes no call and keeps
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from attrs import evolve, frozen

from chatbridge.capabilities import Capabilities
from chatbridge.content import Address, Choice
from chatbridge.outgoing import OutgoingMessage, RequestLabel
from chatbridge.richtext import Document, Mark, Paragraph, Text
from chatbridge.splitting import split_document

_RESERVE = 0.06
"""Share of the length kept free: an adapter's drawing of lists and tables is a little longer."""


@frozen
class Part:
    """What one visible request shows.

    Args:
        message: to hand to the adapter, with its key.
        digest: what it is remembered by once it was sent.
    """

    message: OutgoingMessage
    digest: str


@frozen(kw_only=True)
class Draft:
    """Something to be shown, before it is cut.

    Args:
        item: the comment id, or the name of a text of state.
        text: the whole text.
        label: of the request.
        speaker: whose name stands before it, empty for the bot's own texts.
        choices: go under the last part.
    """

    item: str
    text: Document
    label: RequestLabel | None = None
    speaker: str = ""
    choices: tuple[Choice, ...] = ()


def cut(
    draft: Draft,
    address: Address,
    capabilities: Capabilities,
    *,
    digest: Callable[[str, int], str],
    key: Callable[[str], str],
    shrink: float = 1.0,
) -> tuple[Part, ...]:
    """Return the parts of a draft, in the order in which they are sent.

    Args:
        draft: what shall be shown.
        address: where.
        capabilities: of the platform.
        digest: gives the digest of (plain text, ordinal among equal parts).
        key: gives the message key of a digest.
        shrink: share of the allowed length to use, below 1 after the platform found it too long.
    """
    named = bool(draft.speaker) and capabilities.max_sender_name > 0
    text = draft.text if named or not draft.speaker else _with_speaker(draft.text, draft.speaker)
    pieces = split_document(text, _fits(capabilities, draft.label, shrink))
    counts: Counter[str] = Counter()
    parts = []
    for at, piece in enumerate(pieces):
        plain = piece.plain()
        mark = digest(plain, counts[plain])
        counts[plain] += 1
        message = OutgoingMessage(
            address=address,
            key=key(mark),
            text=piece,
            label=draft.label,
            sender_name=draft.speaker[: capabilities.max_sender_name] if named else "",
            choices=draft.choices if at == len(pieces) - 1 else (),
        )
        parts.append(Part(message, mark))
    return tuple(parts)


def without_formatting(part: Part) -> Part:
    """Return the part as one that the adapter draws without any formatting."""
    return evolve(part, message=evolve(part.message, plain=True))


def _fits(
    capabilities: Capabilities, label: RequestLabel | None, shrink: float
) -> Callable[[Document], bool]:
    unit = capabilities.length_unit
    head = unit.measure(label.key) + 2 if label else 0
    allowed = max(1, int((capabilities.max_text_length * (1 - _RESERVE) - head) * shrink))
    return lambda piece: unit.measure(piece.plain()) <= allowed


def _with_speaker(text: Document, speaker: str) -> Document:
    name = Text(f"{speaker}:", frozenset({Mark.BOLD}))
    if text.blocks and isinstance(text.blocks[0], Paragraph):
        return text.prefixed(name, Text(" "))
    return Document((Paragraph((name,)), *text.blocks))
