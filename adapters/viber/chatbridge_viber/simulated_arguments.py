"""What the actions of people in the simulated Viber share: writing a message."""

from __future__ import annotations

from typing import Any, TypeAlias

from chatbridge.testing import text_argument

from .simulated_state import ViberState
from .simulated_users import ShownMessage

Arguments: TypeAlias = dict[str, Any]


def write(
    state: ViberState, arguments: Arguments, content: dict[str, Any], *, silent: bool = False
) -> dict[str, Any]:
    """Let a person send a message, which subscribes; return its id."""
    check_webhook(state)
    user = state.user(text_argument(arguments, "chat"), arguments.get("name"))
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
