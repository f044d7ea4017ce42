"""What the bot does about an event that is not written into Jira.

Everything here may be done twice without harm, so it needs no intent.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve, frozen

from chatbridge.events import ChoicePicked, Event, MessageReceived
from chatbridge.links import Link, LinkState
from chatbridge.moves import links_of
from chatbridge.records import Conversation
from chatbridge.replies import Replies
from chatbridge.roster import OpenBot, OpenDesk, OpenProject
from chatbridge.routing import Action, Decision
from chatbridge.setbacks import UNREACHABLE
from chatbridge.situations import Situations
from chatbridge.vault import Kept, Vault


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


class Answers:
    """Answers.

    Args:
        vault: the records.
        situations: finds links.
        replies: says things.
        wake: called with the key of a link that has news.
    """

    def __init__(
        self, vault: Vault, situations: Situations, replies: Replies, wake: Callable[[str], None]
    ) -> None:
        self._vault = vault
        self._situations = situations
        self._replies = replies
        self._wake = wake

    def answer(self, scene: Scene, kept: Kept[Conversation], decision: Decision) -> None:
        """Do what was decided, then count the event as done.

        Args:
            scene: the event and where it belongs.
            kept: its conversation.
            decision: what it means; neither OPEN nor COMMENT.

        Raises:
            RetryLaterError: the platform or the site asks for patience.
        """
        texts, event = scene.project.texts, scene.event
        change: Callable[[Conversation], Conversation] = lambda record: record  # noqa: E731
        text = ""
        match decision.action:
            case Action.GREET:
                notice = scene.project.kept.record.settings.privacy_notice
                text = "\n\n".join(filter(None, (texts.say("welcome"), notice)))
                change = lambda record: evolve(record, greeted=True)  # noqa: E731
            case Action.HELP | Action.COMMAND_UNKNOWN | Action.CHOICE_OLD:
                text = texts.say(decision.action.value)
            case Action.STATUS:
                text = self._replies.status(scene.project, kept.record)
            case Action.NEXT_OPENS:
                text = texts.say("next_opens")
                change = lambda record: evolve(record, wants_new=True)  # noqa: E731
            case Action.SWITCH:
                text = texts.say("switched")
                change = lambda record: evolve(record, current=decision.issue_id)  # noqa: E731
            case Action.RELEASE:
                self._release(scene, kept.record, decision.issue_id)
            case Action.UNSUPPORTED:
                text = texts.say("unsupported", what=_what(event))
        if isinstance(event, ChoicePicked):
            self._replies.answer_choice(scene.bot, event, text)
        else:
            self._replies.say(scene.bot, event.address, scene.key, text)
        self._vault.update(kept, lambda record: change(record).finished(scene.key))

    def _release(self, scene: Scene, conversation: Conversation, issue_id: str) -> None:
        kept = self._situations.link(conversation, scene.desk.desk.site, issue_id)
        if kept is not None and kept.record.state is LinkState.HELD:
            active = LinkState.ACTIVE
            self._vault.update(kept, lambda link: evolve(link, state=active, reason="released"))
            self._wake(kept.key)

    def set_available(self, scene: Scene, kept: Kept[Conversation], *, available: bool) -> None:
        """Note that a chat can, or can no longer, be written to."""
        if available:
            self.resume(scene, kept)
            return
        for link in links_of(self._vault, scene.desk.desk.site, kept):
            # The next answer would find out anyway; looking now tells the agents early.
            self._wake(link.key)

    def resume(self, scene: Scene, kept: Kept[Conversation]) -> None:
        """Let links go on that stopped because the chat could not be written to."""
        for link in links_of(self._vault, scene.desk.desk.site, kept):
            if link.record.reason in UNREACHABLE.values():
                self._vault.update(link, _active)
                self._wake(link.key)


def _active(link: Link) -> Link:
    return evolve(link, state=LinkState.ACTIVE, reason="")


def _what(event: Event) -> str:
    if isinstance(event, MessageReceived):
        if event.unsupported:
            return event.unsupported
        if event.attachments:
            return event.attachments[0].kind.value
    return "?"
