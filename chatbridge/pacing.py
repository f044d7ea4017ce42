"""Pacing: how long a request must wait so that no limit it counts against is broken.

A bucket per pace, by the generic cell rate algorithm: one moment is kept for each, not a list. The
pacer never sleeps and never starts a thread; it only says how long.
"""

from __future__ import annotations

import math
import threading

from attrs import define

from chatbridge.clock import Clock
from chatbridge.http_types import Pace

_Key = tuple[str, str]


@define
class _Bucket:
    """When a pace is at rest again.

    Args:
        empty_at: the moment when everything booked so far has drained away.
        held_until: nothing passes before this moment.
        told_by: which narrower pace was last told to wait, with no scope named.
        told_until: how long that word counts.
    """

    empty_at: float = 0.0
    held_until: float = 0.0
    told_by: _Key | None = None
    told_until: float = 0.0

    def over_at(self) -> float:
        return max(self.empty_at, self.held_until, self.told_until)


class Pacer:
    """Keeps the buckets of all paces; may be used by many threads.

    Args:
        clock: only its `monotonic` is used.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[_Key, _Bucket] = {}
        self._purge_above = 1024

    def wait_for(
        self, paces: tuple[Pace, ...], longest: float = math.inf
    ) -> tuple[float, str | None]:
        """Return how long a request has to wait, and book it where the wait is short enough.

        Args:
            paces: the limits it counts against.
            longest: a longer wait than that is only told: nothing is booked.

        Returns:
            The seconds until all limits allow it (0 for at once), and the scope of the limit that
            takes longest, or None.
        """
        if not paces:
            return 0.0, None
        with self._lock:
            now = self._tidy_now()
            buckets = [self._bucket(pace, now) for pace in paces]
            wait, scope = 0.0, None
            for pace, bucket in zip(paces, buckets, strict=True):
                slack = (pace.burst - 1) / pace.per_second
                needed = max(bucket.empty_at - slack, bucket.held_until) - now
                if needed > wait:
                    wait, scope = needed, pace.scope
            if wait <= longest:
                for pace, bucket in zip(paces, buckets, strict=True):
                    bucket.empty_at = max(bucket.empty_at, now + wait) + 1 / pace.per_second
        return wait, scope

    def hold(self, paces: tuple[Pace, ...], scope: str | None, seconds: float) -> None:
        """Let nothing pass for so long that counts against one of these paces.

        Args:
            paces: of the request that was told to wait, the most specific first.
            scope: which of them; None, or one that is not among them, means the first. When a
                second narrow pace (another chat) is held without a scope while the hold of the
                first lasts, the next broader one that they share (the bot) is held as well: the
                limit that was hit is evidently the shared one.
            seconds: how long.
        """
        if not paces or not seconds > 0:
            return
        with self._lock:
            now = self._tidy_now()
            until = now + seconds
            named = [pace for pace in paces if pace.scope == scope]
            for pace in named or paces[:1]:
                self._hold(pace, now, until)
            if scope is None and len(paces) > 1:
                self._tell_broader(paces[0], paces[1], now, until)

    def _tell_broader(self, narrow: Pace, broad: Pace, now: float, until: float) -> None:
        key = (narrow.scope, narrow.key)
        bucket = self._bucket(broad, now)
        if bucket.told_by not in (None, key) and bucket.told_until > now:
            self._hold(broad, now, until)
        bucket.told_by = key
        bucket.told_until = max(bucket.told_until, until)

    def _hold(self, pace: Pace, now: float, until: float) -> None:
        bucket = self._bucket(pace, now)
        bucket.held_until = max(bucket.held_until, until)
        # After a hold there is no burst: one request may try, the others follow at the usual pace.
        bucket.empty_at = max(bucket.empty_at, until + (pace.burst - 1) / pace.per_second)

    def _bucket(self, pace: Pace, now: float) -> _Bucket:
        key = (pace.scope, pace.key)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(empty_at=now, held_until=now, told_until=now)
        return bucket

    def _tidy_now(self) -> float:
        # A bucket at rest is the same as none. The bound doubles with what is really in use, so
        # that tidying costs a constant time per request however many there are.
        now = self._clock.monotonic()
        if len(self._buckets) > self._purge_above:
            self._buckets = {key: one for key, one in self._buckets.items() if one.over_at() > now}
            self._purge_above = max(1024, 2 * len(self._buckets))
        return now

    def renew_lock(self) -> None:
        """In the child of a fork: another thread of the parent may have held the lock."""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many buckets are kept; for tests of bounded memory."""
        return len(self._buckets)
