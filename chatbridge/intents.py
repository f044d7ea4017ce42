"""How intents are made and how patient the bridge is with them; pure, the times are arguments."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from chatbridge.claims import new_word
from chatbridge.clock import Clock
from chatbridge.errors import ConfigurationError, RetryLaterError
from chatbridge.events import Event
from chatbridge.http_types import HttpRequest
from chatbridge.project import Timings
from chatbridge.records import Intent, IntentKind

_log = logging.getLogger("chatbridge.intents")

_PAUSED: Final = 60.0
_LEAST_CHANCE: Final = 600.0
"""Seconds that an event gets even when it waited long at the platform before it came."""


def begun(
    key: str, kind: IntentKind, issue_id: str, event: Event, owner: str, now: float, horizon: float,
    *, parts: int = 1, files: int = 0, also: tuple[str, ...] = (), overtaken: bool = False,
) -> Intent:  # fmt: skip
    """Return the intent of an event that is about to be written.

    Args:
        key: of the event.
        kind: what it becomes.
        issue_id: the request that it is a comment on; empty for a new one.
        event: what happened.
        owner: this process.
        now: Unix seconds.
        horizon: seconds for which the platform keeps the event.
        parts: how many writes it takes.
        files: how many of them bring files.
        also: keys of the events that share its write.
        overtaken: whether its platform will not repeat it.
    """
    # Bringing a file takes long: noted first, so that its sender is told if it never ends.
    return Intent(
        key, kind, issue_id, _tell_by(event, now, horizon), owner, new_word(3), parts,
        clean=files > 0, overtaken=overtaken, thread=event.address.thread, files=files, also=also,
    )  # fmt: skip


def not_begun(key: str, event: Event, owner: str, now: float, horizon: float) -> Intent:
    """Return the intent of an event that was overtaken before anything was done about it.

    Args:
        key: of the event.
        event: what happened.
        owner: this process, which has the event in its memory.
        now: Unix seconds.
        horizon: seconds for which the platform keeps an event.
    """
    tell_by, thread = _tell_by(event, now, horizon), event.address.thread
    return Intent(key, IntentKind.COMMENT, "", tell_by, owner, "", overtaken=True, thread=thread)


def _tell_by(event: Event, now: float, horizon: float) -> int:
    sent = min(event.sent_at or now, now)
    return int(max(sent + horizon / 2, min(now + _LEAST_CHANCE, sent + horizon * 0.9)))


def settle_time(intent: Intent, timings: Timings) -> float:
    """Return after how many quiet seconds a write of unknown outcome has happened or never will."""
    opens = intent.kind is IntentKind.OPEN
    return timings.request_settle if opens else timings.comment_settle


def no_write_after(until: float, clock: Clock) -> Callable[[HttpRequest], None]:
    """Return the check that lets no write begin after the clock's `monotonic()` says so."""

    def check(request: HttpRequest) -> None:
        if not request.is_repeatable and clock.monotonic() > until:
            raise RetryLaterError("the write comes too late to be the only one")

    return check


def patience(intent: Intent, error: RetryLaterError, now: float) -> RetryLaterError:
    """Return the error with a wait that leaves the event several more tries."""
    left = 2 * max(0.0, intent.tell_by - now)
    wait = min(error.retry_after or 5.0, max(left / 4, 1.0))
    return RetryLaterError("the site asks for patience", retry_after=wait)


def later(error: RetryLaterError | ConfigurationError) -> RetryLaterError:
    """Return what makes a message wait that a wrong configuration stops as well."""
    if isinstance(error, RetryLaterError):
        return error
    _log.error("a message has to wait: %s", error)
    return RetryLaterError("the configuration is wrong", retry_after=_PAUSED)
