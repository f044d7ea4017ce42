"""What tests of a misbehaving outside share: short looks at a world, and measured latencies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from chatbridge.testing.simulator import Fault
from chatbridge.workqueue import work_once

CHAT = 1001


class Rounds:
    """Does in one thread, and in virtual time, what the threads of a running bridge do."""

    def __init__(self, world: Any) -> None:
        self._world = world
        self._next: dict[str, float] = {}
        self._made: dict[str, Any] = {}
        self.hinted = False
        self.work: Callable[[Any, str], None] = lambda engine, handle: work_once(
            engine.queue, engine.work, handle
        )

    def turn(self) -> None:
        """Do what is due now."""
        world, engine = self._world, self._world.bridge.engine
        if self._made.get("engine") is not engine:
            bots = [bot for project in engine.roster.refresh() for bot in project.bots]
            bots = [bot for bot in bots if bot.record.mode == "poll"]
            self._made = {
                "engine": engine,
                "feed": engine.feed("acme").step,
                "tend": engine.upkeep.tend_intents,
                **{bot.party.name: self._poll(engine.poller(bot.key)) for bot in bots},
            }
            self._next.clear()
        world.deliver_webhooks()
        for name, step in self._made.items():
            if name != "engine" and world.clock.monotonic() >= self._next.get(name, 0.0):
                pause = step()
                if name == "feed" and self.hinted:
                    pause = max(pause, engine.timings.feed_as_net)
                self._next[name] = world.clock.monotonic() + pause
        while (handle := engine.queue.get(wait=0)) is not None:
            self.work(engine, handle)

    def _poll(self, poller: Any) -> Callable[[], float]:
        def step() -> float:
            pause: float = poller.step(wait=0.0)
            # The next long poll would be answered at once, for what waits behind this page.
            while pause == 0 and poller.finished() and self._brought_something():
                pause = poller.step(wait=0.0)
            return pause

        return step

    def _brought_something(self) -> bool:
        answers = (answer for request, answer in reversed(self._world.calls)
                   if request.url.endswith("/getUpdates"))  # fmt: skip
        return bool(next(answers).json().get("result"))


class Looks:
    """Short looks at both sides of a world."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.rounds = Rounds(world)

    def notes(self, issue: str) -> list[str]:
        """Return the internal notes of an issue that the bridge wrote."""
        comments = self.world.desk.control("comments", {"issue": issue})
        return [
            each["text"] for each in comments if not each["public"] and each["author"] == "Chat bot"
        ]

    def passed_on(self, text: str) -> int:
        """Return how many public comments or requests in Jira hold a text of a customer."""
        requests = self.world.requests()
        texts = [each["summary"] for each in requests]
        texts += [one["text"] for each in requests for one in each["comments"] if one["public"]]
        return sum(text in each for each in texts)

    def has(self, issue: str, text: str) -> bool:
        """Tell whether a comment of one issue holds a text."""
        comments = self.world.desk.control("comments", {"issue": issue})
        return any(text in each["text"] for each in comments)

    def link(self, issue: str) -> Any:
        """Return the link of an issue."""
        wanted = self.world.desk.control("request", {"issue": issue})["id"]
        return next(link for link in self.world.bridge.links.all() if link.issue_id == wanted)

    def kinds(self) -> list[str]:
        """Return the kinds of the notices that the host got, the oldest first."""
        return [notice.kind.value for notice in self.world.notices]

    def calls(self, pattern: str) -> int:
        """Return how many answered calls have a URL that matches."""
        return sum(bool(re.search(pattern, request.url)) for request, _ in self.world.calls)

    def opens(self, chats: Iterable[int]) -> dict[int, str]:
        """Let each chat open a request; return the keys by chat."""
        keys = {}
        for chat in chats:
            self.world.says(f"chat {chat} has a problem", chat=chat)
            self.until(lambda chat=chat: self.world.shown("We have opened", chat), 60)
            keys[chat] = self.world.requests()[-1]["key"]
        return keys

    def until(self, ready: Callable[[], object], seconds: float) -> float:
        """Let the bridge work until something is so; return the virtual seconds that it took."""
        clock = self.world.clock
        started = clock.monotonic()
        while not ready():
            assert clock.monotonic() - started < seconds, "it did not come to be in time"
            self.rounds.turn()
            clock.advance(0.5)
        return float(clock.monotonic() - started)

    def pass_by(self, seconds: float) -> None:
        """Let the bridge work for so many virtual seconds."""
        until = self.world.clock.monotonic() + seconds
        step = min(max(0.5, seconds / 120), 20.0)
        while self.world.clock.monotonic() < until:
            self.rounds.turn()
            self.world.clock.advance(step)

    def settle(self, minutes: int = 8) -> None:
        """Let enough time pass for everything that was in doubt."""
        for _ in range(minutes):
            self.world.run(1)
            self.world.clock.advance(60)

    def break_desk(self, **fault: Any) -> None:
        """Let something go wrong with Jira, for ever unless `times` says how often."""
        self.world.desk.switch_fault(Fault(**{"times": None, **fault}))

    def break_telegram(self, **fault: Any) -> None:
        """Let something go wrong with Telegram, for ever unless `times` says how often."""
        self.world.telegram.switch_fault(Fault(**{"times": None, **fault}))


@pytest.fixture
def look(world: Any) -> Looks:
    """Return looks at the world."""
    return Looks(world)


@pytest.fixture
def looks() -> Callable[[Any], Looks]:
    """Return what makes looks at a world of one's own."""
    return Looks
