"""P8, M13: what very many open links cost a site, and how long an answer takes then.

    python -m tests.benchmarks.many_links [--links 100000] [--hours 12] [--keep]

The real bridge works on an SQLite file in virtual time; `--keep` writes the scoreboard.
"""

from __future__ import annotations

import argparse
import heapq
import json
import logging
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from secrets import token_hex
from tempfile import TemporaryDirectory

from attrs import asdict, frozen

from chatbridge import (
    Bridge,
    CloudDesk,
    Plugins,
    ProjectSettings,
    Secret,
    SiteSettings,
    new_root_key,
    root_key_from_text,
)
from chatbridge.engine import Engine
from chatbridge.links import Link, Told
from chatbridge.record_bytes import Record
from chatbridge.records import BotRecord, Claim, Conversation, Project
from chatbridge.testing.virtual_clock import VirtualClock
from chatbridge.workqueue import work_once
from tests.benchmarks import canned_answers as canned
from tests.benchmarks.silent_site import FIRST_CHAT, FIRST_ISSUE, SilentSite, known_comments
from tests.benchmarks.stage import BOT_ID, SITE, TOKEN, hint_about
from tests.loading import module_at

_HINT_SECRET = "benchmark-hint-secret"
_DATABASE = "bridge.db"
_INSERT = "insert into records (key, value, version) values (?, ?, ?)"
_BETWEEN_ANSWERS = 20.0
"""Seconds between two answers of agents, on average: 180 an hour on all links."""


@frozen(kw_only=True)
class Outcome:
    """What was measured.

    Args:
        links: how many were open.
        hints: whether webhooks told of changes.
        hours: of virtual time.
        calls_per_second: of Jira, without those for what had changed.
        calls_per_change: of Jira, for an answer of an agent.
        answers: how many were shown.
        unseen: how many were not shown in time.
        doubles: how many were shown again.
        p50: seconds from the answer in Jira to the chat.
        p99: likewise.
        resident: MiB of the process at its largest.
        growth: MiB between the first quarter of the time and its end.
    """

    links: int
    hints: bool
    hours: float
    calls_per_second: float
    calls_per_change: float
    answers: int
    unseen: int
    doubles: int
    p50: float
    p99: float
    resident: float
    growth: float


def measure(links: int, hours: float, *, hints: bool, seed: int = 1) -> Outcome:
    """Let so many links live for so many virtual hours."""
    with TemporaryDirectory(prefix="chatbridge-benchmark-") as folder:
        clock, chance = VirtualClock(), Random(seed)
        site = SilentSite(clock, chance)
        bridge = _bridge(Path(folder), clock, site)
        try:
            records = _records(bridge.engine, links)
            _insert(bridge.engine, Path(folder) / _DATABASE, records)
            return _Day(bridge, clock, site, chance, links, hints=hints).live(hours)
        finally:
            bridge.close()


