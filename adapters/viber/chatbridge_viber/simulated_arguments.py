"""What the actions of people in the simulated Viber share: reading arguments, writing a message."""

from __future__ import annotations

from typing import Any, TypeAlias

from .simulated_state import ViberState
from .simulated_users import ShownMessage

Arguments: TypeAlias = dict[str, Any]


def write(
    state: ViberState, arguments: Arguments, content: dict[str, Any], *, silent: bool = False
) -> dict[str, Any]:
    """Let a person send a message, which subscribes; return its id."""
    check_webhook(state)
    user = state.user(text_of(arguments, "chat"), arguments.get("name"))
    user.wrote(state.clock.time())
    if user.tracking_data:
        content = {**content, "tracking_data": user.tracking_data}
    token = state.new_token()
    if not silent:
        shown = ShownMessage(token=str(token), date=state.clock.time(), content=content, seen=True)
        user.messages.append(shown)
    members = {
        "sender": user.as_json(named=state.send_name),
        "message": content,
        "silent": silent,
    }
    state.announce("message", members, token)
    return {"message_id": str(token)}


def check_webhook(state: ViberState) -> None:
    """Return if people can write to the bot.

    Raises:
        ValueError: it has no webhook.
    """
    if not state.callbacks.url:
        raise ValueError("the bot has no webhook, so nobody can write to it; set one first")


def text_of(arguments: Arguments, name: str) -> str:
    """Return an argument that must be a text.

    Raises:
        ValueError: it is none, or empty.
    """
    value = arguments.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value:
        return value
    raise ValueError(f"{name} must be a text that is not empty")
