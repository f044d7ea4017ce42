"""Describe the messages that show a file: picture, video or file, by an address of the bridge's.

Viber takes no bytes: its servers and clients fetch the address by themselves, later, and tell of a
failure at most by a report. So whatever would fail for certain is refused before any call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from chatbridge.capabilities import FileLimit, LengthUnit
from chatbridge.content import Attachment, FileKind
from chatbridge.errors import Refusal, RefusedError, UnsupportedFeatureError
from chatbridge.outgoing import OutgoingMessage
from chatbridge.payloads import readable

from .bot_settings import ViberSettings
from .drawing import cut
from .methods import shown_text, usual_members

MAX_CAPTION: Final = 512
"""Characters; one page of Viber's says 768 for pictures, clients in production 512 for both."""
_MAX_NAME: Final = 256
_MAX_THUMBNAIL: Final = 100_000

FILE_LIMITS: Final = {
    # 1 MB is what iOS shows; an animated GIF is not shown as a picture.
    FileKind.PHOTO: FileLimit(1_000_000, frozenset({"image/jpeg", "image/png"}), MAX_CAPTION),
    FileKind.VIDEO: FileLimit(27_262_976, frozenset({"video/mp4"}), MAX_CAPTION),
    FileKind.DOCUMENT: FileLimit(52_428_800),
}
"""What Viber shows, by kind; everything else can go as a document."""

_ENDINGS: Final = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "video/mp4": (".mp4",),
}

REFUSED_ENDINGS: Final = frozenset({
    "action", "apk", "app", "bat", "bin", "cmd", "com", "command", "cpl", "csh", "exe", "gadget",
    "inf1", "ins", "inx", "ipa", "isu", "job", "jse", "ksh", "lnk", "msc", "msi", "msp", "mst",
    "osx", "out", "paf", "pif", "ps1", "reg", "rgs", "run", "sct", "shb", "shs", "u3p", "vb",
    "vbe", "vbs", "vbscript", "workflow", "ws", "wsf",
})  # fmt: skip
"""Endings that Viber takes no files with."""


def file_members(settings: ViberSettings, message: OutgoingMessage) -> dict[str, Any]:
    """Return the members of a message that shows one file, its receiver included.

    Args:
        settings: who speaks where nobody is named.
        message: with one attachment, which has a `url` and a `size`.

    Raises:
        UnsupportedFeatureError: Viber cannot show this file, or not with this text.
        RefusedError: `Refusal.TOO_LONG` where the caption is too long.
    """
    if len(message.attachments) != 1:
        raise UnsupportedFeatureError("a Viber message shows one file")
    (file,) = message.attachments
    size = _checked_size(file)
    if file.url is None:
        raise UnsupportedFeatureError("Viber fetches files itself: public_url has to be set")
    members = usual_members(settings, message)
    return {**members, **_DRAWERS[file.kind](file, file.url, size, message)}


def _checked_size(file: Attachment) -> int:
    limit = FILE_LIMITS.get(file.kind)
    if limit is None:
        raise UnsupportedFeatureError(f"Viber shows no file as {file.kind}")
    if limit.media_types and file.media_type not in limit.media_types:
        raise UnsupportedFeatureError(f"Viber shows no file of this type as {file.kind}")
    if file.size is None:
        raise UnsupportedFeatureError("Viber wants to know the size of a file")
    if not 1 <= file.size <= limit.max_bytes:
        raise UnsupportedFeatureError(f"Viber takes 1 to {limit.max_bytes} bytes as {file.kind}")
    return file.size


def _picture(file: Attachment, url: str, size: int, message: OutgoingMessage) -> dict[str, Any]:
    _check_ending(file, url)
    members = {"type": "picture", "text": _caption(message), "media": url}
    if size <= _MAX_THUMBNAIL:
        members["thumbnail"] = url
    return members


def _video(file: Attachment, url: str, size: int, message: OutgoingMessage) -> dict[str, Any]:
    _check_ending(file, url)
    members: dict[str, Any] = {"type": "video", "media": url, "size": size}
    caption = _caption(message)
    return {**members, "text": caption} if caption else members


def _document(file: Attachment, url: str, size: int, message: OutgoingMessage) -> dict[str, Any]:
    if not message.text.is_empty():
        raise UnsupportedFeatureError("Viber shows no text with a file")
    name = _file_name(file, url)
    if {_ending(name), _ending(_last_segment(url))} & REFUSED_ENDINGS:
        raise UnsupportedFeatureError("Viber takes no files with this ending")
    return {"type": "file", "media": url, "size": size, "file_name": name}


_DRAWERS: dict[FileKind, Callable[[Attachment, str, int, OutgoingMessage], dict[str, Any]]] = {
    FileKind.PHOTO: _picture,
    FileKind.VIDEO: _video,
    FileKind.DOCUMENT: _document,
}


def _caption(message: OutgoingMessage) -> str:
    caption = shown_text(message)
    if LengthUnit.UTF16.measure(caption) > MAX_CAPTION:
        raise RefusedError(Refusal.TOO_LONG, "the caption is longer than Viber takes")
    return caption


def _check_ending(file: Attachment, url: str) -> None:
    if not _last_segment(url).lower().endswith(_ENDINGS[file.media_type or ""]):
        raise UnsupportedFeatureError("the address of a file has to end in the ending of its type")


def _file_name(file: Attachment, url: str) -> str:
    """Return the name that a device keeps the file under; by its ending it knows what opens it."""
    name = readable(file.name) or _last_segment(url) or "file"
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, _ending(_last_segment(url))
        dot = "." if ending else ""
    room = _MAX_NAME - LengthUnit.UTF16.measure(dot + ending)
    return cut(stem, room) + dot + ending if room > 0 else cut(name, _MAX_NAME)


def _last_segment(url: str) -> str:
    return unquote(urlsplit(url).path).rpartition("/")[2]


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""
