"""Hands out files of public comments to platforms that fetch them; asks anew at every call.

An address proves only that a file could be shown once. Whether it still may be is read from the
records and from Jira each time, and nothing of a file is kept.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Final, Self

from chatbridge.content import Content
from chatbridge.desk import CommentFile
from chatbridge.errors import ChatbridgeError, Refusal, RefusedError, RetryLaterError
from chatbridge.file_urls import FileTicket, FileUrls, name_of, type_of
from chatbridge.links import Link, LinkState
from chatbridge.project import ProjectSettings
from chatbridge.roster import OpenDesk, Roster
from chatbridge.vault import Vault
from chatbridge.witnesses import public_comment

_log = logging.getLogger("chatbridge.file_serving")

MOST_AT_ONCE: Final = 8
"""Files that one process hands out at once; each holds a thread of the web server."""

_BUSY_FOR: Final = 5.0
_MEGABYTE: Final = 1_000_000


class ServedFile:
    """A file on its way out: its bytes in pieces, once. Close it, also where it was not read.

    An object of this class is what a WSGI server iterates and closes. Where the source fails it
    ends before `length`, so a server must announce that many bytes.

    Args:
        name: a safe name.
        media_type: fit for a header field.
        length: how many bytes there are.
        content: where they come from; None where only the rest was asked for.
        release: called once, when it is closed; not where it could not be opened.
    """

    def __init__(
        self, name: str, media_type: str, length: int, content: Content | None,
        release: Callable[[], None],
    ) -> None:  # fmt: skip
        self.name = name
        self.media_type = media_type
        self.length = length
        self._left = length
        self._release: Callable[[], None] | None = release
        with ExitStack() as stack:
            self._pieces = stack.enter_context(content.open()) if content else iter(())
            self._source = stack.pop_all()

    def __repr__(self) -> str:
        return f"<ServedFile, {self.length} bytes>"

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """Return the next piece; no more than `length` bytes in all."""
        if self._left <= 0:
            raise StopIteration
        try:
            piece = next(self._pieces)
        except ChatbridgeError as error:
            _log.warning("a file was not read to its end: %s", type(error).__name__)
            raise StopIteration from None
        piece = piece[: self._left]
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        """Let go of the source; does nothing the second time."""
        release, self._release = self._release, None
        self._left = 0
        if release is not None:
            try:
                self._source.close()
            finally:
                release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class FileServing:
    """Hands out files.

    Args:
        vault: the records.
        roster: the projects and the desks.
        urls: reads tokens.
        most: how many files at once.
    """

    def __init__(
        self, vault: Vault, roster: Roster, urls: FileUrls, most: int = MOST_AT_ONCE
    ) -> None:
        self._vault = vault
        self._roster = roster
        self._urls = urls
        self._free = threading.BoundedSemaphore(most)

    def open(self, token: str, *, head: bool = False) -> ServedFile:
        """Return the file that a token names, if it may be shown at this moment.

        Args:
            token: from the path of an address; anything.
            head: return all but the bytes.

        Raises:
            RefusedError: it may not be shown, or there is none; why is not said.
            RetryLaterError: too many are handed out, or the site cannot be asked now.
            ChatbridgeError: something else is wrong here; nobody outside is told what.
        """
        ticket = self._urls.read(token)
        if ticket is None:
            raise _not_found()
        if not self._free.acquire(blocking=False):
            raise RetryLaterError("too many files are fetched at once", retry_after=_BUSY_FOR)
        served = None
        try:
            served = self._served(ticket, head=head)
        except RefusedError:
            # What Jira refuses looks to a stranger like what never was.
            pass
        finally:
            if served is None:
                self._free.release()
        if served is None:
            raise _not_found()
        return served

    def _served(self, ticket: FileTicket, *, head: bool) -> ServedFile | None:
        """Return the file, whose closing frees its place; None where it may not be shown."""
        found = self._allowed(ticket)
        if found is None:
            return None
        settings, desk = found
        comment = public_comment(desk, ticket.issue_id, ticket.comment_id)
        files = comment.files if comment is not None else ()
        file = next((each for each in files if each.file_id == ticket.file_id), None)
        if file is None:
            return None
        content = None if head else desk.call(desk.desk.open_file(file.file_id))
        length = _length(file, content)
        if length is None or length > settings.max_file_megabytes * _MEGABYTE:
            _drop(content)
            return None
        return self._opened(file, length, content)

    def _opened(self, file: CommentFile, length: int, content: Content | None) -> ServedFile:
        return ServedFile(name_of(file), type_of(file), length, content, self._free.release)

    def _allowed(self, ticket: FileTicket) -> tuple[ProjectSettings, OpenDesk] | None:
        """Return by what rules a file goes out, None where the records forbid it."""
        kept = self._vault.read(Link, ticket.site, ticket.issue_id)
        if kept is None or kept.record.state is not LinkState.ACTIVE:
            return None
        link = kept.record
        acting = self._roster.bot(link.platform, link.bot_id)
        if acting is None:
            return None
        settings = acting[0].kept.record.settings
        if settings.name != link.project or not settings.agent_files:
            return None
        return settings, self._roster.desk(link.site)


def _length(file: CommentFile, content: Content | None) -> int | None:
    """Return how many bytes will come: what is sent counts before what was told of it."""
    told = content.length if content is not None else None
    return file.size if told is None else told


def _drop(content: Content | None) -> None:
    if content is not None:
        with content.open():
            return


def _not_found() -> RefusedError:
    return RefusedError(Refusal.NOT_FOUND, "there is no such file")
