"""One item on its way to a chat: claimed, sent part by part, written down, weakened where refused.

Lives for one call of `Delivery`. The record is written before anything is sent and after each part.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from attrs import evolve

from chatbridge.adapter import EditsMessages
from chatbridge.claims import new_word
from chatbridge.delivery_jobs import GONE, Job, LostClaimError, Means, StaleWitnessError
from chatbridge.errors import (
    ConflictError,
    ContentError,
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
    UnsupportedFeatureError,
)
from chatbridge.http_types import HttpRequest
from chatbridge.link_changes import change_link, with_inflight
from chatbridge.links import Inflight, Link
from chatbridge.observation import NoticeKind
from chatbridge.outgoing import OutgoingMessage
from chatbridge.rendering import Draft, Part, cut, weaker
from chatbridge.richtext import EMPTY, Document
from chatbridge.state_texts import note_of
from chatbridge.vault import Kept

_log = logging.getLogger("chatbridge.delivery")

MOST_UNKNOWN: Final = 5
"""Sends of one part that failed in doubt, before it counts as a failure to be shown."""
_MOST_HALVINGS: Final = 4

_DEGRADE: Final = frozenset({
    Refusal.BAD_MARKUP, Refusal.INVALID, Refusal.TOO_LONG, Refusal.CLIENT_TOO_OLD, Refusal.BAD_FILE,
})  # fmt: skip
_NOT_EDITABLE: Final = _DEGRADE | {Refusal.GONE, Refusal.NOT_FOUND}


class Sending:
    """One item on its way.

    Args:
        means: what every sending uses.
        kept: the link.
        job: the item.
    """

    def __init__(self, means: Means, kept: Kept[Link], job: Job) -> None:
        self._means = means
        self._kept = kept
        self._job = job
        self._renewed = means.clock.monotonic()
        self._messages: list[str] = []

    def run(self) -> Kept[Link]:
        """Send what is missing; see `Delivery.deliver`."""
        self._claim()
        parts = self._parts(self._job.draft)
        missing = [part for part in parts if not self._is_sent(part)]
        whole = len(missing) == len(parts)
        for part in missing:
            self._deliver_part(part)
            if part is not missing[-1]:
                self._note_sent(part)
        # One write says both that the last part was sent and that the item is complete.
        messages = tuple(self._messages) if whole else ()
        self._change(lambda link: evolve(self._job.complete(link, messages), inflight=None))
        # All of them: the same text of state may have to be sent again one day.
        sent = [(self._kept.key, part.digest) for part in parts]
        self._means.unrecorded.difference_update(sent)
        return self._kept

    def edit(self, message_id: str) -> tuple[Kept[Link], bool]:
        """Show the item in place of a message; see `Delivery.edit`."""
        adapter, parts = self._job.bot.adapter, self._parts(self._job.draft)
        if len(parts) != 1 or not isinstance(adapter, EditsMessages):
            return self._kept, False
        self._claim()
        self._check_now()
        try:
            exchange = adapter.edit(message_id, parts[0].message)
            self._means.roster.call(self._job.bot, exchange)
        except RefusedError as error:
            if error.reason not in _NOT_EDITABLE:
                raise
            return self._kept, False
        except UnsupportedFeatureError:
            return self._kept, False
        messages = (message_id,)
        self._change(lambda link: evolve(self._job.complete(link, messages), inflight=None))
        return self._kept, True

    def _parts(self, draft: Draft, shrink: float = 1.0) -> tuple[Part, ...]:
        link, marks, item = self._kept.record, self._means.marks, draft.item
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
            self._send(part.message)
        except RefusedError as error:
            if error.reason not in _DEGRADE:
                raise
            too_long = error.reason is Refusal.TOO_LONG
            self._deliver_otherwise(part, halvings, too_long=too_long)
        except UnsupportedFeatureError:
            self._deliver_otherwise(part, halvings, too_long=False)
        self._means.unrecorded.add((self._kept.key, part.digest))

    def _deliver_otherwise(self, part: Part, halvings: int, *, too_long: bool) -> None:
        message = part.message
        if len(message.attachments) > 1 or (message.attachments and too_long):
            self._deliver_apart(part)
        elif too_long and halvings < _MOST_HALVINGS:
            self._deliver_smaller(part, halvings + 1)
        else:
            self._degrade(message)

    def _deliver_apart(self, part: Part) -> None:
        """Send the text of a part and each of its files by itself."""
        whole, message = self._job.draft, part.message
        pieces = [evolve(whole, text=EMPTY, speaker="", files=(file,), choices=())
                  for file in message.attachments]  # fmt: skip
        if not message.text.is_empty():
            speaker = whole.speaker if message.sender_name else ""
            pieces.insert(0, evolve(whole, text=message.text, speaker=speaker, files=()))
        for at, piece in enumerate(pieces):
            answers = message.reply_to if at == 0 else None
            named = evolve(piece, item=f"{whole.item}.{part.digest}", reply_to=answers)
            self._deliver_pieces(named, 1.0, 0)

    def _deliver_smaller(self, part: Part, halvings: int) -> None:
        whole, message = self._job.draft, part.message
        draft = evolve(
            whole,
            # A name of its own: equal pieces of two parts are two pieces.
            item=f"{whole.item}.{part.digest}",
            text=message.text,
            speaker=whole.speaker if message.sender_name else "",
            choices=message.choices,
            files=(),
            reply_to=message.reply_to,
        )
        self._deliver_pieces(draft, 0.5**halvings, halvings)

    def _deliver_pieces(self, draft: Draft, shrink: float, halvings: int) -> None:
        for piece in self._parts(draft, shrink=shrink):
            if not self._is_sent(piece):
                self._deliver_part(piece, halvings)
                self._note_sent(piece)

    def _degrade(self, message: OutgoingMessage) -> None:
        """Send a part in a weaker form, or a text in its place; it never blocks a chat's queue."""
        for form in weaker(message, self._job.bot.adapter.capabilities):
            if self._try(form):
                return
        names = [file.name for file in message.attachments]
        self._mark_for_note("file_not_shown" if names else "not_shown")
        said = [self._job.file_not_shown(name) for name in names] or [self._job.not_shown]
        blocks = tuple(block for document in said for block in document.blocks)
        text = Document((*message.text.blocks, *blocks)) if names else self._job.not_shown
        if not self._try(evolve(message, text=text, attachments=(), plain=True)):
            _log.warning("a part could not be shown in any form; agents are told")

    def _try(self, message: OutgoingMessage) -> bool:
        try:
            self._send(message)
        except RefusedError as error:
            if error.reason not in _DEGRADE:
                raise
            return False
        except UnsupportedFeatureError:
            return False
        return True

    def _send(self, message: OutgoingMessage) -> None:
        means, bot = self._means, self._job.bot
        try:
            receipt = means.roster.call(bot, bot.adapter.send(message), self._check)
            means.observer.count_part(bot.record.platform, charged=receipt.charged)
            self._messages += receipt.message_ids
            if bot.adapter.capabilities.receipts:
                means.receipts.note(self._kept.record, receipt.message_ids)
        except UnknownOutcomeError:
            self._doubt("the outcome of a send is unknown", "unconfirmed")
        except ContentError:
            lost = self._job.lost
            wait = max((lost.get(file.ref, 0.0) for file in message.attachments), default=0.0)
            if 0 < wait < GONE:
                raise RetryLaterError("a file cannot be read now", retry_after=wait) from None
            if not wait:
                self._doubt("a file could not be read", "file_not_shown")
            raise RefusedError(Refusal.BAD_FILE, "the file is gone") from None
        except RefusedError as error:
            if error.reason is Refusal.REPLY_GONE and message.reply_to is not None:
                self._send(evolve(message, reply_to=None))
            elif error.reason is Refusal.THREAD_GONE and message.address.thread is not None:
                self._change(lambda link: evolve(link, thread=None))
                self._send(evolve(message, address=self._kept.record.address))
            else:
                raise

    def _check(self, request: HttpRequest) -> None:
        """Raise if the part may not be shown at this moment; the clock is asked last."""
        if not request.is_repeatable:
            self._check_now()

    def _check_now(self) -> None:
        means = self._means
        if means.roster.bot(*self._job.bot.key) is None:
            raise LostClaimError("the project is paused or removed")
        if self._claim_is_old():
            self._change(lambda link: link)
        if self._claim_is_old():
            raise LostClaimError("the claim cannot be renewed in time")
        if means.clock.monotonic() > self._job.fresh_until:
            raise StaleWitnessError("the comment has to be read again")

    def _claim_is_old(self) -> bool:
        return self._means.clock.monotonic() - self._renewed > self._means.timings.lease / 4

    def _doubt(self, reason: str, cause: str) -> None:
        """Count a failure after which the part is sent again, but not for ever."""
        attempts = self._inflight.attempts + 1
        if attempts < MOST_UNKNOWN:
            self._change(lambda link: with_inflight(link, attempts=attempts))
            raise RetryLaterError(reason)
        self._mark_for_note(cause)

    def _mark_for_note(self, cause: str) -> None:
        note = note_of(cause, self._means.clock.time())
        where = f"a chat on {self._job.bot.record.platform}"
        self._means.observer.notice(NoticeKind.ANSWER_NOT_SHOWN, where, cause)
        self._change(lambda link: evolve(link, note=link.note or note))

    def _is_sent(self, part: Part) -> bool:
        unrecorded = (self._kept.key, part.digest) in self._means.unrecorded
        return unrecorded or part.digest in self._inflight.sent

    def _note_sent(self, part: Part) -> None:
        sent = (*self._inflight.sent, part.digest)
        self._change(lambda link: with_inflight(link, sent=sent, attempts=0))
        self._means.unrecorded.discard((self._kept.key, part.digest))

    def _claim(self) -> None:
        before, item = self._kept.record.inflight, self._job.draft.item
        kept = before if before and before.item == item else Inflight(item, (), "", "")
        inflight = evolve(kept, owner=self._means.owner, beat=new_word(3))
        try:
            record = evolve(self._kept.record, inflight=inflight)
            self._kept = self._means.vault.replace(self._kept, record)
        except ConflictError:
            raise LostClaimError("the link changed") from None

    def _change(self, change: Callable[[Link], Link]) -> None:
        started = self._means.clock.monotonic()
        self._kept = change_link(self._means.vault, self._kept, change)
        self._renewed = started

    @property
    def _inflight(self) -> Inflight:
        if self._kept.record.inflight is None:
            raise LostClaimError("the claim is gone")
        return self._kept.record.inflight
