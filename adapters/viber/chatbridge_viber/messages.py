"""Read the messages that people send: what was written, sent, pressed, and in answer to what.

What a person sent is never dropped: content that cannot be carried is named in `unsupported`.
Nothing that comes back from a person's device is trusted: what a button or `tracking_data` carries
is handed on for the bridge to check.
"""

from __future__ import annotations

import re
from typing import Any

from attrs import frozen

from chatbridge.content import Attachment, FileKind
from chatbridge.events import ChoicePicked, Command, Event, MessageReceived, ReplyTo
from chatbridge.payloads import number_at, object_at, size_at, text_at
from chatbridge.richtext import EMPTY, Document, Paragraph, Text

from .methods import CHOICE, MAX_CHOICE_DATA

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:\s+(.*))?", re.DOTALL)
_HANDLE = re.compile(r"[A-Za-z0-9_-]{1,48}")
_FILES: dict[str, tuple[FileKind, str, str | None]] = {
    "picture": (FileKind.PHOTO, "photo.jpg", "image/jpeg"),
    "video": (FileKind.VIDEO, "video.mp4", "video/mp4"),
    "file": (FileKind.DOCUMENT, "file", None),
    "sticker": (FileKind.STICKER, "sticker.png", "image/png"),
}
"""Viber's type: the kind, and a name and media type where the message gives no name."""


@frozen
class _Content:
    """What one message holds."""

    text: Document = EMPTY
    attachments: tuple[Attachment, ...] = ()
    unsupported: str | None = None


def message_received(message: dict[str, Any], message_token: str, origin: dict[str, Any]) -> Event:
    """Return what a message says; the press of a button is a choice.

    Args:
        message: the member of that name.
        message_token: of the callback, as text.
        origin: the members of `EventOrigin`.

    Raises:
        WebhookPayloadError: it has another shape than Viber's.
    """
    kind = text_at(message, "type")
    written = text_at(message, "text") if kind == "text" else ""
    data = _choice(written)
    if data is not None:
        return ChoicePicked(**origin, data=data)
    content = _content(kind, message)
    return MessageReceived(
        **origin,
        message_id=message_token,
        text=content.text,
        command=_command(written),
        attachments=content.attachments,
        reply_to=_reply_to(message),
        unsupported=content.unsupported,
    )


def _choice(written: str) -> str | None:
    """Return what the pressed button carried, None where this is no press."""
    data = written.removeprefix(CHOICE)
    if data == written or not data or len(data.encode()) > MAX_CHOICE_DATA:
        return None
    return data


def _command(written: str) -> Command | None:
    found = _COMMAND.fullmatch(written.strip())
    return Command(found[1].lower(), (found[2] or "").strip()) if found else None


def _reply_to(message: dict[str, Any]) -> ReplyTo | None:
    """Return the handle of the last message shown, which Viber sends back with every message."""
    data = text_at(message, "tracking_data")
    return ReplyTo(handle=data, implied=True) if _HANDLE.fullmatch(data) else None


def _content(kind: str, message: dict[str, Any]) -> _Content:
    text = Document.from_plain(text_at(message, "text"))
    if kind == "text":
        # An empty one cannot be passed on, and its sender must not wait for nothing.
        return _Content(text, unsupported="empty" if text.is_empty() else None)
    if kind in _FILES:
        # A forwarded picture was seen to come without an address.
        found = _attachment(kind, message)
        return _Content(text, (found,)) if found.ref else _Content(text, unsupported=kind)
    if kind == "url":
        return _Content(Document((*text.blocks, *_line(text_at(message, "media")))))
    if kind == "contact":
        return _Content(Document((*text.blocks, *_person(object_at(message, "contact")))))
    if kind == "location":
        place = _place(object_at(message, "location"))
        return _Content(Document((*text.blocks, place)))
    return _Content(text, unsupported=kind or "unknown")


def _attachment(kind: str, message: dict[str, Any]) -> Attachment:
    file_kind, usual, media_type = _FILES[kind]
    name = text_at(message, "file_name")
    return Attachment(
        kind=file_kind,
        name=name or usual,
        media_type=None if name else media_type,
        size=size_at(message, "file_size", "size"),
        ref=text_at(message, "media"),
    )


def _line(text: str) -> tuple[Paragraph, ...]:
    return (Paragraph((Text(text),)),) if text else ()


def _person(contact: dict[str, Any]) -> tuple[Paragraph, ...]:
    parts = [text_at(contact, "name"), text_at(contact, "phone_number")]
    return _line("👤 " + ", ".join(part for part in parts if part))


def _place(location: dict[str, Any]) -> Paragraph:
    latitude, longitude = number_at(location, "lat"), number_at(location, "lon")
    where = text_at(location, "address") or f"{latitude:.6f}, {longitude:.6f}"
    marker = f"mlat={latitude:.6f}&mlon={longitude:.6f}"
    return Paragraph((Text(f"📍 {where}", link=f"https://www.openstreetmap.org/?{marker}"),))
