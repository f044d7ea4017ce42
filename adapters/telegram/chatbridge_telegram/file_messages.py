"""Describe the calls that show files: one file with its caption, or an album.

Everything that can be refused for certain is refused before a byte is sent. The bytes are handed on
as streams; nothing here reads them.
"""

from __future__ import annotations

from typing import Any

from chatbridge import safe_name
from chatbridge.content import Attachment
from chatbridge.errors import Refusal, RefusedError, UnsupportedFeatureError
from chatbridge.http_types import FormPart, HttpRequest
from chatbridge.outgoing import OutgoingMessage

from . import methods
from .bot_settings import TelegramSettings
from .file_kinds import MAX_ALBUM, MAX_CAPTION_LENGTH, WAYS


def file_call(settings: TelegramSettings, message: OutgoingMessage, username: str) -> HttpRequest:
    """Return the one call that shows the files of a message, with its text as their caption.

    Args:
        settings: whose bot and server.
        message: one file, or the 2 to 10 of an album.
        username: of the bot, empty where it is not known.

    Raises:
        UnsupportedFeatureError: Telegram cannot show these files, or not with this message.
        RefusedError: `Refusal.TOO_LONG` where the caption is too long in any unit.
    """
    for file in message.attachments:
        _check(file)
    chat = methods.chat_parameters(message)
    parameters = {**chat, "reply_parameters": methods.reply_parameters(message)}
    if len(message.attachments) == 1:
        method, more, files = _single(message, username)
    else:
        method, more, files = _album(message, username)
    return methods.form_call(
        settings,
        method,
        {**parameters, **more},
        files,
        paces=methods.chat_paces(settings, chat["chat_id"], len(message.attachments)),
    )


_Call = tuple[str, dict[str, Any], list[FormPart]]


def caption_parameters(message: OutgoingMessage, username: str) -> dict[str, Any]:
    """Return caption and entities, None where there is no text.

    Raises:
        RefusedError: `Refusal.TOO_LONG`.
    """
    drawn = methods.drawn_text(message, username, MAX_CAPTION_LENGTH)
    # Counted in code points, the mildest reading: what is refused here would be refused there.
    if len(drawn.text) > MAX_CAPTION_LENGTH:
        raise RefusedError(Refusal.TOO_LONG, "the caption is too long")
    return {"caption": drawn.text or None, "caption_entities": list(drawn.entities) or None}


def _single(message: OutgoingMessage, username: str) -> _Call:
    (file,) = message.attachments
    way = WAYS[file.kind]
    caption = caption_parameters(message, username)
    if not way.limit.max_caption:
        if caption["caption"] is not None:
            raise UnsupportedFeatureError(f"Telegram shows no text with a {file.kind}")
        caption = {}
    more = {**caption, **way.parameters, "reply_markup": methods.keyboard(message.choices)}
    return way.method, more, [_upload(file, way.member)]


def _album(message: OutgoingMessage, username: str) -> _Call:
    if len(message.attachments) > MAX_ALBUM:
        raise UnsupportedFeatureError(f"a Telegram album has at most {MAX_ALBUM} files")
    if message.choices:
        raise UnsupportedFeatureError("a Telegram album has no buttons")
    families = {WAYS[file.kind].albums for file in message.attachments}
    if len(families) > 1 or None in families:
        raise UnsupportedFeatureError(
            "a Telegram album holds photos and videos, or only documents, or only audio"
        )
    items: list[dict[str, Any]] = []
    files: list[FormPart] = []
    for at, file in enumerate(message.attachments):
        caption = {} if at else caption_parameters(message, username)
        given = {name: value for name, value in caption.items() if value is not None}
        items.append({"type": WAYS[file.kind].member, "media": f"attach://file{at}", **given})
        files.append(_upload(file, f"file{at}"))
    return "sendMediaGroup", {"media": items}, files


def _check(file: Attachment) -> None:
    """Refuse a file that Telegram certainly does not take.

    Raises:
        UnsupportedFeatureError: it has no bytes here, or too many.
    """
    if file.content is None:
        raise UnsupportedFeatureError("a file for Telegram needs its content")
    most = WAYS[file.kind].limit.max_bytes
    # The size is somebody's claim; what the source says of its bytes goes first.
    size = file.size if file.content.length is None else file.content.length
    if size is not None and size > most:
        raise UnsupportedFeatureError(f"a {file.kind} for Telegram has at most {most} bytes")


def _upload(file: Attachment, part: str) -> FormPart:
    assert file.content is not None
    # The server cuts a name at a semicolon, and takes none of the escapes that headers know.
    name = safe_name(file.name, file.kind.value).replace(";", "_")
    media_type = file.media_type or file.content.media_type
    return FormPart(part, file.content, filename=name, media_type=media_type)
