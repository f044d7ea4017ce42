"""When the outcome of a write is settled, and until when one may begin; measured by watching."""

from __future__ import annotations

from attrs import evolve, frozen

from chatbridge.claims import Watch
from chatbridge.clock import Clock
from chatbridge.intents import no_write_after, settle_time
from chatbridge.project import Timings
from chatbridge.records import Intent
from chatbridge.scenes import Scene


@frozen
class Settling:
    """Knows how long to wait after a write of unknown outcome.

    Args:
        watch: when intents changed last.
        clock: the time.
        timings: how long to wait for what.
    """

    watch: Watch
    clock: Clock
    timings: Timings

    def settle_time(self, intent: Intent) -> float:
        """Return after how many quiet seconds its write has happened or never will."""
        return settle_time(intent, self.timings)

    def unsettled_for(self, intent: Intent) -> float:
        """Return the seconds for which a write of it may still be under way."""
        return self.settle_time(intent) - self.watch.unchanged_for(intent.key, intent.look)

    def in_time(self, scene: Scene, intent: Intent) -> Scene:
        """Let nothing be written so late that somebody else may take the intent for settled."""
        until = self.clock.monotonic() + self.settle_time(intent) / 4
        return evolve(scene, desk=scene.desk.checked(no_write_after(until, self.clock)))

    def is_overdue(self, intent: Intent | None) -> bool:
        """Tell whether the sender has waited so long that they must be told."""
        if intent is None or not intent.is_begun or self.clock.time() < intent.tell_by:
            return False
        return intent.clean or self.unsettled_for(intent) <= 0
