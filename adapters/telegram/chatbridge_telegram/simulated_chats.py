"""The chats of the simulated Telegram: who is in them, and every message that they show."""

from __future__ import annotations

import math
from typing import Any

from attrs import define, field

from .simulated_files import StoredFile

_SUPERGROUPS_BELOW = -1_000_000_000_000


@define
class Person:
    """Somebody who writes.

    Args:
        user_id: their id; a private chat has the same.
        name: what they are called.
        language: their client's language.
    """

    user_id: int
    name: str
    language: str = "en"

    def as_json(self) -> dict[str, Any]:
        """Return the object of the type User."""
        return {
            "id": self.user_id,
            "is_bot": False,
            "first_name": self.name,
            "language_code": self.language,
        }


@define(kw_only=True)
class StoredMessage:
    """One message as everybody in the chat sees it.

    Args:
        message_id: unique in its chat.
        date: Unix seconds.
        author: who wrote it, None for the bot.
        text: the characters; for a file its caption.
        entities: looks of the text.
        markup: the inline keyboard, or None.
        reply_to: the message that it answers.
        thread: the topic it stands in.
        edited: Unix seconds of the last change, 0 where never.
        content: members of the Message beyond text; a text that goes with them is a caption.
        file: the file that it shows.
        group: what binds the items of one album, empty where it stands alone.
    """

    message_id: int
    date: int
    author: Person | None = None
    text: str = ""
    entities: list[dict[str, Any]] = field(factory=list)
    markup: dict[str, Any] | None = None
    reply_to: int | None = None
    thread: int | None = None
    edited: int = 0
    content: dict[str, Any] = field(factory=dict)
    file: StoredFile | None = None
    group: str = ""

    def buttons(self) -> list[dict[str, Any]]:
        """Return the buttons in the order they are shown."""
        rows = (self.markup or {}).get("inline_keyboard", [])
        return [button for row in rows for button in row]


@define(kw_only=True)
class Chat:
    """One chat with the bot.

    Args:
        chat_id: positive for a private chat.
        title: the group's title, or the person's name.
        people: those who wrote, by name.
        messages: what the chat shows, in order.
        topics: the titles of its topics, by thread.
        removed: whether the bot was blocked or removed.
        migrated_to: the supergroup that it became.
        last_id: the highest message id so far.
    """

    chat_id: int
    title: str
    people: dict[str, Person] = field(factory=dict)
    messages: dict[int, StoredMessage] = field(factory=dict)
    topics: dict[int, str] = field(factory=dict)
    removed: bool = False
    migrated_to: int | None = None
    last_id: int = 0

    @property
    def kind(self) -> str:
        """What Telegram calls this sort of chat."""
        if self.chat_id > 0:
            return "private"
        return "supergroup" if self.chat_id < _SUPERGROUPS_BELOW else "group"

    def as_json(self) -> dict[str, Any]:
        """Return the object of the type Chat."""
        shown: dict[str, Any] = {"id": self.chat_id, "type": self.kind}
        shown["first_name" if self.kind == "private" else "title"] = self.title
        if self.topics and self.kind == "supergroup":
            shown["is_forum"] = True
        return shown

    def person(self, name: str | None) -> Person:
        """Return who writes here under this name; in a private chat there is only one."""
        if self.kind == "private":
            name = self.title
        chosen = name or "Customer"
        if chosen not in self.people:
            private = self.kind == "private"
            number = self.chat_id if private else 500_000_000 + len(self.people)
            self.people[chosen] = Person(number, chosen)
        return self.people[chosen]

    def add(self, *, now: float, **members: Any) -> StoredMessage:
        """Show a message and return it."""
        self.last_id += 1
        message = StoredMessage(message_id=self.last_id, date=math.floor(now), **members)
        self.messages[message.message_id] = message
        return message


def message_json(
    chat: Chat, message: StoredMessage, bot: dict[str, Any], *, with_reply: bool = True
) -> dict[str, Any]:
    """Return the object of the type Message.

    Args:
        chat: where it stands.
        message: which one.
        bot: the bot's User object.
        with_reply: whether to hold the answered message, which itself holds none.
    """
    shown: dict[str, Any] = {
        "message_id": message.message_id,
        "from": message.author.as_json() if message.author else bot,
        "chat": chat.as_json(),
        "date": message.date,
        **message.content,
    }
    if message.thread is not None:
        shown |= {"message_thread_id": message.thread, "is_topic_message": True}
    if message.group:
        shown["media_group_id"] = message.group
    if message.edited:
        shown["edit_date"] = message.edited
    if message.text:
        names = ("caption", "caption_entities") if message.content else ("text", "entities")
        shown[names[0]] = message.text
        if message.entities:
            shown[names[1]] = message.entities
    if message.markup:
        shown["reply_markup"] = message.markup
    original = chat.messages.get(message.reply_to or 0)
    if original is not None and with_reply:
        shown["reply_to_message"] = message_json(chat, original, bot, with_reply=False)
    return shown
