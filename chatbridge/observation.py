"""What an operator may know of a bridge: content-free notices, counts and last successes.

Nothing here names a chat, an issue or a person, and nothing is kept beyond the process.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from chatbridge.clock import Clock

_log = logging.getLogger("chatbridge.observation")

Labels = tuple[tuple[str, str], ...]

_QUIET: Final = 900.0
"""Seconds without a word of a trouble after which the same words mean another one."""
_REMIND: Final = 86400.0


class NoticeKind(StrEnum):
    """What a notice is about."""

    LINK_STOPPED = "link_stopped"
    MESSAGE_NOT_DELIVERED = "message_not_delivered"
    ANSWER_NOT_SHOWN = "answer_not_shown"
    ANSWER_WITHDRAWN = "answer_withdrawn"
    BOT_TROUBLE = "bot_trouble"
    SITE_TROUBLE = "site_trouble"
    CALLS_SUSPENDED = "calls_suspended"
    CALLS_RESUMED = "calls_resumed"
    RECORD_DAMAGED = "record_damaged"
    WEBHOOK_REFUSED = "webhook_refused"


_LASTING: Final = {
    NoticeKind.BOT_TROUBLE, NoticeKind.SITE_TROUBLE, NoticeKind.RECORD_DAMAGED,
    NoticeKind.WEBHOOK_REFUSED,
}  # fmt: skip
"""What is met again and again while it lasts, and told once a day then."""


@frozen
class Notice:
    """Something that an operator should hear of.

    Args:
        kind: what it is about.
        subject: the platform, bot or site, or the storage; never a chat or an issue.
        reason: a word or sentence of the library's own.
    """

    kind: NoticeKind
    subject: str
    reason: str


@frozen
class Tally:
    """Counts since the start of the process.

    Args:
        counts: (name, labels) -> how often.
        successes: far side -> the clock's `time()` of its last good answer.
    """

    counts: dict[tuple[str, Labels], int] = field(factory=dict)
    successes: dict[str, float] = field(factory=dict)


class Observer:
    """Collects what happens and tells the host.

    Args:
        clock: the time.
        on_notice: the host's function; what it raises is logged and goes no further.
    """

    def __init__(self, clock: Clock, on_notice: Callable[[Notice], None] | None = None) -> None:
        self._clock = clock
        self._on_notice = on_notice
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, Labels]] = Counter()
        self._successes: dict[str, float] = {}
        self._troubles: dict[Notice, tuple[float, float]] = {}

    def notice(self, kind: NoticeKind, subject: str, reason: str) -> None:
        """Tell the host, of a trouble that lasts only once a day; never fails."""
        self.count("notices", kind=kind.value)
        notice = Notice(kind, subject, reason)
        if self._on_notice is None or self._is_known(notice):
            return
        try:
            self._on_notice(notice)
        except Exception as error:  # noqa: BLE001 - a host's observer must not stop a message
            _log.error("the host's on_notice failed with %s", type(error).__name__)

    def record_damaged(self, kind: str) -> None:
        """Tell the host that a record of some kind was met that nobody can read."""
        reason = f"a record of kind {kind} cannot be read; 'chatbridge keys verify' counts them all"
        self.notice(NoticeKind.RECORD_DAMAGED, "the storage", reason)

    def count_part(self, platform: str, *, charged: bool) -> None:
        """Count a part that was shown, and that it costs money where the platform says so."""
        self.count("parts_sent", platform=platform)
        if charged:
            self.count("parts_charged", platform=platform)

    def _is_known(self, notice: Notice) -> bool:
        """Note a trouble; tell whether the host was told of it lately."""
        if notice.kind not in _LASTING:
            return False
        now = self._clock.monotonic()
        with self._lock:
            told, met = self._troubles.get(notice, (-_REMIND, -_REMIND))
            known = now - met < _QUIET and now - told < _REMIND
            self._troubles[notice] = (told if known else now, now)
        return known

    def count(self, name: str, **labels: str) -> None:
        """Count something; labels are few and fixed words."""
        with self._lock:
            self._counts[(name, tuple(sorted(labels.items())))] += 1

    def succeeded(self, far_side: str) -> None:
        """Note that a far side answered well just now."""
        with self._lock:
            self._successes[far_side] = self._clock.time()

    def tally(self) -> Tally:
        """Return the counts and successes so far."""
        with self._lock:
            return Tally(dict(self._counts), dict(self._successes))
