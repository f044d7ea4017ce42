"""Whom or what an inventory, an export or an erasure is about, and which records are.

Pure: records in, their share out; nothing here reads or writes a storage.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve, field, frozen

from chatbridge.invitations import Invitation
from chatbridge.links import Link
from chatbridge.receipts import Receipt
from chatbridge.records import Claim, Conversation, Intent, IntentKind, Project

BotKey = tuple[str, str]
"""Platform and bot id."""


@frozen
class ChatSubject:
    """One chat with one bot.

    Args:
        platform: the adapter's name.
        bot_id: the platform's id of the bot.
        chat: the chat, as the platform numbers it.
    """

    platform: str
    bot_id: str
    chat: str = field(repr=False)

    def share_of(self, record: Any) -> Any:
        """Return the part of a record that is about the chat, None where nothing is."""
        if not isinstance(record, (Link, Conversation, Receipt)):
            return None
        mine = (self.platform, self.bot_id, self.chat)
        return record if mine == (record.platform, record.bot_id, record.chat) else None


@frozen
class RequestSubject:
    """One customer request.

    Args:
        site: the Jira site.
        issue_id: its id there.
        elsewhere: bots of projects on other sites, where the same id means another request.
    """

    site: str
    issue_id: str = field(repr=False)
    elsewhere: frozenset[BotKey] = frozenset()

    def share_of(self, record: Any) -> Any:
        """Return the part of a record that is about the request, None where nothing is.

        Of a conversation that is who talks, and what it says of this request.
        """
        if isinstance(record, Link):
            return record if record.identity() == (self.site, self.issue_id) else None
        if isinstance(record, (Receipt, Invitation)):
            about = (record.site, record.issue_id)
            return record if about == (self.site, self.issue_id) else None
        if not isinstance(record, Conversation):
            return None
        if (record.platform, record.bot_id) in self.elsewhere:
            return None
        pending = tuple(intent for intent in record.pending if self._is_about(intent))
        if self.issue_id not in (*record.issues, record.current) and not pending:
            return None
        current = self.issue_id if record.current == self.issue_id else ""
        written = tuple(each for each in record.written if each[0] == self.issue_id)
        return Conversation(*_who(record), (self.issue_id,), current, pending, written=written)

    def rest_of(self, record: Conversation, *, opening: bool) -> Conversation:
        """Return a conversation without anything about the request.

        Args:
            record: the conversation.
            opening: whether a message that opens a request may be the one that opens this one.
        """
        gone = [
            intent
            for intent in record.pending
            if self._is_about(intent) or (opening and intent.kind is IntentKind.OPEN)
        ]
        for intent in gone:
            # Counted as done: a repeat must not open a request for it.
            record = record.finished(intent.key)
        issues = tuple(issue for issue in record.issues if issue != self.issue_id)
        current = "" if record.current == self.issue_id else record.current
        written = tuple(each for each in record.written if each[0] != self.issue_id)
        return evolve(record, issues=issues, current=current, written=written)

    def _is_about(self, intent: Intent) -> bool:
        return intent.issue_id == self.issue_id


@frozen
class ProjectSubject:
    """One project with all of its bots.

    Args:
        name: of the project.
        bots: that belong to it.
        sites: that no other project uses.
        gone: whether its record is erased; then `bots` and `sites` are those of no project.
    """

    name: str
    bots: frozenset[BotKey] = frozenset()
    sites: frozenset[str] = frozenset()
    gone: bool = False

    def share_of(self, record: Any) -> Any:
        """Return the record if it belongs to the project, else None."""
        if isinstance(record, Project):
            mine = record.settings.name == self.name
        elif isinstance(record, (Link, Invitation)):
            mine = record.project == self.name
        elif isinstance(record, (Conversation, Receipt)):
            mine = (record.platform, record.bot_id) in self.bots
        else:
            mine = isinstance(record, Claim) and self._is_held_for(record)
        return record if mine else None

    def _is_held_for(self, claim: Claim) -> bool:
        kind, *names = claim.subject
        if kind == "poll":
            return tuple(names) in self.bots
        return kind == "feed" and names[0] in self.sites


Subject = ChatSubject | RequestSubject | ProjectSubject


def _who(record: Conversation) -> tuple[str, str, str]:
    return (record.platform, record.bot_id, record.chat)
