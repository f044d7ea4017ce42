"""Time that passes only when somebody asks for it: what would wait advances it instead.

For one thread. It never sleeps, so a test of hours takes no time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class VirtualClock:
    """A `chatbridge.clock.Clock` whose `sleep` and `wait` return at once, later.

    Args:
        start_wall: the Unix seconds at which `time()` starts.
    """

    def __init__(self, start_wall: float = 1_800_000_000.0) -> None:
        # Not zero, so that nobody mistakes "never" for "at the start".
        self._monotonic = 1_000.0
        self._wall_offset = start_wall - self._monotonic

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self._monotonic

    def time(self) -> float:
        """See `Clock.time`."""
        return self._monotonic + self._wall_offset

    def sleep(self, seconds: float) -> None:
        """Let that many seconds pass; like the real one, refuse a negative number."""
        self.advance(seconds)

    def wait(self, changed: threading.Condition, ready: Callable[[], bool], seconds: float) -> bool:
        """See `Clock.wait`; nobody else can notify, so all the seconds pass unless it is ready."""
        del changed
        if ready():
            return True
        self.advance(max(0.0, seconds))
        return ready()

    def advance(self, seconds: float) -> None:
        """Let that many seconds pass, at least 0.

        Raises:
            ValueError: a negative number; time does not run back.
        """
        if seconds < 0:
            raise ValueError("time runs forwards; jump_wall() sets the wall clock back")
        self._monotonic += seconds

    def jump_wall(self, seconds: float) -> None:
        """Set the wall clock forwards or, with a negative number, back; nothing else moves."""
        self._wall_offset += seconds
