"""All that one event is handled with: where it came from, where it goes, whose settings apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile

from attrs import evolve, field, frozen

from chatbridge.albums import merged
from chatbridge.events import Event, MessageReceived
from chatbridge.pieces import Pieces, pieces_of
from chatbridge.project import ProjectSettings
from chatbridge.records import Conversation, IntentKind
from chatbridge.roster import OpenBot, OpenDesk, OpenProject, conversation_subject
from chatbridge.situations import MetLinks


@frozen
class Scene:
    """All that one event is handled with.

    Args:
        project: whose settings apply.
        bot: that received it.
        desk: of the project's site.
        event: what happened; with `also`, an album as one message.
        key: of the event, of an album's first one.
        also: keys of the other items of the album that `event` is.
        alone: the first item by itself.
        singly: whether each file of an album is a write of its own; its words stand together.
        met: what was read of the chat's links for this event.
    """

    project: OpenProject
    bot: OpenBot
    desk: OpenDesk
    event: Event
    key: str
    also: tuple[str, ...] = ()
    alone: Event | None = None
    singly: bool = False
    met: MetLinks = field(factory=dict, eq=False, repr=False)

    def with_album(self, items: Mapping[str, Event], record: Conversation) -> Scene:
        """Return the scene of this item and those that share its write, or still can.

        Args:
            items: the other items of the album, by their keys, in order.
            record: the conversation.
        """
        intent = record.intent(self.key)
        if intent is not None and intent.is_begun:
            # Only as many as follow each other: their places tell what was written of them.
            there = takewhile(lambda key: key in items, intent.also)
            return evolve(self._joined({key: items[key] for key in there}), singly=intent.files > 1)
        pending = {each.key for each in record.pending if each.is_begun}
        fresh = takewhile(lambda key: key not in record.done and key not in pending, items)
        whole = self._joined({key: items[key] for key in fresh})
        # A text that has to be cut would be cut otherwise without the other items.
        at_once = whole is self or len(whole.pieces(IntentKind.COMMENT).writes) == 1
        return whole if at_once else self

    def _joined(self, others: Mapping[str, Event]) -> Scene:
        if not others:
            return self
        items = [self.event, *others.values()]
        event = merged([each for each in items if isinstance(each, MessageReceived)])
        return evolve(self, event=event, also=tuple(others), alone=self.event)

    def apart(self, *, words_stand: bool = False) -> Scene:
        """Return the scene without one write for several files.

        Args:
            words_stand: whether the words of all items are in Jira already; then the files follow
                one by one, or whoever brings the other items would say their words again. Else it
                is the first item by itself.
        """
        if words_stand:
            return evolve(self, singly=True)
        return evolve(self, event=self.alone or self.event, also=(), alone=None)

    @property
    def horizon(self) -> float:
        """Seconds for which the platform keeps the event."""
        return self.bot.adapter.capabilities.horizon

    @property
    def settings(self) -> ProjectSettings:
        """The project's settings."""
        return self.project.kept.record.settings

    def pieces(self, kind: IntentKind) -> Pieces:
        """Return what the event becomes in Jira."""
        split = self.desk.desk.split_comment
        texts = self.project.texts
        together = bool(self.also) and not self.singly
        return pieces_of(
            self.event, kind, self.bot.adapter, self.settings, texts, split, together=together
        )

    def remembered(
        self, issue_id: str, comments: Sequence[str]
    ) -> tuple[tuple[str, int, str], ...]:
        """Return request, comment and message id where an answer can be shown as a reply."""
        event = self.event
        if not self.bot.adapter.capabilities.replies or not isinstance(event, MessageReceived):
            return ()
        return tuple((issue_id, int(comment), event.message_id) for comment in comments)

    @property
    def subject(self) -> tuple[str, str, str]:
        """What names the conversation."""
        return conversation_subject(self.bot, self.event.address)
