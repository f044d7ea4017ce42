"""The simulated methods that show uploaded files: one, or an album.

Limits and texts of errors are the real server's as far as they are known; a picture is judged by
its first bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .simulated_chats import Chat, StoredMessage, message_json
from .simulated_files import WITHOUT_CAPTION, StoredFile, content_of
from .simulated_forms import UploadedFile
from .simulated_messages import reply_of, thread_of
from .simulated_parameters import ApiError, Parameters, bad_request
from .simulated_state import TelegramState
from .simulated_text import read_caption, read_markup

_MOST_PHOTO_BYTES = 10 * 1024 * 1024
_MOST_FILE_BYTES = 50 * 1024 * 1024
_LONGEST_SIDES = 10_000
_STEEPEST_RATIO = 20
_NO_PICTURES = (b"%PDF", b"PK", b"<")
"""How a document, an archive and an SVG begin, which are at times taken for pictures."""

ALBUM_KINDS = {"photo": "visual", "video": "visual", "document": "document", "audio": "audio"}
"""Kinds that an album takes, and what they may share it with."""

KINDS = {
    "sendanimation": "animation", "sendaudio": "audio", "senddocument": "document",
    "sendphoto": "photo", "sendsticker": "sticker", "sendvideo": "video",
    "sendvideonote": "video_note", "sendvoice": "voice",
}  # fmt: skip
"""The methods that show one file, and the parameter that holds it."""


def sender_of(kind: str) -> Callable[[TelegramState, Parameters], dict[str, Any]]:
    """Return what answers the method that sends files of a kind."""

    def send(state: TelegramState, parameters: Parameters) -> dict[str, Any]:
        chat = state.writable_chat(parameters)
        file = _file(state, parameters, kind, parameters.text(kind) or f"attach://{kind}")
        text, entities = ("", []) if kind in WITHOUT_CAPTION else read_caption(parameters)
        markup = read_markup(parameters)
        thread, reply_to = thread_of(chat, parameters), reply_of(chat, parameters)
        state.limits.count(chat.chat_id, state.clock.monotonic())
        message = chat.add(
            now=state.clock.time(), text=text, entities=entities, markup=markup, thread=thread,
            reply_to=reply_to, file=file, content=content_of(file),
        )  # fmt: skip
        return message_json(chat, message, state.bot)

    return send


def send_media_group(state: TelegramState, parameters: Parameters) -> list[dict[str, Any]]:
    """Answer sendMediaGroup."""
    chat = state.writable_chat(parameters)
    items = parameters.nested("media")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise bad_request("can't parse media JSON object")
    if not 2 <= len(items) <= 10:
        raise bad_request("wrong number of messages to send as an album")
    members: list[dict[str, Any]] = []
    for item in items:
        inner = Parameters(item, parameters.files)
        kind = inner.text("type")
        if (
            ALBUM_KINDS.get(kind) != ALBUM_KINDS.get(items[0].get("type"))
            or kind not in ALBUM_KINDS
        ):
            raise bad_request("can't use the media of the specified type in the album")
        file = _file(state, inner, kind, inner.text("media"))
        text, entities = read_caption(inner)
        members.append(
            {"file": file, "content": content_of(file), "text": text, "entities": entities}
        )
    thread, reply_to = thread_of(chat, parameters), reply_of(chat, parameters)
    for _ in members:
        state.limits.count(chat.chat_id, state.clock.monotonic())
    where = {"thread": thread, "reply_to": reply_to, "group": str(state.random.getrandbits(53))}
    return [message_json(chat, shown, state.bot) for shown in _shown(state, chat, members, where)]


def _shown(
    state: TelegramState, chat: Chat, members: list[dict[str, Any]], where: dict[str, Any]
) -> list[StoredMessage]:
    """Show the items of an album; the one that shall fail makes the whole call fail."""
    failing, state.failing_album_item = state.failing_album_item, None
    shown = [
        chat.add(now=state.clock.time(), **item, **where)
        for at, item in enumerate(members, start=1)
        if at != failing
    ]
    if len(shown) < len(members):
        raise bad_request(
            f'failed to send message #{failing} with the error message "IMAGE_PROCESS_FAILED"'
        )
    return shown


def get_file(state: TelegramState, parameters: Parameters) -> dict[str, Any]:
    """Answer getFile."""
    file_id = parameters.text("file_id")
    if not file_id:
        raise bad_request("file_id is empty")
    return state.files.locate(file_id, state.clock.monotonic())


def _file(state: TelegramState, parameters: Parameters, kind: str, given: str) -> StoredFile:
    """Return the file that a parameter names: an upload, or one that is known.

    Raises:
        ApiError: there is none, or it cannot be shown as this.
    """
    if not given.startswith("attach://"):
        known = state.files.files.get(given)
        if known is None:
            raise bad_request("wrong remote file identifier specified: Wrong string length")
        if known.kind != kind:
            raise bad_request(f"can't use file of type {known.kind} as {kind}")
        return known
    upload = parameters.files.get(given.removeprefix("attach://"))
    if upload is None:
        raise bad_request(f"there is no {kind.replace('_', ' ')} in the request")
    return _kept(state, kind, upload)


def _kept(state: TelegramState, kind: str, upload: UploadedFile) -> StoredFile:
    data = upload.data
    if not data:
        raise bad_request("file must be non-empty")
    if len(data) > _MOST_FILE_BYTES:
        raise ApiError(413, "Request Entity Too Large")
    name = {} if kind in {"photo", "voice", "video_note", "sticker"} else {"name": upload.name}
    if kind != "photo":
        return state.files.keep(kind, data, **name, **_media_type(upload))
    if len(data) > _MOST_PHOTO_BYTES:
        raise bad_request(f"file of size {len(data)} bytes is too big for a photo")
    if data.startswith(_NO_PICTURES):
        raise bad_request("IMAGE_PROCESS_FAILED")
    width, height = _png_frame(data)
    if width + height > _LONGEST_SIDES or max(width, height) > _STEEPEST_RATIO * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return state.files.keep(kind, data, width=width, height=height)


def _media_type(upload: UploadedFile) -> dict[str, str]:
    return {"media_type": upload.media_type} if upload.media_type else {}


def _png_frame(data: bytes) -> tuple[int, int]:
    """Return width and height as the header of a PNG says; other pictures are taken to fit."""
    if data.startswith(b"\x89PNG") and len(data) >= 24:
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    return 1280, 853
