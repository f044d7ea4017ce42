"""Gets one item onto a chat, part by part, under a claim written before each part is sent.

The record says what was sent before anything else happens, so that a crash at any moment repeats at
most the one part whose outcome nobody can know. No text is kept, logged or raised.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from attrs import evolve, field, frozen

from chatbridge.claims import new_word
from chatbridge.clock import Clock
from chatbridge.errors import (
    ChatbridgeError,
    ConflictError,
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
    UnsupportedFeatureError,
)
from chatbridge.http_types import HttpRequest
from chatbridge.links import Inflight, Link
from chatbridge.marks import Marks
from chatbridge.observation import NoticeKind, Observer
from chatbridge.project import Timings
from chatbridge.rendering import Draft, Part, cut, without_formatting
from chatbridge.richtext import Document
from chatbridge.roster import OpenBot, Roster
from chatbridge.state_texts import note_of
from chatbridge.vault import Kept, Vault

_log = logging.getLogger("chatbridge.delivery")

MOST_UNKNOWN: Final = 5
"""Sends of one part whose outcome nobody knows, before it counts as a failure to be shown."""
_MOST_HALVINGS: Final = 4
_MOST_CONFLICTS: Final = 8

_DEGRADE: Final = frozenset(
    {Refusal.BAD_MARKUP, Refusal.INVALID, Refusal.TOO_LONG, Refusal.CLIENT_TOO_OLD}
)


class LostClaimError(ChatbridgeError):
    """Somebody else works on the link now, or it may no longer send."""


class StaleWitnessError(ChatbridgeError):
    """What proved that the text is public has grown too old; read again."""


@frozen(kw_only=True)
class Job:
    """One item that shall be on the chat.

    Args:
        bot: who says it.
        draft: what is said.
        not_shown: stands in for a part that the platform refuses in every form.
        fresh_until: the clock's `monotonic()` after which the draft may not be sent any more.
        complete: makes the record in which the item counts as sent.
    """

    bot: OpenBot
    draft: Draft
    not_shown: Document
    fresh_until: float = float("inf")
    complete: Callable[[Link], Link] = field(repr=False)


class Delivery:
    """Sends items under a claim.

    Args:
        vault: the records.
        marks: digests and keys.
        roster: the way to the platforms.
        owner: this process.
        clock: the time.
        timings: the lease.
        observer: is told of parts that could not be shown.
    """

    def __init__(
        self, vault: Vault, marks: Marks, roster: Roster, owner: str, clock: Clock,
        timings: Timings, observer: Observer | None = None,
    ) -> None:  # fmt: skip
        self.vault = vault
        self.marks = marks
        self.roster = roster
        self.owner = owner
        self.clock = clock
        self.timings = timings
        self.observer = observer or Observer(clock)
        # Parts that were sent while the storage could not take the news of it.
        self.unrecorded: set[tuple[str, str]] = set()

    def deliver(self, kept: Kept[Link], job: Job) -> Kept[Link]:
        """Send what is missing of the item and return the record in which it is complete.

        Raises:
            LostClaimError: another process works on the link.
            StaleWitnessError: the draft has to be read again.
            RefusedError: the chat cannot be reached (blocked, gone, migrated, window closed, ...).
            RetryLaterError: not now; what was sent is kept.
        """
        return _Sending(self, kept, job).run()

    def change(self, kept: Kept[Link], change: Callable[[Link], Link]) -> Kept[Link]:
        """Write a change of a link that nobody else works on.

        Raises:
            LostClaimError: somebody does, or the link is gone.
        """
        now, mine = kept, (kept.record.state, kept.record.claim)
        for _ in range(_MOST_CONFLICTS):
            try:
                return self.vault.replace(now, _fresh_beat(change(now.record)))
            except ConflictError:
                again = self.vault.read_key(Link, kept.key)
            if again is None or (again.record.state, again.record.claim) != mine:
                raise LostClaimError("another process works on the link, or it may not send")
            now = again
        raise LostClaimError("the link changes too often; looked at again")


class _Sending:
    """One item on its way; lives for one call of `Delivery.deliver`."""

    def __init__(self, delivery: Delivery, kept: Kept[Link], job: Job) -> None:
        self._delivery = delivery
        self._kept = kept
        self._job = job
        self._renewed = delivery.clock.monotonic()

    def run(self) -> Kept[Link]:
        self._claim()
        parts = self._parts(self._job.draft)
        missing = [part for part in parts if not self._is_sent(part)]
        for part in missing:
            self._deliver_part(part)
            if part is not missing[-1]:
                self._note_sent(part)
        # One write says both that the last part was sent and that the item is complete.
        self._change(lambda link: evolve(self._job.complete(link), inflight=None))
        # All of them: the same text of state may have to be sent again one day.
        sent = [(self._kept.key, part.digest) for part in parts]
        self._delivery.unrecorded.difference_update(sent)
        return self._kept

    def _parts(self, draft: Draft, shrink: float = 1.0) -> tuple[Part, ...]:
        link, marks, item = self._kept.record, self._delivery.marks, draft.item
        return cut(
            draft,
            link.address,
            self._job.bot.adapter.capabilities,
            digest=lambda text, at: marks.part_digest(link.site, link.issue_id, item, text, at),
            key=lambda digest: marks.message_key(link.site, link.issue_id, item, digest),
            shrink=shrink,
        )

    def _deliver_part(self, part: Part, halvings: int = 0) -> None:
        """Send one part in the first form of it that the platform takes."""
        try:
            self._send(part)
        except RefusedError as error:
            if error.reason not in _DEGRADE:
                raise
            too_long = error.reason is Refusal.TOO_LONG
            if too_long and halvings < _MOST_HALVINGS:
                self._deliver_smaller(part, halvings + 1)
            else:
                self._degrade(part)
        except UnsupportedFeatureError:
            self._degrade(part)
        self._delivery.unrecorded.add((self._kept.key, part.digest))

    def _deliver_smaller(self, part: Part, halvings: int) -> None:
        whole, message = self._job.draft, part.message
        draft = evolve(
            whole,
            # A name of its own: equal pieces of two parts are two pieces.
            item=f"{whole.item}.{part.digest}",
            text=message.text,
            speaker=whole.speaker if message.sender_name else "",
            choices=message.choices,
        )
        for piece in self._parts(draft, shrink=0.5**halvings):
            if not self._is_sent(piece):
                self._deliver_part(piece, halvings)
                self._note_sent(piece)

    def _degrade(self, part: Part) -> None:
        """Send the part plainly, or a text in its place; a chat's queue is never blocked by one."""
        if self._try(without_formatting(part)):
            return
        self._mark_for_note("not_shown")
        stand_in = evolve(part.message, text=self._job.not_shown, plain=True)
        if not self._try(evolve(part, message=stand_in)):
            _log.warning("a part could not be shown in any form; agents are told")

    def _try(self, part: Part) -> bool:
        try:
            self._send(part)
        except RefusedError as error:
            if error.reason not in _DEGRADE:
                raise
            return False
        except UnsupportedFeatureError:
            return False
        return True

    def _send(self, part: Part) -> None:
        delivery, bot = self._delivery, self._job.bot
        try:
            receipt = delivery.roster.call(bot, bot.adapter.send(part.message), self._check)
            delivery.observer.count_part(bot.record.platform, charged=receipt.charged)
        except UnknownOutcomeError:
            self._doubt()
        except RefusedError as error:
            if error.reason is not Refusal.THREAD_GONE or part.message.address.thread is None:
                raise
            self._change(lambda link: evolve(link, thread=None))
            message = evolve(part.message, address=self._kept.record.address)
            self._send(evolve(part, message=message))

    def _check(self, request: HttpRequest) -> None:
        """Raise if the part may not be shown at this moment; the clock is asked last."""
        if request.is_repeatable:
            return
        if self._delivery.roster.bot(*self._job.bot.key) is None:
            raise LostClaimError("the project is paused or removed")
        if self._claim_is_old():
            self._change(lambda link: link)
        if self._claim_is_old():
            raise LostClaimError("the claim cannot be renewed in time")
        if self._delivery.clock.monotonic() > self._job.fresh_until:
            raise StaleWitnessError("the comment has to be read again")

    def _claim_is_old(self) -> bool:
        return self._delivery.clock.monotonic() - self._renewed > self._delivery.timings.lease / 4

    def _doubt(self) -> None:
        """Count an unknown outcome; the part is sent again, but not for ever."""
        attempts = self._inflight.attempts + 1
        if attempts < MOST_UNKNOWN:
            self._change(lambda link: _with_inflight(link, attempts=attempts))
            raise RetryLaterError("the outcome of a send is unknown")
        self._mark_for_note("unconfirmed")

    def _mark_for_note(self, cause: str) -> None:
        note = note_of(cause, self._delivery.clock.time())
        where = f"a chat on {self._job.bot.record.platform}"
        self._delivery.observer.notice(NoticeKind.ANSWER_NOT_SHOWN, where, cause)
        self._change(lambda link: evolve(link, note=link.note or note))

    def _is_sent(self, part: Part) -> bool:
        unrecorded = (self._kept.key, part.digest) in self._delivery.unrecorded
        return unrecorded or part.digest in self._inflight.sent

    def _note_sent(self, part: Part) -> None:
        sent = (*self._inflight.sent, part.digest)
        self._change(lambda link: _with_inflight(link, sent=sent, attempts=0))
        self._delivery.unrecorded.discard((self._kept.key, part.digest))

    def _claim(self) -> None:
        before, item = self._kept.record.inflight, self._job.draft.item
        kept = before if before and before.item == item else Inflight(item, (), "", "")
        inflight = evolve(kept, owner=self._delivery.owner, beat=new_word(3))
        try:
            record = evolve(self._kept.record, inflight=inflight)
            self._kept = self._delivery.vault.replace(self._kept, record)
        except ConflictError:
            raise LostClaimError("the link changed") from None

    def _change(self, change: Callable[[Link], Link]) -> None:
        started = self._delivery.clock.monotonic()
        self._kept = self._delivery.change(self._kept, change)
        self._renewed = started

    @property
    def _inflight(self) -> Inflight:
        if self._kept.record.inflight is None:
            raise LostClaimError("the claim is gone")
        return self._kept.record.inflight


def _with_inflight(link: Link, **changes: Any) -> Link:
    if link.inflight is None:
        raise LostClaimError("the claim is gone")
    return evolve(link, inflight=evolve(link.inflight, **changes))


def _fresh_beat(link: Link) -> Link:
    return link if link.inflight is None else _with_inflight(link, beat=new_word(3))
