"""What happens to a link when the site or the platform refuses.

It is held, suspended or moved, and nothing is given up silently: a link that stops says why, and
the agents read it in the issue.
"""

from __future__ import annotations

import logging
from typing import Final

from attrs import evolve

from chatbridge.claims import Watch, new_word
from chatbridge.clock import Clock
from chatbridge.delivery import Delivery
from chatbridge.delivery_jobs import LostClaimError
from chatbridge.errors import ConflictError, Refusal, RefusedError
from chatbridge.links import NO_ACCESS, NO_BOT, Inflight, Link, LinkState
from chatbridge.moves import Moves
from chatbridge.observation import NoticeKind
from chatbridge.records import Conversation
from chatbridge.roster import OpenBot, OpenDesk
from chatbridge.state_texts import note_of, note_text
from chatbridge.vault import Kept, Vault

_log = logging.getLogger("chatbridge.setbacks")

UNREACHABLE: Final = {
    Refusal.BLOCKED: "blocked",
    Refusal.GONE: "chat_gone",
    Refusal.WINDOW_CLOSED: "window_closed",
    Refusal.NOT_SUBSCRIBED: "not_subscribed",
    Refusal.FORBIDDEN: "not_allowed",
}
"""Refusals after which a chat cannot be written to -> the reason that the link carries."""

RESTORED: Final = "restored"
"""Reason of a link that waits until its present comments are known after a restore."""

LOOP: Final = "loop"
"""Reason of a held link on which more was said in an hour than people say."""

NOTE: Final = "note"
"""Item of the claim under which agents are told something."""

MOVED: Final = "moved"
ASKED_AGAIN: Final = frozenset({NO_ACCESS, NO_BOT, MOVED})
"""Reasons that end by themselves when the site, or the project, says otherwise."""

_LOOK_AGAIN: Final = 30.0
_BOT_TROUBLE: Final = 60.0
_UNPAID: Final = 900.0


