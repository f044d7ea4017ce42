"""All that one event is handled with: where it came from, where it goes, whose settings apply."""

from __future__ import annotations

from attrs import frozen

from chatbridge.events import Event
from chatbridge.pieces import Pieces, pieces_of
from chatbridge.project import ProjectSettings
from chatbridge.records import IntentKind
from chatbridge.roster import OpenBot, OpenDesk, OpenProject, conversation_subject


@frozen
class Scene:
    """All that one event is handled with.

    Args:
        project: whose settings apply.
        bot: that received it.
        desk: of the project's site.
        event: what happened.
        key: of the event.
    """

    project: OpenProject
    bot: OpenBot
    desk: OpenDesk
    event: Event
    key: str

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
        return pieces_of(self.event, kind, self.bot.adapter, self.settings, texts, split)

    @property
    def subject(self) -> tuple[str, str, str]:
        """What names the conversation."""
        return conversation_subject(self.bot, self.event.address)
