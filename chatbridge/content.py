"""What events and outgoing messages are made of: people, files, choices and byte streams.

Whatever people wrote or sent is hidden from repr.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from enum import StrEnum

from attrs import field, frozen


@frozen
class Content:
    """Bytes that are opened only while somebody reads them; never kept in memory as a whole.

    Args:
        length: how many bytes there are, or None where the source does not say.
        open: returns a context manager that yields the bytes in pieces; may be called again for
            a second try. Raises ContentError when the source fails.
        media_type: as the source claims it.
    """

    length: int | None
    open: Callable[[], AbstractContextManager[Iterator[bytes]]] = field(repr=False, eq=False)
    media_type: str = "application/octet-stream"


@frozen
class Address:
    """Where a message goes: texts that only the adapter understands, compared as they are.

    Args:
        chat: the chat as the platform names it.
        thread: the thread inside the chat, or None.
    """

    chat: str = field(repr=False)
    thread: str | None = field(default=None, repr=False)


@frozen
class Contact:
    """A person as the platform knows them; every field is the platform's or the person's claim.

    Args:
        user_id: the platform's own id, as text.
        name: the name to show, empty where there is none.
        language: a BCP 47 tag, or None.
        is_bot: whether the platform says that it is a program.
    """

    user_id: str = field(repr=False)
    name: str = field(default="", repr=False)
    language: str | None = field(default=None, repr=False)
    is_bot: bool = False


class FileKind(StrEnum):
    """What sort of thing a platform says an attachment is."""

    PHOTO = "photo"
    DOCUMENT = "document"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    VIDEO_NOTE = "video_note"
    STICKER = "sticker"
    ANIMATION = "animation"


@frozen
class Attachment:
    """A file, either way.

    Args:
        kind: what it is shown as.
        name: the file name; the sender's claim, made safe before use.
        media_type: the sender's claim, or None.
        size: bytes, or None where nobody said.
        ref: where the adapter finds it again (a file id); opaque.
        content: the bytes, for platforms that take uploads.
        url: an expiring address, for platforms that fetch files themselves.
    """

    kind: FileKind
    name: str = field(default="", repr=False)
    media_type: str | None = field(default=None, repr=False)
    size: int | None = None
    ref: str = field(default="", repr=False)
    content: Content | None = field(default=None, repr=False, eq=False)
    url: str | None = field(default=None, repr=False, eq=False)


@frozen
class Choice:
    """An option offered to a contact.

    Args:
        label: what the person sees.
        data: what comes back when it is picked; signed by the bridge, opaque to the adapter.
    """

    label: str
    data: str = field(repr=False)
