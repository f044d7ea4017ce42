"""What a platform says of a chat: it can(not) be written to, it moved, something was not shown.

Nothing is kept because of such news: a chat that is unknown stays unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import evolve

from chatbridge.answers import Answers
from chatbridge.errors import Refusal, RetryLaterError
from chatbridge.events import AvailabilityChanged, ConversationMigrated, DeliveryReported
from chatbridge.links import Link, LinkState
from chatbridge.moves import Moves, links_of
from chatbridge.receipts import Receipts
from chatbridge.records import Conversation
from chatbridge.roster import conversation_subject
from chatbridge.scenes import Scene
from chatbridge.setbacks import UNREACHABLE
from chatbridge.situations import Situations
from chatbridge.state_texts import note_of
from chatbridge.vault import Kept, Vault

_BLOCKED: Final = UNREACHABLE[Refusal.BLOCKED]
_NOTED: Final = 2.0

NEWS: Final = (AvailabilityChanged, DeliveryReported, ConversationMigrated)
"""The events that are news of a chat."""


class ChatNews:
    """Notes the news of chats.

    Args:
        vault: the records.
        situations: finds links.
        answers: lets links go on.
        wake: called with the key of a link that has news.
    """

    def __init__(
        self, vault: Vault, situations: Situations, answers: Answers, wake: Callable[[str], None]
    ) -> None:
        self._vault = vault
        self._situations = situations
        self._answers = answers
        self._wake = wake
        self._moves = Moves(vault)
        self._receipts = Receipts(vault)

    def note(self, scene: Scene) -> None:
        """Note what a platform says of a chat, where anything is kept about it."""
        event = scene.event
        kept = self._vault.read(Conversation, *conversation_subject(scene.bot, event.address))
        if kept is None or scene.key in kept.record.done:
            return
        if isinstance(event, ConversationMigrated):
            for key in self._moves.move_chat(*scene.bot.key, kept.record.chat, event.moved_to):
                self._wake(key)
            return
        if isinstance(event, DeliveryReported):
            self._tell_not_shown(scene, kept, event)
        elif isinstance(event, AvailabilityChanged) and event.available:
            self._answers.resume(scene, kept)
        elif scene.bot.adapter.capabilities.ordered:
            self._suspend(scene, kept)
        # Else it may be older than what the chat has sent since: the next answer finds out.
        # Known as done, so that a late repeat does not undo what came after it.
        self._vault.update(kept, lambda record: record.finished(scene.key))

    def _tell_not_shown(
        self, scene: Scene, kept: Kept[Conversation], event: DeliveryReported
    ) -> None:
        """Let agents know that a message which the platform had taken was not shown after all.

        Where its receipt is gone, those of the chat's current request are told.

        Raises:
            RetryLaterError: another note has to be written first.
        """
        site = scene.desk.desk.site
        note = note_of("failed_later", self._situations.clock.time())
        about = self._receipts.request_of(*scene.bot.key, event.message_id, site)
        current = kept.record.current or "".join(kept.record.issues[-1:])
        links = (self._situations.link(kept.record, site, issue) for issue in (about, current))
        link = next(filter(None, links), None)
        if link is None:
            return
        # A note of something that is over soon is dropped, and this would be with it.
        noted = self._vault.update(
            link, lambda record: evolve(record, note=note) if record.note in {"", note} else None
        )
        self._wake(link.key)
        if noted is None:
            raise RetryLaterError("agents are told of something else first", retry_after=_NOTED)

    def _suspend(self, scene: Scene, kept: Kept[Conversation]) -> None:
        note = note_of(_BLOCKED, self._situations.clock.time())
        for link in links_of(self._vault, scene.desk.desk.site, kept):
            # The next answer would find out anyway; agents should know before they write it.
            if self._vault.update(link, lambda record: _blocked(record, note)) is not None:
                self._wake(link.key)


def _blocked(link: Link, note: str) -> Link | None:
    if link.state is not LinkState.ACTIVE or link.told.ended:
        return None
    # Whoever is about to send keeps its claim: were it gone, another one could send the same.
    return evolve(link, state=LinkState.SUSPENDED, reason=_BLOCKED, note=note)
