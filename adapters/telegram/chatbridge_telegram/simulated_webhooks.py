"""When the simulated server sends which webhook, and what it makes of the answers.

Schedule and limits are those of the official server: one at a time per queue, the first repeat at
once, then after 2, 4, 8 seconds and on to a ceiling of 60 to 120, or after Retry-After.
"""

from __future__ import annotations

import math
import random

from attrs import define

from chatbridge.clock import Clock
from chatbridge.testing.simulator import OwedWebhook

from .simulated_updates import UpdateQueue, WaitingUpdate

_READ_TIMEOUT = 60.0
_LONGEST_RETRY_AFTER = 3600


@define
class WebhookSender:
    """Where webhooks go, and how the last ones went.

    Args:
        random: for the ceiling of the delays.
        clock: the time.
        url: empty where none is set.
        secret: comes along as a header.
        max_connections: how many are under way at once.
        last_error: in the server's words.
        last_error_date: Unix seconds, 0 where there was none.
    """

    random: random.Random
    clock: Clock
    url: str = ""
    secret: str = ""
    max_connections: int = 40
    last_error: str = ""
    last_error_date: int = 0

    def due(self, queue: UpdateQueue) -> list[OwedWebhook]:
        """Return the webhooks that may go now, and mark them as under way."""
        if not self.url:
            return []
        now = self.clock.monotonic()
        queue.prune(now)
        for item in list(queue.waiting):
            if item.sent_at is not None and now - item.sent_at > _READ_TIMEOUT:
                self._failed(item, queue, "Read timeout expired", None)
        heads: dict[str, WaitingUpdate] = {}
        for item in queue.waiting:
            heads.setdefault(item.queue, item)
        free = self.max_connections - sum(item.sent_at is not None for item in heads.values())
        ready = [item for item in heads.values() if item.sent_at is None and item.due <= now]
        return [self._send(item, now) for item in ready[: max(free, 0)]]

    def answered(
        self, webhook_id: str, status: int | None, retry_after: int | None, queue: UpdateQueue
    ) -> None:
        """Note an answer; anything but a 2xx makes the update due again later."""
        item = next((item for item in queue.waiting if _webhook_id(item) == webhook_id), None)
        if item is None or item.sent_at is None:
            return
        if status is not None and 200 <= status < 300:
            queue.remove(item.number)
            return
        said = f"Wrong response from the webhook: {status}" if status else "Read timeout expired"
        self._failed(item, queue, said, retry_after)

    def close(self, queue: UpdateQueue) -> None:
        """Forget the webhook; what was under way waits again."""
        self.url = self.secret = self.last_error = ""
        self.last_error_date = 0
        for item in queue.waiting:
            item.sent_at = None

    def _send(self, item: WaitingUpdate, now: float) -> OwedWebhook:
        item.sent_at = now
        headers = {"Content-Type": "application/json"}
        if self.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self.secret
        return OwedWebhook(
            webhook_id=_webhook_id(item),
            url=self.url,
            headers=headers,
            body=item.body(),
            due=item.due,
        )

    def _failed(
        self, item: WaitingUpdate, queue: UpdateQueue, error: str, retry_after: int | None
    ) -> None:
        self.last_error, self.last_error_date = error, math.floor(self.clock.time())
        if retry_after is not None:
            delay = float(min(max(retry_after, 0), _LONGEST_RETRY_AFTER))
        elif item.attempts == 0:
            delay = 0.0
        else:
            delay = min(2.0 ** min(item.attempts, 10), self.random.uniform(60, 120))
        item.sent_at = None
        item.attempts += 1
        item.due = self.clock.monotonic() + delay
        if item.due >= item.expires:
            queue.remove(item.number)


def _webhook_id(item: WaitingUpdate) -> str:
    return f"{item.number}/{item.attempts}"
