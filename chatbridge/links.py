"""The link: the kept pair of a chat and a customer request, with the marks that make it safe.

It holds ids and marks, never a word of what people wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from itertools import accumulate
from typing import Any, ClassVar, Final, Self

from attrs import evolve, field, frozen

from chatbridge.content import Address
from chatbridge.kept_fields import means
from chatbridge.records import MONTH, YEAR, Conversation


class LinkState(StrEnum):
    """What may happen on a link; only an active one sends."""

    ACTIVE = "active"
    HELD = "held"
    SUSPENDED = "suspended"
    GONE = "gone"


RELEASED = "released"
"""Reason of an active link whose waiting comments may be sent, however many they are."""

BURST = "burst"
"""Reason of a held link whose comments wait for a word of the customer, since there are many."""

SILENT = "silent"
"""The same, since nothing was said for so long that the chat may have another owner."""

NO_BOT = "no_bot"
"""Reason of a link whose bot is not in its project any more."""

NO_ACCESS = "no_access"
"""Reason of a link whose request cannot be read."""


@frozen
class Inflight:
    """What is being sent on a link, and who may send it."""

    item: str = field(metadata=means("a comment id, or the name of a text about the state"))
    sent: tuple[str, ...] = field(metadata=means("keyed hashes of its parts that were sent"))
    owner: str = field(metadata=means("the process that sends"))
    beat: str = field(metadata=means("changes with every write of the owner"))
    attempts: int = field(
        default=0, metadata=means("how many outcomes of the current part nobody knows")
    )


@frozen
class Told:
    """What the chat was told about the request's state."""

    opened: bool = field(
        default=False, metadata=means("whether it was told that the request exists")
    )
    status: str = field(
        default="", metadata=means("keyed hash of the last status that was told or taken as known")
    )
    ended: bool = field(default=False, metadata=means("whether that status means closed"))
    notice: bool = field(
        default=False, metadata=means("whether the privacy notice stands before the first text")
    )
    joined: bool = field(
        default=False, metadata=means("whether the chat joined by a link, and did not open it")
    )


@frozen
class Shown:
    """A comment that the chat shows, so that a later change of it can be shown as well."""

    comment_id: int = field(metadata=means("the comment"))
    mark: str = field(metadata=means("keyed hash of what it said"))
    messages: tuple[str, ...] = field(
        default=(),
        repr=False,
        metadata=means("the platform's ids of the messages that show it, or none", personal=True),
    )
    moment: int = field(default=0, metadata=means("the minute in which it was shown"))


@frozen
class Opening:
    """The opening of a request that was asked for twice, while a second one may still appear."""

    event: str = field(metadata=means("keyed hash of the message that opened it"))
    looks: int = field(default=0, metadata=means("how often a second one was looked for"))
    moment: int = field(
        default=0, metadata=means("the minute from which looking again makes sense")
    )


SHOWN_KEPT: Final = 10
"""How many comments a link remembers as shown; agents mend what they have just written."""


