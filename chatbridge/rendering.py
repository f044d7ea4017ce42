"""Makes an outgoing text fit a platform: cuts it into parts, each of which one request shows.

The adapter draws a part; this module only decides what each part holds. It makes no call and keeps
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, TypeAlias

from attrs import evolve, field, frozen

from chatbridge.capabilities import Capabilities
from chatbridge.content import Address, Attachment, Choice, FileKind
from chatbridge.graphemes import last_cut
from chatbridge.outgoing import OutgoingMessage, RequestLabel
from chatbridge.richtext import EMPTY, Document, Mark, Paragraph, Text
from chatbridge.splitting import split_document

Files: TypeAlias = tuple[Attachment, ...]

_FAMILIES: Final = {
    FileKind.PHOTO: "pictures",
    FileKind.VIDEO: "pictures",
    FileKind.DOCUMENT: "documents",
    FileKind.AUDIO: "audio",
}
"""Kinds -> what can stand together in one album."""

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
        files: what goes with it, in order; each of a kind that the platform takes.
        reply_to: the platform's id of the message that its first part answers, or None.
    """

    item: str
    text: Document
    label: RequestLabel | None = None
    speaker: str = ""
    choices: tuple[Choice, ...] = ()
    files: tuple[Attachment, ...] = ()
    reply_to: str | None = field(default=None, repr=False)


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
    shown = _shown(draft, text, capabilities, shrink)
    counts: Counter[str] = Counter()
    parts = []
    for at, (piece, files) in enumerate(shown):
        plain = "\0".join((piece.plain(), *(file.ref for file in files)))
        mark = digest(plain, counts[plain])
        counts[plain] += 1
        message = OutgoingMessage(
            address=address,
            key=key(mark),
            text=piece,
            label=draft.label,
            sender_name=_short_name(draft.speaker, capabilities) if named else "",
            choices=draft.choices if capabilities.choices and at == len(shown) - 1 else (),
            attachments=files,
            reply_to=draft.reply_to if capabilities.replies and at == 0 else None,
        )
        parts.append(Part(message, mark))
    return tuple(parts)


def weaker(message: OutgoingMessage, capabilities: Capabilities) -> list[OutgoingMessage]:
    """Return the forms in which a refused part may still be shown whole, the best first."""
    plain = evolve(message, plain=True)
    if len(message.attachments) != 1:
        return [plain]
    (file,) = message.attachments
    limit = capabilities.file_limits.get(FileKind.DOCUMENT)
    if file.kind is FileKind.DOCUMENT or limit is None or (file.size or 0) > limit.max_bytes:
        return [plain]
    # A picture that is too wide, say, is still a file.
    return [evolve(plain, attachments=(evolve(file, kind=FileKind.DOCUMENT),))]


def _shown(
    draft: Draft, text: Document, capabilities: Capabilities, shrink: float
) -> list[tuple[Document, Files]]:
    """Return what stands together in one message: a piece of text, files, or both."""
    groups = _groups(draft.files, capabilities)
    fits = _fits(capabilities, draft.label, shrink)
    if groups and _fits_caption(text, groups[0], draft.label, capabilities):
        first, *others = groups
        return [(text, first), *((EMPTY, group) for group in others)]
    pieces = () if groups and text.is_empty() else split_document(text, fits)
    return [*((piece, ()) for piece in pieces), *((EMPTY, group) for group in groups)]


def _groups(files: Files, capabilities: Capabilities) -> list[Files]:
    """Return files in the albums that a platform can show, in order."""
    groups: list[Files] = []
    for file in files:
        family = _FAMILIES.get(file.kind)
        last = groups[-1] if groups else ()
        together = bool(last) and family is not None and family == _FAMILIES.get(last[0].kind)
        if together and len(last) < capabilities.albums:
            groups[-1] = (*last, file)
        else:
            groups.append((file,))
    return groups


def _fits_caption(
    text: Document, files: Files, label: RequestLabel | None, capabilities: Capabilities
) -> bool:
    unit = capabilities.length_unit
    head = unit.measure(label.key) + 2 if label else 0
    most = int(_max_caption(files, capabilities) * (1 - _RESERVE))
    return text.is_empty() or unit.measure(text.plain()) + head <= most


def _max_caption(files: Files, capabilities: Capabilities) -> int:
    if not files:
        return capabilities.max_text_length
    limit = capabilities.file_limits.get(files[0].kind)
    return limit.max_caption if limit is not None else 0


def _fits(
    capabilities: Capabilities, label: RequestLabel | None, shrink: float
) -> Callable[[Document], bool]:
    unit = capabilities.length_unit
    head = unit.measure(label.key) + 2 if label else 0
    allowed = max(1, int((capabilities.max_text_length * (1 - _RESERVE) - head) * shrink))
    return lambda piece: unit.measure(piece.plain()) <= allowed


def _short_name(name: str, capabilities: Capabilities) -> str:
    """Return as much of a name as the platform shows, in whole graphemes where one fits."""
    at = len(name)
    while at > 0 and capabilities.length_unit.measure(name[:at]) > capabilities.max_sender_name:
        at = last_cut(name, at - 1)
    return name[: at or capabilities.max_sender_name]


def _with_speaker(text: Document, speaker: str) -> Document:
    name = Text(f"{speaker}:", frozenset({Mark.BOLD}))
    if text.blocks and isinstance(text.blocks[0], Paragraph):
        return text.prefixed(name, Text(" "))
    return Document((Paragraph((name,)), *text.blocks))
