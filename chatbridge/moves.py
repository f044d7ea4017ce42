"""Carries the records of a chat over to the new id that its platform gave it.

Every prefix of the steps is safe: readers believe only links that exist and name the chat, and the
steps can be run again.
"""

from __future__ import annotations

from attrs import evolve

from chatbridge.errors import ConflictError
from chatbridge.links import Link
from chatbridge.records import DONE_KEPT, Conversation
from chatbridge.vault import Kept, Vault


class Moves:
    """Moves conversations.

    Args:
        vault: the records.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def move_chat(self, platform: str, bot_id: str, old: str, new: str) -> list[str]:
        """Let everything that belongs to a chat belong to its new id.

        Returns:
            The keys of the links that moved.
        """
        source = self._vault.read(Conversation, platform, bot_id, old)
        if source is None:
            return []
        self._write_target(source.record, new)
        moved = []
        for key in self._links(source.record):
            kept = self._vault.read_key(Link, key)
            if kept is not None and kept.record.belongs_to(source.record):
                self._vault.update(kept, lambda link: link.moved(old, new))
                moved.append(key)
        if source.record.pending:
            left = self._vault.refresh(source)
        else:
            # What is done stays known while the platform may repeat it under the old id.
            left = self._vault.update(
                source, lambda old: evolve(old, issues=(), current="", written=())
            )
        if left is None:
            # The chat was erased meanwhile; what was carried over of it goes, too.
            self._take_back(source.record, new, moved)
            return []
        return moved

    def _take_back(self, source: Conversation, new: str, moved: list[str]) -> None:
        for key in moved:
            self._vault.erase(key)
        target = self._vault.read(Conversation, source.platform, source.bot_id, new)
        if target is not None:
            left = self._vault.update(target, lambda record: _without(record, source))
            if left is not None and left.record == Conversation(
                source.platform, source.bot_id, new
            ):
                self._vault.erase(left.key)

    def _links(self, conversation: Conversation) -> list[str]:
        links = self._vault.scan(Link)
        return [kept.key for kept in links if kept.record.belongs_to(conversation)]

    def _write_target(self, source: Conversation, new: str) -> None:
        target = self._vault.read(Conversation, source.platform, source.bot_id, new)
        if target is None:
            try:
                self._vault.create(evolve(source, chat=new, pending=(), written=()))
                return
            except ConflictError:
                target = self._vault.read(Conversation, source.platform, source.bot_id, new)
        if target is not None:
            self._vault.update(target, lambda record: _merged(record, source))


def _merged(target: Conversation, source: Conversation) -> Conversation:
    issues = tuple(dict.fromkeys((*source.issues, *target.issues)))
    done = tuple(dict.fromkeys((*source.done, *target.done)))[-DONE_KEPT:]
    return evolve(
        target,
        issues=issues,
        done=done,
        current=target.current or source.current,
        greeted=target.greeted or source.greeted,
    )


def _without(target: Conversation, source: Conversation) -> Conversation:
    issues = tuple(issue for issue in target.issues if issue not in source.issues)
    return evolve(
        target,
        issues=issues,
        done=tuple(key for key in target.done if key not in source.done),
        current=target.current if target.current in issues else "",
        greeted=target.greeted and not source.greeted,
        wants_new=target.wants_new and not source.wants_new,
    )


def links_of(vault: Vault, site: str, kept: Kept[Conversation]) -> list[Kept[Link]]:
    """Return the links of a conversation that exist and name its chat."""
    links = []
    for issue_id in kept.record.issues:
        link = vault.read(Link, site, issue_id)
        if link is not None and link.record.belongs_to(kept.record):
            links.append(link)
    return links
