"""What delivering one item needs: the item, the means, and the errors that stop it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from attrs import field, frozen

from chatbridge.clock import Clock
from chatbridge.errors import ChatbridgeError
from chatbridge.links import Link
from chatbridge.marks import Marks
from chatbridge.observation import Observer
from chatbridge.project import Timings
from chatbridge.receipts import Receipts
from chatbridge.rendering import Draft
from chatbridge.richtext import Document
from chatbridge.roster import OpenBot, Roster
from chatbridge.vault import Vault


class LostClaimError(ChatbridgeError):
    """Somebody else works on the link now, or it may no longer send."""


class StaleWitnessError(ChatbridgeError):
    """What proved that the text is public has grown too old; read again."""


GONE: Final = float("inf")


@frozen(kw_only=True)
class Job:
    """One item that shall be on the chat.

    Args:
        bot: who says it.
        draft: what is said.
        not_shown: stands in for a part that the platform refuses in every form.
        file_not_shown: makes what stands in for a file of this name.
        lost: refs of files whose source failed -> the seconds for which the site wants to be left
            alone, `GONE` where it has no such file; filled while they are sent.
        fresh_until: the clock's `monotonic()` after which the draft may not be sent any more.
        complete: makes the record in which the item counts as sent, of the link and the
            platform's ids of all its messages (empty where some are not known).
    """

    bot: OpenBot
    draft: Draft
    not_shown: Document
    file_not_shown: Callable[[str], Document] = field(repr=False)
    lost: Mapping[str, float] = field(factory=dict)
    fresh_until: float = float("inf")
    complete: Callable[[Link, tuple[str, ...]], Link] = field(repr=False)


@frozen
class Means:
    """What every sending uses.

    Args:
        vault: the records.
        marks: digests and keys.
        roster: the way to the platforms.
        owner: this process.
        clock: the time.
        timings: the lease.
        observer: is told of parts that could not be shown.
        receipts: remember which request a message was about.
        unrecorded: parts that were sent while the storage could not take the news of it.
    """

    vault: Vault
    marks: Marks
    roster: Roster
    owner: str
    clock: Clock
    timings: Timings
    observer: Observer
    receipts: Receipts
    unrecorded: set[tuple[str, str]] = field(factory=set, repr=False)
