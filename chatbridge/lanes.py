"""Inbound events on their way through the workers: one lane a conversation, in the order received.

Events live in memory only. What is not done is either repeated by the platform (webhooks) or still
waits there because the polling position has not passed it.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice, takewhile

from attrs import define, field

from chatbridge.albums import MOST_ITEMS, goes_with
from chatbridge.budgets import Budget
from chatbridge.clock import Clock
from chatbridge.content import Address
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
_MOST_OVERTAKEN = 1000
"""Overtaken events of one conversation: each is in memory, and its intent in one record."""


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
        key: of the event.
        finished: whether it may be acknowledged.
        retry_after: seconds after which a repeat makes sense, once it failed; else None.
        overtaken: whether it was noted durably that the platform will not repeat it.
        since: the clock's `monotonic()` when it came.
        album: the items that are tried together with it, None before its first try.
        joined: whether it was tried together with an earlier item.
    """

    bot_key: tuple[str, str]
    event: Event | None
    keep: bool
    key: str
    finished: bool = False
    retry_after: float | None = None
    overtaken: bool = False
    since: float = 0.0
    album: tuple[Ticket, ...] | None = None
    joined: bool = False
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
        return self.submit_all(bot_key, [event], keep=keep)[0]

    def submit_all(
        self, bot_key: tuple[str, str], events: Sequence[Event], *, keep: bool
    ) -> list[Ticket]:
        """Put events at the ends of their lanes before anybody works on the first of them."""
        since = self._clock.monotonic()
        keys = [self._marks.event_key(*bot_key, event.event_id) for event in events]
        tickets = [
            Ticket(bot_key, event, keep, key=key, since=since)
            for key, event in zip(keys, events, strict=True)
        ]
        handles = [self._handle(bot_key, event.address) for event in events]
        with self._lock:
            for handle, ticket in zip(handles, tickets, strict=True):
                self._lanes.setdefault(handle, _Lane()).tickets.append(ticket)
        for handle in handles:
            self._queue.add(handle)
        return tickets

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
                if ticket.album is None:
                    ticket.album = _album(lane.tickets)
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
                ticket.key == event_key and ticket.bot_key == bot_key
                for lane in self._lanes.values()
                for ticket in lane.tickets
            )

    def overtake(self, tickets: Sequence[Ticket]) -> bool:
        """Note durably that the position passes unfinished events; return whether that worked.

        Args:
            tickets: all of one conversation. None of them is passed where it would have too many.
        """
        open_ones = [(ticket, event) for ticket in tickets
                     if (event := ticket.event) is not None and not ticket.overtaken]  # fmt: skip
        if not open_ones:
            return True
        bot_key, address = open_ones[0][0].bot_key, open_ones[0][1].address
        with self._lock:
            lane = self._lanes.get(self._handle(bot_key, address), _Lane())
            before = sum(ticket.overtaken for ticket in lane.tickets)
        if before + len(open_ones) > _MOST_OVERTAKEN:
            return False
        try:
            self._inbound.overtake(bot_key, [event for _, event in open_ones])
        except ChatbridgeError:
            return False
        for ticket, _ in open_ones:
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

    def _handle(self, bot_key: tuple[str, str], address: Address) -> str:
        return PREFIX + self._marks.event_key(*bot_key, "lane " + address.chat)

    def _try(self, ticket: Ticket) -> float | None:
        """Return None when the event is done, else the seconds to wait."""
        if ticket.event is None:
            return None
        key = ticket.key
        try:
            if self._budget.is_spent(key):
                self._inbound.give_up(ticket.bot_key, ticket.event)
            else:
                album = [each.event for each in ticket.album or () if each.event is not None]
                self._inbound.receive(ticket.bot_key, ticket.event, album)
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


def _album(tickets: Iterable[Ticket]) -> tuple[Ticket, ...]:
    """Return what is tried together with the first ticket: the rest of an album that was polled.

    What comes by webhook is not kept here, and may be repeated without the others.
    """
    first, *others = islice(tickets, MOST_ITEMS)
    together = list(
        takewhile(lambda other: other.keep and goes_with(first.event, other.event), others)
    )
    if not first.keep or first.joined:
        return ()
    for other in together:
        other.joined = True
    return tuple(together)


def _settled(ticket: Ticket) -> bool:
    return ticket.finished or ticket.retry_after is not None
