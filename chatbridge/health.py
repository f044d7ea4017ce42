"""How a bridge is, in numbers and words for an operator; no chat, issue or person is named."""

from __future__ import annotations

from typing import Any

from attrs import asdict, field, frozen

from chatbridge.breaker import Breaker
from chatbridge.engine import Engine
from chatbridge.errors import StorageError
from chatbridge.observation import Observer
from chatbridge.records import Project


@frozen(kw_only=True)
class Health:
    """How a bridge is at one moment.

    Args:
        ok: whether nothing needs an operator.
        running: whether its threads were started.
        backlog: links and events that wait for a worker.
        oldest_event: seconds for which the oldest event in memory has waited, 0 where none does.
        suspended: far side -> seconds for which calls to it are still suspended.
        last_success: far side -> Unix seconds of its last good answer.
        last_webhook: platform or site -> Unix seconds of the last genuine webhook.
        problems: what pollers, feeds and the storage complain about, each with what to do.
    """

    ok: bool
    running: bool
    backlog: int
    oldest_event: float
    suspended: dict[str, float] = field(factory=dict)
    last_success: dict[str, float] = field(factory=dict)
    last_webhook: dict[str, float] = field(factory=dict)
    problems: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return asdict(self)


def health_of(
    engine: Engine,
    breaker: Breaker,
    observer: Observer,
    *,
    running: bool,
    complaints: list[str],
    webhooks: dict[str, float],
) -> Health:
    """Return how a bridge is.

    Args:
        engine: the working parts.
        breaker: knows the suspended far sides.
        observer: knows the last successes.
        running: whether threads were started.
        complaints: of pollers and feeds.
        webhooks: when the last genuine ones came.
    """
    problems = [*complaints, *_storage_problems(engine)]
    suspended = breaker.suspended()
    problems += [f"{name} keeps failing; calls are suspended" for name in suspended]
    return Health(
        ok=not problems,
        running=running,
        backlog=len(engine.queue) + len(engine.lanes),
        oldest_event=engine.lanes.oldest(),
        suspended={name: round(left, 1) for name, left in suspended.items()},
        last_success=observer.tally().successes,
        last_webhook=dict(webhooks),
        problems=tuple(problems),
    )


def _storage_problems(engine: Engine) -> list[str]:
    try:
        engine.vault.storage.scan(Project.kind, limit=1)
    except StorageError as error:
        return [f"the storage does not answer: {error}"]
    return []
