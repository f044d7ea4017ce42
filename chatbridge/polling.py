"""Long polling of one bot: events into lanes, and a position that passes only what is done.

The position moves over the longest finished prefix in the order received, never by number. One
stuck conversation is overtaken after a while, with a durable note, so that it stops nobody else.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from chatbridge.adapter import Polls, RegistersWebhooks, Update
from chatbridge.claims import ClaimKeeper
from chatbridge.clock import Clock
from chatbridge.errors import DeliveryError, Refusal, RefusedError, RetryLaterError
from chatbridge.lanes import Lanes, Ticket
from chatbridge.observation import NoticeKind, Observer
from chatbridge.project import Timings
from chatbridge.roster import OpenBot, Roster

_log = logging.getLogger("chatbridge.polling")

OVERTAKE_BEHIND: Final = 60
"""Finished updates behind an open one, before the position passes it."""
_SAME_PAGE: Final = 3.0
_CONFLICT: Final = 60.0
_TROUBLE: Final = 5.0


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
    """

    def __init__(
        self, bot_key: tuple[str, str], roster: Roster, lanes: Lanes, claim: ClaimKeeper,
        clock: Clock, timings: Timings, owns_url: Callable[[str], bool],
        observer: Observer | None = None,
    ) -> None:  # fmt: skip
        self._bot_key = bot_key
        self._roster = roster
        self._lanes = lanes
        self._claim = claim
        self._clock = clock
        self._timings = timings
        self._owns_url = owns_url
        self._observer = observer or Observer(clock)
        self._open: OrderedDict[str, list[Ticket]] = OrderedDict()
        self._fresh: list[Update] = []
        self._position: str | None = None
        self._failures = 0
        self.problem = ""

    def step(self, *, wait: float | None = None) -> float:
        """Poll once and return the seconds until the next poll makes sense.

        Args:
            wait: seconds the platform may hold the call; None: as the timings say.
        """
        found = self._roster.bot(*self._bot_key)
        if found is None or not isinstance(found[1].adapter, Polls):
            self._claim.release()
            self._let_go()
            return _TROUBLE
        if not self._claim.hold():
            self._let_go()
            return self._timings.lease / 3
        self._advance()
        hold = self._timings.poll_wait if wait is None else wait
        try:
            self._poll(found[1], found[1].adapter, 0.0 if self._open else hold)
        except RetryLaterError as error:
            return self._failed(error)
        except RefusedError as error:
            return self._refused(found[1], error)
        self._failures = 0
        self.problem = ""
        return self._pause(found[1])

    def finished(self) -> bool:
        """Tell whether everything that was polled is done and the platform was told so."""
        return not self._open

    def release(self) -> None:
        """Let another process poll."""
        self._claim.release()

    def _let_go(self) -> None:
        """Forget what was polled; whoever polls next gets it again."""
        self._open.clear()
        self._position = None

    def _poll(self, bot: OpenBot, adapter: Polls, wait: float) -> None:
        batch = self._roster.call(bot, adapter.poll(self._position, wait))
        self._fresh = [update for update in batch.updates if update.position not in self._open]
        for update in self._fresh:
            self._open[update.position] = self._submit(update)

    def _submit(self, update: Update) -> list[Ticket]:
        return [self._lanes.submit(self._bot_key, event, keep=True) for event in update.events]

    def _advance(self) -> None:
        """Move the position over everything at the front that is done."""
        self._overtake()
        while self._open:
            position, tickets = next(iter(self._open.items()))
            if not all(ticket.finished or ticket.overtaken for ticket in tickets):
                return
            del self._open[position]
            self._position = position

    def _overtake(self) -> None:
        """Pass an event that many finished ones wait behind; it lives on in memory."""
        done = 0
        for tickets in reversed(self._open.values()):
            if all(ticket.finished for ticket in tickets):
                done += 1
            elif done >= OVERTAKE_BEHIND:
                for ticket in tickets:
                    if not ticket.finished and not self._lanes.overtake(ticket):
                        return

    def _pause(self, bot: OpenBot) -> float:
        """Wait for what was submitted; polling meanwhile would only return the same page."""
        if not self._open:
            return 0.0
        tickets = [ticket for tickets in self._open.values() for ticket in tickets]
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
            if self._removed_own_webhook(bot):
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

    def _removed_own_webhook(self, bot: OpenBot) -> bool:
        """Remove a webhook that this bridge set earlier; what waits at the platform stays there."""
        adapter = bot.adapter
        if not isinstance(adapter, RegistersWebhooks):
            return False
        try:
            state = self._roster.call(bot, adapter.webhook_state())
            if not state.url or not self._owns_url(state.url):
                return False
            self._roster.call(bot, adapter.register_webhook(None))
        except DeliveryError:
            return False
        _log.info("removed our own webhook, since this bot is polled now")
        return True
