"""Read the events of a room: what a person wrote, sent, changed; pure, and strict about kinds.

Formatted bodies are read by their plain one, which every message has. Nothing encrypted can be
read, and its sender is told so.
"""

from __future__ import annotations

import re
from typing import Any

from attrs import frozen

import chatbridge as cb
from chatbridge.payloads import (
    an_object,
    identity_at,
    integer_at,
    optional_object,
    readable,
    size_at,
    text_at,
)

from .messages import HANDLE

_FILES = {
    "m.image": cb.FileKind.PHOTO,
    "m.video": cb.FileKind.VIDEO,
    "m.audio": cb.FileKind.AUDIO,
    "m.file": cb.FileKind.DOCUMENT,
}
TYPES = ["m.room.message", "m.room.encrypted", "m.sticker", "m.room.member"]
"""The events that are asked for."""
INVITED = "invitation"
"""Reason of the event that nothing is to be done for but to come."""
_MEMBER = "m.room.member"
_TEXTS = {"m.text", "m.emote"}
_COMMAND = re.compile(r"[/!]([A-Za-z]+)(?:\s+(.*))?", re.DOTALL)
_QUOTED = re.compile(r"(?:> [^\n]*\n)+\n?")


@frozen
class RoomEvent:
    """One event of a room's timeline, its envelope read.

    Args:
        room: the room's id.
        event_id: its own.
        kind: its type.
        sender: who sent it.
        content: its content.
        raw: as it came.
    """

    room: str
    event_id: str
    kind: str
    sender: str
    content: dict[str, Any]
    raw: dict[str, Any]

    @classmethod
    def read(cls, room: str, raw: Any) -> RoomEvent:
        """Return an event.

        Raises:
            WebhookPayloadError: it is none.
        """
        event = an_object(raw, "the event")
        return cls(
            room=readable(room),
            event_id=identity_at(event, "event_id"),
            kind=text_at(event, "type"),
            sender=identity_at(event, "sender"),
            content=an_object(event.get("content"), "content"),
            raw=event,
        )

    @property
    def origin(self) -> dict[str, Any]:
        """What every event of the bridge says."""
        local = self.sender.removeprefix("@").partition(":")[0]
        return {
            "event_id": self.event_id,
            "address": cb.Address(self.room, self.thread),
            "sender": cb.Contact(self.sender, name=local),
            "sent_at": _seconds(self.raw),
            "raw": self.raw,
        }

    @classmethod
    def read_all(cls, room: str, raw: Any) -> list[RoomEvent]:
        """Return the events of a list that can be read."""
        found = []
        for each in raw if isinstance(raw, list) else []:
            try:
                found.append(cls.read(room, each))
            except cb.WebhookPayloadError:
                continue  # Without an identity or a content there is nothing to tell anybody.
        return found

    @property
    def is_written(self) -> bool:
        """Whether somebody wrote or sent it."""
        return self.kind in TYPES and self.kind != _MEMBER

    def stands(self, account: str) -> str:
        """Return how an account stands in the room from here on; empty: it says nothing of it."""
        if self.kind != _MEMBER or self.raw.get("state_key") != account:
            return ""
        standing = self.content.get("membership")
        return standing if isinstance(standing, str) else ""

    @property
    def stood(self) -> str:
        """How the account of this event stood in the room before; empty where it is not said."""
        unsigned = self.raw.get("unsigned")
        before = unsigned.get("prev_content") if isinstance(unsigned, dict) else None
        standing = before.get("membership") if isinstance(before, dict) else None
        return standing if isinstance(standing, str) else ""

    @property
    def thread(self) -> str | None:
        """The event that began its thread, None outside of threads."""
        relation = self.content.get("m.relates_to")
        if not isinstance(relation, dict) or relation.get("rel_type") != "m.thread":
            return None
        root = relation.get("event_id")
        return readable(root) or None if isinstance(root, str) else None

    @property
    def answered(self) -> str | None:
        """The event that this one answers on purpose, None where there is none."""
        relation = _object(self.content, "m.relates_to")
        if relation.get("is_falling_back") is True:
            return None
        return text_at(_object(relation, "m.in_reply_to"), "event_id") or None


