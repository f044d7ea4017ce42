"""Desk to chat: makes a chat agree with its customer request, whatever woke us.

`reconcile` reads what is public now, by two witnesses, and sends what the chat lacks. It trusts no
webhook, keeps no text and may be run at any time, any number of times.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from attrs import evolve, frozen

from chatbridge.budgets import Budget
from chatbridge.claims import Watch
from chatbridge.clock import Clock
from chatbridge.comments import Comment, CommentReader, OwnComments
from chatbridge.delivery import Delivery, Job, LostClaimError, StaleWitnessError
from chatbridge.desk import RequestState
from chatbridge.doubles import remove_doubles
from chatbridge.errors import ChatbridgeError, ConflictError, RefusedError
from chatbridge.links import RELEASED, Link, LinkState
from chatbridge.marks import Marks
from chatbridge.outgoing import RequestLabel
from chatbridge.project import Timings
from chatbridge.rendering import Draft
from chatbridge.richtext import Document
from chatbridge.roster import OpenBot, OpenDesk, OpenProject, Roster
from chatbridge.setbacks import ASKED_AGAIN, MOVED, Setbacks
from chatbridge.state_texts import StateTexts, is_closed
from chatbridge.vault import Kept, Vault

_log = logging.getLogger("chatbridge.outbound")

_SOON: Final = 1.0
"""Seconds until another look after a conflict, or after a read that grew too old."""
_TRIES: Final = 5
"""Tries of an answer that fails in a way nobody foresaw, before it is given up."""


@frozen
class _Scene:
    """All that one reconcile works with."""

    project: OpenProject
    bot: OpenBot
    desk: OpenDesk
    state: RequestState
    label: RequestLabel


class Outbound:
    """Reconciles links.

    Args:
        vault: the records.
        marks: digests, handles and markers.
        roster: projects, bots and desks.
        delivery: sends one item.
        watch: when claims changed last.
        own_comments: what this process has written itself.
        owner: this process.
        clock: the time.
        timings: how long to wait for what.
    """

    def __init__(
        self, vault: Vault, marks: Marks, roster: Roster, delivery: Delivery, watch: Watch,
        own_comments: OwnComments, owner: str, clock: Clock, timings: Timings,
    ) -> None:  # fmt: skip
        self._vault = vault
        self._marks = marks
        self._roster = roster
        self._delivery = delivery
        self._watch = watch
        self._reader = CommentReader(vault, marks, own_comments, clock, timings)
        self._texts = StateTexts(marks)
        self._setbacks = Setbacks(vault, delivery, watch, clock)
        self._budget = Budget(_TRIES)
        self._owner = owner
        self._clock = clock
        self._timings = timings

    def reconcile(self, key: str) -> float | None:
        """Make one chat agree with its request.

        Args:
            key: of the link's record.

        Returns:
            Seconds after which to look again, None when there is nothing left to do.

        Raises:
            RetryLaterError: the site or the platform asks for patience.
        """
        kept = self._vault.read_key(Link, key)
        if kept is None or kept.record.state is LinkState.GONE:
            return None
        if self._setbacks.was_erased(kept):
            return None
        wait = self._claimed_for(kept)
        if wait > 0:
            return wait
        try:
            return self._reconcile(kept)
        except (LostClaimError, StaleWitnessError):
            return _SOON

    def _claimed_for(self, kept: Kept[Link]) -> float:
        """Return for how many seconds a claim of another process may still be alive."""
        inflight = kept.record.inflight
        if inflight is None or inflight.owner in {"", self._owner}:
            return 0.0
        look = f"{inflight.owner}.{inflight.beat}"
        return self._timings.lease - self._watch.unchanged_for(kept.key, look)

    def _reconcile(self, kept: Kept[Link]) -> float | None:
        link = kept.record
        found = self._roster.bot(link.platform, link.bot_id)
        if found is None or found[0].kept.record.settings.name != link.project:
            return None
        project, bot = found
        desk = self._roster.desk(link.site)
        if link.note:
            kept = self._setbacks.write_note(kept, desk)
        stopped = kept.record.state is not LinkState.ACTIVE
        if stopped and kept.record.reason not in ASKED_AGAIN:
            return None
        try:
            state = desk.call(desk.desk.read_request(link.issue_id))
        except RefusedError as error:
            return self._setbacks.no_access(kept, error)
        if _moved(state, desk, project):
            if kept.record.reason != MOVED:
                self._setbacks.change_state(kept, LinkState.HELD, MOVED)
            return None
        if stopped:
            kept = self._setbacks.change_state(kept, LinkState.ACTIVE, "")
        handle = self._marks.handle(link.site, link.issue_id, link.address)
        scene = _Scene(project, bot, desk, state, RequestLabel(state.issue_key, handle))
        return self._bring_up_to_date(kept, scene)

    def _bring_up_to_date(self, kept: Kept[Link], scene: _Scene) -> float | None:
        news = self._reader.read(kept.record, scene.desk)
        if news.unsure:
            remove_doubles(scene.desk, kept.record.issue_id, news.unsure)
        if news.echoes:
            kept = self._note_echoes(kept, news.echoes)
        if news.unreadable:
            kept = self._setbacks.give_up(kept, news.unreadable)
        try:
            kept = self._tell_opened(kept, scene)
            begun = _begun(kept.record)
            comments = sorted(news.comments, key=lambda comment: comment.comment_id != begun)
            while comments and comments[0].comment_id == begun:
                kept = self._send_or_give_up(kept, scene, comments.pop(0), news.fresh_until)
            if self._is_burst(kept.record, len(news.comments)):
                self._hold(kept, scene, len(news.comments))
                return None
            for comment in comments:
                kept = self._send_or_give_up(kept, scene, comment, news.fresh_until)
            kept = self._tell_status(kept, scene)
        except RefusedError as error:
            return self._setbacks.refused(kept.key, scene.bot, scene.desk, error)
        if kept.record.reason or kept.record.inflight:
            # What was under way is not public any more, or it would have been sent.
            kept = self._delivery.change(kept, lambda link: evolve(link, reason="", inflight=None))
        if kept.record.note:
            kept = self._setbacks.write_note(kept, scene.desk)
        return news.look_again

    def _note_echoes(self, kept: Kept[Link], echoes: frozenset[int]) -> Kept[Link]:
        try:
            return self._vault.replace(kept, evolve(kept.record, seen=kept.record.seen | echoes))
        except ConflictError:
            # What was read is compared with a record that somebody has changed since.
            raise LostClaimError("the link changed") from None

    def _send_or_give_up(
        self, kept: Kept[Link], scene: _Scene, comment: Comment, fresh_until: float
    ) -> Kept[Link]:
        """Send a comment; one that breaks us again and again shall not stop all later ones."""
        subject = f"{kept.key} {comment.comment_id}"
        try:
            kept = self._send_comment(kept, scene, comment, fresh_until)
        except ChatbridgeError:
            raise
        except Exception as error:
            count = self._budget.spend(subject)
            _log.error("unexpected %s at try %d of an answer", type(error).__name__, count)
            fresh = self._vault.read_key(Link, kept.key)
            if fresh is None or not self._budget.is_spent(subject):
                raise
            kept = self._setbacks.give_up(fresh, frozenset({int(comment.comment_id)}))
        self._budget.forget(subject)
        return kept

    def _send_comment(
        self, kept: Kept[Link], scene: _Scene, comment: Comment, fresh_until: float
    ) -> Kept[Link]:
        settings = scene.project.kept.record.settings
        speaker = {"shown": comment.author_name, "alias": settings.agent_alias, "hidden": ""}
        body = comment.body
        if comment.late:
            body = body.prefixed(*self._texts.late(scene.project.texts, comment.created))
        draft = Draft(
            item=comment.comment_id,
            text=body,
            label=scene.label,
            speaker=speaker[settings.agent_name],
        )
        number = int(comment.comment_id)
        return self._deliver(
            kept, scene, draft, lambda link: evolve(link, seen=link.seen | {number}), fresh_until
        )

    def _tell_opened(self, kept: Kept[Link], scene: _Scene) -> Kept[Link]:
        if kept.record.told.opened:
            return kept
        settings = scene.project.kept.record.settings
        notice = settings.privacy_notice if kept.record.told.notice else ""
        text = self._texts.opened(scene.project.texts, notice)
        told = evolve(
            kept.record.told,
            opened=True,
            notice=False,
            status=self._marks.status_mark(scene.state.status),
            ended=is_closed(scene.state, settings),
        )
        draft = Draft(item="opened", text=text, label=scene.label)
        return self._deliver(kept, scene, draft, lambda link: evolve(link, told=told))

    def _tell_status(self, kept: Kept[Link], scene: _Scene) -> Kept[Link]:
        settings = scene.project.kept.record.settings
        status = self._marks.status_mark(scene.state.status)
        if status == kept.record.told.status:
            return kept
        ended = is_closed(scene.state, settings)
        told = evolve(kept.record.told, status=status, ended=ended)
        text = self._texts.status(scene.project.texts, scene.state, settings)
        if text is None:
            return self._delivery.change(kept, lambda link: evolve(link, told=told))
        draft = Draft(item=f"status:{status}", text=text, label=scene.label)
        return self._deliver(kept, scene, draft, lambda link: evolve(link, told=told))

    def _deliver(
        self, kept: Kept[Link], scene: _Scene, draft: Draft, complete: Callable[[Link], Link],
        fresh_until: float = float("inf"),
    ) -> Kept[Link]:  # fmt: skip
        not_shown = Document.from_plain(scene.project.texts.say("not_shown"))
        return self._delivery.deliver(
            kept,
            Job(
                bot=scene.bot,
                draft=draft,
                not_shown=not_shown,
                fresh_until=fresh_until,
                complete=complete,
            ),
        )

    def _is_burst(self, link: Link, count: int) -> bool:
        return count > self._timings.burst and link.reason != RELEASED

    def _hold(self, kept: Kept[Link], scene: _Scene, count: int) -> None:
        """Ask before a flood of comments is sent at once."""
        expires = self._clock.time() + 30 * 86400
        draft = self._texts.held(
            scene.project.texts, scene.label, count, kept.record.address, expires
        )
        self._deliver(
            kept, scene, draft, lambda link: evolve(link, state=LinkState.HELD, reason="burst")
        )


def _begun(link: Link) -> str | None:
    """Return the comment of which some parts are on the chat: it is finished before any other.

    An older one may have become public meanwhile; to begin it would forget those parts.
    """
    return link.inflight.item if link.inflight is not None and link.inflight.sent else None


def _moved(state: RequestState, desk: OpenDesk, project: OpenProject) -> bool:
    """Tell whether the request left the project's desk.

    Where the desk cannot be found any more nothing is known of a move; a request outside of every
    desk cannot be read to begin with.
    """
    home = project.kept.record.settings.service_desk
    if not home.isdigit():
        try:
            home = desk.call(desk.desk.service_desk_id(home))
        except RefusedError:
            return False
    return state.service_desk != home
