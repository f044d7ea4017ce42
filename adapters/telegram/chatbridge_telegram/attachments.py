"""What a message holds beside its text: files, places, people, and what cannot be carried.

A file is only named here; its bytes are asked for by its `ref` when somebody wants them. Name, type
and size are the sender's claims.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatbridge.content import Attachment, FileKind
from chatbridge.payloads import (
    an_object,
    flag_at,
    integer_at,
    list_at,
    number_at,
    object_at,
    optional_integer,
    optional_object,
    size_at,
    text_at,
)
from chatbridge.richtext import Block, Paragraph, Text

_DEFAULTS = {
    "animation": (FileKind.ANIMATION, "animation.mp4", "video/mp4"),
    "audio": (FileKind.AUDIO, "audio.mp3", None),
    "document": (FileKind.DOCUMENT, "document", None),
    "video": (FileKind.VIDEO, "video.mp4", "video/mp4"),
    "video_note": (FileKind.VIDEO_NOTE, "video_note.mp4", "video/mp4"),
    "voice": (FileKind.VOICE, "voice.ogg", "audio/ogg"),
    "live_photo": (FileKind.VIDEO, "live_photo.mp4", "video/mp4"),
}
"""Telegram's member: the kind, and a name and media type where the message gives none."""

NOT_CARRIED = (
    "chat_shared", "game", "gift", "giveaway", "giveaway_winners", "invoice", "paid_media",
    "passport_data", "story", "successful_payment", "unique_gift", "users_shared", "web_app_data",
)  # fmt: skip
"""Contents that people send and that become a visible "unsupported"."""


def attachments_of(message: dict[str, Any]) -> tuple[Attachment, ...]:
    """Return the files of a message.

    Raises:
        WebhookPayloadError: a member has another shape than the Bot API's.
    """
    found = []
    if message.get("photo") is not None:
        found.extend(_largest(list_at(message, "photo")))
    if message.get("sticker") is not None:
        found.append(_sticker(object_at(message, "sticker")))
    for member, (kind, name, media_type) in _DEFAULTS.items():
        # An animation also fills `document`, for clients older than animations.
        if member == "document" and message.get("animation") is not None:
            continue
        file = optional_object(message, member)
        if file is not None:
            claimed_name = text_at(file, "file_name") or name
            claimed_type = text_at(file, "mime_type") or media_type
            found.append(_attachment(file, kind, claimed_name, claimed_type))
    return tuple(found)


def facts_of(message: dict[str, Any]) -> tuple[Block, ...]:
    """Return what a message says without having a text: a place, a person, a sticker's emoji.

    Raises:
        WebhookPayloadError: a member has another shape than the Bot API's.
    """
    blocks: list[Block] = []
    venue = optional_object(message, "venue")
    location = object_at(venue, "location") if venue else optional_object(message, "location")
    if location is not None:
        blocks.append(_place(location, venue))
    contact = optional_object(message, "contact")
    if contact is not None:
        names = [text_at(contact, "first_name"), text_at(contact, "last_name")]
        parts = [" ".join(name for name in names if name), text_at(contact, "phone_number")]
        blocks.append(Paragraph((Text("👤 " + ", ".join(part for part in parts if part)),)))
    sticker = optional_object(message, "sticker")
    if sticker is not None and text_at(sticker, "emoji"):
        blocks.append(Paragraph((Text(text_at(sticker, "emoji")),)))
    blocks += [_line(line) for line in _said(message)]
    if message.get("has_media_spoiler") is True:
        blocks.append(_line("[covered by its sender as a spoiler]"))
    return tuple(blocks)


def _said(message: dict[str, Any]) -> Iterator[str]:
    """Yield what was put to a vote, thrown or listed, a line for each."""
    poll = optional_object(message, "poll")
    if poll is not None:
        yield f"📊 {text_at(poll, 'question')}"
        for option in list_at(poll, "options"):
            yield f"• {text_at(an_object(option, 'an option'), 'text')}"
    dice = optional_object(message, "dice")
    if dice is not None:
        yield f"{text_at(dice, 'emoji') or '🎲'} {integer_at(dice, 'value')}"
    checklist = optional_object(message, "checklist")
    if checklist is not None:
        yield text_at(checklist, "title")
        for value in list_at(checklist, "tasks"):
            task = an_object(value, "a task")
            box = "☑" if optional_integer(task, "completion_date") else "☐"
            yield f"{box} {text_at(task, 'text')}"


def _line(text: str) -> Paragraph:
    return Paragraph((Text(text),))


def _place(location: dict[str, Any], venue: dict[str, Any] | None) -> Block:
    latitude, longitude = number_at(location, "latitude"), number_at(location, "longitude")
    where = f"{latitude:.6f}, {longitude:.6f}"
    title = [text_at(venue, "title"), text_at(venue, "address")] if venue else []
    label = "📍 " + ", ".join([part for part in title if part] or [where])
    marker = f"mlat={latitude:.6f}&mlon={longitude:.6f}"
    return Paragraph((Text(label, link=f"https://www.openstreetmap.org/?{marker}"),))


def _largest(sizes: list[Any]) -> list[Attachment]:
    pictures = [an_object(size, "a photo size") for size in sizes]
    if not pictures:
        return []
    best = max(pictures, key=lambda size: integer_at(size, "width") * integer_at(size, "height"))
    return [_attachment(best, FileKind.PHOTO, "photo.jpg", "image/jpeg")]


def _sticker(file: dict[str, Any]) -> Attachment:
    if flag_at(file, "is_animated"):
        name, media_type = "sticker.tgs", "application/x-tgsticker"
    elif flag_at(file, "is_video"):
        name, media_type = "sticker.webm", "video/webm"
    else:
        name, media_type = "sticker.webp", "image/webp"
    return _attachment(file, FileKind.STICKER, name, media_type)


def _attachment(
    file: dict[str, Any], kind: FileKind, name: str, media_type: str | None
) -> Attachment:
    return Attachment(
        kind=kind,
        name=name,
        media_type=media_type,
        size=size_at(file, "file_size"),
        ref=text_at(file, "file_id"),
    )
