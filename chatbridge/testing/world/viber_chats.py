"""Viber in the world: its bot, its callbacks, what its calls show, and what it reports later.

Failures come inside HTTP 200, and files are fetched from the bridge after the call.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar, Final
from urllib.parse import unquote, urlsplit

from chatbridge.http_types import HttpRequest, HttpResponse, WebhookAnswer
from chatbridge.receipts import Receipt
from chatbridge.records import BotRecord
from chatbridge.testing.simulator import Fault, OwedWebhook
from chatbridge.testing.world import viber_people
from chatbridge.testing.world.chats import Chats, CustomerStep
from chatbridge.testing.world.faults import Effect
from chatbridge.testing.world.shown_calls import ShownCall, words_in

_CANNOT_BE_TOLD: Final = frozenset({5, 6, 11, 13})
"""Not there, not subscribed, no device that shows it, or one that is too old."""
_TOO_MANY: Final = 12
_ENOUGH: Final = 30
"""Tries of one callback that a living bridge has refused, after which it must know of it."""
_NUMBERS: Final = {chat: number for number, chat in viber_people.IDS.items()}


class ViberChats(Chats):
    """Viber; see `Chats`.

    Args:
        world: where it is.
    """

    name: ClassVar[str] = "viber"
    urls: ClassVar[tuple[str, ...]] = ("https://chatapi.viber.com", "https://dl-media.viber.com")
    people: ClassVar[tuple[int, ...]] = tuple(viber_people.IDS)
    modes: ClassVar[tuple[str, ...]] = ("webhook",)
    sends: ClassVar[str] = "send_message"
    steps: ClassVar[Mapping[str, CustomerStep]] = viber_people.STEPS

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self._taken: set[int] = set()
        self._tries: Counter[int] = Counter()

    def bot(self, mode: str) -> BotRecord:
        """See `Chats.bot`."""
        account, token = self.simulator.state.account, self.simulator.credentials()["bot_token"]
        return BotRecord("viber", account["id"], account["uri"], mode, {"token": token})

    def set_webhook(self, url: str) -> None:
        """See `Chats.set_webhook`."""
        state = self.simulator.state
        state.callbacks.url = url
        state.event_types = frozenset({"delivered", "seen", "failed", "conversation_started"})
        state.send_name = True

    def lacks_webhook(self) -> bool:
        """See `Chats.lacks_webhook`."""
        return not self.simulator.state.callbacks.url

    def waiting(self) -> set[int]:
        """See `Chats.waiting`."""
        return {callback.number for callback in self.simulator.state.callbacks.waiting}

    def gave_up(self, number: int) -> bool:
        """See `Chats.gave_up`; Viber does so after an hour."""
        return number not in self._taken

    def had_a_chance(self, number: int) -> bool:
        """See `Chats.had_a_chance`; in an hour there are some sixty tries."""
        return self._tries[number] >= _ENOUGH

    def is_busy(self) -> bool:
        """See `Chats.is_busy`; files have still to be fetched after the call that shows them."""
        return bool(self.waiting() or self.simulator.state.fetches.waiting)

    def number(self, chat: str) -> int:
        """See `Chats.number`."""
        return _NUMBERS[chat]

    def shown_by(self, request: HttpRequest, effect: Effect) -> ShownCall | None:
        """See `Chats.shown_by`."""
        if effect.name != self.sends:
            return None
        assert isinstance(request.body, bytes)
        given = json.loads(request.body)
        files = (_file_name(given),) if given.get("media") else ()
        number = _NUMBERS[given["receiver"]]
        return ShownCall(str(number), str(given.get("text") or ""), files)

    def became_of(self, response: HttpResponse) -> str:
        """See `Chats.became_of`; decided by `status` alone."""
        status = _status(response)
        if status in _CANNOT_BE_TOLD:
            return "unreachable"
        return "shown" if status == 0 else "refused"

    def bytes_shown(self, response: HttpResponse) -> set[int] | None:
        """See `Chats.bytes_shown`; what is fetched later is judged then."""
        del response
        return None

    def too_many(self, seconds: int, effect: Effect) -> None:
        """See `Chats.too_many`; a front end says 429, and the API its own number in a 200."""
        if effect.name == self.sends and self.world.gate.count % 2:
            self.simulator.control("refuse", {"status": _TOO_MANY, "times": 1})
        else:
            self.simulator.switch_fault(Fault(kind="status", status=429, retry_after=seconds))

    def refuses_all(self, number: int) -> bool:
        """See `Chats.refuses_all`."""
        user = self.simulator.state.users.get(viber_people.IDS[number])
        return user is not None and not user.subscribed

    def sent(self, link: str, response: HttpResponse) -> None:
        """See `Chats.sent`; notes which request the message was about."""
        self.world.truth.sent_about[str(json.loads(response.body)["message_token"])] = link

    def answered(self, owed: OwedWebhook, answer: WebhookAnswer) -> None:
        """See `Chats.answered`."""
        number = int(owed.webhook_id.partition("/")[0])
        if answer.status != 200:
            self._tries[number] += not self.world.truth.paused
            return
        self._taken.add(number)
        callback = json.loads(owed.body)
        if callback["event"] == "conversation_started":
            self._judge_welcome(answer.body)
        if callback["event"] == "failed":
            self._note_failure(str(callback["message_token"]))

    def most_receipts(self) -> int:
        """See `Chats.most_receipts`."""
        return len(self.world.truth.sent_about)

    def _judge_welcome(self, body: bytes) -> None:
        said = json.loads(body or b"{}").get("text", "")
        if not said:
            self.world.truth.wrong("I20", "who opened a chat was not greeted")
        if words_in(said):
            self.world.truth.wrong("I2", "a greeting holds what somebody wrote")

    def _note_failure(self, token: str) -> None:
        """Note of which request agents have to be told that something was not shown."""
        key = self.world.truth.sent_about.get(token, "")
        known = self.world.vault.read(Receipt, *self.world.bot_key, token) is not None
        if key and known:
            self.world.truth.failed.append(key)


def _status(response: HttpResponse) -> int | None:
    """Return the number that counts, None where a front end answered."""
    if response.status != 200:
        return None
    return int(json.loads(response.body)["status"])


def _file_name(given: dict[str, Any]) -> str:
    last = unquote(urlsplit(given["media"]).path).rpartition("/")[2]
    return str(given.get("file_name") or last)
