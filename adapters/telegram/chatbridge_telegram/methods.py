"""Describe calls of Bot API methods; makes none.

The token is part of every URL here, so a request must never be shown; `HttpRequest` hides it. The
paces are those that https://core.telegram.org/bots/faq names for messages of bots.
"""

from __future__ import annotations

from typing import Any

from chatbridge.content import Choice
from chatbridge.errors import Refusal, RefusedError, UnsupportedFeatureError
from chatbridge.http_types import HttpRequest, Pace
from chatbridge.outgoing import OutgoingMessage
from chatbridge.richtext import Mark

from .bot_settings import TelegramSettings
from .entities import draw
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
    given = {name: value for name, value in (parameters or {}).items() if value is not None}
    return HttpRequest(
        "POST",
        f"{settings.api_url}/bot{settings.token.reveal()}/{method}",
        json=given,
        repeatable=repeatable,
        paces=paces,
        timeout=timeout,
    )


def bot_id(settings: TelegramSettings) -> int:
    """Return the bot's user id, which is the first half of its token."""
    return int(settings.token.reveal().partition(":")[0])


def bot_paces(settings: TelegramSettings) -> tuple[Pace, ...]:
    """Return the limit that counts for the whole bot: 30 messages a second."""
    return (Pace("bot", f"telegram:{bot_id(settings)}", per_second=30.0, burst=30),)


def chat_paces(settings: TelegramSettings, chat: int) -> tuple[Pace, ...]:
    """Return the limits of a message into this chat, the chat's own first."""
    key = f"telegram:{bot_id(settings)}:{chat}"
    if chat < 0:
        # 17 in a minute and a burst of 3 stay within a group's 20 in any minute.
        own = Pace("chat", key, per_second=17 / 60, burst=3)
    else:
        own = Pace("chat", key, per_second=1.0, burst=3)
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


def text_parameters(message: OutgoingMessage, username: str) -> dict[str, Any]:
    """Return what shows the text: the label, the formatted text and the choices.

    Args:
        message: what to show.
        username: of the bot, empty where it is not known; the label is then no link.

    Raises:
        UnsupportedFeatureError: it holds what a text message cannot show.
    """
    drawn = draw(message.text, before=_label(message, username), plain=message.plain)
    if not drawn.text:
        raise UnsupportedFeatureError("Telegram shows no message without a visible character")
    return {
        "text": drawn.text,
        "entities": list(drawn.entities) or None,
        # Telegram would open the first link itself, and a one-time link only works once.
        "link_preview_options": {"is_disabled": True},
        "reply_markup": _keyboard(message.choices),
    }


def reply_parameters(message: OutgoingMessage) -> dict[str, Any] | None:
    """Return what makes the message an answer; a deleted original does not stop it."""
    if message.reply_to is None or not message.reply_to.isdecimal():
        return None
    return {"message_id": int(message.reply_to), "allow_sending_without_reply": True}


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


def _keyboard(choices: tuple[Choice, ...]) -> dict[str, Any] | None:
    if any(len(choice.data.encode()) > MAX_CHOICE_DATA for choice in choices):
        raise UnsupportedFeatureError(f"a Telegram choice carries at most {MAX_CHOICE_DATA} bytes")
    if not choices:
        return None
    rows = [[{"text": choice.label, "callback_data": choice.data}] for choice in choices]
    return {"inline_keyboard": rows}