class Setbacks:
    """Deals with refusals.

    Args:
        vault: the records.
        delivery: writes changes of links.
        watch: since when things look the same.
        clock: the time.
    """

    def __init__(self, vault: Vault, delivery: Delivery, watch: Watch, clock: Clock) -> None:
        self._vault = vault
        self._delivery = delivery
        self._watch = watch
        self._clock = clock
        self._moves = Moves(vault)

    def was_erased(self, kept: Kept[Link]) -> bool:
        """Take a link back whose chat was erased before it was made, by a process that died then.

        Args:
            kept: the link; one that the chat was told of is no question.
        """
        link = kept.record
        if link.told.opened:
            return False
        if self._vault.read(Conversation, link.platform, link.bot_id, link.chat) is not None:
            return False
        self._vault.erase(kept.key)
        return True

    def no_access(self, kept: Kept[Link], error: RefusedError) -> float | None:
        """Suspend a link whose request cannot be read, after it was asked for twice.

        It is asked for again at every news of the issue and at every full pass: a lost permission
        comes back, and an empty answer proves nothing.

        Args:
            kept: the link.
            error: what the site said.

        Returns:
            Seconds after which to look again, or None.
        """
        if error.reason is Refusal.UNAUTHORISED:
            text = "the site refuses our credentials; check account and token"
            self._delivery.observer.notice(NoticeKind.SITE_TROUBLE, kept.record.site, text)
            _log.error(text)
            return _BOT_TROUBLE
        if error.reason not in {Refusal.NOT_FOUND, Refusal.FORBIDDEN, Refusal.GONE}:
            raise error
        if kept.record.state is LinkState.SUSPENDED:
            return None
        if self._watch.unchanged_for("no access " + kept.key, "no access") < _LOOK_AGAIN:
            return _LOOK_AGAIN
        self._watch.forget("no access " + kept.key)
        self.change_state(kept, LinkState.SUSPENDED, NO_ACCESS)
        return None

    def refused(self, key: str, bot: OpenBot, desk: OpenDesk, error: RefusedError) -> float | None:
        """Do what a refusal of the platform asks for; return when to look again.

        Args:
            key: of the link's record.
            bot: that was refused.
            desk: whose agents are told.
            error: the refusal.
        """
        fresh = self._vault.read_key(Link, key)
        if fresh is None:
            return None
        if error.reason is Refusal.MIGRATED and error.migrated_to:
            old, new = fresh.record.chat, error.migrated_to
            self._moves.move_chat(*bot.key, old, new)
            # A chat may have no record any more; its link has to move all the same.
            self._vault.update(fresh, lambda link: link.moved(old, new))
            return 0.0
        if error.reason in UNREACHABLE:
            if fresh.record.note:
                # It is about something else, and would be replaced.
                fresh = self.write_note(fresh, desk)
            reason = UNREACHABLE[error.reason]
            fresh = self.change_state(
                fresh, LinkState.SUSPENDED, reason, note=note_of(reason, self._clock.time())
            )
            self.write_note(fresh, desk)
            return None
        if error.reason is Refusal.UNAUTHORISED:
            text = "the platform refuses the bot's token; set a new one with 'project set'"
            self._delivery.observer.notice(NoticeKind.BOT_TROUBLE, bot.party.name, text)
            _log.error(text)
        if error.reason in {Refusal.CONFLICT, Refusal.QUOTA}:
            # A person has to act, and everything of the bot waits for it.
            self._delivery.observer.notice(NoticeKind.BOT_TROUBLE, bot.party.name, str(error))
            _log.error("the platform refuses answers: %s", error)
        if error.reason is Refusal.QUOTA:
            self._note_unpaid(fresh, desk)
            return _UNPAID
        return _BOT_TROUBLE

    def _note_unpaid(self, kept: Kept[Link], desk: OpenDesk) -> None:
        """Tell the agents, once a day, that an answer waits; the link stays active."""
        note = note_of("quota", self._clock.time())
        self.write_note(self._delivery.change(kept, lambda link: evolve(link, note=note)), desk)

    def change_state(
        self, kept: Kept[Link], state: LinkState, reason: str, note: str = ""
    ) -> Kept[Link]:
        """Let another state hold for a link and return the record.

        Args:
            kept: the link.
            state: the new state.
            reason: why; a word of the library's own, empty for an active link.
            note: what agents have to be told, or empty.
        """
        if state is not LinkState.ACTIVE:
            where = f"a chat on {kept.record.platform}"
            self._delivery.observer.notice(NoticeKind.LINK_STOPPED, where, reason)
        _log.info("a link became %s%s", state, f" ({reason})" if reason else "")
        return self._delivery.change(kept, lambda link: link.stopped(state, reason, note))

    def stop_loop(self, kept: Kept[Link], desk: OpenDesk) -> None:
        """Hold a link on which more is said than people say, and tell the agents once."""
        note = note_of(LOOP, self._clock.time())
        self.write_note(self.change_state(kept, LinkState.HELD, LOOP, note=note), desk)

    def give_up(self, kept: Kept[Link], comment_ids: frozenset[int]) -> Kept[Link]:
        """Send comments never, since they cannot be read or drawn; agents will be told.

        Args:
            kept: the link.
            comment_ids: of the comments.
        """
        note = note_of("unreadable", self._clock.time())
        where = f"a chat on {kept.record.platform}"
        self._delivery.observer.notice(NoticeKind.ANSWER_NOT_SHOWN, where, "unreadable")

        def given_up(link: Link) -> Link:
            begun = link.inflight is not None and link.inflight.item in map(str, comment_ids)
            inflight = None if begun else link.inflight
            seen = link.seen | comment_ids
            return evolve(link, seen=seen, note=link.note or note, inflight=inflight)

        return self._delivery.change(kept, given_up)

    def write_note(self, kept: Kept[Link], desk: OpenDesk) -> Kept[Link]:
        """Tell the agents once, looking first whether an earlier try got through."""
        kept = self._claim_note(before := kept)
        text = note_text(kept.record.note)
        written = ""
        try:
            if not desk.call(desk.desk.has_note(kept.record.issue_id, text)):
                desk.call(desk.desk.add_note(kept.record.issue_id, text))
        except RefusedError as error:
            # Without access now; the note stays and is written once the request is seen again.
            _log.warning("agents could not be told (%s)", error.reason)
            written = kept.record.note
        return self._replace(
            kept, evolve(kept.record, note=written, inflight=before.record.inflight)
        )

    def _claim_note(self, kept: Kept[Link]) -> Kept[Link]:
        """Let no other process write the same note; what is known of sent parts stays."""
        inflight = kept.record.inflight or Inflight(NOTE, (), "", "")
        mine = evolve(inflight, owner=self._delivery.owner, beat=new_word(3))
        return self._replace(kept, evolve(kept.record, inflight=mine))

    def _replace(self, kept: Kept[Link], link: Link) -> Kept[Link]:
        try:
            return self._vault.replace(kept, link)
        except ConflictError:
            raise LostClaimError("the link changed") from None
