"""Finds the conversation that an event belongs to, and makes it where there is none.

It never leaves one behind for a project that was removed meanwhile.
"""

from __future__ import annotations

from typing import Final

from chatbridge.errors import RetryLaterError
from chatbridge.records import Conversation
from chatbridge.roster import Roster, conversation_subject
from chatbridge.scenes import Scene
from chatbridge.vault import Kept, Vault

PAUSED: Final = 60.0
"""Seconds after which to ask again whether a project may act."""


def conversation_of(vault: Vault, roster: Roster, scene: Scene) -> Kept[Conversation]:
    """Return the conversation of an event.

    Args:
        vault: the records.
        roster: knows which projects may act.
        scene: the event.

    Raises:
        RetryLaterError: the project is paused or removed.
    """
    subject = conversation_subject(scene.bot, scene.event.address)
    kept = vault.read(Conversation, *subject)
    if kept is not None:
        return kept
    made = vault.create(Conversation(*subject))
    if roster.bot(*subject[:2]) is None:
        # Whoever removes the project has looked for its conversations already.
        vault.delete(made)
        raise RetryLaterError("the project is paused or removed", retry_after=PAUSED)
    return made
