"""Exchanges for a trial on a test issue: comments that customers must not see, and its clocks.

Nothing of the bridge's own work rests on them. Whoever writes with them removes it again.
"""

from __future__ import annotations

from typing import Any

from chatbridge.desk import SeenClock
from chatbridge.exchange import Exchange
from chatbridge.jira.access import Access
from chatbridge.jira.answers import items, mapping, numeric_id, text_or
from chatbridge.jira.calls import JSM
from chatbridge.jira.comment_properties import properties_with
from chatbridge.jira.outcomes import understood
from chatbridge.jira.wiki import escape
from chatbridge.richtext import Document


def add_internal(access: Access, issue_id: str, text: str) -> Exchange[str]:
    """Add an internal note through the customer API, as notes always are; return its id."""
    calls = yield from access.reach()
    answer = yield calls.request(
        "POST",
        f"{JSM}/request/{{}}/comment",
        issue_id,
        json={"body": escape(text), "public": False},
        repeatable=False,
        writes_to=issue_id,
    )
    return understood(answer, lambda value: numeric_id(value, "id"))


def add_restricted(
    access: Access, issue_id: str, body: Document, marker: str, role: str
) -> Exchange[str]:
    """Add a comment that only a role of the project may see; return its id.

    It carries our marker as well, so that it is an echo should the restriction not hold.

    Raises:
        RefusedError: there is no such role, or the account has not got it.
    """
    calls = yield from access.reach()
    answer = yield calls.request(
        "POST",
        f"{calls.platform}/issue/{{}}/comment",
        issue_id,
        json={
            "body": calls.dialect.write_body(body),
            "visibility": {"type": "role", "value": role},
            "properties": properties_with(marker),
        },
        repeatable=False,
        writes_to=issue_id,
    )
    return understood(answer, lambda value: numeric_id(value, "id"))


def read_clocks(access: Access, issue_id: str) -> Exchange[tuple[SeenClock, ...] | None]:
    """Return the clocks (SLA) of a request, None where the account or the site shows none."""
    calls = yield from access.reach()
    answer = yield calls.request("GET", f"{JSM}/request/{{}}/sla", issue_id)
    if answer.status in {401, 403, 404}:
        return None
    return understood(answer, lambda value: tuple(map(_clock, items(value, "values"))))


def _clock(value: Any) -> SeenClock:
    cycle = mapping(value).get("ongoingCycle")
    state = "none"
    if isinstance(cycle, dict):
        state = "paused" if cycle.get("paused") is True else "running"
    done = mapping(value).get("completedCycles")
    return SeenClock(text_or(value, "name"), state, len(done) if isinstance(done, list) else 0)
