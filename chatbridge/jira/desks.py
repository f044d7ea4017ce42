"""Exchanges that read what a service desk is and which request types it has."""

from __future__ import annotations

import re
from typing import Any

from attrs import frozen

from chatbridge.desk import RequestField, RequestType
from chatbridge.errors import ConfigurationError
from chatbridge.exchange import Exchange
from chatbridge.jira.access import Access
from chatbridge.jira.answers import items, mapping, numeric_id, page, text, text_or
from chatbridge.jira.calls import JSM, Calls
from chatbridge.jira.outcomes import understood

_DESK = re.compile(r"[0-9]{1,18}|[A-Z][A-Z0-9_]{0,254}")
_PAGES = 20


@frozen
class KnownDesk:
    """A desk and the project that it is on; both ids never change."""

    desk_id: str
    project_id: str


class DeskBook:
    """Remembers the desks that were looked up; holds ids only."""

    def __init__(self) -> None:
        self._known: dict[str, KnownDesk] = {}

    def find(self, calls: Calls, service_desk: str) -> Exchange[KnownDesk]:
        """Return the desk of this id or project key.

        Raises:
            ConfigurationError: it can be neither.
        """
        if not _DESK.fullmatch(service_desk):
            raise ConfigurationError("a service desk is named by its id or its project's key")
        if service_desk not in self._known:
            answer = yield calls.request("GET", f"{JSM}/servicedesk/{{}}", service_desk)
            found = understood(
                answer,
                lambda value: KnownDesk(numeric_id(value, "id"), numeric_id(value, "projectId")),
            )
            self._known[service_desk] = self._known[found.desk_id] = found
        return self._known[service_desk]


def read_request_type(
    access: Access, service_desk: str, request_type: str
) -> Exchange[RequestType]:
    """Read one request type with the fields that are asked for."""
    calls = yield from access.reach()
    path = f"{JSM}/servicedesk/{{}}/requesttype/{{}}"
    answer = yield calls.request("GET", path, service_desk, request_type)
    type_id, name = understood(answer, lambda value: (text(value, "id"), text(value, "name")))
    answer = yield calls.request("GET", path + "/field", service_desk, request_type)
    fields = understood(
        answer, lambda value: [_field(each) for each in items(value, "requestTypeFields")]
    )
    return RequestType(type_id, name, tuple(field for field in fields if field is not None))


def list_request_types(access: Access, service_desk: str) -> Exchange[tuple[RequestType, ...]]:
    """List the request types of a desk, without their fields."""
    calls = yield from access.reach()
    found: list[RequestType] = []
    start = 0
    for _ in range(_PAGES):
        answer = yield calls.request(
            "GET",
            f"{JSM}/servicedesk/{{}}/requesttype",
            service_desk,
            query=(("start", str(start)), ("limit", "100")),
        )
        values, is_last = understood(answer, page)
        found += understood(
            answer,
            lambda value: [
                RequestType(text(each, "id"), text(each, "name")) for each in page(value)[0]
            ],
        )
        start += len(values)
        if is_last or not values:
            break
    return tuple(found)


def _field(value: Any) -> RequestField | None:
    """Return a field, or None for one that only a desk's administrator sees."""
    if mapping(value).get("visible") is False:
        return None
    schema = value.get("jiraSchema")
    kind = text_or(schema, "type")
    return RequestField(
        text(value, "fieldId"),
        text_or(value, "name"),
        required=value.get("required") is True,
        has_default=bool(value.get("defaultValues") or value.get("presetValues")),
        text=kind == "string" and not value.get("validValues"),
    )
