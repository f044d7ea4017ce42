"""Describe calls of Bot API methods; makes none.

The token is part of every URL here, so a request must never be shown; `HttpRequest` hides it. The
paces are those that https://core.telegram.org/bots/faq names for messages of bots.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from chatbridge.content import Choice
from chatbridge.errors import Refusal, RefusedError, UnsupportedFeatureError
from chatbridge.http_types import FormPart, HttpRequest, Pace
from chatbridge.outgoing import OutgoingMessage
from chatbridge.richtext import Mark

from .bot_settings import TelegramSettings
from .entities import MAX_TEXT_LENGTH, DrawnText, draw
from .runs import Run

MAX_CHOICE_DATA = 64
"""Bytes of `callback_data`."""


def call(
    settings: TelegramSettings,
    method: str,
    parameters: dict[str, Any] | None = None,
    *,
    repeatable: bool,
    paces: tuple[Pace, ...] = (),
    timeout: float | None = None,
) -> HttpRequest:
    """Return the call of one method.

    Args:
        settings: whose bot and server.
        method: its name in the Bot API.
        parameters: by name; members that are None are left out.
        repeatable: whether calling it twice does no harm.
        paces: the limits it counts against.
        timeout: seconds for the whole call.
    """
    return HttpRequest(
        "POST",
        _url(settings, method),
        json=_given(parameters or {}),
        repeatable=repeatable,
        paces=paces,
        timeout=timeout,
    )


def form_call(
    settings: TelegramSettings,
    method: str,
    parameters: dict[str, Any],
    files: Sequence[FormPart],
    *,
    paces: tuple[Pace, ...],
) -> HttpRequest:
    """Return the call of a method that uploads; it shows something, so it is not repeatable.

    Args:
        settings: whose bot and server.
        method: its name in the Bot API.
        parameters: by name, as for `call`; a form carries everything but texts as JSON.
        files: the parts that hold bytes.
        paces: the limits it counts against.
    """
    texts = [
        FormPart(name, value if isinstance(value, str) else json.dumps(value))
        for name, value in _given(parameters).items()
    ]
    return HttpRequest(
        "POST", _url(settings, method), parts=(*texts, *files), repeatable=False, paces=paces
    )


def download(settings: TelegramSettings, path: str) -> HttpRequest:
    """Return the call that reads a file as a stream.

    Args:
        settings: whose bot and server.
        path: of the file, as a URL takes it.
    """
    url = f"{settings.api_url}/file/bot{settings.token.reveal()}/{path}"
    return HttpRequest("GET", url, stream=True, paces=bot_paces(settings))


def _url(settings: TelegramSettings, method: str) -> str:
    return f"{settings.api_url}/bot{settings.token.reveal()}/{method}"


def _given(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}


def bot_id(settings: TelegramSettings) -> int:
    """Return the bot's user id, which is the first half of its token."""
    return int(settings.token.reveal().partition(":")[0])


def bot_paces(settings: TelegramSettings) -> tuple[Pace, ...]:
    """Return the limit that counts for the whole bot: 30 messages a second."""
    return (Pace("bot", f"telegram:{bot_id(settings)}", per_second=30.0, burst=30),)


def chat_paces(settings: TelegramSettings, chat: int, messages: int = 1) -> tuple[Pace, ...]:
    """Return the limits of what one call shows in this chat, the chat's own first.

    Args:
        settings: whose bot.
        chat: by its number.
        messages: how many messages the call makes; an album waits for a quiet chat, and counts as
            many as it has files.
    """
    key = f"telegram:{bot_id(settings)}:{chat}"
    # 17 in a minute and a burst of 3 stay within a group's 20 in any minute.
    per_second = 17 / 60 if chat < 0 else 1.0
    burst = 3 if messages == 1 else 1
    own = Pace("chat", key, per_second=per_second / messages, burst=burst)
    return (own, *bot_paces(settings))


def chat_parameters(message: OutgoingMessage) -> dict[str, Any]:
    """Return what names the chat, and the topic where there is one.

    Raises:
        RefusedError: the address is none of Telegram's.
    """
    thread = message.address.thread
    try:
        return {
            "chat_id": int(message.address.chat),
            "message_thread_id": None if thread is None else int(thread),
        }
    except ValueError:
        pass
    raise RefusedError(Refusal.INVALID, "the address is not one of Telegram's")


def text_call(settings: TelegramSettings, message: OutgoingMessage, username: str) -> HttpRequest:
    """Return the call that shows a text; see `text_parameters`."""
    chat = chat_parameters(message)
    return call(
        settings,
        "sendMessage",
        {
            **chat,
            **text_parameters(message, username),
            "reply_parameters": reply_parameters(message),
        },
        repeatable=False,
        paces=chat_paces(settings, chat["chat_id"]),
    )


def text_parameters(message: OutgoingMessage, username: str) -> dict[str, Any]:
    """Return what shows the text: the label, the formatted text and the choices.

    Args:
        message: what to show.
        username: of the bot, empty where it is not known; the label is then no link.

    Raises:
        UnsupportedFeatureError: it holds what a text message cannot show.
    """
    drawn = drawn_text(message, username, MAX_TEXT_LENGTH)
    if not drawn.text:
        raise UnsupportedFeatureError("Telegram shows no message without a visible character")
    return {
        "text": drawn.text,
        "entities": list(drawn.entities) or None,
        # Telegram would open the first link itself, and a one-time link only works once.
        "link_preview_options": {"is_disabled": True},
        "reply_markup": keyboard(message.choices),
    }


def drawn_text(message: OutgoingMessage, username: str, longest: int) -> DrawnText:
    """Return text and entities of a message, its label before them.

    Args:
        message: what to show.
        username: of the bot, empty where it is not known; the label is then no link.
        longest: the UTF-16 units that there is room for.
    """
    before = _label(message, username)
    return draw(message.text, before=before, plain=message.plain, longest=longest)


def reply_parameters(message: OutgoingMessage) -> dict[str, Any] | None:
    """Return what makes the message an answer; a deleted original does not stop it."""
    if message.reply_to is None or not message.reply_to.isdecimal():
        return None
    return {"message_id": int(message.reply_to), "allow_sending_without_reply": True}


def keyboard(choices: tuple[Choice, ...]) -> dict[str, Any] | None:
    """Return the buttons that offer choices, None where there are none.

    Raises:
        UnsupportedFeatureError: a choice carries too much.
    """
    if any(len(choice.data.encode()) > MAX_CHOICE_DATA for choice in choices):
        raise UnsupportedFeatureError(f"a Telegram choice carries at most {MAX_CHOICE_DATA} bytes")
    if not choices:
        return None
    rows = [[{"text": choice.label, "callback_data": choice.data}] for choice in choices]
    return {"inline_keyboard": rows}


def cut(text: str, units: int) -> str:
    """Return as much of the start of a text as fits into so many UTF-16 units."""
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")


def start_link(username: str, payload: str) -> str:
    """Return the link that opens the bot with this payload."""
    return f"https://t.me/{username}?start={payload}"


def _label(message: OutgoingMessage, username: str) -> tuple[Run, ...]:
    label = message.label
    if label is None:
        return ()
    if message.plain:
        return Run(label.key), Run("\n")
    if not username:
        return Run(label.key, frozenset({Mark.BOLD})), Run("\n")
    return Run(label.key, link=start_link(username, label.handle)), Run("\n")
