"""Finishes what nobody else will: intents without a repeat, links that missed their news.

An unfinished intent is looked up by its marker and completed, or its sender is told in time. It
needs no text for that, and has none.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from attrs import evolve

from chatbridge.claims import ClaimKeeper, Watch
from chatbridge.clock import Clock
from chatbridge.completion import Completion
from chatbridge.content import Address
from chatbridge.doubled_requests import DoubledRequests
from chatbridge.errors import ChatbridgeError, ConflictError, RetryLaterError
from chatbridge.full_pass import FullPass
from chatbridge.intents import settle_time
from chatbridge.jira_writes import JiraWrites, Written
from chatbridge.lanes import Lanes
from chatbridge.links import RELEASED, Link, LinkState
from chatbridge.project import ProjectSettings, Timings
from chatbridge.records import Conversation, Intent, IntentKind
from chatbridge.replies import Replies
from chatbridge.roster import OpenDesk, OpenProject, Roster
from chatbridge.setbacks import ASKED_AGAIN
from chatbridge.vault import Kept, Vault
from chatbridge.workqueue import WorkQueue

_log = logging.getLogger("chatbridge.upkeep")


class Upkeep:
    """Looks for unfinished work.

    Args:
        vault: the records.
        roster: projects, bots and desks.
        lanes: what is in memory here anyway.
        writes: looks markers up.
        replies: tells senders.
        completion: writes down what is in Jira.
        queue: where links are woken.
        watch: when intents changed last.
        passes: where the look at all links stands.
        doubled: knows when to look for requests that Jira opened twice.
        owner: this process.
        clock: the time.
        timings: how long to wait for what.
    """

    def __init__(
        self, vault: Vault, roster: Roster, lanes: Lanes, writes: JiraWrites, replies: Replies,
        completion: Completion, queue: WorkQueue, watch: Watch, passes: ClaimKeeper,
        doubled: DoubledRequests, owner: str, clock: Clock, timings: Timings,
    ) -> None:  # fmt: skip
        self._vault = vault
        self._roster = roster
        self._lanes = lanes
        self._writes = writes
        self._replies = replies
        self._completion = completion
        self._queue = queue
        self._watch = watch
        self._pass = FullPass(vault, passes, clock, timings)
        self._doubled = doubled
        self._owner = owner
        self._clock = clock
        self._timings = timings

    def tend_intents(self) -> float:
        """Care for every unfinished intent; return the seconds until the next look makes sense."""
        soonest = self._timings.upkeep_every
        for kept in self._vault.scan(Conversation):
            for intents in _together(kept.record.pending):
                try:
                    soonest = min(soonest, self._tend(kept, intents))
                except ChatbridgeError as error:
                    _log.info("an unfinished message waits: %s", type(error).__name__)
                    soonest = min(soonest, 30.0)
        keys, next_look = self._doubled.due()
        for key in keys:
            self._queue.add(key)
        return max(min(soonest, next_look), 1.0)

    def wake(self) -> None:
        """Wake the links that have something unfinished, and a few others in turn."""
        alive, unfinished = self._alive()
        self._woken(unfinished)
        self._woken(self._pass.take(alive))
        self._vault.forget_gone()

    def wake_unfinished(self) -> list[str]:
        """Wake the links on which something was under way; return their keys."""
        return self._woken(self._alive()[1])

    def wake_all(self) -> list[str]:
        """Wake every link that may have news; return their keys."""
        return self._woken(self._alive()[0])

    def full_pass(self) -> None:
        """Wake the links whose turn it is, for what no look at the changes would show."""
        self._woken(self._pass.take(self._alive()[0]))

    def _alive(self) -> tuple[list[str], list[str]]:
        """Return the keys of links that may have news, and of those with something under way."""
        alive, unfinished = [], []
        for kept in self._vault.scan(Link):
            link = kept.record
            if link.state is LinkState.ACTIVE or link.reason in ASKED_AGAIN or link.note:
                alive.append(kept.key)
                if _is_unfinished(link):
                    unfinished.append(kept.key)
        return alive, unfinished

    def _woken(self, keys: list[str]) -> list[str]:
        for key in keys:
            self._queue.add(key)
        return keys

    def _tend(self, kept: Kept[Conversation], intents: Sequence[Intent]) -> float:
        """Care for intents that fare alike; return the seconds until they may need care again."""
        conversation, intent = kept.record, intents[0]
        bot_key = (conversation.platform, conversation.bot_id)
        found = self._roster.bot(*bot_key)
        if found is None:
            return self._timings.upkeep_every
        held = [each for each in intents if self._lanes.holds(bot_key, each.key)]
        if held:
            return self._show_life(kept, held)
        project, bot = found
        settings = project.kept.record.settings
        desk = self._roster.desk(settings.site)
        quiet = self._watch.unchanged_for(intent.key, intent.look)
        settle = settle_time(intent, self._timings)
        written = Written("")
        if intent.is_begun and not intent.clean:
            written = self._find(desk, project, intent)
            # Who lacks a file has to be told which; whoever brings the event again knows it.
            if written.complete and not written.without_file:
                self._complete(kept, intent, settings, written)
                return self._timings.upkeep_every
        if quiet < settle:
            return settle - quiet
        left = min(intent.tell_by - self._clock.time(), self._orphaned_in(intent))
        if left > 0:
            return max(1.0, left)
        if self._vault.refresh(kept) is not kept:
            # A lane may just have finished it, here or elsewhere.
            return 1.0
        address = Address(conversation.chat, intent.thread)
        count = sum(1 + len(each.also) for each in intents)
        self._replies.apologise(project, bot, address, intent.key, 0.0, count)
        if intent.kind is IntentKind.OPEN and written.issue_id:
            # What agents answer must find the chat, whatever the request lacks.
            self._complete(kept, intent, settings, written)
            return self._timings.upkeep_every
        try:
            keys = [each.key for each in intents]
            self._vault.update(kept, lambda record: record.finished(*keys))
        except ConflictError:
            return 1.0
        return self._timings.upkeep_every

    def _complete(
        self, kept: Kept[Conversation], intent: Intent, settings: ProjectSettings, written: Written
    ) -> None:
        self._completion.complete(
            kept,
            intent,
            project=settings.name,
            site=settings.site,
            issue_id=written.issue_id,
        )

    def _show_life(self, kept: Kept[Conversation], held: Sequence[Intent]) -> float:
        """Let other processes see that overtaken events are in good hands."""
        if not held[0].overtaken:
            return self._timings.upkeep_every

        keys = {each.key for each in held}
        self._vault.update(kept, lambda record: _with_signs(record, keys))
        return self._timings.upkeep_every / 3

    def _orphaned_in(self, intent: Intent) -> float:
        """Return after how many seconds an event has to be told of that no memory holds.

        A process that has it in its memory shows life three times between two looks.
        """
        if not intent.overtaken:
            return float("inf")
        if intent.owner == self._owner:
            return 0.0
        look = f"{intent.look}.{intent.signs}"
        quiet = self._watch.unchanged_for("life " + intent.key, look)
        return self._timings.upkeep_every / 2 - quiet

    def _find(self, desk: OpenDesk, project: OpenProject, intent: Intent) -> Written:
        """Look for what is in the desk; who waited too long is told even if nobody can look."""
        try:
            return self._writes.find(desk, project.kept.record.settings, intent)
        except RetryLaterError:
            if self._clock.time() < intent.tell_by:
                raise
            return Written("")


def _is_unfinished(link: Link) -> bool:
    released = link.reason == RELEASED
    unsure = link.opening is not None
    return bool(link.inflight or link.note or released or unsure or not link.told.opened)


def _together(pending: Sequence[Intent]) -> list[tuple[Intent, ...]]:
    """Return the intents by what becomes of them: what one process passed is lost together.

    A flood that was overtaken is told of once; what shares another one's write goes with that.
    """
    passed: dict[tuple[str, str | None], tuple[Intent, ...]] = {}
    others = []
    shared = {key for intent in pending for key in intent.also}
    for intent in pending:
        if intent.key in shared:
            continue
        if intent.overtaken and not intent.is_begun:
            whose = (intent.owner, intent.thread)
            passed[whose] = (*passed.get(whose, ()), intent)
        else:
            others.append((intent,))
    return [*others, *passed.values()]


def _with_signs(record: Conversation, keys: set[str]) -> Conversation:
    pending = (
        evolve(each, signs=(each.signs + 1) % 1000) if each.key in keys else each
        for each in record.pending
    )
    return evolve(record, pending=tuple(pending))