class _Day:
    """The rounds of a running bridge, agents who answer, and webhooks, in virtual time."""

    def __init__(
        self, bridge: Bridge, clock: VirtualClock, site: SilentSite, chance: Random, links: int,
        *, hints: bool,
    ) -> None:  # fmt: skip
        self._bridge = bridge
        self._clock = clock
        self._site = site
        self._chance = chance
        self._links = links
        self._hints = hints
        engine = bridge.engine
        feed = engine.feed(SITE)
        self._steps: dict[str, Callable[[], float]] = {
            "feed": lambda: max(feed.step(), engine.timings.feed_as_net if hints else 0.0),
            "tend": engine.upkeep.tend_intents,
            "wake": self._wake,
            "agent": self._agent,
        }
        self._due = dict.fromkeys(self._steps, clock.monotonic())
        self._told: list[tuple[float, int, int]] = []

    def live(self, hours: float) -> Outcome:
        """Let so many hours pass, and return what they showed."""
        begun = self._clock.monotonic()
        end = begun + hours * 3600
        sizes: list[float] = []
        before = dict(self._site.calls)
        while (now := self._clock.monotonic()) < end:
            if now >= begun + len(sizes) * hours * 36:
                sizes.append(_resident())
            self._round()
        spent = {kind: count - before.get(kind, 0) for kind, count in self._site.calls.items()}
        # Agents are silent now, so that what is still on its way can arrive.
        del self._steps["agent"], self._due["agent"]
        while self._site.unseen and self._clock.monotonic() < end + 1800:
            self._round()
        waits = sorted(self._site.latencies)
        return Outcome(
            links=self._links,
            hints=self._hints,
            hours=hours,
            calls_per_second=(spent.get("search", 0) + spent.get("unchanged", 0)) / hours / 3600,
            calls_per_change=spent.get("changed", 0) / max(len(waits), 1),
            answers=len(waits),
            unseen=self._site.unseen,
            doubles=self._site.doubles,
            p50=waits[len(waits) // 2],
            p99=waits[int(len(waits) * 0.99)],
            resident=max(sizes),
            growth=max(sizes) - max(sizes[: len(sizes) // 4]),
        )

    def _round(self) -> None:
        clock, engine = self._clock, self._bridge.engine
        for name, step in self._steps.items():
            if clock.monotonic() >= self._due[name]:
                self._due[name] = clock.monotonic() + step()
        while self._told and self._told[0][0] <= clock.monotonic():
            _, issue, comment = heapq.heappop(self._told)
            answer = self._bridge.receive_hint(SITE, hint_about(str(issue), comment))
            assert answer.status == 200
        while (handle := engine.queue.get(wait=0)) is not None:
            work_once(engine.queue, engine.work, handle)
        first = min([*self._due.values(), *(at for at, _, _ in self._told[:1])])
        pause = max(0.0, first - clock.monotonic())
        queued = engine.queue.next_due
        clock.advance(min(pause, queued) if queued is not None else pause)

    def _wake(self) -> float:
        self._bridge.engine.upkeep.wake()
        return self._bridge.engine.timings.upkeep_every

    def _agent(self) -> float:
        issue = FIRST_ISSUE + self._chance.randrange(self._links)
        comment = self._site.answered(issue)
        if self._hints:
            came = self._clock.monotonic() + self._chance.uniform(0.2, 2.0)
            heapq.heappush(self._told, (came, issue, comment))
        return self._chance.expovariate(1 / _BETWEEN_ANSWERS)


def _bridge(folder: Path, clock: VirtualClock, site: SilentSite) -> Bridge:
    settings = SiteSettings(
        url=canned.SITE, name=SITE, account="bot@acme.example", token=Secret("token"),
        hint_secret=Secret(_HINT_SECRET),
    )  # fmt: skip
    return Bridge(
        storage=f"sqlite:{folder / _DATABASE}",
        root_keys=root_key_from_text(new_root_key()),
        sites=[CloudDesk(settings)],
        public_url="https://bridge.example",
        plugins=Plugins(),
        transport=site,
        clock=clock,
    )


def _records(engine: Engine, links: int) -> Iterator[Record]:
    """Yield a bot, its chats and their links, as they are after a good while."""
    minute = int(engine.clock.time() // 60)
    settings = ProjectSettings(name="support", site=SITE, service_desk="1", request_type="25")
    bot = BotRecord("telegram", BOT_ID, "acme_bot", "webhook", {"token": TOKEN})
    yield Project(settings, (bot,))
    for subject in (("feed", SITE), ("pass",)):
        yield Claim(subject, "", "begun", mark=minute)
    told = Told(opened=True, status=engine.marks.status_mark(canned.STATUS))
    done = tuple(f"{each:020x}" for each in range(5))
    for at in range(links):
        issue, chat = str(FIRST_ISSUE + at), str(FIRST_CHAT + at)
        seen = frozenset(known_comments(FIRST_ISSUE + at))
        yield Link(SITE, issue, "telegram", BOT_ID, chat, None, "support", seen, told=told)
        yield Conversation("telegram", BOT_ID, chat, (issue,), issue, greeted=True, done=done)


def _insert(engine: Engine, database: Path, records: Iterator[Record]) -> None:
    """Write sealed records past the storage, which would wait for the disk each time."""
    vault = engine.vault
    rows = ((key, vault._seal(key, record), token_hex(8))
            for record in records
            for key in [vault.key(type(record), *record.identity())])  # fmt: skip
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(_INSERT, rows)
    desk = engine.roster.desk(SITE)
    desk.call(desk.desk.identify())


def _resident() -> float:
    """Return the resident size of this process in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise OSError("this system does not tell how large a process is")


def _keep(outcomes: list[Outcome], command: str) -> None:
    place = Path(__file__).resolve().parents[1] / "faults" / "scoreboard.py"
    board = module_at(place)
    said = "; ".join(_said(each) for each in outcomes)
    board.keep("M13", outcomes[0].links, said, command, "1")


def _said(each: Outcome) -> str:
    how = "with hints" if each.hints else "polling only"
    return (
        f"{how}: {each.calls_per_second:.2f} calls a second and {each.calls_per_change:.1f} a "
        f"change, answers after {each.p50:.0f} s, p99 {each.p99:.0f} s, {each.resident:.0f} MiB"
    )


def main() -> None:
    """Measure both ways and print a line of JSON for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=100_000)
    parser.add_argument("--hours", type=float, default=12.0)
    parser.add_argument("--keep", action="store_true", help="write the scoreboard")
    parser.add_argument("--hints", choices=("with", "without", "both"), default="both")
    given = parser.parse_args()
    logging.disable(logging.ERROR)
    ways = {"both": (False, True), "with": (True,), "without": (False,)}[given.hints]
    outcomes = []
    for hints in ways:
        outcomes.append(measure(given.links, given.hours, hints=hints))
        sys.stdout.write(json.dumps(asdict(outcomes[-1])) + "\n")
        sys.stdout.flush()
    if given.keep:
        command = f"python -m tests.benchmarks.many_links --links {given.links}"
        _keep(outcomes, command)


if __name__ == "__main__":
    main()
