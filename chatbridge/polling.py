"""Long polling of one bot: events into lanes, and a position that passes only what is done.

The position moves over the longest finished prefix in the order received, never by number. One
stuck conversation is overtaken after a while, with a durable note, and one that fills the page at
once, so that it stops nobody else.
Where the platform leaves the position to us it is kept in the claim, which only its holder writes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

from attrs import frozen

from chatbridge.adapter import Polls, RegistersWebhooks, Update
from chatbridge.claims import ClaimKeeper
from chatbridge.clock import Clock
from chatbridge.errors import DeliveryError, Refusal, RefusedError, RetryLaterError
from chatbridge.lanes import Lanes, Ticket
from chatbridge.observation import NoticeKind, Observer
from chatbridge.project import Timings
from chatbridge.roster import OpenBot, OpenProject, Roster

_log = logging.getLogger("chatbridge.polling")

OVERTAKE_BEHIND: Final = 60
"""Finished updates behind an open one, before the position passes it."""
CROWD: Final = 20
"""Open events of one chat on a full page, before the position passes them: others wait unseen."""
_SAME_PAGE: Final = 3.0
_CONFLICT: Final = 60.0
_TROUBLE: Final = 5.0
_MOST_OPEN: Final = 1000
"""Updates that wait, before no more are asked for; what they hold is in memory."""
_KEEP_EVERY: Final = 60.0
"""Seconds between two writes of a position that passed nothing but the time."""


@frozen
class _Polled:
    """One update that is not passed yet, or a mere place to go on from.

    Args:
        position: that passes it.
        tickets: of its events.
        marker: whether it is a place only.
    """

    position: str
    tickets: list[Ticket]
    marker: bool = False


class Poller:
    """Asks the platform for the events of one bot.

    Args:
        bot_key: platform and bot id.
        roster: the bot as it is kept now.
        lanes: where events go.
        claim: only its holder polls.
        clock: the time.
        timings: how long a poll waits.
        owns_url: tells whether a webhook URL is one of this bridge.
        observer: is told why polling pauses.
        lasting: whether this process goes on, so that what the position passed lives on in memory.
    """

    def __init__(
        self, bot_key: tuple[str, str], roster: Roster, lanes: Lanes, claim: ClaimKeeper,
        clock: Clock, timings: Timings, owns_url: Callable[[str], bool],
        observer: Observer | None = None, *, lasting: bool = True,
    ) -> None:  # fmt: skip
        self._bot_key = bot_key
        self._roster = roster
        self._lanes = lanes
        self._claim = claim
        self._clock = clock
        self._timings = timings
        self._owns_url = owns_url
        self._observer = observer or Observer(clock)
        self._open: list[_Polled] = []
        self._lasting = lasting
        self._fresh = False
        self._full = False
        self._position: str | None = None
        self._asked: str | None = None
        self._passed = False
        self._kept_at = float("-inf")
        self._failures = 0
        self.problem = ""

    def step(self, *, wait: float | None = None) -> float:
        """Poll once and return the seconds until the next poll makes sense.

        Args:
            wait: seconds the platform may hold the call; None: as the timings say.
        """
        found = self._polled_bot()
        if found is None or not isinstance(found[1].adapter, Polls):
            self._claim.release()
            self._let_go()
            return _TROUBLE
        if not self._claim.hold():
            self._let_go()
            return self._timings.lease / 3
        ours = found[1].adapter.capabilities.position == "ours"
        self._advance()
        hold = self._timings.poll_wait if wait is None else wait
        try:
            if not ours:
                self._poll(found[1], found[1].adapter, 0.0 if self._open else hold)
            elif not self._poll_on(found[1], found[1].adapter, hold):
                self._let_go()
                return self._timings.lease / 3
        except RetryLaterError as error:
            return self._failed(error)
        except RefusedError as error:
            return self._refused(found[1], error)
        self._failures = 0
        self.problem = ""
        return self._pause(found[1])

    def finished(self) -> bool:
        """Tell whether everything that was polled is done and its position was passed for good."""
        return all(each.marker for each in self._open)

    def release(self) -> None:
        """Let another process poll."""
        self._claim.release()
        self._let_go()

    def _let_go(self) -> None:
        """Forget what was polled; whoever polls next gets it again."""
        self._open.clear()
        self._position = self._asked = None

    def _poll(self, bot: OpenBot, adapter: Polls, wait: float) -> None:
        """Ask a platform that forgets what the position has passed, and repeats the rest."""
        batch = self._roster.call(bot, adapter.poll(self._position, wait))
        known = {each.position for each in self._open}
        fresh = [update for update in batch.updates if update.position not in known]
        self._fresh = bool(fresh)
        self._full = batch.full
        self._open += self._submit(fresh)

    def _poll_on(self, bot: OpenBot, adapter: Polls, wait: float) -> bool:
        """Ask a platform whose position is kept here; return whether the claim is still held.

        It goes on from what it saw last, done or not; the kept position follows what is done, so
        that nothing is left out after a crash.
        """
        if self._asked is None:
            self._position = self._asked = self._claim.position or None
        if not self._keep():
            return False
        self._fresh = False
        if len(self._open) >= _MOST_OPEN:
            return True
        waiting = any(not each.marker for each in self._open)
        batch = self._roster.call(bot, adapter.poll(self._asked, 0.0 if waiting else wait))
        self._fresh = bool(batch.updates)
        self._open += self._submit(batch.updates)
        last = batch.updates[-1].position if batch.updates else self._asked
        goes_on = batch.next or last
        if goes_on != last and goes_on is not None:
            if self._open and self._open[-1].marker:
                self._open.pop()
            self._open.append(_Polled(goes_on, [], marker=True))
        self._asked = goes_on
        self._advance()
        return self._keep()

    def _keep(self) -> bool:
        """Write the position down where that matters; return whether the claim is still held."""
        kept, now = self._claim.position, self._clock.monotonic()
        if self._position in {None, kept}:
            return True
        if kept and not self._passed and now - self._kept_at < _KEEP_EVERY:
            return True
        self._passed, self._kept_at = False, now
        return self._claim.hold(position=self._position)

    def _submit(self, updates: Sequence[Update]) -> list[_Polled]:
        """Hand over a whole batch at once, so that what belongs together is seen together."""
        events = [event for update in updates for event in update.events]
        tickets = iter(self._lanes.submit_all(self._bot_key, events, keep=True))
        return [
            _Polled(update.position, list(islice(tickets, len(update.events))))
            for update in updates
        ]

    def _advance(self) -> None:
        """Move the position over everything at the front that is done."""
        self._overtake()
        while self._open:
            first = self._open[0]
            if not all(ticket.finished or ticket.overtaken for ticket in first.tickets):
                return
            self._position = first.position
            self._passed = self._passed or not first.marker
            del self._open[0]

    def _overtake(self) -> None:
        """Pass an event that many finished ones wait behind; it lives on in memory."""
        if self._full and self._lasting:
            self._overtake_crowds()
        done = 0
        for polled in reversed(self._open):
            if all(ticket.finished for ticket in polled.tickets):
                done += not polled.marker
            elif done >= OVERTAKE_BEHIND:
                for ticket in polled.tickets:
                    if not ticket.finished and not self._lanes.overtake([ticket]):
                        return

    def _overtake_crowds(self) -> None:
        """Pass what a chat has on a page that it fills; done one by one it would take minutes."""
        waiting: dict[str, list[Ticket]] = {}
        for ticket in (ticket for each in self._open for ticket in each.tickets):
            event = ticket.event
            if event is not None and not ticket.overtaken:
                waiting.setdefault(event.address.chat, []).append(ticket)
        for tickets in waiting.values():
            if len(tickets) >= CROWD:
                self._lanes.overtake(tickets)

    def _pause(self, bot: OpenBot) -> float:
        """Wait for what was submitted; polling meanwhile would only return the same page."""
        if self._full:
            self._advance()
        if self.finished():
            quiet = bot.adapter.capabilities.position == "ours" and not self._fresh
            # Its page may change all the time without a word for us.
            return bot.adapter.capabilities.poll_pause if quiet else 0.0
        tickets = [ticket for each in self._open for ticket in each.tickets if not ticket.overtaken]
        pause = bot.adapter.capabilities.poll_pause if self._fresh else _SAME_PAGE
        self._lanes.wait(tickets, pause)
        return 0.0

    def _failed(self, error: RetryLaterError) -> float:
        self._failures = min(self._failures + 1, 6)
        self.problem = "the platform does not answer"
        return max(error.retry_after or 0.0, 2.0 ** (self._failures - 1))

    def _refused(self, bot: OpenBot, error: RefusedError) -> float:
        """Explain a refusal and stay away for a while; a conflict is never fought."""
        if error.reason is Refusal.CONFLICT:
            if self._is_our_webhook(bot):
                return 0.5
            self.problem = (
                "another program polls this bot, perhaps on a copy of this storage, or a webhook "
                "is set that is not ours; stop the other one, or use 'chatbridge webhook remove'"
            )
        elif error.reason is Refusal.UNAUTHORISED:
            self.problem = "the platform refuses the bot's token; set a new one with 'project set'"
        else:
            self.problem = f"the platform refuses to be polled ({error.reason})"
        self._observer.notice(NoticeKind.BOT_TROUBLE, bot.party.name, self.problem)
        _log.error("polling paused for %d s: %s", _CONFLICT, self.problem)
        return _CONFLICT

    def _is_our_webhook(self, bot: OpenBot) -> bool:
        """Tell whether a webhook of this bridge is in the way; one that was set earlier goes.

        What waits at the platform stays there.
        """
        adapter = bot.adapter
        if not isinstance(adapter, RegistersWebhooks):
            return False
        try:
            state = self._roster.call(bot, adapter.webhook_state())
            if not state.url or not self._owns_url(state.url):
                return False
            if self._polled_bot() is None:
                # It was set while the poll was waiting, and is how news comes now.
                return True
            self._roster.call(bot, adapter.register_webhook(None))
        except DeliveryError:
            return False
        _log.info("removed our own webhook, since this bot is polled now")
        return True

    def _polled_bot(self) -> tuple[OpenProject, OpenBot] | None:
        """Return the bot as it is kept at this moment, None where it is not polled."""
        found = self._roster.bot(*self._bot_key)
        return found if found is not None and found[1].record.mode == "poll" else None
