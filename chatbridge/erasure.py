"""Removes every record about a subject, while others may be at work on them.

What is erased stays erased: a conditional write of somebody who read it before fails, and whoever
makes a record from an erased one looks again and takes it back (see `completion`, `moves`). So the
conversation goes first, then what could be made from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from attrs import field, frozen

from chatbridge.errors import ConflictError, SealedValueError, StorageUnavailableError
from chatbridge.invitations import Invitation
from chatbridge.links import Link
from chatbridge.receipts import Receipt
from chatbridge.records import Claim, Conversation, IntentKind
from chatbridge.subjects import ChatSubject, RequestSubject, Subject
from chatbridge.vault import Kept, Vault

HEAD_BYTES: Final = 31
"""Bytes at the start of a sealed record that no other one has: header and random nonce."""

_PASSES: Final = 5
_TRIES: Final = 8
_ORDER: Final[tuple[type[Any], ...]] = (
    Invitation, Conversation, Link, Receipt, Claim,
)  # fmt: skip


@frozen
class Trace:
    """What an erased record looked like in the storage, to look for it afterwards.

    Args:
        kind: of the record.
        key: its storage key; empty where the record stays, without what was about the subject.
        head: the first bytes of what was sealed.
        on_their_way: messages of it that were on their way into Jira.
    """

    kind: str
    key: str
    head: bytes = field(repr=False)
    on_their_way: int = 0


class Eraser:
    """Erases.

    Args:
        vault: the records.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def erase(self, subject: Subject) -> Iterator[Trace]:
        """Remove all records about a subject but that of a project itself.

        Args:
            subject: whom or what.

        Returns:
            What was removed, one by one.

        Raises:
            StorageError: the storage failed; what was removed is gone, go on by calling again.
        """
        if isinstance(subject, ChatSubject):
            # A scan may lag behind; the record that others are made from must not be missed.
            chat = (subject.platform, subject.bot_id, subject.chat)
            talk = self._vault.key(Conversation, *chat)
            yield from self._erase(talk, self._on_their_way(talk))
        for _ in range(_PASSES):
            # Again after the last find: somebody may have made a record meanwhile.
            found = False
            for trace in self._pass(subject):
                found = True
                yield trace
            if not found:
                break
        if isinstance(subject, RequestSubject):
            yield from self._erase(self._vault.key(Link, subject.site, subject.issue_id), 0)

    def erase_record(self, kept: Kept[Any]) -> Iterator[Trace]:
        """Remove one record; yields one trace, none where it was gone."""
        pending = kept.record.pending if isinstance(kept.record, Conversation) else ()
        yield from self._erase(kept.key, len(pending))

    def _pass(self, subject: Subject) -> Iterator[Trace]:
        for cls in _ORDER:
            for kept in self._vault.scan(cls):
                if isinstance(subject, RequestSubject) and cls is Conversation:
                    yield from self._shorten(kept, subject)
                elif subject.share_of(kept.record) is not None:
                    yield from self.erase_record(kept)

    def _on_their_way(self, key: str) -> int:
        try:
            kept = self._vault.read_key(Conversation, key)
        except SealedValueError:
            return 0  # Damaged; it goes all the same.
        return len(kept.record.pending) if kept is not None else 0

    def _erase(self, key: str, on_their_way: int) -> Iterator[Trace]:
        sealed = self._vault.erase(key)
        if sealed is not None:
            yield Trace(key.partition(":")[0], key, sealed[:HEAD_BYTES], on_their_way)

    def _shorten(self, kept: Kept[Conversation], subject: RequestSubject) -> Iterator[Trace]:
        """Take the request out of a conversation, also one that is just about to be told of it."""
        is_opening = any(intent.kind is IntentKind.OPEN for intent in kept.record.pending)
        if subject.share_of(kept.record) is None and not is_opening:
            return
        link = self._vault.read(Link, subject.site, subject.issue_id)
        for _ in range(_TRIES):
            before = self._vault.storage.get(kept.key)
            now = self._vault.read_key(Conversation, kept.key)
            if before is None or now is None:
                return
            mine = link is not None and link.record.belongs_to(now.record)
            opening = mine and subject.issue_id not in now.record.issues
            rest = subject.rest_of(now.record, opening=opening)
            if rest == now.record:
                return
            try:
                if before.version == now.version:
                    self._vault.replace(now, rest)
                    gone = len(now.record.pending) - len(rest.pending)
                    yield Trace(Conversation.kind, "", before.value[:HEAD_BYTES], gone)
                    return
            except ConflictError:
                continue
        raise StorageUnavailableError("a conversation changes all the time", retry_after=5.0)
