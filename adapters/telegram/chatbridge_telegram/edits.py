"""Change what a sent message shows: its text, or the caption of the file that it shows."""

from __future__ import annotations

from typing import Any

from chatbridge.errors import Refusal, RefusedError
from chatbridge.exchange import Exchange
from chatbridge.http_types import HttpRequest
from chatbridge.outgoing import OutgoingMessage, Receipt

from . import methods
from .bot_settings import TelegramSettings
from .file_messages import caption_parameters
from .outcomes import NO_TEXT_TO_EDIT, NOT_MODIFIED, result_of, says


def edit(
    settings: TelegramSettings, message_id: str, message: OutgoingMessage, username: str
) -> Exchange[Receipt]:
    """Show this instead of an earlier message; a message with files changes their caption.

    Raises:
        RefusedError: `Refusal.GONE` where the message is not there or cannot be changed.
        UnsupportedFeatureError: there is nothing that can be seen.
    """
    if not message_id.isascii() or not message_id.isdecimal():
        raise RefusedError(Refusal.GONE, "Telegram has no message of this id")
    if not message.attachments:
        text = methods.text_parameters(message, username)
        response = yield _call(settings, "editMessageText", message_id, message, text)
        # Only the server still knows whether the message shows a file.
        if not says(response, NO_TEXT_TO_EDIT):
            result_of(response, harmless=(NOT_MODIFIED,))
            return Receipt((message_id,))
    caption = {
        **caption_parameters(message, username),
        "reply_markup": methods.keyboard(message.choices),
    }
    response = yield _call(settings, "editMessageCaption", message_id, message, caption)
    result_of(response, harmless=(NOT_MODIFIED,))
    return Receipt((message_id,))


def _call(
    settings: TelegramSettings,
    method: str,
    message_id: str,
    message: OutgoingMessage,
    shown: dict[str, Any],
) -> HttpRequest:
    chat = methods.chat_parameters(message)["chat_id"]
    return methods.call(
        settings,
        method,
        {"chat_id": chat, "message_id": int(message_id), **shown},
        repeatable=True,
        paces=methods.chat_paces(settings, chat),
    )
