"""Inbound events on their way through the workers: one lane a conversation, in the order received.

Events live in memory only. What is not done is either repeated by the platform (webhooks) or still
waits there because the polling position has not passed it.
"""

from __future__ import annotations

import logging
import threading
from collections import deque

from attrs import define, field

from chatbridge.budgets import Budget
from chatbridge.clock import Clock
from chatbridge.errors import ChatbridgeError, DeliveryError, RetryLaterError, StorageError
from chatbridge.events import Event
from chatbridge.inbound import Inbound
from chatbridge.marks import Marks
from chatbridge.observation import Observer
from chatbridge.workqueue import WorkQueue

_log = logging.getLogger("chatbridge.lanes")

PREFIX = "lane:"
_MOST_AT_ONCE = 20
_BUDGET = 5
"""Tries of an event that fails in a way nobody foresaw, before its sender is told."""


@define(eq=False)
class _Wait:
    """Somebody who waits for several tickets and is woken once, by the last of them."""

    over: threading.Condition
    left: int


@define(eq=False)
class Ticket:
    """What becomes of one event.

    Args:
        bot_key: platform and bot id.
        event: what happened; dropped when the ticket is finished.
        keep: whether the lane keeps it after a failure (polling) or the platform repeats it.
        finished: whether it may be acknowledged.
        retry_after: seconds after which a repeat makes sense, once it failed; else None.
        overtaken: whether it was noted durably that the platform will not repeat it.
        since: the clock's `monotonic()` when it came.
    """

    bot_key: tuple[str, str]
    event: Event | None
    keep: bool
    finished: bool = False
    retry_after: float | None = None
    overtaken: bool = False
    since: float = 0.0
    _wait: _Wait | None = field(default=None, init=False)


@define(eq=False)
class _Lane:
    tickets: deque[Ticket] = field(factory=deque)


class Lanes:
    """All conversations that have something on its way.

    Args:
        inbound: does the work.
        queue: whose workers call `work`.
        marks: names lanes.
        clock: the time.
        observer: counts.
    """

    def __init__(
        self, inbound: Inbound, queue: WorkQueue, marks: Marks, clock: Clock,
        observer: Observer | None = None,
    ) -> None:  # fmt: skip
        self._inbound = inbound
        self._queue = queue
        self._marks = marks
        self._clock = clock
        self._observer = observer or Observer(clock)
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}
        self._budget = Budget(_BUDGET)

    def submit(self, bot_key: tuple[str, str], event: Event, *, keep: bool) -> Ticket:
        """Put an event at the end of its conversation's lane."""
        ticket = Ticket(bot_key, event, keep, since=self._clock.monotonic())
        handle = PREFIX + self._marks.event_key(*bot_key, "lane " + event.address.chat)
        with self._lock:
            self._lanes.setdefault(handle, _Lane()).tickets.append(ticket)
        self._queue.add(handle)
        return ticket

    def wait(self, tickets: list[Ticket], seconds: float) -> bool:
        """Wait until each ticket is finished or failed; return whether all of them are."""
        with self._lock:
            open_ones = [ticket for ticket in tickets if not _settled(ticket)]
            wait = _Wait(threading.Condition(self._lock), len(open_ones))
            for ticket in open_ones:
                ticket._wait = wait
            try:
                return self._clock.wait(wait.over, lambda: wait.left == 0, seconds)
            finally:
                for ticket in open_ones:
                    ticket._wait = None

    def work(self, handle: str) -> None:
        """Work on the lane until it is empty or its first event has to wait."""
        for _ in range(_MOST_AT_ONCE):
            with self._lock:
                lane = self._lanes.get(handle)
                if lane is None:
                    return
                if not lane.tickets:
                    del self._lanes[handle]
                    return
                ticket = lane.tickets[0]
            pause = self._try(ticket)
            name = "events_done" if pause is None else "events_failed"
            self._observer.count(name, platform=ticket.bot_key[0])
            if pause is not None and ticket.keep:
                self._queue.retry(handle, at_least=pause)
                return
            self._settle(lane, ticket, pause)
            self._queue.forget(handle)
        self._queue.add(handle)

    def holds(self, bot_key: tuple[str, str], event_key: str) -> bool:
        """Tell whether an event is still in memory here, so that its intent is being cared for."""
        with self._lock:
            return any(
                ticket.event is not None
                and ticket.bot_key == bot_key
                and self._marks.event_key(*bot_key, ticket.event.event_id) == event_key
                for lane in self._lanes.values()
                for ticket in lane.tickets
            )

    def overtake(self, ticket: Ticket) -> bool:
        """Note durably that the position passes an unfinished event; return whether that worked."""
        event = ticket.event
        if event is None or ticket.overtaken:
            return True
        try:
            self._inbound.overtake(ticket.bot_key, event)
        except ChatbridgeError:
            return False
        ticket.overtaken = True
        return True

    def oldest(self) -> float:
        """Return for how many seconds the oldest event has waited, 0 where none does."""
        with self._lock:
            waiting = [lane.tickets[0].since for lane in self._lanes.values() if lane.tickets]
        return self._clock.monotonic() - min(waiting) if waiting else 0.0

    def __len__(self) -> int:
        with self._lock:
            return sum(len(lane.tickets) for lane in self._lanes.values())

    def _try(self, ticket: Ticket) -> float | None:
        """Return None when the event is done, else the seconds to wait."""
        if ticket.event is None:
            return None
        key = self._marks.event_key(*ticket.bot_key, ticket.event.event_id)
        try:
            if self._budget.is_spent(key):
                self._inbound.give_up(ticket.bot_key, ticket.event)
            else:
                self._inbound.receive(ticket.bot_key, ticket.event)
        except RetryLaterError as error:
            return error.retry_after or 1.0
        except (DeliveryError, StorageError) as error:
            _log.warning("an event has to wait: %s", type(error).__name__)
            return 2.0
        except Exception as error:  # noqa: BLE001 - one event must never stop the others
            # Repeats of a webhook are counted across tickets.
            count = self._budget.spend(key)
            _log.error("unexpected %s at try %d of an event", type(error).__name__, count)
            return 1.0
        self._budget.forget(key)
        return None

    def _settle(self, lane: _Lane, ticket: Ticket, pause: float | None) -> None:
        with self._lock:
            lane.tickets.popleft()
            ticket.finished = pause is None
            ticket.retry_after = pause
            ticket.event = None
            if ticket._wait is not None:
                ticket._wait.left -= 1
                if not ticket._wait.left:
                    ticket._wait.over.notify()


def _settled(ticket: Ticket) -> bool:
    return ticket.finished or ticket.retry_after is not None
