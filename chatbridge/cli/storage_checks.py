"""What `chatbridge doctor` asks the storage: whether it can be written, read, and what waits in it.

One record is written to see whether the storage takes it, and removed again; nothing else changes.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Final

from attrs import define, field

from chatbridge import Bridge, Finding
from chatbridge.links import Link, LinkState
from chatbridge.receipts import Receipt
from chatbridge.records import Claim, Conversation, Project

_PROBE_LIVES: Final = 60
"""Seconds after which a probe that could not be removed is gone by itself."""


@define
class _Seen:
    """What was met while all records were read."""

    count: int = 0
    held: int = 0
    suspended: int = 0
    unfinished: int = 0
    late: int = 0
    oldest: float = field(default=0.0)
    """Seconds since the sender of the oldest unfinished message should have been told."""

    def take(self, record: Project | Link | Conversation | Claim | Receipt, now: float) -> None:
        self.count += 1
        if isinstance(record, Link):
            self.held += record.state is LinkState.HELD
            self.suspended += record.state is LinkState.SUSPENDED
        elif isinstance(record, Conversation):
            for intent in record.pending:
                self.unfinished += 1
                self.late += intent.tell_by < now
                self.oldest = max(self.oldest, now - intent.tell_by)


def check_storage(bridge: Bridge) -> Iterator[Finding]:
    """Write and remove a record of no meaning, then read all there is."""
    storage = bridge.engine.vault.storage
    key = f"doctor:{secrets.token_hex(8)}"
    version = storage.put(key, b"probe", ttl=_PROBE_LIVES)
    storage.delete(key, expect=version)
    yield Finding("storage", True, "can be written")
    damaged: list[str] = []
    seen, now = _Seen(), time.time()
    for cls in (Project, Link, Conversation, Claim, Receipt):
        for kept in bridge.engine.vault.scan(cls, damaged.append):
            seen.take(kept.record, now)  # type: ignore[arg-type]
    if damaged:
        text = f"{len(damaged)} of {seen.count + len(damaged)} records cannot be read"
        yield Finding("storage", False, text, "restore it from a backup, then run: chatbridge "
                      "storage restored")  # fmt: skip
    else:
        yield Finding("storage", True, f"all records can be read ({seen.count})")
    yield from _waiting(seen)


def _waiting(seen: _Seen) -> Iterator[Finding]:
    if seen.held:
        mend = "look at them with chatbridge links list, then chatbridge links release"
        yield Finding("links", False, f"{seen.held} are held and send nothing", mend)
    if seen.suspended:
        yield Finding(
            "links",
            True,
            f"{seen.suspended} are suspended: their chats, or we, are not let in",
            "chatbridge links list tells why; most end by themselves once that changes",
        )
    if seen.late:
        yield Finding(
            "messages",
            False,
            f"{seen.late} of customers are not in Jira, and their senders should know it for "
            f"{_duration(seen.oldest)}",
            "nothing works on them: start chatbridge run, or look at what it says",
        )
    elif seen.unfinished:
        yield Finding("messages", True, f"{seen.unfinished} are on their way into Jira")


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
