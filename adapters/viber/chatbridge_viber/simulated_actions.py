"""What people do in the simulated Viber: write, press, open the chat, subscribe, read.

Each function is one action of `/control/viber/<action>`; its arguments and its result are JSON.
`chat` is the person's id, which may be any text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

from chatbridge.testing import text_argument

from .simulated_arguments import Arguments, check_webhook, write
from .simulated_content import check_message
from .simulated_files import FILE_ACTIONS
from .simulated_state import StatusError, ViberState
from .simulated_users import ShownMessage, User, buttons_of

Action: TypeAlias = Callable[[ViberState, Arguments], Any]

CONTENTS: dict[str, dict[str, Any]] = {
    "contact": {"contact": {"name": "Jana", "phone_number": "+420123456789"}},
    "location": {"location": {"lat": 50.087, "lon": 14.4208, "address": "Prague"}},
    "url": {"media": "https://example.org/page"},
    "unheard_of": {},
}
"""The members of incoming messages that are neither text nor file, by `type`."""


def message(state: ViberState, arguments: Arguments) -> dict[str, Any]:
    """Write a text; the first one subscribes: {chat, text, name?}."""
    content = {"type": "text", "text": text_argument(arguments, "text")}
    return write(state, arguments, content)


def unsupported(state: ViberState, arguments: Arguments) -> dict[str, Any]:
    """Send anything but a text or a file: {chat, kind, name?}; a wrong kind lists the known."""
    kind = text_argument(arguments, "kind")
    if kind not in CONTENTS:
        raise ValueError(f"kind must be one of {', '.join(sorted(CONTENTS))}")
    return write(state, arguments, {"type": kind, **CONTENTS[kind]})


def press(state: ViberState, arguments: Arguments) -> dict[str, Any]:
    """Press a button of the keyboard shown last: {chat, choice}, by its label or index."""
    user = _known(state, arguments)
    buttons = buttons_of({"keyboard": user.keyboard})
    if not buttons:
        raise LookupError("this chat shows no keyboard")
    button = _button(buttons, arguments.get("choice"))
    content = {"type": "text", "text": button.get("ActionBody", "")}
    return write(state, arguments, content, silent=button.get("Silent") is True)


def open_chat(state: ViberState, arguments: Arguments) -> dict[str, Any]:
    """Open the chat without writing, by a deep link or not: {chat, context?, name?}."""
    check_webhook(state)
    user = state.user(text_argument(arguments, "chat"), arguments.get("name"))
    members: dict[str, Any] = {
        "type": "open",
        "user": user.as_json(named=state.send_name),
        "subscribed": user.subscribed,
    }
    if arguments.get("context"):
        members["context"] = str(arguments["context"])
    token = state.new_token()
    state.announce(
        "conversation_started", members, token, taken=lambda body: _welcome(state, user, body)
    )
    return {"message_id": str(token)}


def subscribe(state: ViberState, arguments: Arguments) -> dict[str, Any]:
    """Subscribe, which forgets tracking data: {chat, name?}."""
    check_webhook(state)
    user = state.user(text_argument(arguments, "chat"), arguments.get("name"))
    user.subscribed, user.tracking_data = True, ""
    token = state.new_token()
    state.announce("subscribed", {"user": user.as_json(named=state.send_name)}, token)
    return {"message_id": str(token)}


def unsubscribe(state: ViberState, arguments: Arguments) -> dict[str, Any]:
    """Let the bot write no more: {chat}."""
    user = _known(state, arguments)
    user.subscribed = False
    token = state.new_token()
    state.announce("unsubscribed", {"user_id": user.user_id}, token)
    return {"message_id": str(token)}


def delivered(state: ViberState, arguments: Arguments) -> dict[str, Any]:
    """Report a message as delivered again, as another device does: {chat, message_id?}."""
    return _report(state, arguments, "delivered")


def seen(state: ViberState, arguments: Arguments) -> dict[str, Any]:
    """Read everything; reported once, for the last message: {chat}."""
    user = _known(state, arguments)
    for shown in user.messages:
        shown.seen = True
    return _report(state, {"chat": user.user_id}, "seen")


def failed(state: ViberState, arguments: Arguments) -> dict[str, Any]:
    """Report that the device refused a message after all: {chat, message_id?, desc?}."""
    user = _known(state, arguments)
    shown = _bot_message(user, arguments)
    state.fail(user, shown, str(arguments.get("desc") or "failed to download the media"))
    return {"message_id": shown.token}


def strange(state: ViberState, arguments: Arguments) -> dict[str, Any]:
    """Send a callback of a kind that nobody knows yet: {chat}."""
    check_webhook(state)
    token = state.new_token()
    state.announce("newer_than_this", {"user_id": text_argument(arguments, "chat")}, token)
    return {"message_id": str(token)}


def device(state: ViberState, arguments: Arguments) -> dict[str, Any]:
    """Use another Viber: {chat, api_version?, language?}."""
    user = state.user(text_argument(arguments, "chat"))
    user.api_version = int(arguments.get("api_version") or user.api_version)
    user.language = str(arguments.get("language") or user.language)
    return {"api_version": user.api_version, "language": user.language}


def transcript(state: ViberState, arguments: Arguments) -> list[dict[str, Any]]:
    """Show a chat as its person sees it: {chat}."""
    return [shown.as_shown() for shown in _known(state, arguments).messages]


ACTIONS: dict[str, Action] = {
    "delivered": delivered,
    "device": device,
    "failed": failed,
    **FILE_ACTIONS,
    "message": message,
    "open": open_chat,
    "press": press,
    "seen": seen,
    "strange": strange,
    "subscribe": subscribe,
    "transcript": transcript,
    "unsubscribe": unsubscribe,
    "unsupported": unsupported,
}


def _welcome(state: ViberState, user: User, body: bytes) -> None:
    """Show what the answer to `conversation_started` holds, if Viber would."""
    if not body:
        return
    try:
        content = json.loads(body)
        check_message(content)
    except (ValueError, AttributeError, StatusError) as error:
        state.welcome_problems.append(str(getattr(error, "message", "not a JSON object")))
        return
    state.show(user, content, state.new_token(), welcome=True)


def _report(state: ViberState, arguments: Arguments, event: str) -> dict[str, Any]:
    user = _known(state, arguments)
    shown = _bot_message(user, arguments)
    state.announce(event, {"user_id": user.user_id}, int(shown.token))
    return {"message_id": shown.token}


def _bot_message(user: User, arguments: Arguments) -> ShownMessage:
    """Return the named message, or the bot's last one."""
    wanted = arguments.get("message_id")
    if wanted is not None:
        found = [shown for shown in user.messages if shown.token == str(wanted)]
    else:
        found = [shown for shown in user.messages if shown.author]
    if not found:
        raise LookupError("there is no such message")
    return found[-1]


def _button(buttons: list[dict[str, Any]], choice: Any) -> dict[str, Any]:
    if isinstance(choice, int) and 0 <= choice < len(buttons):
        return buttons[choice]
    found = [button for button in buttons if button.get("Text") == choice]
    if not found:
        raise LookupError("choice must be the label or the index of one of the buttons")
    return found[0]


def _known(state: ViberState, arguments: Arguments) -> User:
    user = state.users.get(text_argument(arguments, "chat"))
    if user is None:
        raise LookupError("there is no such chat")
    return user
