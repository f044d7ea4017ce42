"""Notes durably what the platform will not repeat, since the polling position has passed it."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from chatbridge.answers import calls_for_action
from chatbridge.chat_news import NEWS
from chatbridge.conversations import conversation_of
from chatbridge.intents import not_begun
from chatbridge.records import Conversation, Intent
from chatbridge.roster import Roster
from chatbridge.scenes import Scene
from chatbridge.vault import Vault


def note_overtaken(
    vault: Vault, roster: Roster, scenes: Sequence[Scene], owner: str, now: float
) -> None:
    """Keep an intent for each of these events of one chat that is not done yet, by one write.

    News of a chat are not kept: who loses them learns the same from the next call.

    Args:
        vault: the records.
        roster: knows which projects may act.
        scenes: of the events.
        owner: this process, which has the events in its memory.
        now: Unix seconds.

    Raises:
        RetryLaterError: the project is paused or removed.
        StorageError: it could not be kept.
    """
    kept_ones = [scene for scene in scenes if _is_kept(scene)]
    if not kept_ones:
        return
    kept = conversation_of(vault, roster, kept_ones[0].subject)
    new = [not_begun(each.key, each.event, owner, now, each.horizon) for each in kept_ones]
    vault.update(kept, lambda record: _with_overtaken(record, new))


def _is_kept(scene: Scene) -> bool:
    return calls_for_action(scene.event) and not isinstance(scene.event, NEWS)


def _with_overtaken(record: Conversation, new: Sequence[Intent]) -> Conversation | None:
    done, pending = set(record.done), {intent.key: intent for intent in record.pending}
    overtaken = {
        intent.key: evolve(pending.get(intent.key, intent), overtaken=True)
        for intent in new
        if intent.key not in done
    }
    return evolve(record, pending=tuple((pending | overtaken).values())) if overtaken else None
