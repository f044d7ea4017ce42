"""What the Jira administrator does with links: list, remove, release, settle after a restore."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from chatbridge.engine import Engine
from chatbridge.links import Link, LinkState
from chatbridge.records import Conversation
from chatbridge.vault import Kept


class LinkCare:
    """Looks at and changes links.

    Args:
        engine: the working parts.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._vault = engine.vault
        self._roster = engine.roster

    def all(self, project: str | None = None) -> Iterator[Link]:
        """Return the links of a project, or all."""
        for kept in self._vault.scan(Link):
            if project is None or kept.record.project == project:
                yield kept.record

    def remove(self, site: str, issue_id: str) -> bool:
        """Remove a link and the chat's memory of it; return whether it was there."""
        kept = self._vault.read(Link, site, issue_id)
        if kept is None:
            return False
        link = kept.record
        self._vault.update(kept, lambda record: evolve(record, state=LinkState.GONE))
        self._vault.storage.delete(kept.key)
        talk = self._vault.read(Conversation, link.platform, link.bot_id, link.chat)
        if talk is not None:
            self._vault.update(talk, lambda record: _without(record, issue_id))
        return True

    def release(self, project: str | None = None, *, skip: bool = False) -> int:
        """Let held links go on; return how many.

        Args:
            project: only those of this project.
            skip: take the comments that are there now as known, instead of sending them.
        """
        count = 0
        for kept in self._vault.scan(Link):
            link = kept.record
            if link.state is LinkState.HELD and (project is None or link.project == project):
                self._release(kept, skip=skip)
                count += 1
        return count

    def storage_restored(self) -> int:
        """Hold every link until its present comments are taken as known; return how many.

        A storage from a backup does not know what was sent after it was made; sending all of that
        again would flood the customers.
        """
        count = 0
        for kept in self._vault.scan(Link):
            if kept.record.state is LinkState.ACTIVE:
                self._vault.update(kept, _held_after_restore)
                count += 1
        for kept in self._vault.scan(Link):
            if kept.record.reason == "restored":
                self._release(kept, skip=True)
        return count

    def _release(self, kept: Kept[Link], *, skip: bool) -> None:
        seen = kept.record.seen
        if skip:
            desk = self._roster.desk(kept.record.site)
            present = desk.call(desk.desk.public_comments(kept.record.issue_id))
            seen = seen | {int(comment.comment_id) for comment in present}
        self._vault.update(
            kept,
            lambda link: evolve(
                link, state=LinkState.ACTIVE, reason="released", seen=link.seen | seen
            ),
        )
        self._engine.queue.add(kept.key)


def _held_after_restore(link: Link) -> Link:
    return evolve(link, state=LinkState.HELD, reason="restored", inflight=None)


def _without(conversation: Conversation, issue_id: str) -> Conversation:
    issues = tuple(each for each in conversation.issues if each != issue_id)
    current = "" if conversation.current == issue_id else conversation.current
    return evolve(conversation, issues=issues, current=current)
