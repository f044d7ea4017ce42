"""How people in the simulated Viber send files.

Each function is one action of `/control/viber/<action>`; see `simulated_actions`.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from chatbridge.testing import text_argument

from .simulated_arguments import Arguments, write
from .simulated_state import ViberState

_PNG: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
_KINDS: Final[dict[str, tuple[str, str, bytes]]] = {
    "picture": ("cat.jpg", "image/jpeg", b"\xff\xd8\xff\xe0 a simulated picture \xff\xd9"),
    "video": ("video.mp4", "video/mp4", b"\x00\x00\x00\x18ftypmp42 a simulated video"),
    "file": ("report.pdf", "application/pdf", b"%PDF-1.7 a simulated file"),
    "sticker": ("sticker.png", "image/png", _PNG),
}
"""Viber's type: name, media type and bytes of what is sent where nothing else is given."""


def file(state: ViberState, arguments: Arguments) -> dict[str, Any]:
    """Send a file: {chat, kind, content? as base64, file_name?, media_type?, caption?, size?}."""
    kind = text_argument(arguments, "kind")
    if kind not in _KINDS:
        raise ValueError(f"kind must be one of {', '.join(sorted(_KINDS))}")
    usual_name, usual_type, sample = _KINDS[kind]
    name = str(arguments.get("file_name") or usual_name)
    data = _bytes(arguments.get("content"), sample)
    media_type = str(arguments.get("media_type") or usual_type)
    # The name in the address is not what the person calls the file.
    path = state.shelf.put(usual_name, data, media_type)
    size = arguments.get("size", len(data))
    members: dict[str, Any] = {"type": kind, "media": state.media_url + path}
    match kind:
        case "picture":
            members |= {"thumbnail": members["media"], "file_name": name}
            members["text"] = str(arguments.get("caption") or "")
        case "video":
            members |= {"thumbnail": members["media"], "duration": 12, "size": size}
            members["text"] = str(arguments.get("caption") or "")
        case "file":
            members |= {"file_name": name, "file_size": size}
        case "sticker":
            members["sticker_id"] = 46105
    if not members.get("text", "-"):
        del members["text"]
    return write(state, arguments, members)


def photo(state: ViberState, arguments: Arguments) -> dict[str, Any]:
    """Send a picture: {chat, caption?, content? as base64, name?}."""
    return file(state, {**arguments, "kind": "picture"})


def sticker(state: ViberState, arguments: Arguments) -> dict[str, Any]:
    """Send a sticker: {chat, name?}."""
    return file(state, {**arguments, "kind": "sticker"})


FILE_ACTIONS: Final = {"file": file, "photo": photo, "sticker": sticker}


def _bytes(given: Any, sample: bytes) -> bytes:
    if given is None:
        return sample
    try:
        return base64.b64decode(str(given), validate=True)
    except (binascii.Error, ValueError):
        pass
    raise ValueError("content must be base64")
