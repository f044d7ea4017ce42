"""Does the rounds of a running bridge on the calling thread, each when its time has come.

What `chatbridge.crew` does on threads; here nothing happens unless somebody asks for it, so time
can be moved and a bridge can die between two steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from attrs import define, field

from chatbridge.bridge import Bridge
from chatbridge.clock import Clock
from chatbridge.errors import ChatbridgeError
from chatbridge.workqueue import work_once

_AFTER_ERROR: Final = 5.0
_BETWEEN_POLLS: Final = 1.0
_STUCK_POLL: Final = 5.0
_ROSTER_EVERY: Final = 5.0
_MOST_TURNS: Final = 20
_MOST_WORK: Final = 100


class _Step(Protocol):
    problem: str

    def step(self) -> float: ...

    def release(self) -> None: ...


@define
class _Round:
    act: Callable[[], float | int | None]
    due: float


@define(eq=False)
class Rounds:
    """One running bridge.

    Args:
        bridge: that was not started.
        clock: the time.
    """

    bridge: Bridge
    clock: Clock
    _rounds: dict[tuple[str, ...], _Round] = field(factory=dict)
    _steps: dict[tuple[str, ...], _Step] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        upkeep = self.bridge.engine.upkeep
        self._add(("roster",), self._match_roster)
        self._add(("wake",), self._wake)
        self._add(("tend",), upkeep.tend_intents)

    def turn(self) -> bool:
        """Do all that is due now; return whether there was anything to carry."""
        worked = False
        for _ in range(_MOST_TURNS):
            did = False
            for key in list(self._rounds):
                each = self._rounds.get(key)
                if each is not None and each.due <= self.clock.monotonic():
                    did = True
                    pause = _quietly(each.act)
                    pause = _AFTER_ERROR if pause is None else pause
                    each.due = self.clock.monotonic() + pause
                    # A worker may be quicker than the next round.
                    worked = self.work() or worked
            if not self.work() and not did:
                break
        return worked

    def work(self) -> bool:
        """Work on all handles that are due; return whether there were any."""
        engine = self.bridge.engine
        for done in range(_MOST_WORK):
            handle = engine.queue.get(wait=0)
            if handle is None:
                return done > 0
            work_once(engine.queue, engine.work, handle)
        return True

    def problems(self) -> list[str]:
        """Return what pollers and feeds complain about now."""
        return [step.problem for step in self._steps.values() if step.problem]

    def _add(self, key: tuple[str, ...], act: Callable[[], float | int | None]) -> None:
        self._rounds[key] = _Round(act, self.clock.monotonic())

    def _wake(self) -> float:
        self.bridge.engine.upkeep.wake()
        return self.bridge.engine.timings.upkeep_every

    def _match_roster(self) -> float:
        engine = self.bridge.engine
        wanted: set[tuple[str, ...]] = set()
        for project in engine.roster.refresh():
            if project.works:
                wanted.add(("feed", project.kept.record.settings.site))
                wanted |= {("poll", *bot.key) for bot in project.bots if bot.record.mode == "poll"}
        for gone in set(self._steps) - wanted:
            del self._steps[gone], self._rounds[gone]
        for key in sorted(wanted - set(self._steps)):
            self._launch(key)
        return _ROSTER_EVERY

    def _launch(self, key: tuple[str, ...]) -> None:
        engine = self.bridge.engine
        if key[0] == "feed":
            feed = engine.feed(key[1])
            self._steps[key] = feed
            self._add(key, feed.step)
            return
        poller = engine.poller((key[1], key[2]))
        self._steps[key] = poller

        def poll() -> float:
            pause = poller.step(wait=0.0)
            return max(pause, _BETWEEN_POLLS if poller.finished() else _STUCK_POLL)

        self._add(key, poll)


def _quietly(act: Callable[[], float | int | None]) -> float | None:
    try:
        return act()
    except ChatbridgeError:
        return None
