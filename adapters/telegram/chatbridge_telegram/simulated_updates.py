"""The queue of updates that wait for the bot, as the Bot API server keeps it.

Numbers grow by one, except that they may start anew anywhere after a quiet week. An update that
nobody takes within its life time is gone without a trace.
"""

from __future__ import annotations

import json
import random
from typing import Any

from attrs import define, field

DAY = 86400.0
PRESS_LIFETIME = 150.0
_MOST_BYTES = 4 * 1024 * 1024
_NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_KINDS = frozenset({
    "message", "edited_message", "channel_post", "edited_channel_post", "business_connection",
    "business_message", "edited_business_message", "deleted_business_messages", "guest_message",
    "inline_query", "chosen_inline_result", "callback_query", "shipping_query",
    "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "my_chat_member",
    "chat_member", "chat_join_request", "message_reaction", "message_reaction_count",
    "chat_boost", "removed_chat_boost", "managed_bot", "subscription",
})  # fmt: skip


@define(kw_only=True)
class WaitingUpdate:
    """One update that waits.

    Args:
        update: the object of the type Update.
        queue: webhooks of one queue go out one after the other.
        expires: the monotonic moment at which it is given up.
        due: the monotonic moment from which a webhook may carry it.
        attempts: how many webhooks have failed to.
        sent_at: when the webhook that is under way was handed out, None where none is.
    """

    update: dict[str, Any]
    queue: str
    expires: float
    due: float
    attempts: int = 0
    sent_at: float | None = None

    @property
    def number(self) -> int:
        """Its update_id."""
        number: int = self.update["update_id"]
        return number

    def body(self) -> bytes:
        """Return what a webhook carries."""
        return json.dumps(self.update, ensure_ascii=False).encode()


@define
class UpdateQueue:
    """What waits for the bot, in order.

    Args:
        random: where new numbers come from.
        waiting: the updates.
        next_number: of the next one.
        wanted: the kinds asked for, None for the default set.
    """

    random: random.Random
    waiting: list[WaitingUpdate] = field(factory=list)
    next_number: int = 100_000_001
    wanted: frozenset[str] | None = None
    _renumber_to: int | None = None

    def want(self, kinds: Any) -> None:
        """Remember `allowed_updates`; what is no list of texts changes nothing."""
        if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
            return
        known = _KINDS.intersection(kinds)
        self.wanted = frozenset(known) if known else None

    def add(
        self, kind: str, value: dict[str, Any], *, queue: str, lifetime: float, now: float
    ) -> int | None:
        """Put an update behind the others and return its number, None where it is not wanted."""
        self.prune(now)
        wanted = self.wanted if self.wanted is not None else _KINDS - _NOT_BY_DEFAULT
        if kind not in wanted:
            return None
        if self._renumber_to is not None and not self.waiting:
            self.next_number, self._renumber_to = self._renumber_to, None
        number = self.next_number
        self.next_number += 1
        update: dict[str, Any] = {"update_id": number, kind: value}
        self.waiting.append(
            WaitingUpdate(update=update, queue=queue, expires=now + lifetime, due=now)
        )
        return number

    def prune(self, now: float) -> None:
        """Give up what nobody took in time."""
        self.waiting = [item for item in self.waiting if item.expires > now]

    def confirm(self, offset: int) -> None:
        """Forget what an `offset` of getUpdates gives up.

        A negative one keeps only so many of the last; one beyond the next number cannot be
        placed and gives up nothing.
        """
        if offset < 0:
            self.waiting = self.waiting[offset:]
        elif offset <= self.next_number:
            self.waiting = [item for item in self.waiting if item.number >= offset]

    def page(self, limit: int, now: float) -> list[dict[str, Any]]:
        """Return the first updates, at most `limit` and about 4 MiB of them."""
        self.prune(now)
        page: list[dict[str, Any]] = []
        size = 0
        for item in self.waiting[:limit]:
            size += len(item.body())
            if page and size > _MOST_BYTES:
                break
            page.append(item.update)
        return page

    def remove(self, number: int) -> None:
        """Forget one update, wherever it stands."""
        self.waiting = [item for item in self.waiting if item.number != number]

    def renumber(self, number: int | None) -> int:
        """Start at another number as soon as nothing waits, as after a quiet week."""
        self._renumber_to = self.random.randrange(1, 2**31 - 10**6) if number is None else number
        return self._renumber_to
