"""Carries the files of an event from the platform to the site, where nobody sees them yet.

The bytes pass through, counted and never kept. What is brought twice, or not attached afterwards,
does no harm: the site forgets it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Final

from attrs import field, frozen

from chatbridge.adapter import FetchesFiles
from chatbridge.clock import Clock
from chatbridge.content import Attachment, Content, FileKind
from chatbridge.errors import (
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
    UnsupportedFeatureError,
)
from chatbridge.file_limits import LimitedContent
from chatbridge.filenames import marked_name, safe_name
from chatbridge.intents import patience
from chatbridge.marks import Marks
from chatbridge.pieces import MEGABYTE, Pieces
from chatbridge.records import Intent
from chatbridge.roster import OpenBot, OpenDesk, Roster
from chatbridge.scenes import Scene

_log = logging.getLogger("chatbridge.file_intake")

_ENDINGS: Final = {
    FileKind.PHOTO: ".jpg",
    FileKind.VIDEO: ".mp4",
    FileKind.VIDEO_NOTE: ".mp4",
    FileKind.VOICE: ".ogg",
    FileKind.AUDIO: ".mp3",
    FileKind.STICKER: ".webp",
    FileKind.ANIMATION: ".mp4",
}


@frozen
class Brought:
    """What lies at the site, ready to be attached.

    Args:
        tickets: ordinal -> what `Desk.attach_files` takes.
        refused: ordinals of writes of which a file cannot be brought.
    """

    tickets: dict[int, tuple[str, ...]] = field(factory=dict, repr=False)
    refused: frozenset[int] = frozenset()


@frozen
class FileIntake:
    """Brings files.

    Args:
        roster: the way to the platforms.
        marks: makes the markers in their names.
        clock: the time.
    """

    roster: Roster
    marks: Marks
    clock: Clock

    def bring(
        self, scene: Scene, pieces: Pieces, there: Collection[int], intent: Intent
    ) -> Brought:
        """Bring the files of an event to the site.

        Args:
            scene: the event.
            pieces: what it becomes.
            there: ordinals of pieces that are written already.
            intent: of the event; says how patient it can be.

        Raises:
            RetryLaterError: the platform or the site asks for patience.
        """
        try:
            return self._bring(scene, pieces, there)
        except RetryLaterError as error:
            raise patience(intent, error, self.clock.time()) from None

    def _bring(self, scene: Scene, pieces: Pieces, there: Collection[int]) -> Brought:
        desk, settings = scene.desk, scene.settings
        wanted = {
            ordinal: piece.files
            for ordinal, piece in enumerate(pieces.writes)
            if piece.files and ordinal not in there
        }
        tickets: dict[int, tuple[str, ...]] = {}
        limit = self._limit(desk, settings.max_file_megabytes * MEGABYTE) if wanted else 0
        for ordinal, files in wanted.items():
            brought = []
            try:
                for at, file in enumerate(files, ordinal):
                    marker = self.marks.file_marker(desk.desk.site, scene.key, at)
                    content = LimitedContent(self._fetch(scene.bot, file), limit)
                    name = marked_name(_name(file), marker)
                    brought.append(_upload(desk, settings.service_desk, name, content))
                tickets[ordinal] = tuple(brought)
            except RefusedError as error:
                # The text goes on without it: a file is never worth the message it came with.
                _log.warning("a customer's file was not passed on (%s)", error.reason)
            except UnsupportedFeatureError:
                _log.warning("a customer's file was not passed on (the desk takes none)")
        return Brought(tickets, frozenset(wanted) - frozenset(tickets))

    def _fetch(self, bot: OpenBot, file: Attachment) -> Content:
        assert isinstance(bot.adapter, FetchesFiles)
        try:
            return self.roster.call(bot, bot.adapter.fetch(file))
        except UnknownOutcomeError:
            # Nothing was changed by asking for it.
            raise RetryLaterError("a file could not be fetched") from None

    def _limit(self, desk: OpenDesk, own: int) -> int:
        try:
            limit = desk.call(desk.desk.upload_limit())
        except RefusedError as error:
            if error.reason is Refusal.BAD_FILE:
                return 0
            return own
        return own if limit is None else min(own, limit)


def _upload(desk: OpenDesk, service_desk: str, name: str, content: LimitedContent) -> str:
    try:
        return desk.call(desk.desk.upload_file(service_desk, name, content.content))
    except RetryLaterError:
        if not content.exceeded:
            raise
    raise RefusedError(Refusal.BAD_FILE, "the file is too large")


def _name(file: Attachment) -> str:
    ending = _ENDINGS.get(file.kind, "")
    name = safe_name(file.name, file.kind.value)
    # Without an ending most programs do not know what to do with it.
    return name if "." in name else name + ending
