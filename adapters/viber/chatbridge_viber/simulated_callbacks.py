"""When the simulated Viber sends which callback, and what it makes of the answers.

Only 200 counts as received. Viber documents that it repeats for an hour; the pauses are those that
somebody measured (Bogdaan/viber-bot-php#37): an answer after 5 seconds is too late, three repeats
about a second apart, then one a minute. Nothing is in order: all that is due goes out at once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from attrs import define, field

from chatbridge.clock import Clock
from chatbridge.testing.simulator import OwedWebhook

ANSWER_WITHIN = 5.0
GIVEN_UP_AFTER = 3600.0
_QUICK_REPEATS = 3
_QUICK_PAUSE = 1.0
_LONG_PAUSE = 60.0


@define(kw_only=True)
class Callback:
    """One callback that is owed.

    Args:
        number: names it.
        body: its bytes, the same for every repeat.
        expires: the monotonic moment at which it is given up.
        due: the monotonic moment from which it may go.
        url: where to; None for the webhook that is set when it goes.
        repeats: whether it is sent again after a failure.
        taken: called with the body of the answer that counts.
        attempts: how often it went in vain.
        sent_at: when the try under way began, None where none is.
        answered: the status of the last answer, 0 where there was none in time.
    """

    number: int
    body: bytes
    expires: float
    due: float
    url: str | None = None
    repeats: bool = True
    taken: Callable[[bytes], None] | None = None
    attempts: int = 0
    sent_at: float | None = None
    answered: int | None = None


@define
class CallbackQueue:
    """What is owed to the bot's webhook.

    Args:
        clock: the time.
        token: of the bot; signs.
        url: of the webhook, empty where none is set.
        waiting: what nobody has taken yet.
        lost: how many were given up.
        repeated: how many tries were made beyond the first ones.
    """

    clock: Clock
    token: str
    url: str = ""
    waiting: list[Callback] = field(factory=list)
    lost: int = 0
    repeated: int = 0
    _count: int = 0

    def owe(self, members: dict[str, Any], **more: Any) -> Callback:
        """Let a callback go to the webhook, and return it; `more` as of `Callback`."""
        now = self.clock.monotonic()
        self._count += 1
        callback = Callback(
            number=self._count,
            body=json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode(),
            expires=now + GIVEN_UP_AFTER,
            due=now,
            **more,
        )
        self.waiting.append(callback)
        return callback

    def due(self) -> list[OwedWebhook]:
        """Return what may go now, and mark it as under way."""
        now = self.clock.monotonic()
        for callback in list(self.waiting):
            if callback.sent_at is not None and now - callback.sent_at >= ANSWER_WITHIN:
                self._failed(callback, 0)
            if callback.expires <= now:
                self._give_up(callback)
        ready = [each for each in self.waiting if each.sent_at is None and each.due <= now]
        return [self._send(each, now) for each in ready if each.url or self.url]

    def answered(self, webhook_id: str, status: int | None, body: bytes) -> None:
        """Note an answer; one that comes too late changes nothing."""
        found = [each for each in self.waiting if _webhook_id(each) == webhook_id]
        if not found or found[0].sent_at is None:
            return
        callback, now = found[0], self.clock.monotonic()
        in_time = now - found[0].sent_at < ANSWER_WITHIN
        if status != 200 or not in_time:
            self._failed(callback, status if status is not None and in_time else 0)
            return
        callback.answered = status
        self.waiting.remove(callback)
        if callback.taken is not None:
            callback.taken(body)

    def signature(self, body: bytes) -> str:
        """Return the signature of a body."""
        return hmac.new(self.token.encode("ascii"), body, hashlib.sha256).hexdigest()

    def _send(self, callback: Callback, now: float) -> OwedWebhook:
        callback.sent_at = now
        self.repeated += callback.attempts > 0
        signature = self.signature(callback.body)
        url = callback.url or self.url
        return OwedWebhook(
            webhook_id=_webhook_id(callback),
            url=f"{url}{'&' if '?' in url else '?'}sig={signature}",
            headers={
                "Content-Type": "application/json",
                "X-Viber-Content-Signature": signature,
            },
            body=callback.body,
            due=callback.due,
        )

    def _failed(self, callback: Callback, status: int) -> None:
        callback.answered = status
        callback.attempts += 1
        callback.sent_at = None
        pause = _QUICK_PAUSE if callback.attempts <= _QUICK_REPEATS else _LONG_PAUSE
        callback.due = self.clock.monotonic() + pause
        if not callback.repeats:
            self.waiting.remove(callback)
        elif callback.due >= callback.expires:
            self._give_up(callback)

    def _give_up(self, callback: Callback) -> None:
        if callback in self.waiting:
            self.waiting.remove(callback)
            self.lost += 1


def _webhook_id(callback: Callback) -> str:
    return f"{callback.number}/{callback.attempts}"
