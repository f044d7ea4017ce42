"""The files of the simulated Telegram: who sent which bytes, and for how long they can be read.

All in memory. A file that a person sends is made of a few true bytes of its kind, filled up to the
wanted size, unless bytes are given.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from attrs import define, field

from .simulated_parameters import ApiError, bad_request

MOST_DOWNLOAD_BYTES = 20 * 1024 * 1024
LINK_LIFETIME = 3600.0

PICTURE = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQ"
    "c1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAAGAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAv/EABgQAAID"
    "AAAAAAAAAAAAAAAAAAABAwUi/9oACAEBAAA/ADQxrJ//2Q=="
)
"""A JPEG of 8 x 6 points."""

WITHOUT_CAPTION = frozenset({"video_note", "sticker"})
"""Kinds that show no text."""

_MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"


@define(kw_only=True)
class _Sort:
    """What files of a kind are like when a person sends one."""

    name: str
    media_type: str
    size: int
    start: bytes
    folder: str


SORTS = {
    "photo": _Sort(
        name="", media_type="image/jpeg", size=len(PICTURE), start=PICTURE, folder="photos"
    ),
    "document": _Sort(
        name="report.pdf", media_type="application/pdf", size=34_000, start=b"%PDF-1.4\n",
        folder="documents",
    ),
    "video": _Sort(
        name="", media_type="video/mp4", size=48_000, start=_MP4, folder="videos"
    ),
    "video_note": _Sort(
        name="", media_type="video/mp4", size=24_000, start=_MP4, folder="video_notes"
    ),
    "audio": _Sort(
        name="song.mp3", media_type="audio/mpeg", size=60_000, start=b"ID3\x04", folder="music"
    ),
    "voice": _Sort(
        name="", media_type="audio/ogg", size=9000, start=b"OggS\x00\x02", folder="voice"
    ),
    "animation": _Sort(
        name="", media_type="video/mp4", size=16_000, start=_MP4, folder="animations"
    ),
    "sticker": _Sort(
        name="", media_type="image/webp", size=7000, start=b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        folder="stickers",
    ),
}  # fmt: skip
"""Every kind of file that people send and bots upload."""


@define(kw_only=True)
class StoredFile:
    """One file.

    Args:
        file_id: what asks for it.
        kind: what it was sent as.
        name: its name, empty where it has none.
        media_type: as its sender claims.
        size: as messages announce it; may be a lie.
        data: its bytes.
        width: points, of pictures.
        height: points, of pictures.
    """

    file_id: str
    kind: str
    name: str
    media_type: str
    size: int
    data: bytes = field(repr=False)
    width: int = 1280
    height: int = 853

    def described(self) -> dict[str, Any]:
        """Return what tests compare: everything but the bytes, and their digest."""
        return {
            "file_id": self.file_id,
            "kind": self.kind,
            "name": self.name,
            "media_type": self.media_type,
            "size": len(self.data),
            "sha256": hashlib.sha256(self.data).hexdigest(),
        }


@define
class FileShelf:
    """All files by id, and the links that were handed out."""

    files: dict[str, StoredFile] = field(factory=dict)
    _links: dict[str, tuple[str, float]] = field(factory=dict)

    def keep(self, kind: str, data: bytes, **members: Any) -> StoredFile:
        """Keep a file and return it; its size is that of its bytes unless it is given."""
        number = len(self.files) + 1
        known = {"name": "", "media_type": SORTS[kind].media_type, "size": len(data), **members}
        file = StoredFile(file_id=f"simulated-{kind}-{number}", kind=kind, data=data, **known)
        self.files[file.file_id] = file
        return file

    def locate(self, file_id: str, now: float) -> dict[str, Any]:
        """Return the File object of getFile, and open its link for an hour.

        Raises:
            ApiError: there is no such file, or it is too big for bots.
        """
        # The smaller picture of a photo has an id of its own, and the same bytes here.
        file = self.files.get(file_id.removesuffix("-small"))
        if file is None:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        if file.size > MOST_DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        ending = re.sub(r"\W", "", file.media_type.rpartition("/")[2]) or "bin"
        number = file.file_id.rpartition("-")[2]
        path = f"{SORTS[file.kind].folder}/file_{number}.{ending}"
        self._links[path] = (file.file_id, now + LINK_LIFETIME)
        return {
            "file_id": file_id,
            "file_unique_id": f"unique-{number}",
            "file_size": file.size,
            "file_path": path,
        }

    def read(self, path: str, now: float) -> bytes:
        """Return the bytes behind a link.

        Raises:
            ApiError: 404, where there is none or it is too old.
        """
        file_id, valid_until = self._links.get(path, ("", 0.0))
        if valid_until <= now:
            raise ApiError(404, "Not Found")
        return self.files[file_id].data


def sample(kind: str, size: int | None = None) -> bytes:
    """Return the bytes of a file that a person could send.

    Args:
        kind: of the file.
        size: how many; None for a usual number. More than a bot may read are not made.
    """
    sort = SORTS[kind]
    wanted = sort.size if size is None else min(size, MOST_DOWNLOAD_BYTES)
    return sort.start[:wanted].ljust(wanted, b"\x00")


def content_of(file: StoredFile) -> dict[str, Any]:
    """Return the members of a Message that show a file."""
    shown: dict[str, Any] = {
        "file_id": file.file_id,
        "file_unique_id": f"unique-{file.file_id.rpartition('-')[2]}",
        "file_size": file.size,
    }
    frame = {"width": file.width, "height": file.height}
    if file.kind == "photo":
        small = {**shown, "file_id": f"{file.file_id}-small", "width": 90, "height": 60}
        return {"photo": [small, {**shown, **frame}]}
    if file.kind == "video_note":
        return {"video_note": {**shown, "length": 240, "duration": 5}}
    if file.kind == "sticker":
        looks = {"is_animated": False, "is_video": False, "emoji": "👍"}
        frame = {"width": 512, "height": 512}
        return {"sticker": {**shown, "type": "regular", **frame, **looks}}
    shown["mime_type"] = file.media_type
    if file.kind in {"audio", "document", "video", "animation"} and file.name:
        shown["file_name"] = file.name
    if file.kind == "document":
        return {"document": shown}
    if file.kind == "animation":
        # It also fills `document`, for clients older than animations.
        return {"animation": {**shown, **frame, "duration": 3}, "document": shown}
    more = frame if file.kind == "video" else {}
    return {file.kind: {**shown, **more, "duration": 12}}
