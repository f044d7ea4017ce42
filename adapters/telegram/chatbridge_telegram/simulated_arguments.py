"""What actions of the simulated people share: reading their arguments, and writing into a chat.

A wrong argument is told in words, as `Simulator.control` promises.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from .simulated_chats import Chat, StoredMessage
from .simulated_state import TelegramState

Arguments: TypeAlias = dict[str, Any]


def write(state: TelegramState, arguments: Arguments, **members: Any) -> dict[str, Any]:
    """Show a person's message, tell the bot of it, and return both numbers."""
    name, number = arguments.get("name"), number_of(arguments, "chat")
    chat = state.chat(number, name if number > 0 else None)
    if chat.removed or chat.migrated_to is not None:
        raise ValueError("the bot is not in this chat now")
    thread = arguments.get("thread")
    if thread is not None and thread not in chat.topics:
        raise LookupError("there is no such topic")
    reply_to = arguments.get("reply_to")
    if reply_to is not None and reply_to not in chat.messages:
        raise LookupError("there is no such message to answer")
    written = chat.add(
        now=state.clock.time(),
        author=chat.person(name),
        reply_to=reply_to,
        thread=thread,
        **members,
    )
    return {"message_id": written.message_id, "update_id": state.announce(chat, written)}


def known_chat(state: TelegramState, arguments: Arguments) -> Chat:
    """Return the chat that an action names."""
    chat = state.chats.get(number_of(arguments, "chat"))
    if chat is None:
        raise LookupError("there is no such chat")
    return chat


def known_message(chat: Chat, arguments: Arguments) -> StoredMessage:
    """Return the message that an action names."""
    found = chat.messages.get(number_of(arguments, "message_id"))
    if found is None:
        raise LookupError("there is no such message")
    return found


def number_of(arguments: Arguments, name: str) -> int:
    """Return an argument that must be a whole number other than 0."""
    value = arguments.get(name)
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if number == 0:
        raise ValueError(f"{name} must be a whole number other than 0")
    return number


def text_of(arguments: Arguments, name: str) -> str:
    """Return an argument that must be a text."""
    value = arguments.get(name)
    if isinstance(value, str):
        return value
    raise ValueError(f"{name} must be a text")
