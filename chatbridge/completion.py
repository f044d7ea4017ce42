"""Writes down that an inbound event is in Jira: the link first, then the conversation.

Every step can be repeated, and every prefix of the steps is safe: readers believe only links that
exist and name the chat.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import evolve

from chatbridge.errors import ConflictError
from chatbridge.links import NO_ACCESS, Link, LinkState, Opening, Told
from chatbridge.records import Conversation, Intent, IntentKind, Project, ProjectState
from chatbridge.vault import Kept, Vault

WRITTEN_KEPT: Final = 10
"""How many messages a chat remembers the comments of; agents answer what was just written."""


class Completion:
    """Completes intents.

    Args:
        vault: the records.
        wake: called with the key of a link that has news.
    """

    def __init__(self, vault: Vault, wake: Callable[[str], None]) -> None:
        self._vault = vault
        self._wake = wake

    def complete(
        self, kept: Kept[Conversation], intent: Intent, *, project: str, site: str, issue_id: str,
        written: tuple[tuple[str, int, str], ...] = (),
    ) -> None:  # fmt: skip
        """Count an event as done.

        Args:
            kept: its conversation.
            intent: the event's.
            project: whose settings the link follows.
            site: where the request is.
            issue_id: the request that the event is in now.
            written: request, comment and message id of each comment that it became, where an
                answer to that can be shown as a reply.

        Raises:
            ConflictError: somebody removes its link at this moment.
        """
        if intent.kind is IntentKind.OPEN:
            self._create_link(kept.record, intent, project, site, issue_id)
        # A power failure may bring the intent of a comment back. Whoever finds it, upkeep or a
        # repeat, finds the comment by its marker and ends here again.
        self._vault.update(
            kept,
            lambda record: _with_request(record, intent, issue_id, written),
            synced=intent.kind is IntentKind.OPEN,
        )

    def end(
        self, kept: Kept[Conversation], intent: Intent, *, project: str, site: str, issue_id: str
    ) -> None:
        """Count an event as done that did not get into Jira, or not whole, and was told.

        Args:
            kept: its conversation.
            intent: the event's.
            project: whose settings a link follows.
            site: where the request is.
            issue_id: the request that a part of it is in, empty for none. What agents answer in one
                that it opened must find the chat, whatever the request lacks.

        Raises:
            ConflictError: somebody removes its link at this moment.
        """
        if intent.kind is IntentKind.OPEN and issue_id:
            self.complete(kept, intent, project=project, site=site, issue_id=issue_id)
        else:
            self._vault.update(kept, lambda record: record.finished(intent.key))

    def drop(self, kept: Kept[Conversation], intent: Intent, site: str) -> None:
        """Forget an intent whose request is gone, so that its event is routed anew.

        Args:
            kept: its conversation.
            intent: the event's; nothing of it was written.
            site: where the request was.
        """
        link = self._vault.read(Link, site, intent.issue_id)
        if link is not None:
            self._vault.update(link, _without_access)
        self._vault.update(kept, lambda record: _without_intent(record, intent))

    def _create_link(
        self, conversation: Conversation, intent: Intent, project: str, site: str, issue_id: str
    ) -> None:
        link = Link(
            site,
            issue_id,
            conversation.platform,
            conversation.bot_id,
            conversation.chat,
            intent.thread,
            project,
            told=Told(notice=not conversation.greeted),
            opening=Opening(intent.key) if intent.repeated else None,
        )
        try:
            made = self._vault.create(link)
        except ConflictError:
            # An earlier try made it. The chat that it names may have another id by now; the event
            # is done all the same, and nobody believes a link that names another chat.
            existing = self._vault.read(Link, site, issue_id)
            if existing is None:
                raise
            self._wake(existing.key)
            return
        if self._was_erased(conversation, intent, made):
            # Whoever was woken meanwhile may have changed it already; it goes all the same.
            self._vault.erase(made.key)
            return
        self._wake(made.key)

    def _was_erased(self, conversation: Conversation, intent: Intent, made: Kept[Link]) -> bool:
        """Tell whether the project or the chat was erased during the write, before this link was.

        Whoever erases removes the conversation or its intent first and looks for links then; so
        one of both sees the link.
        """
        home = self._vault.read(Project, made.record.project)
        if home is None or home.record.state is ProjectState.REMOVED:
            return True
        talk = self._vault.read(Conversation, *conversation.identity())
        if talk is None:
            return True
        if talk.record.intent(intent.key) or made.record.issue_id in talk.record.issues:
            return False
        # Or another process has ended the event, and the chat has moved since: with its link.
        link = self._vault.read_key(Link, made.key)
        return link is None or link.record.belongs_to(conversation)


def _with_request(
    record: Conversation, intent: Intent, issue_id: str, written: tuple[tuple[str, int, str], ...]
) -> Conversation:
    erased = record.intent(intent.key) is None
    record = record.finished(intent.key)
    if not erased and (intent.kind is IntentKind.OPEN or issue_id in record.issues):
        record = evolve(record, written=(*record.written, *written)[-WRITTEN_KEPT:])
    # What is finished was noted by whoever finished it, or erased on purpose.
    if intent.kind is IntentKind.COMMENT or erased:
        return record
    issues = tuple(dict.fromkeys((*record.issues, issue_id)))
    return evolve(record, issues=issues, current=issue_id, greeted=True, wants_new=False)


def _without_intent(record: Conversation, intent: Intent) -> Conversation:
    pending = tuple(each for each in record.pending if each.key != intent.key)
    current = "" if record.current == intent.issue_id else record.current
    return evolve(record, pending=pending, current=current)


def _without_access(link: Link) -> Link:
    return evolve(link, state=LinkState.SUSPENDED, reason=NO_ACCESS)
