"""Exchanges for a diagnosis: which permissions the account has, and what time the site has.

Nothing of the bridge's own work rests on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import Any

from chatbridge.exchange import Exchange
from chatbridge.jira.access import Access
from chatbridge.jira.answers import mapping
from chatbridge.jira.desks import DeskBook
from chatbridge.jira.outcomes import checked, understood


def read_permissions(
    access: Access, desks: DeskBook, service_desk: str, names: Sequence[str]
) -> Exchange[dict[str, bool]]:
    """Return for each permission that the site names whether the account has it on the desk.

    Args:
        access: of the site.
        desks: where the project of a desk is known from.
        service_desk: id or project key.
        names: Jira's own keys, such as "ADD_COMMENTS".
    """
    calls = yield from access.reach()
    desk = yield from desks.find(calls, service_desk)
    answer = yield calls.request(
        "GET",
        f"{calls.platform}/mypermissions",
        query=(("projectId", desk.project_id), ("permissions", ",".join(names))),
    )
    return understood(answer, lambda value: _held(value, names))


def read_time(access: Access) -> Exchange[float | None]:
    """Return the site's time in Unix seconds, None where it does not say."""
    calls = yield from access.reach()
    answer = checked((yield calls.request("GET", f"{calls.platform}/serverInfo")))
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _held(value: Any, names: Sequence[str]) -> dict[str, bool]:
    shown = mapping(mapping(value).get("permissions"))
    return {
        name: mapping(shown[name]).get("havePermission") is True for name in names if name in shown
    }
