"""What `send` and `edit` put into a room: the content of `m.room.message` events, and files first.

A transaction id is made of the message's key, so that the server shows what it is told twice once.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from attrs import evolve

import chatbridge as cb
from chatbridge.plain_text import plain_text
from chatbridge.richtext import Document, Mark, Paragraph, Text

from .calls import MatrixSettings, call, checked
from .html import as_html

HANDLE = "org.chatbridge.handle"
"""Member of our own events that names their request, for replies."""
MAX_TEXT = 16_000
MAX_FILE = 50 * 1024 * 1024
_MAX_EVENT = 60_000
"""An event has at most 65,536 bytes; the server adds some members."""
_KINDS = {
    cb.FileKind.PHOTO: "m.image",
    cb.FileKind.ANIMATION: "m.image",
    cb.FileKind.VIDEO: "m.video",
    cb.FileKind.AUDIO: "m.audio",
    cb.FileKind.VOICE: "m.audio",
    cb.FileKind.DOCUMENT: "m.file",
}
FILE_LIMITS = {kind: cb.FileLimit(MAX_FILE, max_caption=MAX_TEXT) for kind in _KINDS}
_SEND = {
    "M_FORBIDDEN": cb.Refusal.BLOCKED,
    "M_NOT_FOUND": cb.Refusal.GONE,
    "M_TOO_LARGE": cb.Refusal.TOO_LONG,
}
_UPLOAD = {"M_TOO_LARGE": cb.Refusal.BAD_FILE, "M_FORBIDDEN": cb.Refusal.BAD_FILE}
_READ = {"M_NOT_FOUND": cb.Refusal.GONE, "M_FORBIDDEN": cb.Refusal.GONE}


def send(settings: MatrixSettings, message: cb.OutgoingMessage) -> cb.Exchange[cb.Receipt]:
    """Show one part; a file is uploaded before."""
    _check(message)
    content = text_content(message)
    if message.attachments:
        (file,) = message.attachments
        content = {**content, **(yield from _uploaded(settings, file, bool(content["body"])))}
    if message.label is not None:
        content[HANDLE] = message.label.handle
    relation = _relation(message)
    if relation:
        content["m.relates_to"] = relation
    return cb.Receipt(((yield from _shown(settings, message, message.key, content)),))


def edit(
    settings: MatrixSettings, message_id: str, message: cb.OutgoingMessage
) -> cb.Exchange[cb.Receipt]:
    """Replace the text of an earlier message, or the caption of its file."""
    _check(evolve(message, attachments=()))
    path = ("client", "v3", "rooms", message.address.chat, "event", message_id)
    answer = checked((yield call(settings, "GET", path, room=message.address.chat)), _READ)
    old = answer.json_object().get("content")
    if not isinstance(old, dict) or "msgtype" not in old:
        raise cb.RefusedError(cb.Refusal.GONE, "the message was removed")
    new = text_content(message)
    if old["msgtype"] in _KINDS.values():
        file = ("msgtype", "url", "info", "filename")
        new |= {name: old[name] for name in file if name in old}
    if message.label is not None:
        new[HANDLE] = message.label.handle
    content = {
        **new,
        "body": f"* {new['body']}",
        "m.new_content": new,
        "m.relates_to": {"rel_type": "m.replace", "event_id": message_id},
    }
    content.pop("formatted_body", None)
    content.pop("format", None)
    # The key of an edit is that of the part that it replaces.
    said = json.dumps([message_id, content], sort_keys=True).encode()
    key = f"{message.key}-{hashlib.blake2b(said, digest_size=8).hexdigest()}"
    yield from _shown(settings, message, key, content)
    return cb.Receipt((message_id,))


def text_content(message: cb.OutgoingMessage) -> dict[str, Any]:
    """Return the content that shows the text of a message, formatted where that fits."""
    document = message.text
    if message.label is not None:
        label = Paragraph((Text(message.label.key, frozenset({Mark.BOLD})),))
        document = Document((label, *document.blocks))
    content: dict[str, Any] = {"msgtype": "m.text", "body": plain_text(document)}
    html = "" if message.plain else as_html(document)
    if html and len(html.encode()) + len(content["body"].encode()) < _MAX_EVENT:
        content |= {"format": "org.matrix.custom.html", "formatted_body": html}
    return content


def _relation(message: cb.OutgoingMessage) -> dict[str, Any]:
    """Return how a message belongs to an earlier one: as a reply, in a thread, or both."""
    thread, answered = message.address.thread, message.reply_to or message.address.thread
    relation: dict[str, Any] = {"m.in_reply_to": {"event_id": answered}} if answered else {}
    if thread:
        # Programs without threads show it as a reply to the thread's beginning.
        fallback = message.reply_to is None
        relation |= {"rel_type": "m.thread", "event_id": thread, "is_falling_back": fallback}
    return relation


def _check(message: cb.OutgoingMessage) -> None:
    if message.choices:
        raise cb.UnsupportedFeatureError("Matrix has no buttons")
    if len(message.attachments) > 1:
        raise cb.UnsupportedFeatureError("Matrix groups no files")
    if not message.attachments and not plain_text(message.text):
        raise cb.UnsupportedFeatureError("there is nothing to show")
    for file in message.attachments:
        if file.kind not in _KINDS or file.content is None:
            raise cb.UnsupportedFeatureError(f"Matrix takes no {file.kind} from here")


def _uploaded(
    settings: MatrixSettings, file: cb.Attachment, captioned: bool
) -> cb.Exchange[dict[str, Any]]:
    """Upload a file and return the members that show it."""
    assert file.content is not None
    name = cb.safe_name(file.name, file.kind.value)
    media_type = file.media_type or file.content.media_type
    request = call(
        settings, "POST", ("media", "v3", "upload"), query={"filename": name},
        body=file.content, media_type=media_type,
    )  # fmt: skip
    place = checked((yield request), _UPLOAD).json_object("content_uri")["content_uri"]
    info: dict[str, Any] = {"mimetype": media_type}
    if file.content.length is not None:
        info["size"] = file.content.length
    shown = {"msgtype": _KINDS[file.kind], "url": str(place), "info": info, "filename": name}
    return shown if captioned else {**shown, "body": name}


def _shown(
    settings: MatrixSettings, message: cb.OutgoingMessage, key: str, content: dict[str, Any]
) -> cb.Exchange[str]:
    """Put a message into its room and return its event id."""
    room = message.address.chat
    path = ("client", "v3", "rooms", room, "send", "m.room.message", key)
    response = yield call(settings, "PUT", path, json=content, room=room)
    return str(checked(response, _SEND).json_object("event_id")["event_id"])
