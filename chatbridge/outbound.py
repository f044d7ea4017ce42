"""Desk to chat: makes a chat agree with its customer request, whatever woke us.

`reconcile` reads what is public now, by two witnesses, and sends what the chat lacks. It trusts no
webhook, keeps no text and may be run at any time, any number of times.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeAlias

from attrs import evolve

from chatbridge.budgets import Allowance, Budget
from chatbridge.claims import Watch
from chatbridge.clock import Clock
from chatbridge.comment_drafts import item_of
from chatbridge.comments import Comment, CommentReader, News, OwnComments
from chatbridge.delivery import Delivery
from chatbridge.delivery_jobs import LostClaimError, StaleWitnessError
from chatbridge.desk import RequestState
from chatbridge.doubled_requests import DoubledRequests
from chatbridge.doubles import remove_doubles
from chatbridge.errors import ChatbridgeError, ConflictError, RefusedError
from chatbridge.file_urls import FileUrls
from chatbridge.links import RELEASED, Link, LinkState
from chatbridge.marks import Marks
from chatbridge.outgoing import RequestLabel
from chatbridge.project import Timings
from chatbridge.roster import OpenDesk, OpenProject, Roster
from chatbridge.setbacks import ASKED_AGAIN, MOVED, Setbacks
from chatbridge.showing import LinkScene, Showing
from chatbridge.vault import Kept, Vault
from chatbridge.withdrawals import Withdrawals

_log = logging.getLogger("chatbridge.outbound")

Complete: TypeAlias = Callable[[Link, tuple[str, ...]], Link]

_SOON: Final = 1.0
"""Seconds until another look after a conflict, or after a read that grew too old."""
_HOUR: Final = 3600.0
_DAY: Final = 86_400_000
"""Milliseconds."""
_TRIES: Final = 5
"""Tries of an answer that fails in a way nobody foresaw, before it is given up."""


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
        file_urls: makes addresses of files.
        doubled: looks for requests that Jira opened twice.
    """

    def __init__(
        self, vault: Vault, marks: Marks, roster: Roster, delivery: Delivery, watch: Watch,
        own_comments: OwnComments, owner: str, clock: Clock, timings: Timings,
        file_urls: FileUrls, doubled: DoubledRequests,
    ) -> None:  # fmt: skip
        self._vault = vault
        self._marks = marks
        self._roster = roster
        self._delivery = delivery
        self._watch = watch
        self._reader = CommentReader(vault, marks, own_comments, clock, timings)
        self._showing = Showing(delivery, marks, clock, file_urls)
        self._setbacks = Setbacks(vault, delivery, watch, clock)
        self._withdrawals = Withdrawals(delivery.observer)
        self._doubled = doubled
        self._budget = Budget(_TRIES)
        self._allowance = Allowance(timings.answers_per_hour, _HOUR, clock)
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
            self._doubled.forget(key)
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
        scene = LinkScene(project, bot, desk, state, RequestLabel(state.issue_key, handle))
        return self._bring_up_to_date(kept, scene)

    def _bring_up_to_date(self, kept: Kept[Link], scene: LinkScene) -> float | None:
        news = self._reader.read(kept.record, scene.desk)
        self._withdrawals.tell(kept.key, kept.record, news.withdrawn)
        if news.unsure:
            remove_doubles(scene.desk, kept.record.issue_id, news.unsure)
        if news.echoes:
            kept = self._note_echoes(kept, news.echoes)
        if news.unreadable:
            kept = self._setbacks.give_up(kept, news.unreadable)
        try:
            shown = self._show_all(kept, scene, news)
        except RefusedError as error:
            return self._setbacks.refused(kept.key, scene.bot, scene.desk, error)
        if shown is None:
            return None
        kept = shown
        if kept.record.reason or kept.record.inflight:
            # What was under way is not public any more, or it would have been sent.
            kept = self._delivery.change(kept, lambda link: evolve(link, reason="", inflight=None))
        if kept.record.note:
            kept = self._setbacks.write_note(kept, scene.desk)
        self._doubled.care(kept, scene.desk, scene.settings, scene.state.issue_key)
        return news.look_again

    def _show_all(self, kept: Kept[Link], scene: LinkScene, news: News) -> Kept[Link] | None:
        """Show what the chat lacks, as far as it is not too much; None where the link is held."""
        kept = self._showing.opened(kept, scene)
        begun = _begun(kept.record)
        comments = sorted(news.all, key=lambda comment: item_of(comment) != begun)
        while comments and item_of(comments[0]) == begun:
            kept = self._show_or_give_up(kept, scene, comments.pop(0), news.fresh_until)
        if self._is_silent(kept.record, scene, news):
            kept = self._showing.held(kept, scene, len(comments), silent=True)
            self._setbacks.write_note(kept, scene.desk)
            return None
        if self._is_burst(kept.record, len(news.comments)):
            self._showing.held(kept, scene, len(news.comments))
            return None
        for comment in comments:
            if self._is_loop(kept, comment):
                self._setbacks.stop_loop(kept, scene.desk)
                return None
            kept = self._show_or_give_up(kept, scene, comment, news.fresh_until)
        return self._showing.status(kept, scene)

    def _note_echoes(self, kept: Kept[Link], echoes: frozenset[int]) -> Kept[Link]:
        try:
            return self._vault.replace(kept, evolve(kept.record, seen=kept.record.seen | echoes))
        except ConflictError:
            # What was read is compared with a record that somebody has changed since.
            raise LostClaimError("the link changed") from None

    def _show_or_give_up(
        self, kept: Kept[Link], scene: LinkScene, comment: Comment, fresh_until: float
    ) -> Kept[Link]:
        """Show a comment; one that breaks us again and again shall not stop all later ones."""
        subject = f"{kept.key} {comment.comment_id}"
        try:
            kept = self._showing.comment(kept, scene, comment, fresh_until)
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
        if comment.shown is None:
            self._allowance.spend(kept.key)
        return kept

    def _is_loop(self, kept: Kept[Link], comment: Comment) -> bool:
        """Tell whether more was shown in an hour than people say; what was released is free."""
        if kept.record.reason == RELEASED:
            self._allowance.forget(kept.key)
        return comment.shown is None and self._allowance.is_spent(kept.key)

    def _is_silent(self, link: Link, scene: LinkScene, news: News) -> bool:
        """Tell whether nothing was said for so long that the customer has to be asked first.

        A comment's own time counts as well: a clock that was set back hides no silence.
        """
        days = scene.settings.ask_after_days
        if not days or not news.all or link.reason == RELEASED:
            return False
        now = max([self._clock.time() * 1000, *(each.created for each in news.comments)])
        return now - max(news.said, scene.state.created) > days * _DAY

    def _is_burst(self, link: Link, count: int) -> bool:
        return count > self._timings.burst and link.reason != RELEASED


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
