"""Counts in memory how often something failed or was done, so that nothing goes on for ever.

A count proves nothing and is lost with its process; what is done about a spent budget is recorded
elsewhere.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import Final

from chatbridge.clock import Clock

_REMEMBERED: Final = 1000


class Budget:
    """So many tries for each subject.

    Args:
        tries: how many failures spend it.
    """

    def __init__(self, tries: int) -> None:
        self._tries = tries
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, int] = OrderedDict()

    def spend(self, subject: str) -> int:
        """Count one more failure of the subject and return how many there are now."""
        with self._lock:
            count = self._failures.pop(subject, 0) + 1
            self._failures[subject] = count
            if len(self._failures) > _REMEMBERED:
                # Forgetting one only lets it fail a few times more.
                self._failures.popitem(last=False)
        return count

    def is_spent(self, subject: str) -> bool:
        """Tell whether the subject has failed too often."""
        with self._lock:
            return self._failures.get(subject, 0) >= self._tries

    def forget(self, subject: str) -> None:
        """Let the subject begin anew, since it went well or was given up."""
        with self._lock:
            self._failures.pop(subject, None)


class Allowance:
    """So many things in a time for each subject, of which this process knows.

    Args:
        most: how many.
        seconds: in which time.
        clock: only its `monotonic` is used.
    """

    def __init__(self, most: int, seconds: float, clock: Clock) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._moments: OrderedDict[str, deque[float]] = OrderedDict()

    def spend(self, subject: str) -> None:
        """Count one more thing of the subject."""
        with self._lock:
            moments = self._moments.pop(subject, None) or deque(maxlen=self._most)
            moments.append(self._clock.monotonic())
            self._moments[subject] = moments
            if len(self._moments) > _REMEMBERED:
                # Forgetting the one that was quiet for longest only allows it more.
                self._moments.popitem(last=False)

    def is_spent(self, subject: str) -> bool:
        """Tell whether the subject has had all that it may have within the time."""
        with self._lock:
            moments = self._moments.get(subject)
            if moments is None or len(moments) < self._most:
                return False
            return self._clock.monotonic() - moments[0] < self._seconds

    def forget(self, subject: str) -> None:
        """Let the subject begin anew."""
        with self._lock:
            self._moments.pop(subject, None)
