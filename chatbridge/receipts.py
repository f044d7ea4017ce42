"""Remembers for two days which request a sent message was about, where delivery is reported later.

A receipt holds ids and nothing of the message. Without one a report is still told, on the chat's
current request; so losing one is never worth a failure.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, Self

from attrs import field, frozen

from chatbridge.errors import ConflictError, SealedValueError, StorageError
from chatbridge.kept_fields import means
from chatbridge.links import Link
from chatbridge.vault import Vault

_log = logging.getLogger("chatbridge.receipts")

LIFETIME: Final = 2 * 24 * 3600
"""Seconds; a device that refuses a message does so when it next has a connection."""


@frozen
class Receipt:
    """Which request a sent message was about, kept where the platform reports delivery."""

    kind: ClassVar[str] = "receipt"
    schema: ClassVar[int] = 1
    purpose: ClassVar[str] = "A message that was not shown after all is told on its request."
    lives: ClassVar[Mapping[str, int | None]] = {"after the message was sent": LIFETIME}

    platform: str = field(metadata=means("the adapter's name"))
    bot_id: str = field(metadata=means("the bot"))
    message_id: str = field(repr=False, metadata=means("the platform's id of the message"))
    chat: str = field(repr=False, metadata=means("the chat that it was sent to", personal=True))
    site: str = field(metadata=means("the Jira site"))
    issue_id: str = field(metadata=means("the request"))

    def identity(self) -> tuple[str, ...]:
        """Return what names it."""
        return (self.platform, self.bot_id, self.message_id)

    def phase(self) -> str:
        """Return which of the lives is its."""
        return next(iter(self.lives))

    def lifetime(self) -> int | None:
        """Return for how many seconds it is kept."""
        return self.lives[self.phase()]

    def to_plain(self) -> Any:
        """Return it as JSON-able values."""
        identity = [self.platform, self.bot_id, self.message_id]
        return [*identity, self.chat, self.site, self.issue_id]

    @classmethod
    def from_plain(cls, plain: Any, _schema: int) -> Self:
        """Return the record of such values."""
        platform, bot_id, message_id, chat, site, issue_id = plain
        return cls(platform, bot_id, message_id, chat, site, issue_id)


@frozen
class Receipts:
    """Notes and finds receipts.

    Args:
        vault: the records.
    """

    vault: Vault = field(repr=False)

    def note(self, link: Link, message_ids: Iterable[str]) -> None:
        """Remember what messages that were just sent are about; never worth a failure.

        Args:
            link: of the request.
            message_ids: of the platform's receipt.
        """
        who = (link.platform, link.bot_id)
        for message_id in message_ids:
            try:
                self._note(Receipt(*who, message_id, link.chat, link.site, link.issue_id))
            except ConflictError:
                # The same id again is the same message.
                continue
            except StorageError as error:
                _log.warning("a receipt could not be kept: %s", error)

    def request_of(self, platform: str, bot_id: str, message_id: str, site: str) -> str:
        """Return the id of the request that a message was about, empty where it is not known.

        Args:
            platform: the adapter's name.
            bot_id: the bot.
            message_id: as the platform reports it; anything.
            site: the request must be one of this site.
        """
        try:
            kept = self.vault.read(Receipt, platform, bot_id, message_id)
        except SealedValueError:
            _log.warning("a receipt cannot be read")
            return ""
        return kept.record.issue_id if kept is not None and kept.record.site == site else ""

    def _note(self, receipt: Receipt) -> None:
        kept = self.vault.create(receipt)
        if self.vault.read(Link, receipt.site, receipt.issue_id) is None:
            # It was erased while its message was sent, and nothing about it may come back.
            self.vault.delete(kept)
