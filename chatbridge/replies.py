"""What the bot answers by itself, at once: greetings, help, status, apologies.

A reply is not worth a second message: where nobody knows whether it arrived, it counts as said.
Only that something a person wrote or sent does not get into Jira is told again then, a few times.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Final

from chatbridge.adapter import AnswersChoices
from chatbridge.budgets import Budget
from chatbridge.clock import SystemClock
from chatbridge.content import Address
from chatbridge.errors import (
    DeliveryError,
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
)
from chatbridge.events import ChoicePicked
from chatbridge.marks import Marks
from chatbridge.observation import NoticeKind, Observer
from chatbridge.outgoing import OutgoingMessage
from chatbridge.richtext import Document
from chatbridge.roster import OpenBot, OpenProject, Roster

_log = logging.getLogger("chatbridge.replies")

_MOST_STATUS_LINES = 5
_MOST_UNKNOWN = 3
_UNMENDED = 60.0
_MENDED_BY_PEOPLE = frozenset({Refusal.UNAUTHORISED, Refusal.CONFLICT})
"""Refusals that are about the bot, and end when somebody sets its token or its webhook again."""
_TOLD: Final = "the sender is told"
_PERHAPS_TOLD: Final = "nobody knows whether the sender is told"


class Replies:
    """Says things.

    Args:
        roster: the way to platforms and sites.
        marks: message keys.
        observer: is told of messages that did not get into Jira.
    """

    def __init__(self, roster: Roster, marks: Marks, observer: Observer | None = None) -> None:
        self._roster = roster
        self._marks = marks
        self._observer = observer or Observer(SystemClock())
        self._budget = Budget(_MOST_UNKNOWN)

    def say(
        self, bot: OpenBot, address: Address, event_key: str, text: str, *, owed: bool = False
    ) -> None:
        """Show one of the bot's own texts.

        Args:
            bot: says it.
            address: where.
            event_key: of what it answers.
            text: what it says; nothing is shown where it is empty.
            owed: whether it tells of something that was lost, which nobody else will tell.

        Raises:
            RetryLaterError: not shown yet; where it is owed, perhaps shown, or a person has to mend
                the bot first.
        """
        self._show(bot, address, event_key, text, owed=owed)

    def _show(
        self, bot: OpenBot, address: Address, event_key: str, text: str, *, owed: bool
    ) -> str:
        """Show a text as `say` does, and return what the host may hear of it."""
        if not text:
            return ""
        key = self._marks.message_key("reply", *bot.key, event_key)
        message = OutgoingMessage(address=address, key=key, text=Document.from_plain(text))
        try:
            self._roster.call(bot, bot.adapter.send(message))
        except UnknownOutcomeError:
            if owed and self._budget.spend(key) < _MOST_UNKNOWN:
                raise RetryLaterError("nobody knows whether a loss was told") from None
            _log.info("nobody knows whether a reply was shown; it is not repeated")
            return _PERHAPS_TOLD
        except RefusedError as error:
            if error.reason is Refusal.MIGRATED and error.migrated_to:
                moved = Address(error.migrated_to)
                return self._show(bot, moved, event_key, text, owed=owed)
            if owed and error.reason in _MENDED_BY_PEOPLE:
                raise RetryLaterError("the bot cannot write", retry_after=_UNMENDED) from None
            _log.info("a reply was refused (%s)", error.reason)
            return f"the sender cannot be told ({error.reason})"
        return _TOLD

    def answer_choice(self, bot: OpenBot, event: ChoicePicked, text: str) -> None:
        """Tell the platform that a choice was noticed; never worth a failure."""
        if isinstance(bot.adapter, AnswersChoices):
            try:
                self._roster.call(bot, bot.adapter.answer_choice(event, text))
            except DeliveryError as error:
                _log.info("a picked choice could not be answered (%s)", type(error).__name__)

    def status(self, project: OpenProject, issues: Sequence[str]) -> str:
        """Return where requests stand, the newest first.

        Args:
            project: whose requests they are.
            issues: their ids, the oldest first; all of them requests of the one who asks.

        Raises:
            RetryLaterError: the site cannot be asked now.
        """
        desk = self._roster.desk(project.kept.record.settings.site)
        lines = []
        for issue_id in reversed(issues[-_MOST_STATUS_LINES:]):
            try:
                state = desk.call(desk.desk.read_request(issue_id))
            except RefusedError:
                continue
            lines.append(project.texts.say("status_line", key=state.issue_key, status=state.status))
        return "\n".join(lines) or project.texts.say("no_requests")

    def apologise(
        self, project: OpenProject, bot: OpenBot, address: Address, event_key: str,
        sent_at: float, count: int = 1,
    ) -> None:  # fmt: skip
        """Tell a sender, and the host, that a message did not get into Jira.

        Args:
            project: whose words are used.
            bot: says it.
            address: of the sender.
            event_key: of the message.
            sent_at: Unix seconds of the message, 0 where they are not known.
            count: how many messages; one text tells of all of them.

        Raises:
            RetryLaterError: not told yet, or perhaps not.
        """
        text = project.texts.say("not_delivered")
        if count > 1:
            text = project.texts.say("several_not_delivered", count=str(count))
        elif sent_at:
            moment = time.strftime("%H:%M", time.gmtime(sent_at))
            text = project.texts.say("not_delivered_known", time=moment)
        self.note_lost(project, self._show(bot, address, event_key, text, owed=True))

    def note_lost(self, project: OpenProject, reason: str) -> None:
        """Tell the host that a message did not get into Jira, and why."""
        name = project.kept.record.settings.name
        self._observer.notice(NoticeKind.MESSAGE_NOT_DELIVERED, f"project {name}", reason)
