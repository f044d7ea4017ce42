"""Telegram in the world: its bot, its updates, and what calls of its Bot API show."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from chatbridge.http_types import HttpRequest, HttpResponse
from chatbridge.records import BotRecord
from chatbridge.testing.world import telegram_people
from chatbridge.testing.world.chats import Chats, CustomerStep
from chatbridge.testing.world.faults import Effect
from chatbridge.testing.world.shown_calls import ShownCall, words_in_bytes

_SHOW: Final = re.compile(r"send(Message|Photo|Document|Video|Audio|Voice|Animation|MediaGroup)")
_CHANGE: Final = re.compile(r"editMessage(Text|Caption)")
_FILE_ID: Final = re.compile(r'"file_id": "([^"]+)"')
_SECRET: Final = "s3cret"  # noqa: S105 - opens nothing real


class TelegramChats(Chats):
    """Telegram; see `Chats`."""

    name: ClassVar[str] = "telegram"
    urls: ClassVar[tuple[str, ...]] = ("https://api.telegram.org",)
    people: ClassVar[tuple[int, ...]] = telegram_people.CHATS
    modes: ClassVar[tuple[str, ...]] = ("poll", "webhook")
    sends: ClassVar[str] = "sendMessage"
    steps: ClassVar[Mapping[str, CustomerStep]] = telegram_people.STEPS

    def bot(self, mode: str) -> BotRecord:
        """See `Chats.bot`."""
        bot, token = self.simulator.state.bot, self.simulator.credentials()["bot_token"]
        settings = {"token": token, "webhook_secret": _SECRET}
        return BotRecord("telegram", str(bot["id"]), bot["username"], mode, settings)

    def set_webhook(self, url: str) -> None:
        """See `Chats.set_webhook`."""
        self.simulator.state.webhook.url = url
        self.simulator.state.webhook.secret = _SECRET

    def waiting(self) -> set[int]:
        """See `Chats.waiting`."""
        return {item.number for item in self.simulator.state.updates.waiting}

    def number(self, chat: str) -> int:
        """See `Chats.number`."""
        return int(chat)

    def shown_by(self, request: HttpRequest, effect: Effect) -> ShownCall | None:
        """See `Chats.shown_by`."""
        changes = _CHANGE.fullmatch(effect.name) is not None
        if not changes and not _SHOW.fullmatch(effect.name):
            return None
        given, files = _members(request)
        texts = [str(given[name]) for name in ("text", "caption") if given.get(name)]
        texts += [str(item["caption"]) for item in given.get("media", ()) if item.get("caption")]
        return ShownCall(str(given.get("chat_id", "")), "\n".join(texts), files, changes)

    def bytes_shown(self, response: HttpResponse) -> set[int] | None:
        """See `Chats.bytes_shown`."""
        known = self.simulator.state.files.files
        return {
            number
            for file_id in _FILE_ID.findall(response.body.decode())
            for number in words_in_bytes(known[file_id.removesuffix("-small")].data)
        }

    def told_wait(self, response: HttpResponse) -> float:
        """See `Chats.told_wait`; Telegram names it in the body."""
        said = response.json()
        parameters = said.get("parameters") if isinstance(said, dict) else None
        return float((parameters or {}).get("retry_after", 0.0))

    def refuses_all(self, number: int) -> bool:
        """See `Chats.refuses_all`."""
        return bool(self.simulator.state.chats[number].removed)


def _members(request: HttpRequest) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the parameters of a call and the names of the files that it brings."""
    if request.parts is None:
        return dict(request.json or {}), ()
    files = tuple(part.filename for part in request.parts if part.filename is not None)
    given: dict[str, Any] = {
        part.name: part.value for part in request.parts if isinstance(part.value, str)
    }
    if "media" in given:
        given["media"] = json.loads(given["media"])
    return given, files
