"""The clock of the machine that a simulated process runs on: its time of day may be wrong and jump.

The far sides have clocks of their own, which do not follow it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from attrs import define

from chatbridge.testing.virtual_clock import VirtualClock


@define
class HostClock:
    """A `chatbridge.clock.Clock` whose time of day is off by as much as the world says.

    Args:
        clock: the true time.
        skews: process -> seconds by which its time of day is ahead.
        process: whose clock it is.
    """

    clock: VirtualClock
    skews: dict[str, float]
    process: str

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self.clock.monotonic()

    def time(self) -> float:
        """See `Clock.time`."""
        return self.clock.time() + self.skews.get(self.process, 0.0)

    def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        self.clock.sleep(seconds)

    def wait(self, changed: threading.Condition, ready: Callable[[], bool], seconds: float) -> bool:
        """See `Clock.wait`."""
        return self.clock.wait(changed, ready, seconds)
