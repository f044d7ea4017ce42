"""Exchanges for a diagnosis: permissions of the account, the site's time, statuses and webhooks.

Nothing of the bridge's own work rests on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import Any

from chatbridge.desk import SeenWebhook
from chatbridge.exchange import Exchange
from chatbridge.jira.access import Access
from chatbridge.jira.answers import MalformedAnswerError, mapping, text_or
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


def reader_permissions(
    reader: Access, writer: Access, desks: DeskBook, service_desk: str, names: Sequence[str]
) -> Exchange[list[str]]:
    """Return which permissions another account has on a desk that the writer can look up.

    Args:
        reader: the other account.
        writer: the account that sees the desk's project.
        desks: where the project of a desk is known from.
        service_desk: id or project key.
        names: Jira's own keys.

    Raises:
        RefusedError: UNAUTHORISED where the site does not take the other account's credential.
    """
    desk = yield from desks.find((yield from writer.reach()), service_desk)
    calls = yield from reader.probe()
    answer = yield calls.request(
        "GET",
        f"{calls.platform}/mypermissions",
        query=(("projectId", desk.project_id), ("permissions", ",".join(names))),
    )
    if answer.status in {401, 403, _NOT_FOUND}:
        # Who may not even see the project has none of them.
        return []
    held = understood(answer, lambda value: _held(value, names))
    return [name for name, has in held.items() if has]


def read_time(access: Access) -> Exchange[float | None]:
    """Return the site's time in Unix seconds, None where it does not say."""
    calls = yield from access.reach()
    answer = checked((yield calls.request("GET", f"{calls.platform}/serverInfo")))
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def read_statuses(access: Access) -> Exchange[tuple[str, ...]]:
    """Return the names of the statuses that the account sees, in its own language.

    The answer's shape is that of `GET status` in both platform documents.
    """
    calls = yield from access.reach()
    answer = yield calls.request("GET", f"{calls.platform}/status")
    return understood(answer, _names)


def read_webhooks(access: Access) -> Exchange[tuple[SeenWebhook, ...] | None]:
    """Return the webhooks that administrators have set up; None where we may not know them.

    Jira 10 and newer of Data Center lists them in another place than Cloud and its older versions.
    """
    calls = yield from access.reach()
    for path in _WEBHOOKS:
        answer = yield calls.request("GET", path)
        if answer.status in {401, 403}:
            return None
        if answer.status != _NOT_FOUND:
            return understood(answer, _webhooks)
    return None


_WEBHOOKS = ("/rest/webhooks/1.0/webhook", "/rest/jira-webhook/1.0/webhooks")
_NOT_FOUND = 404


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise MalformedAnswerError
    return tuple(dict.fromkeys(text_or(each, "name") for each in value))


def _webhooks(value: Any) -> tuple[SeenWebhook, ...]:
    if not isinstance(value, list):
        raise MalformedAnswerError
    return tuple(_webhook(mapping(each)) for each in value)


def _webhook(value: dict[str, Any]) -> SeenWebhook:
    events = value.get("events")
    return SeenWebhook(
        text_or(value, "url"),
        enabled=value.get("enabled", value.get("active", True)) is True,
        # Only some versions say it.
        signed=value.get("isSigned"),
        events=frozenset(map(str, events)) if isinstance(events, list) else frozenset(),
    )


def _held(value: Any, names: Sequence[str]) -> dict[str, bool]:
    shown = mapping(mapping(value).get("permissions"))
    return {
        name: mapping(shown[name]).get("havePermission") is True for name in names if name in shown
    }
