"""What an event becomes in Jira: one piece for each write, in the order in which they are made.

Pure. The same event and settings give the same pieces, which is how a later try knows what an
earlier one may have written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import frozen

from chatbridge.adapter import Adapter, FetchesFiles
from chatbridge.content import Attachment
from chatbridge.drafts import LeftOut, as_comment, as_file_words, shown_name
from chatbridge.events import Event, MessageEdited, MessageReceived
from chatbridge.project import ProjectSettings
from chatbridge.records import IntentKind
from chatbridge.richtext import EMPTY, Document
from chatbridge.texts import Texts

MEGABYTE = 1_000_000
"""What the setting of the largest file counts in."""


@frozen
class Piece:
    """One write.

    Args:
        text: what it says; with files, what stands beside them.
        files: what it brings, none where it is a text alone; several of an album.
        without: what it says where its file cannot be brought; empty where there is none.
    """

    text: Document
    files: tuple[Attachment, ...] = ()
    without: Document = EMPTY


@frozen
class Pieces:
    """All writes of an event.

    Args:
        writes: in order; those with a file are the last ones.
        left_out: files that are not even tried.
        summary: what a new request is named after.
    """

    writes: tuple[Piece, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    summary: str = ""

    def not_brought(self, ordinals: Iterable[int]) -> tuple[LeftOut, ...]:
        """Return the files that are left out, those of these writes among them."""
        refused = (file for ordinal in sorted(ordinals) for file in self.writes[ordinal].files)
        return self.left_out + tuple(LeftOut(file, "file_refused") for file in refused)

    @property
    def files(self) -> int:
        """How many writes bring files."""
        return sum(bool(piece.files) for piece in self.writes)


def sorted_files(
    event: Event, adapter: Adapter, settings: ProjectSettings
) -> tuple[tuple[Attachment, ...], tuple[LeftOut, ...]]:
    """Return the files of an event that are passed on, and the others with the reason."""
    if not isinstance(event, MessageReceived):
        return (), ()
    wanted: list[Attachment] = []
    left_out: list[LeftOut] = []
    for file in event.attachments:
        if file.kind not in settings.customer_files or not isinstance(adapter, FetchesFiles):
            left_out.append(LeftOut(file, "file_unwanted"))
        elif (file.size or 0) > settings.max_file_megabytes * MEGABYTE:
            left_out.append(LeftOut(file, "file_too_large"))
        else:
            wanted.append(file)
    return tuple(wanted), tuple(left_out)


def pieces_of(
    event: Event,
    kind: IntentKind,
    adapter: Adapter,
    settings: ProjectSettings,
    texts: Texts,
    split: Callable[[Document], tuple[Document, ...]],
    *,
    together: bool = False,
) -> Pieces:
    """Return what an event becomes.

    Args:
        event: what happened.
        kind: whether it opens a request or is a comment on one.
        adapter: of the platform.
        settings: of the project.
        texts: the project's words.
        split: cuts a text into what one write can hold each.
        together: whether all files are brought by one write, or each by its own.
    """
    if not isinstance(event, (MessageReceived, MessageEdited)):
        return Pieces()
    files, left_out = sorted_files(event, adapter, settings)
    where = (adapter.name, settings, texts)
    body = split(as_comment(event, *where, left_out))
    summary = event.text.plain() or ", ".join(map(shown_name, files))
    if not files or isinstance(event, MessageEdited):
        return Pieces(tuple(map(Piece, body)), left_out, summary)
    with_files = [
        Piece(
            as_file_words(event, *where),
            group,
            as_file_words(event, *where, [LeftOut(file, "file_refused") for file in group]),
        )
        for group in ([files] if together else [(file,) for file in files])
    ]
    if kind is IntentKind.COMMENT and len(body) == 1:
        # Text and file of one message stay one comment.
        refused = [LeftOut(file, "file_refused") for file in with_files[0].files]
        without = as_comment(event, *where, [*left_out, *refused])
        with_files[0] = Piece(body[0], with_files[0].files, without)
        return Pieces(tuple(with_files), left_out, summary)
    return Pieces((*map(Piece, body), *with_files), left_out, summary)
