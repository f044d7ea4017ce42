"""Describe calls of Viber's API; makes none.

The token travels in a header only: a body may end up where requests are logged. Bodies are made
here, as UTF-8 without escapes, because Viber counts their bytes.
"""

from __future__ import annotations

import html
import json
from typing import Any

from chatbridge.capabilities import LengthUnit
from chatbridge.content import Choice
from chatbridge.errors import Refusal, RefusedError, UnsupportedFeatureError
from chatbridge.http_types import HttpRequest, Pace
from chatbridge.outgoing import OutgoingMessage
from chatbridge.payloads import readable

from .bot_settings import MAX_SENDER_NAME, ViberSettings
from .drawing import MAX_TEXT_LENGTH, cut, draw

MAX_REQUEST = 30_000
"""Bytes of a request; the documentation says 30 kB."""

MAX_CHOICE_LABEL = 50
"""Characters of a label, so that it fits into a button's 250 even where each must be escaped."""

MAX_CHOICE_DATA = 128
"""Bytes that a choice carries; Viber names no limit of its own."""

MAX_CHOICES = 12
"""Buttons in rows of one; more rows are not shown at once."""

CHOICE = "chatbridge:choice:"
"""What a button sends back begins with it. A press arrives as a message that could have been typed,
so this only tells what is meant; the bridge checks the signature of what follows."""


def call(
    settings: ViberSettings,
    endpoint: str,
    body: dict[str, Any],
    *,
    repeatable: bool,
    paces: tuple[Pace, ...] = (),
) -> HttpRequest:
    """Return the call of one endpoint.

    Args:
        settings: whose bot and server.
        endpoint: its name in the API.
        body: the members of the request.
        repeatable: whether calling it twice does no harm.
        paces: the limits it counts against.

    Raises:
        RefusedError: `Refusal.TOO_LONG`, where Viber would not take so many bytes.
    """
    written = json_bytes(body)
    if len(written) > MAX_REQUEST:
        raise RefusedError(Refusal.TOO_LONG, "the request is larger than Viber takes")
    return HttpRequest(
        "POST",
        f"{settings.api_url}/pa/{endpoint}",
        headers={
            "Content-Type": "application/json",
            "X-Viber-Auth-Token": settings.token.reveal(),
        },
        body=written,
        repeatable=repeatable,
        paces=paces,
    )


def chat_paces(bot_id: str, chat: str) -> tuple[Pace, ...]:
    """Return the limits of a message, the chat's own first; Viber documents no others per second.

    Status 12 (100 messages in an hour without a reply) holds the chat's.
    """
    return (
        Pace("chat", f"viber:{bot_id}:{chat}", per_second=2.0, burst=10),
        Pace("bot", f"viber:{bot_id}", per_second=30.0, burst=30),
    )


def message_members(settings: ViberSettings, message: OutgoingMessage) -> dict[str, Any]:
    """Return the members of a text message, its receiver included.

    Raises:
        UnsupportedFeatureError: it holds what a text message cannot show.
        RefusedError: `Refusal.TOO_LONG`, where written-out addresses made it so.
    """
    text = shown_text(message)
    if not text.strip():
        raise UnsupportedFeatureError("Viber shows no message without a visible character")
    if LengthUnit.UTF16.measure(text) > MAX_TEXT_LENGTH:
        raise RefusedError(Refusal.TOO_LONG, "the text is longer than Viber takes")
    return {**usual_members(settings, message), "type": "text", "text": text}


def shown_text(message: OutgoingMessage) -> str:
    """Return the text of a message as it is shown, the key of its request first."""
    text = draw(message.text)
    return f"{message.label.key}\n{text}".rstrip() if message.label is not None else text


def usual_members(settings: ViberSettings, message: OutgoingMessage) -> dict[str, Any]:
    """Return what a message of any type has.

    Raises:
        UnsupportedFeatureError: its choices cannot be offered.
    """
    members: dict[str, Any] = {
        "receiver": message.address.chat,
        "sender": _sender(settings, message.sender_name),
    }
    if message.label is not None:
        # Comes back with the contact's next message, which thereby names the request.
        members["tracking_data"] = message.label.handle
    if message.choices:
        members["keyboard"] = keyboard(message.choices)
    return members


def welcome_members(settings: ViberSettings, text: str) -> dict[str, Any]:
    """Return the members of a welcome, which has no receiver.

    Args:
        settings: who speaks.
        text: at most 7000 UTF-16 units.
    """
    return {"type": "text", "sender": _sender(settings, ""), "text": text}


def _sender(settings: ViberSettings, name: str) -> dict[str, str]:
    shown = cut(readable(" ".join(name.split())), MAX_SENDER_NAME).strip()
    sender = {"name": shown or settings.sender_name}
    if settings.sender_avatar is not None:
        sender["avatar"] = settings.sender_avatar
    return sender


def keyboard(choices: tuple[Choice, ...]) -> dict[str, Any]:
    """Return the keyboard that offers these choices.

    Viber's clients check it after the message was taken, so whatever they would refuse is refused
    here.

    Raises:
        UnsupportedFeatureError: there are too many, or one carries too much.
    """
    if len(choices) > MAX_CHOICES:
        raise UnsupportedFeatureError(f"Viber shows at most {MAX_CHOICES} choices")
    if any(len(choice.data.encode()) > MAX_CHOICE_DATA for choice in choices):
        raise UnsupportedFeatureError(f"a Viber choice carries at most {MAX_CHOICE_DATA} bytes")
    return {"Type": "keyboard", "Buttons": [_button(choice) for choice in choices]}


def _button(choice: Choice) -> dict[str, Any]:
    # The text of a button is HTML, a label is not.
    label = html.escape(cut(readable(choice.label), MAX_CHOICE_LABEL), quote=False)
    return {
        "ActionType": "reply",
        "ActionBody": CHOICE + choice.data,
        "Text": label or "…",
        # The press would else stand in the chat as a message of the contact's.
        "Silent": True,
    }


def json_bytes(members: dict[str, Any]) -> bytes:
    """Return the members as JSON in UTF-8."""
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
