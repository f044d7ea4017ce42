"""Counts in memory how often something failed, so that nothing is tried for ever.

A count proves nothing and is lost with its process; what is done about a spent budget is recorded
elsewhere.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

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
