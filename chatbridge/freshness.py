"""Says until when what was read may be sent; an answer's age counts from when it was asked for.

Only a site that is too slow for that again and again gets more time, and never without a limit.
"""

from __future__ import annotations

from typing import Final

from chatbridge.budgets import Budget
from chatbridge.clock import Clock
from chatbridge.project import Timings

_TOO_SLOW: Final = 3
"""Readings in a row that took too long. One can be a process that stood still; three are a site."""


class Freshness:
    """Knows which requests are read slowly.

    Args:
        clock: the time.
        timings: how old a reading may be when its comment is sent.
    """

    def __init__(self, clock: Clock, timings: Timings) -> None:
        self._clock = clock
        self._timings = timings
        self._slow = Budget(_TOO_SLOW + 1)

    def until(self, subject: str, asked: float) -> float:
        """Return the clock's `monotonic()` after which a reading counts for nothing.

        Args:
            subject: what was read.
            asked: the clock's `monotonic()` before the first witness was asked; the last one has
                answered just now.
        """
        strict = asked + self._timings.witness
        answered = self._clock.monotonic()
        in_hand = self._timings.witness / 2
        if answered - asked <= in_hand:
            self._slow.forget(subject)
            return strict
        self._slow.spend(subject)
        if not self._slow.is_spent(subject):
            return strict
        return max(strict, min(answered + in_hand, asked + self._timings.slow_witness))
