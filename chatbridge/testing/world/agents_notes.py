"""What the bridge told the agents of a request by internal notes, and what it should have told."""

from __future__ import annotations

from collections import Counter
from typing import Any

from chatbridge.links import Link, LinkState
from chatbridge.testing.desk_people import BOT


def is_repaired(world: Any, issue: Any) -> bool:
    """Tell whether a doubled request is linked to the one that goes on, and agents are told once.

    The one that goes on has the link to the chat.
    """
    originals = [other for kind, other in issue.links if kind == "Duplicate"]
    linked = {kept.record.issue_id for kept in world.vault.scan(Link)
              if kept.record.state is not LinkState.GONE}  # fmt: skip
    told = sum("a second time" in each.wiki for each in issue.comments.values() if not each.public)
    return len(originals) == 1 and originals[0] in linked - {issue.issue_id} and told >= 1


def untold(world: Any, issue: Any, link: Link) -> list[str]:
    """Return what the platform reported as not shown, and no agent was told of."""
    reported = world.vault.key(Link, world.site, link.issue_id) in world.truth.failed
    if not reported or not issue.is_request or world.marks & {"restored", "request gone"}:
        return []
    return [] if notes_of(issue) else ["I27: a message was not shown and no agent was told"]


def notes_of(issue: Any) -> list[Any]:
    """Return the internal notes of the bridge on an issue."""
    ours = [each for each in issue.comments.values() if each.author.account_id == BOT.account_id]
    return [each for each in ours if not each.public]


def wrong_notes(world: Any, issue: Any) -> list[str]:
    """Return what agents were told more often than once, and once more for each doubt."""
    notes = Counter(each.wiki for each in notes_of(issue))
    told = [name for name in world.truth.doubts if name.startswith("POST servicedesk")]
    doubts = sum(world.truth.doubts[name] for name in told if name.endswith("/comment"))
    doubts += len(world.truth.failed)
    return [
        f"I27: agents were told {count} times" for count in notes.values() if count > 1 + doubts
    ]
