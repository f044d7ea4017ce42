"""What the bot does about an event that is not written into Jira.

Everything here may be done twice without harm, so it needs no intent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve

from chatbridge.adapter import AnswersChoices
from chatbridge.drafts import LeftOut, shown_name
from chatbridge.events import (
    ChoicePicked,
    ConversationStarted,
    DeliveryReported,
    Event,
    MessageEdited,
    MessageReceived,
    NothingToDo,
)
from chatbridge.joining import Joining
from chatbridge.links import RELEASED, Link, LinkState
from chatbridge.moves import links_of
from chatbridge.records import Conversation
from chatbridge.replies import Replies
from chatbridge.roster import OpenBot, OpenProject
from chatbridge.routing import Action, Decision
from chatbridge.scenes import Scene
from chatbridge.setbacks import UNREACHABLE
from chatbridge.situations import Situations
from chatbridge.vault import Kept, Vault


class Answers:
    """Answers.

    Args:
        vault: the records.
        situations: finds links.
        replies: says things.
        joining: connects chats to requests.
        wake: called with the key of a link that has news.
    """

    def __init__(
        self, vault: Vault, situations: Situations, replies: Replies, joining: Joining,
        wake: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._vault = vault
        self._situations = situations
        self._replies = replies
        self._joining = joining
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
                if not travels_in_answer(scene.bot, event):
                    text = greeting(scene.project, with_notice=not kept.record.greeted)
                change = lambda record: evolve(record, greeted=True)  # noqa: E731
            case (
                Action.HELP | Action.COMMAND_UNKNOWN | Action.CHOICE_OLD | Action.NOTHING_HELD
                | Action.TOO_MANY_OPEN | Action.TOO_MANY_NEW
            ):  # fmt: skip
                text = texts.say(decision.action.value)
            case Action.STATUS:
                links = links_of(self._vault, scene.desk.desk.site, kept)
                issues = [link.record.issue_id for link in links]
                text = self._replies.status(scene.project, issues)
            case Action.NEXT_OPENS:
                text = texts.say("next_opens")
                change = lambda record: evolve(record, wants_new=True)  # noqa: E731
            case Action.SWITCH:
                text = "" if travels_in_answer(scene.bot, event) else texts.say("switched")
                change = lambda record: evolve(record, current=decision.issue_id)  # noqa: E731
            case Action.JOIN:
                name = self._joining.join(scene, kept)
                text = texts.say(name) if name and not travels_in_answer(scene.bot, event) else ""
            case Action.RELEASE:
                self._release(scene, kept.record, decision.issue_id)
            case Action.UNSUPPORTED:
                text = texts.say("unsupported", what=_what(event))
        self._say(scene, decision, text)
        self.resume(scene, kept)
        self._vault.update(kept, lambda record: change(record).finished(scene.key))

    def _say(self, scene: Scene, decision: Decision, text: str) -> None:
        event, bot = scene.event, scene.bot
        if isinstance(event, ChoicePicked) and isinstance(bot.adapter, AnswersChoices):
            self._replies.answer_choice(bot, event, text)
            return
        self._replies.say(bot, event.address, scene.key, text)
        if decision.action is Action.TOO_MANY_NEW:
            self._replies.note_lost(scene.project, "too many new requests at once")

    def tell_left_out(self, scene: Scene, left_out: Sequence[LeftOut]) -> None:
        """Tell the sender of a message what of it was not passed on.

        Args:
            scene: the message.
            left_out: its files that were not.

        Raises:
            RetryLaterError: the platform asks for patience.
        """
        event, texts, text = scene.event, scene.project.texts, ""
        if left_out:
            files = [f"{shown_name(each.file)} ({texts.say(each.reason)})" for each in left_out]
            text = texts.say("files_left_out", files=", ".join(files))
        elif isinstance(event, MessageReceived) and event.unsupported:
            text = texts.say("rest_left_out", what=event.unsupported)
        self._replies.say(scene.bot, event.address, scene.key, text, owed=True)

    def _release(self, scene: Scene, conversation: Conversation, issue_id: str) -> None:
        kept = self._situations.link(conversation, scene.desk.desk.site, issue_id)
        if kept is not None and kept.record.awaits_word:
            active = LinkState.ACTIVE
            self._vault.update(kept, lambda link: evolve(link, state=active, reason=RELEASED))
            self._wake(kept.key)

    def resume(self, scene: Scene, kept: Kept[Conversation]) -> None:
        """Let links go on that stopped because the chat could not be written to."""
        site = scene.desk.desk.site
        for issue_id in kept.record.issues:
            link = self._situations.met(kept.record, site, issue_id, scene.met)
            if link is None:
                continue
            if self._vault.update(link, _resumed) is not None:
                self._wake(link.key)


def calls_for_action(event: Event) -> bool:
    """Tell whether anything follows from an event; reports of success are taken for granted."""
    if isinstance(event, DeliveryReported):
        return event.status == "failed"
    return not isinstance(event, NothingToDo)


def greeting(project: OpenProject, *, with_notice: bool) -> str:
    """Return what somebody is told who opens a chat; `with_notice` where they were not before."""
    notice = project.kept.record.settings.privacy_notice if with_notice else ""
    return "\n\n".join(filter(None, (project.texts.say("welcome"), notice)))


def travels_in_answer(bot: OpenBot, event: Event) -> bool:
    """Tell whether the greeting of this event must travel in the answer to its webhook."""
    return isinstance(event, ConversationStarted) and bot.answers is not None


def _resumed(link: Link) -> Link | None:
    if link.reason not in UNREACHABLE.values():
        return None
    # Nobody needs to be told any more of what is over.
    note = "" if link.note.startswith(link.reason) else link.note
    return evolve(link, state=LinkState.ACTIVE, reason="", note=note)


def _what(event: Event) -> str:
    if isinstance(event, MessageReceived):
        if event.unsupported:
            return event.unsupported
        if event.attachments:
            return shown_name(event.attachments[0])
    return "edited message" if isinstance(event, MessageEdited) else "?"
