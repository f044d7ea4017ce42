"""`Capabilities`: what a platform can show and how it behaves, as one frozen value.

The conformance suite decides by it what to test, the documentation's matrix is made from it, and
rendering cuts messages by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from attrs import field, frozen

from chatbridge.content import FileKind
from chatbridge.richtext import Mark


class LengthUnit(StrEnum):
    """What a platform counts when it limits a text."""

    UTF16 = "utf16"
    CODEPOINT = "codepoint"
    BYTE = "byte"

    def measure(self, text: str) -> int:
        """Return the length of the text in this unit."""
        if self is LengthUnit.CODEPOINT:
            return len(text)
        if self is LengthUnit.BYTE:
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Proof(StrEnum):
    """How a webhook of the platform proves itself."""

    SIGNED_BODY = "signed_body"
    SHARED_SECRET = "shared_secret"  # noqa: S105 - a name
    PLATFORM_TOKEN = "platform_token"  # noqa: S105 - a name


@frozen
class FileLimit:
    """What files of a kind may be.

    Args:
        max_bytes: the largest that can be sent.
        media_types: the only ones taken; empty means any.
        max_caption: the longest caption in the unit of text, 0 where captions are impossible.
    """

    max_bytes: int
    media_types: frozenset[str] = frozenset()
    max_caption: int = 0


def _words(words: Iterable[str]) -> frozenset[str]:
    return frozenset(words)


def _marks(marks: Iterable[Mark]) -> frozenset[Mark]:
    return frozenset(marks)


@frozen(kw_only=True)
class Capabilities:
    """What a platform can do.

    Args:
        max_text_length: the longest text of one message, in `length_unit`.
        length_unit: what that length counts.
        marks: the marks that can be shown.
        links: whether a link can have a text of its own.
        blocks: block kinds shown as such ("code", "quote"); others become text.
        choices: whether options can be offered as buttons.
        max_choice_label: the longest label, in `length_unit`.
        max_choice_data: the most bytes that a choice can carry.
        max_choices: how many options one message can offer.
        max_sender_name: the longest shown sender name, 0 where none can be shown.
        files: how files reach the platform, None where they cannot.
        file_limits: the limits by kind; a kind that is missing cannot be sent.
        albums: how many files one message can group, 0 where none.
        edits: seconds for which a sent message can be changed, 0 never, None without limit.
        replies: whether a message can quote another one.
        threads: whether a chat has threads.
        receipts: whether delivery is reported later.
        idempotent: whether `OutgoingMessage.key` keeps a repeat from showing twice.
        proof: how webhooks prove themselves, None where there are none.
        webhook_routes: the calls that are webhooks, each as "<method>" or "<method> <path below the
            webhook's URL>", such as `PUT /transactions/*`; a star stands for any
            one segment.
        ordered: whether webhooks of one chat come one at a time and in order.
        answer_within: seconds in which a webhook must be answered.
        horizon: seconds for which the platform keeps an event that was not taken.
        reply_window: seconds after a contact's last message in which it can be answered, or None.
        position: who keeps the polling position, None where polling is impossible. "platform": it
            forgets what a position has passed; "ours": the bridge keeps it with its records.
        poll_pause: least seconds between two polls that return the same page.
    """

    max_text_length: int
    length_unit: LengthUnit = field(default=LengthUnit.CODEPOINT, converter=LengthUnit)
    marks: frozenset[Mark] = field(default=frozenset(), converter=_marks)
    links: bool = False
    blocks: frozenset[str] = field(default=frozenset(), converter=_words)
    choices: bool = False
    max_choice_label: int = 40
    max_choice_data: int = 64
    max_choices: int = 10
    max_sender_name: int = 0
    files: Literal["upload", "url"] | None = None
    file_limits: dict[FileKind, FileLimit] = field(factory=dict)
    albums: int = 0
    edits: float | None = 0
    replies: bool = False
    threads: bool = False
    receipts: bool = False
    idempotent: bool = False
    proof: Proof | None = None
    webhook_routes: tuple[str, ...] = field(default=("POST",), converter=tuple[str, ...])
    ordered: bool = False
    answer_within: float = 10.0
    horizon: float = 3600.0
    reply_window: float | None = None
    position: Literal["platform", "ours"] | None = None
    poll_pause: float = 0.6
