"""The threads of a running bridge: workers, one poller a bot, one feed a site, one for upkeep.

They start when they are told to and end when they are told to; each outlives whatever goes wrong in
one of its rounds.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from chatbridge.engine import Engine
from chatbridge.errors import ChatbridgeError
from chatbridge.workqueue import WorkerPool

_log = logging.getLogger("chatbridge.crew")

_ROSTER_EVERY: Final = 5.0
_AFTER_ERROR: Final = 5.0


class Round(Protocol):
    """Something that is done again and again."""

    def step(self) -> float:
        """Do it once and return the seconds until the next time."""
        ...

    def release(self) -> None:
        """Let go of what was held."""
        ...


class Crew:
    """Runs an engine on threads.

    Args:
        engine: the working parts.
        workers: how many threads carry messages.
        hinted: tells whether hints of a site came lately, so that its feed is a net only.
    """

    def __init__(self, engine: Engine, workers: int, hinted: Callable[[str], bool]) -> None:
        self._engine = engine
        self._hinted = hinted
        self._stopping = threading.Event()
        self._pool = WorkerPool(engine.queue, engine.work, workers)
        self._rounds: dict[tuple[str, ...], Round] = {}
        self._lock = threading.Lock()
        self._supervisor = threading.Thread(
            target=self._supervise, name="chatbridge-supervisor", daemon=True
        )

    def start(self) -> None:
        """Start all threads."""
        self._pool.start()
        self._supervisor.start()

    def stop(self, grace: float) -> bool:
        """End the threads; return whether all work that was under way ended in time.

        Args:
            grace: seconds to wait for it.
        """
        self._stopping.set()
        ended = self._pool.stop(grace)
        with self._lock:
            rounds = list(self._rounds.values())
        for each in rounds:
            self._quietly(each.release)
        return ended

    def problems(self) -> list[str]:
        """Return what pollers and feeds complain about now."""
        with self._lock:
            rounds = list(self._rounds.values())
        return [problem for each in rounds if (problem := getattr(each, "problem", ""))]

    def _supervise(self) -> None:
        """Keep one thread for everything that the projects need, and look for unfinished work."""
        engine = self._engine
        tend_at = wake_at = 0.0
        while not self._stopping.is_set():
            self._quietly(self._match_roster)
            now = engine.clock.monotonic()
            if now >= tend_at:
                pause = self._quietly(engine.upkeep.tend_intents)
                tend_at = now + (pause if pause is not None else _AFTER_ERROR)
            if now >= wake_at:
                # Again and again: another process may have released or stopped in the middle.
                self._quietly(engine.upkeep.wake)
                wake_at = now + engine.timings.upkeep_every
            self._stopping.wait(min(_ROSTER_EVERY, max(0.1, tend_at - now)))

    def _match_roster(self) -> None:
        wanted: set[tuple[str, ...]] = set()
        for project in self._engine.roster.refresh():
            if not project.works:
                continue
            wanted.add(("feed", project.kept.record.settings.site))
            wanted |= {("poll", *bot.key) for bot in project.bots if bot.record.mode == "poll"}
            if any(bot.record.mode == "webhook" for bot in project.bots):
                wanted.add(("webhooks",))
        with self._lock:
            for gone in set(self._rounds) - wanted:
                del self._rounds[gone]
            for subject in wanted - set(self._rounds):
                self._rounds[subject] = self._launch(subject)

    def _launch(self, subject: tuple[str, ...]) -> Round:
        kind, *names = subject
        engine = self._engine
        made: Round
        if kind == "feed":
            made = engine.feed(names[0])
        elif kind == "webhooks":
            made = engine.webhook_watch()
        else:
            made = engine.poller((names[0], names[1]))
        thread = threading.Thread(
            target=self._go_round, args=(subject, made), name=f"chatbridge-{kind}", daemon=True
        )
        thread.start()
        return made

    def _go_round(self, subject: tuple[str, ...], made: Round) -> None:
        while not self._stopping.is_set():
            with self._lock:
                if self._rounds.get(subject, made) is not made:
                    break
            pause = self._quietly(made.step)
            pause = _AFTER_ERROR if pause is None else pause
            if subject[0] == "feed" and self._hinted(subject[1]):
                pause = max(pause, self._engine.timings.feed_as_net)
            self._stopping.wait(pause)
            if subject not in self._rounds:
                break
        self._quietly(made.release)

    def _quietly(self, step: Callable[[], float | int | None]) -> float | None:
        try:
            return step()
        except Exception as error:  # noqa: BLE001 - a round is done again whatever happened
            if self._stopping.is_set():
                # A round that is waiting at a platform ends by losing what it works with.
                return None
            # Only our own errors are known to hold nothing that people wrote.
            said = str(error) if isinstance(error, ChatbridgeError) else type(error).__name__
            # The log may be what fails, where it lies on the same full disk.
            with suppress(Exception):
                _log.error("a round failed and is done again: %s", said)
            return None
