"""What people do in the simulated Telegram: write, edit, press, block, move a group.

Each function is one action of `/control/telegram/<action>`; its arguments and its result are JSON.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from .simulated_arguments import (
    Arguments,
    known_chat,
    known_message,
    number_of,
    text_of,
    write,
)
from .simulated_chats import StoredMessage, message_json
from .simulated_contents import CONTENTS
from .simulated_file_actions import file
from .simulated_files import SORTS
from .simulated_state import TelegramState
from .simulated_text import found_entities
from .simulated_updates import DAY, PRESS_LIFETIME

Action: TypeAlias = Callable[[TelegramState, Arguments], Any]


def message(state: TelegramState, arguments: Arguments) -> dict[str, Any]:
    """Write a text: {chat, text, name?, entities?, reply_to?, thread?}."""
    text = text_of(arguments, "text").strip()
    if not text:
        raise ValueError("text must not be empty")
    entities = arguments.get("entities") or found_entities(text)
    return write(state, arguments, text=text, entities=entities)


def start(state: TelegramState, arguments: Arguments) -> dict[str, Any]:
    """Open the bot, by a start link where a payload is given: {chat, payload?, name?}."""
    payload = str(arguments.get("payload") or "")
    text = f"/start {payload}".strip()
    return write(state, arguments, text=text, entities=found_entities(text))


def unsupported(state: TelegramState, arguments: Arguments) -> dict[str, Any]:
    """Send anything but a text: {chat, kind, caption?, name?}; a wrong kind lists the known."""
    kind = text_of(arguments, "kind")
    if kind in SORTS:
        return file(state, arguments)
    if kind not in CONTENTS:
        raise ValueError(f"kind must be one of {', '.join(sorted({*CONTENTS, *SORTS}))}")
    caption = str(arguments.get("caption") or "")
    return write(state, arguments, content=CONTENTS[kind], text=caption)


def edit(state: TelegramState, arguments: Arguments) -> dict[str, Any]:
    """Change a text that a person wrote: {chat, message_id, text}."""
    chat = known_chat(state, arguments)
    shown = known_message(chat, arguments)
    if shown.author is None:
        raise ValueError("a person cannot edit the bot's message")
    shown.text = text_of(arguments, "text")
    shown.entities = found_entities(shown.text)
    shown.edited = max(math.floor(state.clock.time()), shown.edited + 1)
    number = state.announce(chat, shown, "edited_message")
    return {"message_id": shown.message_id, "update_id": number}


def press(state: TelegramState, arguments: Arguments) -> dict[str, Any]:
    """Press a button, of the latest message that has any: {chat, choice, message_id?, name?}."""
    chat = known_chat(state, arguments)
    if arguments.get("message_id") is None:
        offers = [shown for shown in chat.messages.values() if shown.buttons()]
        if not offers:
            raise LookupError("no message of this chat has buttons")
        shown = offers[-1]
    else:
        shown = known_message(chat, arguments)
    button = _button(shown, arguments.get("choice"))
    query_id = str(state.random.getrandbits(63))
    person = chat.person(arguments.get("name"))
    query = {
        "id": query_id,
        "from": person.as_json(),
        "message": message_json(chat, shown, state.bot),
        "chat_instance": str(chat.chat_id),
        "data": button.get("callback_data", ""),
    }
    now = state.clock.monotonic()
    state.presses[query_id] = now + PRESS_LIFETIME
    queue = f"user:{person.user_id}"
    number = state.updates.add(
        "callback_query", query, queue=queue, lifetime=PRESS_LIFETIME, now=now
    )
    return {"query_id": query_id, "update_id": number}


def block(state: TelegramState, arguments: Arguments) -> dict[str, Any]:
    """Block the bot, or remove it from a group: {chat, name?}."""
    return _change_membership(state, arguments, removed=True)


def unblock(state: TelegramState, arguments: Arguments) -> dict[str, Any]:
    """Let the bot back in: {chat, name?}."""
    return _change_membership(state, arguments, removed=False)


def migrate(state: TelegramState, arguments: Arguments) -> dict[str, Any]:
    """Make a group a supergroup: {chat}; returns the new number."""
    old = known_chat(state, arguments)
    if old.kind != "group" or old.migrated_to is not None:
        raise ValueError("only a group that is none yet can become a supergroup")
    new = state.chat(-1_000_000_000_000 - abs(old.chat_id), old.title)
    new.people = dict(old.people)
    author, now = old.person(None), state.clock.time()
    left = old.add(now=now, author=author, content={"migrate_to_chat_id": new.chat_id})
    came = new.add(now=now, author=author, content={"migrate_from_chat_id": old.chat_id})
    old.migrated_to = new.chat_id
    state.announce(old, left)
    state.announce(new, came)
    return {"chat": new.chat_id}


def topic(state: TelegramState, arguments: Arguments) -> dict[str, Any]:
    """Open a topic: {chat, title?}; returns the number to give as `thread`."""
    chat = state.chat(number_of(arguments, "chat"))
    title = str(arguments.get("title") or "Topic")
    opened = chat.add(
        now=state.clock.time(),
        author=chat.person(None),
        content={"forum_topic_created": {"name": title, "icon_color": 7322096}},
    )
    chat.topics[opened.message_id] = title
    opened.thread = opened.message_id
    return {"thread": opened.message_id, "update_id": state.announce(chat, opened)}


def transcript(state: TelegramState, arguments: Arguments) -> list[dict[str, Any]]:
    """Show a chat as its people see it: {chat}."""
    chat = known_chat(state, arguments)
    return [_shown(message) for message in chat.messages.values()]


def _shown(shown: StoredMessage) -> dict[str, Any]:
    return {
        "message_id": shown.message_id,
        "from": "customer" if shown.author else "bot",
        "name": shown.author.name if shown.author else "",
        "text": shown.text,
        "entities": shown.entities,
        "choices": [button["text"] for button in shown.buttons()],
        "reply_to": shown.reply_to,
        "thread": shown.thread,
        "date": shown.date,
        "edited": shown.edited or None,
        "content": sorted(shown.content),
        "file": shown.file.described() if shown.file else None,
        "group": shown.group or None,
    }


def _change_membership(
    state: TelegramState, arguments: Arguments, *, removed: bool
) -> dict[str, Any]:
    chat = known_chat(state, arguments)
    outside = {"status": "kicked", "user": state.bot, "until_date": 0}
    inside = {"status": "member", "user": state.bot}
    change = {
        "chat": chat.as_json(),
        "from": chat.person(arguments.get("name")).as_json(),
        "date": math.floor(state.clock.time()),
        "old_chat_member": outside if chat.removed else inside,
        "new_chat_member": outside if removed else inside,
    }
    chat.removed = removed
    now, queue = state.clock.monotonic(), f"member:{chat.chat_id}"
    number = state.updates.add("my_chat_member", change, queue=queue, lifetime=DAY, now=now)
    return {"update_id": number}


def _button(shown: StoredMessage, choice: Any) -> dict[str, Any]:
    buttons = shown.buttons()
    if isinstance(choice, int) and 0 <= choice < len(buttons):
        return buttons[choice]
    found = [button for button in buttons if button["text"] == choice]
    if not found:
        raise LookupError("choice must be the label or the index of one of the buttons")
    return found[0]
