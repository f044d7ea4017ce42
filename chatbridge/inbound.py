"""Chat to desk: takes one event into Jira and acknowledges it only when it is there.

An intent is written first, the marker goes with the write, and a repeat looks for the marker before
it writes again. `receive` returns when the event needs no more care and raises when it does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

from attrs import evolve

from chatbridge.answers import Answers, calls_for_action
from chatbridge.chat_news import NEWS, ChatNews
from chatbridge.claims import Watch
from chatbridge.clock import Clock
from chatbridge.completion import Completion
from chatbridge.conversations import PAUSED, conversation_of
from chatbridge.errors import (
    ConfigurationError,
    ConflictError,
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
)
from chatbridge.events import Event
from chatbridge.file_intake import Brought, FileIntake
from chatbridge.intents import begun, later, patience
from chatbridge.jira_writes import JiraWrites, Written, taken_over
from chatbridge.joining import Joining
from chatbridge.losses import Losses, UntoldError
from chatbridge.marks import Marks
from chatbridge.overtaking import note_overtaken
from chatbridge.pieces import Pieces
from chatbridge.project import Timings
from chatbridge.records import Conversation, Intent, IntentKind
from chatbridge.replies import Replies
from chatbridge.roster import Roster
from chatbridge.routing import Action
from chatbridge.scenes import Scene
from chatbridge.settling import Settling
from chatbridge.situations import Situations
from chatbridge.vault import Kept, Vault

_log = logging.getLogger("chatbridge.inbound")

_BEHIND_ANOTHER: Final = 2.0
_CONFLICTS: Final = 6


class Inbound:
    """Takes events in.

    Args:
        vault: the records.
        marks: event keys and markers.
        roster: projects, bots and desks.
        replies: the bot's own answers.
        writes: the way into the desk.
        watch: when intents changed last.
        wake: called with the key of a link that has news.
        owner: this process.
        clock: the time.
        timings: how long to wait for what.
    """

    def __init__(
        self, vault: Vault, marks: Marks, roster: Roster, replies: Replies, writes: JiraWrites,
        watch: Watch, wake: Callable[[str], None], owner: str, clock: Clock, timings: Timings,
    ) -> None:  # fmt: skip
        self._vault = vault
        self._marks = marks
        self._roster = roster
        self._writes = writes
        self._watch = watch
        self._owner = owner
        self._clock = clock
        self._situations = Situations(vault, marks, clock, timings.new_per_minute)
        joining = Joining(vault, marks, roster, replies, watch, wake, clock, timings.lease)
        self._answers = Answers(vault, self._situations, replies, joining, wake)
        self._completion = Completion(vault, wake)
        self._losses = Losses(vault, replies, self._completion)
        self._news = ChatNews(vault, self._situations, self._answers, wake)
        self._files = FileIntake(roster, marks, clock)
        self._settling = Settling(watch, clock, timings)

    def receive(self, bot_key: tuple[str, str], event: Event, album: Sequence[Event] = ()) -> None:
        """Take one event in; returning means that it may be acknowledged.

        Args:
            bot_key: platform and bot id.
            event: what happened.
            album: more items of its album, which may be written together with it. They have to be
                received as well, and are done then if they were.

        Raises:
            RetryLaterError: it is not done; the same event must come again.
            StorageError: nothing could be noted, so nothing was done.
        """
        items = {self._marks.event_key(*bot_key, each.event_id): each for each in album}
        for _ in range(_CONFLICTS):
            # After a conflict the project may be another one, or none any more.
            scene = self._scene(bot_key, event)
            try:
                self._receive(scene, items)
            except ConflictError:
                continue
            except (RetryLaterError, ConfigurationError) as error:
                if isinstance(error, UntoldError) or not self._is_overdue(scene):
                    raise later(error) from None
                self._losses.apologise(scene)
            return
        raise RetryLaterError("the conversation is busy", retry_after=_BEHIND_ANOTHER)

    def give_up(self, bot_key: tuple[str, str], event: Event) -> None:
        """Tell the sender that an event cannot be passed on, and count it as done.

        Raises:
            RetryLaterError: the sender cannot be told now, or the project is paused.
        """
        self._losses.apologise(self._scene(bot_key, event))

    def overtake(self, bot_key: tuple[str, str], events: Sequence[Event]) -> None:
        """Note durably that the platform will not repeat events of a chat that are not done yet."""
        scenes = [self._scene(bot_key, event) for event in events]
        note_overtaken(self._vault, self._roster, scenes, self._owner, self._clock.time())

    def _scene(self, bot_key: tuple[str, str], event: Event) -> Scene:
        found = self._roster.bot(*bot_key)
        if found is None:
            raise RetryLaterError("the project is paused or removed", retry_after=PAUSED)
        project, bot = found
        desk = self._roster.desk(project.kept.record.settings.site)
        return Scene(project, bot, desk, event, self._marks.event_key(*bot_key, event.event_id))

    def _receive(self, scene: Scene, items: dict[str, Event]) -> None:
        if not calls_for_action(scene.event):
            return
        if isinstance(scene.event, NEWS):
            self._news.note(scene)
            return
        kept = conversation_of(self._vault, self._roster, scene.subject)
        if scene.key in kept.record.done:
            return
        intent = kept.record.intent(scene.key)
        scene = scene.with_album(items, kept.record)
        if intent is None or not intent.is_begun:
            self._begin(scene, kept)
        else:
            self._go_on(scene, kept, intent)

    def _begin(self, scene: Scene, kept: Kept[Conversation]) -> None:
        others = [intent for intent in kept.record.pending if intent.key != scene.key]
        if any(not intent.overtaken for intent in others):
            raise RetryLaterError("an earlier message is on its way", retry_after=_BEHIND_ANOTHER)
        adapter = scene.bot.adapter
        decision = self._situations.decide(
            scene.event, kept.record, scene.settings, adapter, scene.met
        )
        if decision.action not in {Action.OPEN, Action.COMMENT}:
            self._answers.answer(scene.apart(), kept, decision)
            return
        kind = IntentKind.OPEN if decision.action is Action.OPEN else IntentKind.COMMENT
        now, horizon = self._clock.time(), scene.horizon
        pieces = scene.pieces(kind)
        overtaken = any(each.key == scene.key and each.overtaken for each in kept.record.pending)
        intent = begun(
            scene.key, kind, decision.issue_id, scene.event, self._owner, now, horizon,
            parts=len(pieces.writes), files=pieces.files, also=scene.also, overtaken=overtaken,
        )  # fmt: skip
        if not pieces.files:
            scene = self._settling.in_time(scene, intent)
        kept = self._vault.replace(kept, kept.record.with_intent(intent))
        if pieces.files:
            self._go_on(scene, kept, intent)
        else:
            self._write(scene, kept, intent, pieces, Brought(), Written(""))

    def _go_on(self, scene: Scene, kept: Kept[Conversation], intent: Intent) -> None:
        """Continue with an event that was begun: look for what is there before writing again."""
        found = Written("")
        if not intent.clean:
            # Known before the look: what is not found counts only if the look began after that.
            unsettled = self._settling.unsettled_for(intent)
            found = self._writes.find(scene.desk, scene.settings, intent)
            if found.complete:
                self._complete(scene, kept, intent, scene.pieces(intent.kind), found)
                return
            if unsettled > 0:
                raise RetryLaterError("an outcome is unknown", retry_after=unsettled + 0.1)
        if found.refusal is not None:
            self._refused(scene, kept, intent, found.refusal)
        elif not intent.clean and self._clock.time() >= intent.tell_by:
            self._losses.end(scene, kept, intent, found.issue_id)
        else:
            self._carry(scene, kept, intent, found)

    def _carry(
        self, scene: Scene, kept: Kept[Conversation], intent: Intent, found: Written
    ) -> None:
        """Bring the files, take the intent over, and write."""
        pieces = scene.pieces(intent.kind)
        brought = self._files.bring(scene, pieces, found.done, intent)
        if brought.refused and scene.also and not scene.singly:
            # One by one, so that a file which is refused takes no other with it.
            self._carry(scene.apart(words_stand=bool(found.done)), kept, intent, found)
            return
        mine = taken_over(intent, self._owner, found, pieces, scene.also)
        scene = self._settling.in_time(scene, mine)
        kept = self._vault.replace(kept, kept.record.with_intent(mine))
        self._write(scene, kept, mine, pieces, brought, found)

    def _write(
        self, scene: Scene, kept: Kept[Conversation], intent: Intent, pieces: Pieces,
        brought: Brought, found: Written,
    ) -> None:  # fmt: skip
        try:
            written = self._writes.write(scene.desk, scene.settings, intent, pieces, brought, found)
        except UnknownOutcomeError:
            # The intent stays as it is: not clean, so the next try looks before it writes.
            self._watch.unchanged_for(intent.key, intent.look)
            wait = self._settling.settle_time(intent)
            raise RetryLaterError("an outcome is unknown", retry_after=wait) from None
        except RetryLaterError as error:
            self._note_clean(kept, intent, partly=bool(found.issue_id))
            raise patience(intent, error, self._clock.time()) from None
        except RefusedError as error:
            self._refused(scene, kept, intent, error)
            return
        if written.apart:
            self._carry(scene.apart(words_stand=bool(written.done)), kept, intent, written)
            return
        if written.refusal is not None:
            self._refused_in_part(scene, kept, intent, written.refusal)
        self._complete(scene, kept, intent, pieces, written)

    def _note_clean(self, kept: Kept[Conversation], intent: Intent, *, partly: bool) -> None:
        """Note that no write is under way, so that the next try need not wait and look."""
        if not partly and intent.parts == 1:
            clean = evolve(intent, clean=True)
            # Whoever took it over meanwhile, or finished it, knows better.
            self._vault.update(kept, lambda record: record.with_changed(intent, clean))

    def _is_overdue(self, scene: Scene) -> bool:
        kept = self._vault.read(Conversation, *scene.subject)
        return kept is not None and self._settling.is_overdue(kept.record.intent(scene.key))

    def _refused(
        self, scene: Scene, kept: Kept[Conversation], intent: Intent, error: RefusedError
    ) -> None:
        if error.reason in {Refusal.UNAUTHORISED, Refusal.FORBIDDEN}:
            _log.error("the site refuses to take a message (%s); see 'doctor'", error.reason)
            self._note_clean(kept, intent, partly=False)
            refusal = RetryLaterError("no permission", retry_after=PAUSED)
            raise patience(intent, refusal, self._clock.time()) from None
        if error.reason in {Refusal.NOT_FOUND, Refusal.GONE} and intent.kind is IntentKind.COMMENT:
            # The request is gone: the message opens another one instead of being lost.
            self._completion.drop(kept, intent, scene.desk.desk.site)
            raise ConflictError("the request is gone; routed again")
        _log.error("the site refuses a message (%s); see 'doctor'", error.reason)
        self._losses.apologise(scene)

    def _refused_in_part(
        self, scene: Scene, kept: Kept[Conversation], intent: Intent, error: RefusedError
    ) -> None:
        """Tell of a request that lacks a part; it is linked all the same, or answers were lost."""
        if error.reason in {Refusal.UNAUTHORISED, Refusal.FORBIDDEN}:
            self._refused(scene, kept, intent, error)
        _log.error("the site refuses a part of a message (%s); see 'doctor'", error.reason)
        self._losses.say(scene)

    def _complete(
        self, scene: Scene, kept: Kept[Conversation], intent: Intent, pieces: Pieces,
        written: Written,
    ) -> None:  # fmt: skip
        self._answers.tell_left_out(scene, pieces.not_brought(written.without_file))
        self._completion.complete(
            kept, intent, project=scene.settings.name, site=scene.desk.desk.site,
            issue_id=written.issue_id,
            written=scene.remembered(written.issue_id, written.comments),
        )  # fmt: skip
        self._answers.resume(scene, kept)
