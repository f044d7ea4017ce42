"""Invitations: links by which one chat may join a customer request that exists already.

The link carries a random word with a check, and nothing else; what is kept of it is a keyed hash.
Whoever has the link gets the conversation, so it is good once, for one chat and a short time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self

from attrs import evolve, field, frozen

from chatbridge.clock import Clock
from chatbridge.kept_fields import means
from chatbridge.marks import Marks
from chatbridge.vault import Kept, Vault

DAY: Final = 24 * 3600
"""Seconds; no invitation is good for longer."""


@frozen
class Invitation:
    """That a chat may join a request by a link that somebody was handed."""

    kind: ClassVar[str] = "invitation"
    schema: ClassVar[int] = 1
    purpose: ClassVar[str] = "A link that an agent hands out connects one chat to a request, once."
    lives: ClassVar[Mapping[str, int | None]] = {"from the last change on": DAY}

    mark: str = field(metadata=means("keyed hash of the link's word"))
    site: str = field(metadata=means("the Jira site"))
    issue_id: str = field(metadata=means("the id of the request", personal=True))
    project: str = field(metadata=means("the project whose bots take it"))
    expires: int = field(metadata=means("Unix seconds from which it is worth nothing"))
    taker: str = field(default="", metadata=means("keyed hash of the chat that used it, or none"))
    done: bool = field(
        default=False, metadata=means("whether that chat has joined, or may not any more")
    )

    def identity(self) -> tuple[str, ...]:
        """Return what names it."""
        return (self.mark,)

    def phase(self) -> str:
        """Return which of the lives is its."""
        return next(iter(self.lives))

    def lifetime(self) -> int | None:
        """Return for how many seconds it is kept."""
        return self.lives[self.phase()]

    def to_plain(self) -> Any:
        """Return it as JSON-able values."""
        return [
            self.mark, self.site, self.issue_id, self.project, self.expires, self.taker,
            int(self.done),
        ]  # fmt: skip

    @classmethod
    def from_plain(cls, plain: Any, _schema: int) -> Self:
        """Return the record of such values."""
        mark, site, issue_id, project, expires, taker, done = plain
        return cls(mark, site, issue_id, project, expires, taker, bool(done))


@frozen
class Invitations:
    """Makes, finds and uses up invitations.

    Args:
        vault: the records.
        marks: makes and checks the words.
        clock: the time.
    """

    vault: Vault = field(repr=False)
    marks: Marks = field(repr=False)
    clock: Clock

    def make(self, site: str, issue_id: str, project: str, seconds: int) -> str:
        """Return the word of a new invitation; older ones of the request are worth nothing now.

        Args:
            site: the Jira site.
            issue_id: the request.
            project: whose bots take it.
            seconds: for how long it is good; a day at most.
        """
        for kept in self.vault.scan(Invitation):
            if (kept.record.site, kept.record.issue_id) != (site, issue_id):
                continue
            if kept.record.taker:
                self.finish(kept)
            else:
                self.vault.erase(kept.key)
        word = self.marks.invitation_word()
        expires = int(self.clock.time()) + min(seconds, DAY)
        self.vault.create(
            Invitation(self.marks.invitation_mark(word) or "", site, issue_id, project, expires)
        )
        return word

    def find(
        self, word: str, project: str, subject: tuple[str, str, str]
    ) -> Kept[Invitation] | None:
        """Return the invitation that a chat may use, None where it may not, for whatever reason.

        Args:
            word: what its link carried; anything.
            project: of the bot that was told of it.
            subject: the chat: platform, bot id and chat.
        """
        mark = self.marks.invitation_mark(word)
        kept = self.vault.read(Invitation, mark) if mark is not None else None
        if kept is None:
            return None
        record = kept.record
        is_good = record.project == project and self.clock.time() < record.expires
        return kept if is_good and record.taker in {"", self._taker(subject)} else None

    def take(self, kept: Kept[Invitation], subject: tuple[str, str, str]) -> Kept[Invitation]:
        """Use an invitation up for a chat; of two that try at once, one gets it.

        Raises:
            ConflictError: somebody was quicker.
        """
        if kept.record.taker:
            return kept
        return self.vault.replace(kept, evolve(kept.record, taker=self._taker(subject)))

    def is_taken_by(self, kept: Kept[Invitation], subject: tuple[str, str, str]) -> bool:
        """Tell whether it is there at this moment, and this chat's to finish."""
        now = self.vault.read(Invitation, kept.record.mark)
        if now is None or now.record.done:
            return False
        return now.record.taker == self._taker(subject)

    def is_erased(self, kept: Kept[Invitation]) -> bool:
        """Tell whether it is gone, as when its request was erased."""
        return self.vault.refresh(kept) is None

    def finish(self, kept: Kept[Invitation]) -> None:
        """Note that the chat has joined, or lost its right to."""
        self.vault.update(kept, lambda record: evolve(record, done=True))

    def _taker(self, subject: tuple[str, str, str]) -> str:
        return self.marks.taker_mark(*subject)
