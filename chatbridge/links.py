"""The link: the kept pair of a chat and a customer request, with the marks that make it safe.

It holds ids and marks, never a word of what people wrote.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Self

from attrs import evolve, field, frozen

from chatbridge.content import Address
from chatbridge.records import MONTH, YEAR, Conversation


class LinkState(StrEnum):
    """What may happen on a link; only an active one sends."""

    ACTIVE = "active"
    HELD = "held"
    SUSPENDED = "suspended"
    GONE = "gone"


RELEASED = "released"
"""Reason of an active link whose waiting comments may be sent, however many they are."""

NO_ACCESS = "no_access"
"""Reason of a link whose request cannot be read."""


@frozen
class Inflight:
    """What is being sent on a link, and who may send it.

    Args:
        item: a comment id, or the name of a text of state.
        sent: digests of its parts that were sent.
        owner: the process that sends.
        beat: changes with every write of the owner.
        attempts: how many outcomes of the current part nobody knows.
    """

    item: str
    sent: tuple[str, ...]
    owner: str
    beat: str
    attempts: int = 0


@frozen
class Told:
    """What the chat was told about the request's state.

    Args:
        opened: whether it was told that the request exists.
        status: keyed hash of the last status that was told or taken as known.
        ended: whether that status means closed.
        notice: whether the privacy notice stands before the first text.
    """

    opened: bool = False
    status: str = ""
    ended: bool = False
    notice: bool = False


@frozen
class Link:
    """The kept pair of a chat and a customer request.

    Args:
        site: the Jira site.
        issue_id: the request.
        platform: the adapter's name.
        bot_id: the bot.
        chat: the chat.
        thread: the thread in the chat, or None.
        project: whose settings apply.
        seen: comment ids that need no sending.
        inflight: what is being sent.
        told: what the chat knows of the request's state.
        state: what may happen.
        reason: why it is not active; a word of the library's own.
        note: a cause that agents have still to be told in an internal note, or empty.
    """

    kind: ClassVar[str] = "link"
    schema: ClassVar[int] = 1

    site: str
    issue_id: str
    platform: str
    bot_id: str
    chat: str = field(repr=False)
    thread: str | None = field(default=None, repr=False)
    project: str = ""
    seen: frozenset[int] = field(default=frozenset(), repr=False)
    inflight: Inflight | None = None
    told: Told = Told()
    state: LinkState = LinkState.ACTIVE
    reason: str = ""
    note: str = ""

    def identity(self) -> tuple[str, ...]:
        """Return what names it."""
        return (self.site, self.issue_id)

    @property
    def address(self) -> Address:
        """Where its messages go."""
        return Address(self.chat, self.thread)

    @property
    def claim(self) -> tuple[str, str] | None:
        """Who may send now, and by which beat; None where nobody does."""
        return None if self.inflight is None else (self.inflight.owner, self.inflight.beat)

    def belongs_to(self, conversation: Conversation) -> bool:
        """Tell whether it names this chat."""
        mine = (self.platform, self.bot_id, self.chat)
        return mine == (conversation.platform, conversation.bot_id, conversation.chat)

    def stopped(self, state: LinkState, reason: str, note: str = "") -> Link:
        """Return the link in another state, with nobody at work on it.

        Which parts of an item were sent stays known, so that they do not come twice later.

        Args:
            state: the new state.
            reason: why.
            note: what agents have to be told, empty to leave what is there.
        """
        inflight = self.inflight
        if inflight is not None:
            inflight = evolve(inflight, owner="", beat="") if inflight.sent else None
        return evolve(self, state=state, reason=reason, note=note or self.note, inflight=inflight)

    def moved(self, old: str, new: str) -> Link | None:
        """Return the link in the chat's new place, None where it is not in the old one.

        Message ids and threads of the old chat mean nothing in the new one.
        """
        return evolve(self, chat=new, thread=None) if self.chat == old else None

    def lifetime(self) -> int | None:
        """Return for how long it is kept from its last change on.

        While its request is open it stays; a month after the end, and a year after the site or the
        chat stopped answering, it is forgotten.
        """
        if self.state is LinkState.GONE or self.told.ended:
            return MONTH
        return YEAR if self.state is LinkState.SUSPENDED else None

    def to_plain(self) -> Any:
        """Return it as JSON-able values."""
        told, inflight = self.told, self.inflight
        return [
            self.site, self.issue_id, self.platform, self.bot_id, self.chat, self.thread,
            self.project, _deltas(self.seen),
            None if inflight is None else [
                inflight.item, inflight.sent, inflight.owner, inflight.beat, inflight.attempts
            ],
            [int(told.opened), told.status, int(told.ended), int(told.notice)],
            self.state.value, self.reason, self.note,
        ]  # fmt: skip

    @classmethod
    def from_plain(cls, plain: Any, _schema: int) -> Self:
        """Return the record of such values."""
        site, issue_id, platform, bot_id, chat, thread, project, seen, inflight, told = plain[:10]
        state, reason, note = plain[10:]
        return cls(
            site, issue_id, platform, bot_id, chat, thread, project, _from_deltas(seen),
            None if inflight is None else Inflight(
                inflight[0], tuple(inflight[1]), *inflight[2:]
            ),
            Told(bool(told[0]), told[1], bool(told[2]), bool(told[3])),
            LinkState(state), reason, note,
        )  # fmt: skip


def _deltas(ids: frozenset[int]) -> list[int]:
    ordered = sorted(ids)
    return [now - before for now, before in zip(ordered, [0, *ordered], strict=False)]


def _from_deltas(deltas: list[int]) -> frozenset[int]:
    ids, at = [], 0
    for delta in deltas:
        at += delta
        ids.append(at)
    return frozenset(ids)
