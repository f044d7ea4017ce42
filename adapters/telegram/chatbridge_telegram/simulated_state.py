"""The state that the simulated server, its people and its methods share."""

from __future__ import annotations

import random
from typing import Any

from attrs import define, field

from chatbridge.clock import Clock

from .simulated_chats import Chat, StoredMessage, message_json
from .simulated_files import FileShelf
from .simulated_limits import FloodLimits
from .simulated_parameters import ApiError, Parameters, bad_request
from .simulated_updates import DAY, UpdateQueue
from .simulated_webhooks import WebhookSender


@define(kw_only=True)
class TelegramState:
    """Everything that one bot's Telegram remembers; used by whoever holds the simulator's lock.

    Args:
        clock: the time.
        random: for numbers that the server draws.
        token: of the bot.
        username: of the bot.
        chats: by number.
        updates: what waits for the bot.
        webhook: where webhooks go.
        limits: when it asks to wait.
        presses: the chat of each button press that has no answer yet, and when it is too old.
        press_answers: what the bot said to presses, by query id.
        commands: what setMyCommands set.
        files: what was sent and uploaded.
        failing_album_item: which item of the next album fails, from 1, or None.
        polls: how many calls of getUpdates there were; the last one wins.
    """

    clock: Clock
    random: random.Random
    token: str
    username: str
    chats: dict[int, Chat] = field(factory=dict)
    updates: UpdateQueue = field(init=False)
    webhook: WebhookSender = field(init=False)
    limits: FloodLimits = field(factory=FloodLimits)
    presses: dict[str, float] = field(factory=dict)
    press_answers: dict[str, str] = field(factory=dict)
    commands: list[dict[str, Any]] = field(factory=list)
    files: FileShelf = field(factory=FileShelf)
    failing_album_item: int | None = None
    polls: int = 0

    def __attrs_post_init__(self) -> None:
        self.updates = UpdateQueue(self.random)
        self.webhook = WebhookSender(self.random, self.clock)

    @property
    def bot(self) -> dict[str, Any]:
        """The bot's User object."""
        number = int(self.token.partition(":")[0])
        return {
            "id": number,
            "is_bot": True,
            "first_name": "Simulated bot",
            "username": self.username,
        }

    def chat(self, number: int, title: str | None = None) -> Chat:
        """Return a chat, made on its first use."""
        if number not in self.chats:
            fallback = f"Person {number}" if number > 0 else f"Group {-number}"
            self.chats[number] = Chat(chat_id=number, title=title or fallback)
        return self.chats[number]

    def writable_chat(self, parameters: Parameters) -> Chat:
        """Return the chat that a method names, if the bot may write there.

        Raises:
            ApiError: as the server words it.
        """
        if not parameters.text("chat_id").strip():
            raise bad_request("chat_id is empty")
        chat = self.chats.get(parameters.integer("chat_id"))
        if chat is None:
            raise bad_request("chat not found")
        if chat.migrated_to is not None:
            raise ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": chat.migrated_to},
            )
        if chat.removed:
            private = chat.kind == "private"
            blocked = "bot was blocked by the user"
            kicked = f"bot was kicked from the {chat.kind} chat"
            raise ApiError(403, f"Forbidden: {blocked if private else kicked}")
        return chat

    def announce(self, chat: Chat, message: StoredMessage, kind: str = "message") -> int | None:
        """Tell the bot of a message, and return the update's number."""
        return self.updates.add(
            kind,
            message_json(chat, message, self.bot),
            queue=f"chat:{chat.chat_id}",
            lifetime=DAY,
            now=self.clock.monotonic(),
        )