def standing_of(event: RoomEvent, bot: str) -> cb.Event | None:
    """Return what an event says of the bot's place in a room, None where it says nothing."""
    match event.stands(bot):
        case "invite":
            return cb.NothingToDo(**event.origin, reason=INVITED)
        case "join" if event.stood != "join":
            return cb.AvailabilityChanged(**event.origin, available=True)
        case "leave" | "ban":
            return cb.AvailabilityChanged(**event.origin, available=False)
    return None


def event_of(event: RoomEvent) -> cb.Event:
    """Return what an event means; of what it answers only the id is known yet.

    Args:
        event: of another account than the bot's.

    Raises:
        WebhookPayloadError: a member has another kind than the specification says.
    """
    if event.kind == "m.room.encrypted":
        return _message(event, unsupported="encrypted message")
    if event.kind == "m.sticker":
        return _message(event, attachments=(_file(event.content, cb.FileKind.STICKER),))
    kind = text_at(event.content, "msgtype")
    if event.kind != "m.room.message" or not kind or kind == "m.notice":
        return cb.NothingToDo(**event.origin, reason="no message of a person")
    relation = _object(event.content, "m.relates_to")
    if relation.get("rel_type") == "m.replace":
        new = an_object(event.content.get("m.new_content"), "m.new_content")
        text = cb.Document.from_plain(text_at(new, "body"))
        replaced = identity_at(relation, "event_id")
        return cb.MessageEdited(**event.origin, message_id=replaced, text=text)
    body = text_at(event.content, "body")
    reply = cb.ReplyTo(message_id=event.answered) if event.answered is not None else None
    if kind in _FILES:
        return _with_file(event, body, _FILES[kind], reply)
    if reply is not None:
        body = _without_fallback(body)
    found = _COMMAND.fullmatch(body.strip()) if kind in _TEXTS else None
    return _message(
        event,
        text=cb.Document.from_plain(body),
        command=cb.Command(found[1].lower(), found[2] or "") if found else None,
        reply_to=reply,
        unsupported=None if body.strip() and kind in _TEXTS else kind,
    )


def reply_of(answered: RoomEvent, bot: str, person: str) -> cb.ReplyTo:
    """Return what an answered message says of itself.

    What a third person wrote is not quoted: only who talks with the bot is part of it.

    Args:
        answered: the answered message.
        bot: the bot's account; only its own messages name a request.
        person: who answers it.
    """
    handle = answered.content.get(HANDLE) if answered.sender == bot else None
    shown = text_at(answered.content, "body") if answered.sender in {bot, person} else ""
    shown = _without_fallback(shown)
    if isinstance(handle, str):
        # Its first line is the request's key.
        shown = shown.partition("\n")[2]
    return cb.ReplyTo(
        message_id=answered.event_id,
        handle=handle if isinstance(handle, str) else None,
        quote=" ".join(shown.split())[:200],
    )


def _without_fallback(body: str) -> str:
    """Return the body of a reply without the quotation that older programs put before it."""
    return _QUOTED.sub("", body, count=1) if body.startswith("> <") else body


def _message(event: RoomEvent, **members: Any) -> cb.MessageReceived:
    return cb.MessageReceived(**event.origin, message_id=event.event_id, **members)


def _with_file(
    event: RoomEvent, body: str, kind: cb.FileKind, reply: cb.ReplyTo | None
) -> cb.MessageReceived:
    if "url" not in event.content:
        return _message(event, unsupported="encrypted file")
    name = text_at(event.content, "filename")
    caption = body if name and body != name else ""
    return _message(
        event,
        text=cb.Document.from_plain(caption),
        attachments=(_file(event.content, kind),),
        reply_to=reply,
    )


def _file(content: dict[str, Any], kind: cb.FileKind) -> cb.Attachment:
    info = _object(content, "info")
    return cb.Attachment(
        kind=kind,
        name=text_at(content, "filename") or text_at(content, "body"),
        media_type=text_at(info, "mimetype") or None,
        size=size_at(info, "size"),
        ref=identity_at(content, "url"),
    )


def _object(source: dict[str, Any], name: str) -> dict[str, Any]:
    return optional_object(source, name) or {}


def _seconds(raw: dict[str, Any]) -> float:
    try:
        return integer_at(raw, "origin_server_ts") / 1000
    except cb.WebhookPayloadError:
        return 0.0
