"""How many messages the simulated Telegram takes before it asks to wait.

The real limits are not documented; these follow the figures of https://core.telegram.org/bots/faq
with a generous burst, so that only a flood meets them.
"""

from __future__ import annotations

import math

from attrs import define, field

from .simulated_parameters import ApiError


@define
class _Bucket:
    room: float
    since: float


@define
class FloodLimits:
    """Counts messages per chat and in all.

    Args:
        on: whether anything is ever refused.
    """

    on: bool = True
    _buckets: dict[str, _Bucket] = field(factory=dict)

    def count(self, chat_id: int, now: float) -> None:
        """Count one message.

        Raises:
            ApiError: 429, where it is one too many.
        """
        if not self.on:
            return
        per_second = 1.0 if chat_id > 0 else 20 / 60
        waits = (
            self._wait(f"chat:{chat_id}", 20, per_second, now),
            self._wait("bot", 60, 30.0, now),
        )
        if max(waits) > 0:
            raise too_many_requests(math.ceil(max(waits)))
        for key in (f"chat:{chat_id}", "bot"):
            self._buckets[key].room -= 1

    def _wait(self, key: str, burst: int, per_second: float, now: float) -> float:
        bucket = self._buckets.setdefault(key, _Bucket(burst, now))
        bucket.room = min(burst, bucket.room + (now - bucket.since) * per_second)
        bucket.since = now
        return 0.0 if bucket.room >= 1 else (1 - bucket.room) / per_second


def too_many_requests(seconds: int) -> ApiError:
    """Return the 429 that asks to wait so long."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
