"""How people in the simulated Telegram send files: one, or an album.

Each function is one action of `/control/telegram/<action>`. All of them take `name`, `reply_to` and
`thread` as texts do, and `media_type`; `size` is what the message claims of the file, whatever is
true of its bytes.
"""

from __future__ import annotations

import base64
from typing import Any

from .simulated_arguments import Arguments, text_of, write
from .simulated_files import SORTS, WITHOUT_CAPTION, StoredFile, content_of, sample
from .simulated_media import ALBUM_KINDS
from .simulated_state import TelegramState
from .simulated_text import found_entities

_LARGEST = 2**40

_NAMED = frozenset({"animation", "audio", "document", "video"})


def file(state: TelegramState, arguments: Arguments) -> dict[str, Any]:
    """Send a file, bytes as base64: {chat, kind, caption?, file_name?, content?, size?, ...}."""
    stored = _stored(state, arguments, _kind(arguments, SORTS))
    if stored.kind in WITHOUT_CAPTION and arguments.get("caption"):
        raise ValueError("this kind of file has no caption")
    return _send(state, arguments, stored, caption=str(arguments.get("caption") or ""))


def photo(state: TelegramState, arguments: Arguments) -> dict[str, Any]:
    """Send a photo: {chat, caption?, content?, size?, name?, reply_to?, thread?}."""
    return file(state, {**arguments, "kind": "photo"})


def sticker(state: TelegramState, arguments: Arguments) -> dict[str, Any]:
    """Send a sticker: {chat, name?}."""
    return file(state, {**arguments, "kind": "sticker"})


def album(state: TelegramState, arguments: Arguments) -> dict[str, Any]:
    """Send an album, a message for each file: {chat, count?, kind?, caption? or a list, name?}."""
    arguments = {"kind": "photo", "count": 2, **arguments}
    kind = _kind(arguments, ALBUM_KINDS)
    count = arguments["count"]
    if not str(count).isdecimal() or not 2 <= int(count) <= 10:
        raise ValueError("count must be 2 to 10")
    group = str(state.random.getrandbits(53))
    given = arguments.get("caption") or ""
    captions = [*map(str, given if isinstance(given, list) else [given]), *[""] * int(count)]
    sent = [
        _send(
            state,
            arguments,
            _stored(state, arguments, kind),
            caption=captions[at],
            group=group,
        )
        for at in range(int(count))
    ]
    return {
        "message_ids": [one["message_id"] for one in sent],
        "update_ids": [one["update_id"] for one in sent],
        "group": group,
    }


def _send(
    state: TelegramState, arguments: Arguments, stored: StoredFile, *, caption: str, group: str = ""
) -> dict[str, Any]:
    caption = caption.strip()
    written = write(
        state,
        arguments,
        text=caption,
        entities=found_entities(caption),
        content=content_of(stored),
        file=stored,
        group=group,
    )
    return {**written, "file_id": stored.file_id}


def _kind(arguments: Arguments, known: Any) -> str:
    kind = text_of(arguments, "kind")
    if kind not in known:
        raise ValueError(f"kind must be one of {', '.join(sorted(known))}")
    return kind


def _stored(state: TelegramState, arguments: Arguments, kind: str) -> StoredFile:
    size = arguments.get("size")
    if size is not None and (not str(size).isdecimal() or int(size) > _LARGEST):
        raise ValueError(f"size must be a whole number up to {_LARGEST}")
    claims = {"size": int(size)} if size is not None else {}
    try:
        data = base64.b64decode(str(arguments.get("content") or ""), validate=True)
    except ValueError:
        raise ValueError("content must be base64") from None
    named = SORTS[kind].name
    return state.files.keep(
        kind,
        data or sample(kind, claims.get("size")),
        name=str(arguments.get("file_name") or named) if kind in _NAMED else "",
        media_type=str(arguments.get("media_type") or SORTS[kind].media_type),
        **claims,
    )
