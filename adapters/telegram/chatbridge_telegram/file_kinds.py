"""How Telegram takes each kind of file: its method, its limits, and what may share an album.

Sizes are those of https://core.telegram.org/bots/api#sending-files, read as decimal megabytes: the
page does not say which it means, and a file below the smaller reading is within both.
"""

from __future__ import annotations

from attrs import field, frozen

from chatbridge.capabilities import FileLimit
from chatbridge.content import FileKind

MAX_CAPTION_LENGTH = 1024
"""UTF-16 units of a caption; the Bot API says "characters" and not which."""

MAX_ALBUM = 10
"""Files of one album; it takes at least 2."""

_PHOTO_BYTES = 10_000_000
_FILE_BYTES = 50_000_000
_STICKER_BYTES = 500_000


@frozen
class Way:
    """How a kind of file is sent.

    Args:
        method: of the Bot API.
        member: the parameter that holds the file; also the type of an album's item.
        albums: what it may share an album with: equal words may, None never.
        limit: what such a file may be.
        parameters: what else the method is told, in a form's words.
    """

    method: str
    member: str
    albums: str | None
    limit: FileLimit
    parameters: dict[str, str] = field(factory=dict)


def _limit(*media_types: str, max_bytes: int = _FILE_BYTES, caption: bool = True) -> FileLimit:
    return FileLimit(max_bytes, frozenset(media_types), MAX_CAPTION_LENGTH if caption else 0)


_AUDIO = ("audio/mpeg", "audio/mp3", "audio/mp4", "audio/x-m4a", "audio/m4a")

WAYS: dict[FileKind, Way] = {
    FileKind.PHOTO: Way(
        "sendPhoto", "photo", "visual",
        _limit("image/jpeg", "image/png", max_bytes=_PHOTO_BYTES),
    ),
    # Telegram would make an animation of a silent video, and show neither as the agent sent it.
    FileKind.DOCUMENT: Way(
        "sendDocument", "document", "document", _limit(),
        {"disable_content_type_detection": "true"},
    ),
    FileKind.VIDEO: Way("sendVideo", "video", "visual", _limit("video/mp4")),
    FileKind.AUDIO: Way("sendAudio", "audio", "audio", _limit(*_AUDIO)),
    FileKind.VOICE: Way("sendVoice", "voice", None, _limit("audio/ogg", *_AUDIO)),
    FileKind.ANIMATION: Way("sendAnimation", "animation", None, _limit("image/gif", "video/mp4")),
    FileKind.VIDEO_NOTE: Way(
        "sendVideoNote", "video_note", None, _limit("video/mp4", caption=False)
    ),
    FileKind.STICKER: Way(
        "sendSticker", "sticker", None,
        _limit(
            "image/webp", "application/x-tgsticker", "video/webm",
            max_bytes=_STICKER_BYTES, caption=False,
        ),
    ),
}  # fmt: skip
"""Every kind; what a kind cannot be sent as goes as a document."""

FILE_LIMITS = {kind: way.limit for kind, way in WAYS.items()}
"""The limits by kind, for `Capabilities`."""
