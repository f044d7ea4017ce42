"""Makes the files of a comment into what a platform takes: bytes on demand, or an address.

Nothing is read here. The bytes are asked for while the platform is being sent them, and only
counted on their way.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from attrs import field, frozen

from chatbridge.capabilities import Capabilities
from chatbridge.comments import Comment
from chatbridge.content import Attachment, Content, FileKind
from chatbridge.delivery_jobs import GONE
from chatbridge.desk import CommentFile
from chatbridge.errors import ContentError, DeliveryError, RefusedError, RetryLaterError
from chatbridge.file_limits import LimitedContent
from chatbridge.file_urls import FileUrls, name_of, type_of
from chatbridge.links import Link
from chatbridge.pieces import MEGABYTE
from chatbridge.project import ProjectSettings
from chatbridge.roster import OpenDesk

_log = logging.getLogger("chatbridge.outgoing_files")

_KINDS: Final = {
    "image/jpeg": (FileKind.PHOTO,),
    "image/png": (FileKind.PHOTO,),
    "image/webp": (FileKind.PHOTO,),
    "image/gif": (FileKind.ANIMATION,),
    "video/mp4": (FileKind.VIDEO,),
    "audio/mpeg": (FileKind.AUDIO,),
    "audio/mp4": (FileKind.AUDIO,),
    "audio/ogg": (FileKind.VOICE, FileKind.AUDIO),
}
"""Media type -> what a file is shown as where the platform can; else it is a document."""


@frozen
class OutgoingFiles:
    """The files of one comment.

    Args:
        shown: what the platform is sent.
        not_shown: names of the others.
        lost: refs of those whose source failed, each with the seconds for which the site wants to
            be left alone, `GONE` where it has no such file; filled while they are sent.
    """

    shown: tuple[Attachment, ...] = ()
    not_shown: tuple[str, ...] = field(default=(), repr=False)
    lost: dict[str, float] = field(factory=dict, repr=False)


def outgoing_files(
    comment: Comment,
    link: Link,
    desk: OpenDesk,
    capabilities: Capabilities,
    settings: ProjectSettings,
    urls: FileUrls,
) -> OutgoingFiles:
    """Return what the platform is sent of a comment's files.

    Args:
        comment: public by both witnesses.
        link: of its request.
        desk: of its site.
        capabilities: of the platform.
        settings: of the project.
        urls: makes addresses for platforms that fetch files themselves.
    """
    shown: list[Attachment] = []
    not_shown: list[str] = []
    lost: dict[str, float] = {}
    most = settings.max_file_megabytes * MEGABYTE
    for file in comment.files:
        kind = kind_of(file, capabilities) if settings.agent_files else None
        url = urls.url(link, comment.comment_id, file) if capabilities.files == "url" else None
        unreachable = capabilities.files == "url" and url is None
        if kind is None or unreachable or (file.size or 0) > most:
            not_shown.append(name_of(file))
            continue
        content = None if url is not None else _content(desk, file, most, lost)
        shown.append(
            Attachment(kind, name_of(file), type_of(file), file.size, file.file_id, content, url)
        )
    return OutgoingFiles(tuple(shown), tuple(not_shown), lost)


def kind_of(file: CommentFile, capabilities: Capabilities) -> FileKind | None:
    """Return what a file is shown as, None where the platform cannot show it at all."""
    if capabilities.files is None:
        return None
    media_type = type_of(file)
    for kind in (*_KINDS.get(media_type, ()), FileKind.DOCUMENT):
        limit = capabilities.file_limits.get(kind)
        if limit is None or (file.size or 0) > limit.max_bytes:
            continue
        if not limit.media_types or media_type in limit.media_types:
            return kind
    return None


def _content(desk: OpenDesk, file: CommentFile, most: int, lost: dict[str, float]) -> Content:
    """Return a stream that asks the site for the file when somebody reads it."""

    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        source = None
        try:
            source = LimitedContent(desk.call(desk.desk.open_file(file.file_id)), most).content
        except RefusedError:
            lost[file.file_id] = GONE
        except DeliveryError as error:
            if isinstance(error, RetryLaterError) and error.retry_after:
                lost[file.file_id] = error.retry_after
            _log.info("a file could not be read: %s", error)
        if source is None:
            raise ContentError("the file could not be opened")
        with source.open() as pieces:
            yield pieces

    return Content(file.size, opened, type_of(file))
