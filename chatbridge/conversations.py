"""Finds the conversation that an event belongs to, and makes it where there is none.

It never leaves one behind for a project that was removed meanwhile.
"""

from __future__ import annotations

from typing import Final

from chatbridge.errors import RetryLaterError
from chatbridge.records import Conversation
from chatbridge.roster import Roster
from chatbridge.vault import Kept, Vault

PAUSED: Final = 60.0
"""Seconds after which to ask again whether a project may act."""


def conversation_of(
    vault: Vault, roster: Roster, subject: tuple[str, str, str]
) -> Kept[Conversation]:
    """Return a conversation.

    Args:
        vault: the records.
        roster: knows which projects may act.
        subject: platform, bot id and chat.

    Raises:
        RetryLaterError: the project is paused or removed.
    """
    kept = vault.read(Conversation, *subject)
    if kept is not None:
        return kept
    made = vault.create(Conversation(*subject))
    if roster.bot(*subject[:2]) is None:
        # Whoever removes the project has looked for its conversations already.
        vault.delete(made)
        raise RetryLaterError("the project is paused or removed", retry_after=PAUSED)
    return made
