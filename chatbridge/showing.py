"""Shows in a chat what a request has to say: comments, changes of them, its state.

Each thing becomes one job for `Delivery`, with what the link's record says once it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import evolve, frozen

from chatbridge.adapter import EditsMessages
from chatbridge.clock import Clock
from chatbridge.comment_drafts import draft_of, edit_of, file_not_shown
from chatbridge.comments import Comment
from chatbridge.delivery import Delivery
from chatbridge.delivery_jobs import Job
from chatbridge.desk import RequestState
from chatbridge.file_urls import FileUrls
from chatbridge.links import BURST, SILENT, Link, LinkState, Shown
from chatbridge.marks import Marks
from chatbridge.outgoing import RequestLabel
from chatbridge.outgoing_files import outgoing_files
from chatbridge.project import ProjectSettings
from chatbridge.rendering import Draft
from chatbridge.richtext import Document
from chatbridge.roster import OpenBot, OpenDesk, OpenProject
from chatbridge.state_texts import StateTexts, is_closed, note_of
from chatbridge.vault import Kept

Complete: TypeAlias = Callable[[Link, tuple[str, ...]], Link]


@frozen
class LinkScene:
    """All that one reconcile works with."""

    project: OpenProject
    bot: OpenBot
    desk: OpenDesk
    state: RequestState
    label: RequestLabel

    @property
    def settings(self) -> ProjectSettings:
        """The project's settings."""
        return self.project.kept.record.settings


