"""One simulated process: a real `Bridge`, and the rounds of its threads, one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from attrs import define, field

from chatbridge.bridge import Bridge
from chatbridge.errors import ChatbridgeError
from chatbridge.feed import Feed
from chatbridge.file_serving import ServedFile
from chatbridge.polling import Poller
from chatbridge.testing.simulator import FetchedFile, OwedFetch, OwedWebhook, Simulator
from chatbridge.testing.world.faults import Cancelled, Crash
from chatbridge.web.files import file_response
from chatbridge.workqueue import work_once

_AFTER_ERROR = 5.0
_MOST_TURNS = 20
_ROUNDS = ("wake", "roster", "poll", "feed", "tend")
_SERVE = "serve"
_WORK = ("work",) * 20
"""At most so many handles are worked on before what comes next."""


@define(eq=False)
class Process:
    """A process that may die and be started again.

    Args:
        world: where it runs.
        name: for people.
    """

    world: Any
    name: str
    bridge: Bridge | None = None
    feed: Feed | None = None
    poller: Poller | None = None
    due: dict[str, float] = field(factory=dict)
    wanted: list[tuple[str, str, Any]] = field(factory=list)
    deaths: int = 0
    turns: int = 0
    did: bool = False
    left: list[str] = field(factory=list)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.bridge is not None

    @property
    def idle(self) -> bool:
        """Whether it has nothing to do now or later but to look again."""
        if self.bridge is None:
            return True
        polled = self.poller is None or self.poller.finished()
        return polled and self.bridge.engine.queue.next_due is None

    def run(self) -> None:
        """Do all that is due now; start first where it is dead."""
        self.turns, self.did, self.left = _MOST_TURNS, True, []
        self.go_on()

    def go_on(self) -> None:
        """Do what is left to be done of `run`; all that it has to know is kept in the process."""
        self.world.gate.stretch += 1
        while self.left or self._begins_turn():
            self.world.rests()
            self._do(self.left.pop())

    def deliver(self, simulator: Simulator, owed: OwedWebhook) -> None:
        """Bring it one webhook and let the sender know what it answered."""
        self.world.gate.stretch += 1
        answer: Any = None

        def receive() -> None:
            nonlocal answer
            assert self.bridge is not None
            webhook = owed.received()
            kind, *names = urlsplit(owed.url).path.removeprefix("/").split("/")
            if kind == "hints":
                answer = self.bridge.receive_hint(names[0], webhook)
            else:
                answer = self.bridge.receive_webhook(names[0], names[1], webhook)

        if self._ensure_started():
            self.guarded(receive)
        status = answer.status if answer is not None else (500 if self.alive else None)
        wait = answer.retry_after if answer is not None else None
        body = answer.body if answer is not None else b""
        simulator.webhook_answered(owed.webhook_id, status, wait, body)
        if answer is not None and simulator is self.world.chats.simulator:
            self.world.chats.answered(owed, answer)
        self.world.gate.stretch += 1

    def hand_out(self, simulator: Simulator, owed: OwedFetch) -> None:
        """Let a platform fetch a file from it by an address, and judge what it gets."""
        self.world.gate.stretch += 1
        fetched: FetchedFile | None = None
        token, name = unquote(urlsplit(owed.url).path).split("/")[-2:]
        since = self.world.clock.monotonic()

        def fetch() -> None:
            nonlocal fetched
            assert self.bridge is not None
            status, fields, served = file_response(self.bridge, token, "GET")
            fetched = FetchedFile(status)
            if isinstance(served, ServedFile):
                with served:
                    fields.append(("Content-Length", str(served.length)))
                    fetched = FetchedFile(status, dict(fields), b"".join(served))

        if self._ensure_started():
            self.guarded(fetch)
        if fetched is not None and fetched.status == 200:
            self.world.truth.handed_out(name, fetched.body, since)
        simulator.fetched(owed.fetch_id, fetched)
        self.world.gate.stretch += 1

    def register(self) -> None:
        """Let the administrator set the webhook; who calls back is answered by this process."""
        self.world.gate.stretch += 1
        simulator = self.world.chats.simulator

        def call_back() -> None:
            for owed in simulator.owed_webhooks():
                self.deliver(simulator, owed)
            if self.bridge is None:
                # Nobody is left to hear the answer.
                raise Crash

        if self._ensure_started():
            bridge = self.bridge
            assert bridge is not None
            simulator.deliver_now = call_back
            self.guarded(lambda: bridge.admin.set_webhook(self.world.project))
            simulator.deliver_now = None

    def crash(self) -> None:
        """Die at once."""
        self.world.truth.forget(self.name)
        self.bridge = self.feed = self.poller = None
        self.deaths += 1

    def stop(self) -> None:
        """End as told: claims are let go, what is unfinished is left to others."""
        for each in (self.feed, self.poller):
            if each is not None:
                self.guarded(each.release)
        self.world.truth.forget(self.name)
        self.bridge = self.feed = self.poller = None

    def next_due(self) -> float:
        """Return seconds until it has something to do, or to look again."""
        now = self.world.clock.monotonic()
        if self.bridge is None:
            return 0.0
        queue = self.bridge.engine.queue.next_due
        due = dict(self.due)
        if self._holds_the_line():
            due.pop("poll", None)
        waits = [at - now for at in due.values()]
        return float(max(0.0, min([*waits, *([] if queue is None else [queue])])))

    def guarded(self, act: Callable[[], Any]) -> Any:
        """Do something as a thread of the bridge does: nothing but its death gets out."""
        try:
            return act()
        except Crash:
            self.crash()
        except Cancelled:
            self.world.truth.forget(self.name)
        except Exception as error:  # noqa: BLE001 - as the crew does
            if not isinstance(error, ChatbridgeError):
                self.world.surprises.append(repr(error))
        return None

    def start(self) -> None:
        """Open a bridge and do what a crew does first."""
        self.bridge = self.world.open_bridge(self.name)
        engine = self.bridge.engine
        now = self.world.clock.monotonic()
        self.feed = engine.feed(self.world.site)
        self.due = {"feed": now, "tend": now, "wake": now, "roster": now}
        if self.world.mode == "poll":
            self.poller = engine.poller(self.world.bot_key)
            self.due["poll"] = now

    def work(self, handle: str) -> None:
        """Work on one handle of the queue."""
        assert self.bridge is not None
        engine = self.bridge.engine
        self.guarded(lambda: work_once(engine.queue, engine.work, handle))

    def _ensure_started(self) -> bool:
        if self.bridge is None:
            self.guarded(self.start)
        return self.bridge is not None

    def _begins_turn(self) -> bool:
        """List what a turn consists of, the last first; tell whether there is one more."""
        if not self.did or not self.turns or not self._ensure_started():
            return False
        self.turns -= 1
        self.did = False
        self.left = [*_WORK, _SERVE, *reversed(_ROUNDS)]
        return True

    def _do(self, what: str) -> None:
        """Do one thing of a turn: a round where it is due, a file, or one handle."""
        if self.bridge is None:
            return
        if what == _SERVE:
            while self.bridge is not None and self.wanted:
                self.did = True
                self.world.gate.stretch += 1
                self.serve(*self.wanted.pop(0))
                self.world.gate.stretch += 1
        elif what in _ROUNDS:
            if self._is_due(what):
                self.did = True
                self._round(what)
                # A worker may be quicker than the next round.
                self.left += _WORK
        elif (handle := self.bridge.engine.queue.get(wait=0)) is not None:
            self.did = True
            self.work(handle)
        else:
            while self.left and self.left[-1] == what:
                self.left.pop()

    def serve(self, issue_id: str, comment_id: str, file: Any) -> bytes | None:
        """Hand out a file of a comment as to a platform that fetches it; None: refused."""
        fetched: bytes | None = None
        since = self.world.clock.monotonic()

        def fetch() -> None:
            nonlocal fetched
            assert self.bridge is not None
            token = self.world.token_of(self.bridge, issue_id, comment_id, file)
            with self.bridge.open_file(token) as served:
                fetched = b"".join(served)

        if self._ensure_started():
            self.guarded(fetch)
        if fetched is not None:
            self.world.truth.handed_out(file.name, fetched, since)
        return fetched

    def _is_due(self, name: str) -> bool:
        if self.due.get(name, float("inf")) > self.world.clock.monotonic():
            return False
        return name != "poll" or not self._holds_the_line()

    def _holds_the_line(self) -> bool:
        """Tell whether a long poll would wait: nothing is new, and nothing is in hand."""
        return (
            self.poller is not None and self.poller.finished()
            and not self.world.chats.waiting()
        )  # fmt: skip

    def _round(self, name: str) -> None:
        assert self.bridge is not None
        engine = self.bridge.engine
        match name:
            case "wake":
                # Done once at the start; a full pass comes after a week.
                pause = None if self.guarded(engine.upkeep.wake_unfinished) is None else 604_800.0
            case "roster":
                pause = None if self.guarded(engine.roster.refresh) is None else 604_800.0
            case "poll":
                poller = self.poller
                pause = self.guarded(lambda: poller.step(wait=0.0)) if poller else None
            case "feed":
                feed = self.feed
                pause = self.guarded(feed.step) if feed else None
            case _:
                pause = self.guarded(engine.upkeep.tend_intents)
        if self.bridge is not None:
            pause = _AFTER_ERROR if pause is None else pause
            self.due[name] = self.world.clock.monotonic() + pause