@frozen
class Link:
    """The kept pair of a chat and a customer request."""

    kind: ClassVar[str] = "link"
    schema: ClassVar[int] = 1
    purpose: ClassVar[str] = "What agents answer finds the customer's chat, and arrives there once."
    lives: ClassVar[Mapping[str, int | None]] = {
        "while its request is open": None,
        "held or suspended, from the last change on": YEAR,
        "once its request has ended": MONTH,
    }

    site: str = field(metadata=means("the Jira site"))
    issue_id: str = field(metadata=means("the id of the request", personal=True))
    platform: str = field(metadata=means("the adapter's name"))
    bot_id: str = field(metadata=means("the bot"))
    chat: str = field(
        repr=False, metadata=means("the chat, as the platform numbers it", personal=True)
    )
    thread: str | None = field(
        default=None, repr=False, metadata=means("the thread in the chat, or none", personal=True)
    )
    project: str = field(default="", metadata=means("the project whose settings apply"))
    seen: frozenset[int] = field(
        default=frozenset(), repr=False, metadata=means("ids of comments that need no sending")
    )
    inflight: Inflight | None = field(
        default=None, metadata=means("what is being sent, and by which process")
    )
    told: Told = field(default=Told(), metadata=means("what the chat knows of the request's state"))
    state: LinkState = field(
        default=LinkState.ACTIVE, metadata=means("active, held, suspended or gone")
    )
    reason: str = field(
        default="", metadata=means("why it is not active; a word of the library's own")
    )
    note: str = field(
        default="", metadata=means("a cause that agents have still to be told, or none")
    )
    shown: tuple[Shown, ...] = field(
        default=(), metadata=means("the comments that were shown last, the newest at the end")
    )
    opening: Opening | None = field(
        default=None,
        metadata=means("by what Jira may have opened it twice, for about a day, or none"),
    )

    def identity(self) -> tuple[str, ...]:
        """Return what names it."""
        return (self.site, self.issue_id)

    @property
    def awaits_word(self) -> bool:
        """Whether its comments wait for a word of the customer's."""
        return self.state is LinkState.HELD and self.reason in {BURST, SILENT}

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

    def with_shown(self, shown: Shown) -> Link:
        """Return the link on which this comment counts as sent, and as shown like this."""
        others = [each for each in self.shown if each.comment_id != shown.comment_id]
        seen = self.seen | {shown.comment_id}
        return evolve(self, seen=seen, shown=(*others, shown)[-SHOWN_KEPT:])

    def with_unsure(self, comment_id: int) -> Link:
        """Return the link on which nobody knows in which wording a comment is shown."""
        shown = tuple(
            evolve(each, mark="") if each.comment_id == comment_id else each for each in self.shown
        )
        return evolve(self, shown=shown)

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
        return evolve(self, chat=new, thread=None, shown=()) if self.chat == old else None

    def joined(
        self, conversation: Conversation, project: str, thread: str | None, present: frozenset[int]
    ) -> Link:
        """Return the link of a chat that joins the request, in place of the one that had it.

        What the other chat has still to be shown is shown here.

        Args:
            conversation: the chat.
            project: whose settings apply.
            thread: the thread in it, or None.
            present: ids of comments that need no sending.
        """
        return evolve(
            self,
            platform=conversation.platform,
            bot_id=conversation.bot_id,
            chat=conversation.chat,
            thread=thread,
            project=project,
            seen=self.seen | present,
            inflight=None,
            told=Told(notice=not conversation.greeted, joined=True),
            state=LinkState.ACTIVE,
            reason="",
            note="",
            shown=(),
        )

    def phase(self) -> str:
        """Return which of the lives is its."""
        is_open, stopped, ended = self.lives
        if self.state is LinkState.GONE or self.told.ended:
            return ended
        return is_open if self.state is LinkState.ACTIVE else stopped

    def lifetime(self) -> int | None:
        """Return for how long it is kept from its last change on.

        While its request is open it stays; a month after the end, and a year after it stopped and
        nobody let it go on, it is forgotten.
        """
        return self.lives[self.phase()]

    def to_plain(self) -> Any:
        """Return it as JSON-able values."""
        told, inflight, opening = self.told, self.inflight, self.opening
        return [
            self.site, self.issue_id, self.platform, self.bot_id, self.chat, self.thread,
            self.project, _deltas(self.seen),
            None if inflight is None else [
                inflight.item, inflight.sent, inflight.owner, inflight.beat, inflight.attempts
            ],
            [int(told.opened), told.status, int(told.ended), int(told.notice),
             int(told.joined)],
            self.state.value, self.reason, self.note,
            [[each.comment_id, each.mark, each.messages, each.moment] for each in self.shown],
            opening and [opening.event, opening.looks, opening.moment],
        ]  # fmt: skip

    @classmethod
    def from_plain(cls, plain: Any, _schema: int) -> Self:
        """Return the record of such values."""
        site, issue_id, platform, bot_id, chat, thread, project, seen, inflight, told = plain[:10]
        state, reason, note = plain[10:13]
        shown = tuple(
            Shown(number, mark, tuple(messages), moment)
            for number, mark, messages, moment in (plain[13] if len(plain) > 13 else ())
        )
        return cls(
            site, issue_id, platform, bot_id, chat, thread, project, _from_deltas(seen),
            None if inflight is None else Inflight(
                inflight[0], tuple(inflight[1]), *inflight[2:]
            ),
            Told(bool(told[0]), told[1], *map(bool, told[2:])),
            LinkState(state), reason, note, shown,
            Opening(*plain[14]) if len(plain) > 14 and plain[14] else None,
        )  # fmt: skip


def _deltas(ids: frozenset[int]) -> list[int]:
    ordered = sorted(ids)
    return [now - before for now, before in zip(ordered, [0, *ordered], strict=False)]


def _from_deltas(deltas: list[int]) -> frozenset[int]:
    return frozenset(accumulate(deltas))