class Showing:
    """Shows things.

    Args:
        delivery: sends one item.
        marks: of statuses.
        clock: the time.
        file_urls: makes addresses of files.
    """

    def __init__(self, delivery: Delivery, marks: Marks, clock: Clock, file_urls: FileUrls) -> None:
        self._delivery = delivery
        self._marks = marks
        self._clock = clock
        self._file_urls = file_urls
        self._texts = StateTexts(marks)

    def opened(self, kept: Kept[Link], scene: LinkScene) -> Kept[Link]:
        """Tell a chat that its request exists, once."""
        if kept.record.told.opened:
            return kept
        settings = scene.settings
        notice = settings.privacy_notice if kept.record.told.notice else ""
        joined = kept.record.told.joined
        status = scene.state.status if joined else None
        text = self._texts.opened(scene.project.texts, notice, status)
        told = evolve(
            kept.record.told,
            opened=True,
            notice=False,
            status=self._marks.status_mark(scene.state.status),
            ended=is_closed(scene.state, settings),
        )
        draft = Draft(item="joined" if joined else "opened", text=text, label=scene.label)
        return self._deliver(kept, scene, draft, lambda link, _: evolve(link, told=told))

    def status(self, kept: Kept[Link], scene: LinkScene) -> Kept[Link]:
        """Tell a chat the request's status where that has changed."""
        settings = scene.settings
        status = self._marks.status_mark(scene.state.status)
        if status == kept.record.told.status:
            return kept
        ended = is_closed(scene.state, settings)
        told = evolve(kept.record.told, status=status, ended=ended)
        text = self._texts.status(scene.project.texts, scene.state, settings)
        if text is None:
            return self._delivery.change(kept, lambda link: evolve(link, told=told))
        draft = Draft(item=f"status:{status}", text=text, label=scene.label)
        return self._deliver(kept, scene, draft, lambda link, _: evolve(link, told=told))

    def comment(
        self, kept: Kept[Link], scene: LinkScene, comment: Comment, fresh_until: float
    ) -> Kept[Link]:
        """Show a comment, or what became of one that is shown already.

        Args:
            kept: the link.
            scene: whose chat it is.
            comment: public by both witnesses.
            fresh_until: the clock's `monotonic()` after which that has to be asked again.
        """
        if comment.shown is not None:
            return self._edit(kept, scene, comment, comment.shown, fresh_until)
        settings, texts = scene.settings, scene.project.texts
        capabilities = scene.bot.adapter.capabilities
        files = outgoing_files(
            comment, kept.record, scene.desk, capabilities, settings, self._file_urls
        )
        replies = capabilities.replies
        draft = draft_of(comment, files, scene.label, settings, texts, replies=replies)
        told_by_note = files.not_shown and settings.agent_files
        note = note_of("file_not_shown", self._clock.time()) if told_by_note else ""

        def complete(link: Link, messages: tuple[str, ...]) -> Link:
            link = evolve(link, note=link.note or note)
            return self._shown(link, comment, messages, scene)

        return self._deliver(kept, scene, draft, complete, fresh_until, lost=files.lost)

    def _shown(
        self, link: Link, comment: Comment, messages: tuple[str, ...], scene: LinkScene
    ) -> Link:
        number = int(comment.comment_id)
        if not scene.settings.agent_edits:
            return evolve(link, seen=link.seen | {number})
        if len(messages) > 1 or not isinstance(scene.bot.adapter, EditsMessages):
            # Nothing can be changed in place, so nothing of it needs to be kept.
            messages = ()
        minute = int(self._clock.time() // 60)
        return link.with_shown(Shown(number, comment.mark, messages, minute))

    def _edit(
        self, kept: Kept[Link], scene: LinkScene, comment: Comment, shown: Shown,
        fresh_until: float,
    ) -> Kept[Link]:  # fmt: skip
        """Show that an agent changed what the chat shows: in place where that can be, or again."""
        settings, texts = scene.settings, scene.project.texts
        if not settings.agent_edits:
            return kept
        replies = scene.bot.adapter.capabilities.replies
        in_place, again = edit_of(comment, scene.label, settings, texts, replies=replies)

        def complete(link: Link, messages: tuple[str, ...]) -> Link:
            return self._shown(link, comment, messages, scene)

        if self._can_be_edited(shown, comment, scene):
            job = self._job(scene, in_place, complete, fresh_until)
            kept, done = self._delivery.edit(kept, job, shown)
            if done:
                return kept
        return self._deliver(kept, scene, again, complete, fresh_until)

    def _can_be_edited(self, shown: Shown, comment: Comment, scene: LinkScene) -> bool:
        """Tell whether one message shows all of a comment and can still be changed."""
        window = scene.bot.adapter.capabilities.edits
        age = self._clock.time() - shown.moment * 60
        in_time = window is None or age < window
        return in_time and len(shown.messages) == 1 and not comment.files

    def _deliver(
        self, kept: Kept[Link], scene: LinkScene, draft: Draft, complete: Complete,
        fresh_until: float = float("inf"), lost: Mapping[str, float] | None = None,
    ) -> Kept[Link]:  # fmt: skip
        return self._delivery.deliver(kept, self._job(scene, draft, complete, fresh_until, lost))

    def _job(
        self, scene: LinkScene, draft: Draft, complete: Complete,
        fresh_until: float, lost: Mapping[str, float] | None = None,
    ) -> Job:  # fmt: skip
        texts = scene.project.texts
        return Job(
            bot=scene.bot,
            draft=draft,
            not_shown=Document.from_plain(texts.say("not_shown")),
            file_not_shown=lambda name: file_not_shown(texts, name),
            lost={} if lost is None else lost,
            fresh_until=fresh_until,
            complete=complete,
        )

    def held(
        self, kept: Kept[Link], scene: LinkScene, count: int, *, silent: bool = False
    ) -> Kept[Link]:
        """Ask before a flood of comments is sent at once, or anything after a long silence.

        Args:
            kept: the link.
            scene: whose chat it is.
            count: how many comments wait.
            silent: whether they wait after a long silence; agents have to be told of that.
        """
        expires = self._clock.time() + 30 * 86400
        draft = self._texts.held(
            scene.project.texts, scene.label, count, kept.record.address, expires,
            buttons=scene.bot.adapter.capabilities.choices, silent=silent,
        )  # fmt: skip
        note = note_of(SILENT, self._clock.time()) if silent else ""
        reason = SILENT if silent else BURST

        def complete(link: Link, _: tuple[str, ...]) -> Link:
            return evolve(link, state=LinkState.HELD, reason=reason, note=link.note or note)

        return self._deliver(kept, scene, draft, complete)
