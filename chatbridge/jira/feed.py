"""The exchange that asks what changed lately, by one search for all desks of a site."""

from __future__ import annotations

from typing import Any

from chatbridge.desk import Change
from chatbridge.errors import RetryLaterError
from chatbridge.exchange import Exchange
from chatbridge.jira.access import Access
from chatbridge.jira.answers import items, mapping, numeric_id, text
from chatbridge.jira.desks import DeskBook
from chatbridge.jira.outcomes import understood

_PAGE = 1000
_PAGES = 500


def read_changes(
    access: Access, desks: DeskBook, service_desks: tuple[str, ...], minutes: int
) -> Exchange[list[Change]]:
    """List what changed in these desks' projects within so many minutes, newest first.

    The search may lag behind by seconds, and an issue may be missing for a moment.

    Raises:
        RetryLaterError: the pages do not end.
    """
    if not service_desks:
        return []
    calls = yield from access.reach()
    projects: set[str] = set()
    for service_desk in service_desks:
        desk = yield from desks.find(calls, service_desk)
        projects.add(desk.project_id)
    jql = (
        f"project in ({', '.join(sorted(projects, key=int))})"
        f" AND updated >= -{max(1, int(minutes))}m ORDER BY updated DESC"
    )
    found: dict[str, Change] = {}
    after: str | None = None
    for _ in range(_PAGES):
        answer = yield calls.dialect.search(calls.request, jql, ["updated"], _PAGE, after)
        for change in understood(answer, _changes):
            found.setdefault(change.issue_id, change)
        before, after = after, understood(answer, calls.dialect.next_page)
        if after is None:
            return list(found.values())
        if after == before:
            break
    raise RetryLaterError("the search does not end")


def _changes(value: Any) -> list[Change]:
    return [
        Change(numeric_id(issue, "id"), text(mapping(issue).get("fields"), "updated"))
        for issue in items(value, "issues")
    ]
