"""Time as a port: the library asks this object and never the system directly.

A deterministic world replaces it. Nothing that must be safe may depend on `time()`; waits and
deadlines use `monotonic()`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """What the library needs to know about time."""

    def monotonic(self) -> float:
        """Return seconds since some fixed moment of this process; never jumps back."""
        ...

    def time(self) -> float:
        """Return Unix seconds; may jump, so it is used for texts and coarse life times only."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""
        ...

    def wait(self, changed: threading.Condition, ready: Callable[[], bool], seconds: float) -> bool:
        """Wait, holding `changed`, until `ready()` is true or the seconds are over.

        Args:
            changed: a condition that the caller holds and that others notify.
            ready: asked after each notification.
            seconds: the longest wait.

        Returns:
            The last answer of `ready()`.
        """
        ...


class SystemClock:
    """The real time."""

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.monotonic()

    def time(self) -> float:
        """See `Clock.time`."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        time.sleep(seconds)

    def wait(self, changed: threading.Condition, ready: Callable[[], bool], seconds: float) -> bool:
        """See `Clock.wait`."""
        return changed.wait_for(ready, timeout=seconds)
