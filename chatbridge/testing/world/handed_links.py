"""Links into requests that an operator hands out, and who opens them: the right to a request moves.

Which chat is right is never asked of the bridge: it is one that opened a link which the operator
really made, the first that shows that it has joined.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from attrs import define, field

from chatbridge.errors import ChatbridgeError

_JOINED: Final = re.compile(r"is now connected to this request|messages now go to this request")
_MOVES: Final = re.compile(r"is now connected to this request|goes on in another chat")


@define
class HandedLink:
    """One link that was handed out.

    Args:
        issue_id: the request that it leads to.
        word: what it carries.
        chats: who opened it, each in a chat of their own.
    """

    issue_id: str
    word: str = field(repr=False)
    chats: set[int] = field(factory=set)


def note_joined(truth: Any, issue_id: str, chat: int, text: str, *, has_words: bool) -> None:
    """Let the right to a request move where a chat that opened its link shows so.

    Args:
        truth: what is so.
        issue_id: the request that was shown; empty where none is named.
        chat: where.
        text: what was shown.
        has_words: whether that is what people wrote.
    """
    # That the chat which has the right is shown something says nothing of who joined.
    news = has_words and truth.owners.get(issue_id) != chat
    if not news and not _JOINED.search(text):
        return
    for handed in truth.handed:
        # Who is told without its name has the request already.
        is_it = issue_id == handed.issue_id or (
            not issue_id and truth.owners.get(handed.issue_id) == chat
        )
        if is_it and chat in handed.chats:
            # What the old chat had sent may still come into Jira.
            former = truth.former_owners.setdefault(handed.issue_id, set())
            former.add(truth.owners[handed.issue_id])
            old = truth.home(truth.owners[handed.issue_id])
            truth.left[handed.issue_id, old] = truth.world.clock.monotonic()
            truth.owners[handed.issue_id] = chat
            truth.handed.remove(handed)
            # It may come back by another link, and leave again.
            truth.doubts.update(each for each in truth.texts if _MOVES.search(each))
            return


def may_be_home(truth: Any, issue_id: str, chat: int) -> bool:
    """Tell whether a chat opened a good link into a request, and may have it though none shows."""
    return any(each.issue_id == issue_id and chat in each.chats for each in truth.handed)


def rights(truth: Any) -> Any:
    """Return who has the right to which request now, to be put back with a backup."""
    opened = [(each.issue_id, frozenset(each.chats)) for each in truth.handed]
    return dict(truth.owners), opened


def restore_rights(truth: Any, kept: Any) -> None:
    """Put back who had the right to what when a backup was made; links end with it."""
    owners, opened = kept
    truth.owners.update(owners)
    truth.handed[:] = [HandedLink(issue_id, "", set(chats)) for issue_id, chats in opened]


def _invites(world: Any, issue: int) -> None:
    issues = list(world.desk.state.issues.values())
    if not issues:
        raise LookupError
    found = issues[issue % len(issues)]
    world.gate.faults_on, before = False, world.gate.faults_on
    try:
        (link,) = world.open_bridge("operator").links.invite(found.issue_id)
    except ChatbridgeError:
        # The request is gone, or cannot be seen now.
        return
    finally:
        world.gate.faults_on = before
    # A new one ends those before it, but for who has joined and was not told yet.
    for handed in world.truth.handed:
        handed.word = "" if handed.issue_id == found.issue_id else handed.word
    word = link.url.rpartition("=")[2]
    world.truth.handed.append(HandedLink(found.issue_id, word))


def _opens_link(world: Any, chat: int, number: int = -1) -> None:
    handed = world.truth.handed[number]
    if not handed.word:
        raise LookupError
    who = world.chats.people[chat % len(world.chats.people)]
    if who > 0:
        handed.chats.add(who)
    world.chats.steps["commands"](world, chat, f"/start {handed.word}")


def _opens_forged(world: Any, chat: int) -> None:
    word = "a" * 39
    world.chats.steps["commands"](world, chat, f"/start {word}")


STEPS: Final[dict[str, Callable[..., None]]] = {
    "invites": _invites,
    "opens_link": _opens_link,
    "opens_forged": _opens_forged,
}
"""Every step about links by its name."""
