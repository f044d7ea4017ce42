"""Exchanges that open customer requests and find again what an unknown outcome left behind.

A new request carries its marker in a field, in the last line of its description or in a label: the
call that creates it takes no properties.
"""

from __future__ import annotations

import re
from typing import Any

from chatbridge.desk import MarkerRung, NewRequest, OpenedRequest
from chatbridge.errors import ConfigurationError, Refusal, RefusedError
from chatbridge.exchange import Exchange
from chatbridge.http_types import HttpResponse
from chatbridge.jira.access import Access
from chatbridge.jira.adf_read import read_adf
from chatbridge.jira.answers import as_numeric_id, items, numeric_id, page, text
from chatbridge.jira.calls import JSM, Calls
from chatbridge.jira.characters import clean
from chatbridge.jira.desks import DeskBook
from chatbridge.jira.outcomes import refuses_description, understood
from chatbridge.richtext import Document, Paragraph, Text

SUMMARY_LENGTH = 255
_PAGES = 4
_PAGE = 50
_MARKER = re.compile(r"[0-9A-Za-z]{6,64}")
_CUSTOM_FIELD = re.compile(r"customfield_([0-9]{1,12})")


def open_request(access: Access, desks: DeskBook, draft: NewRequest) -> Exchange[OpenedRequest]:
    """Open a request, with its description in the first form that the site takes.

    Raises:
        UnknownOutcomeError: nobody can know whether it was opened.
        RefusedError: it certainly was not.
    """
    _check_marker(draft)
    calls = yield from access.reach()
    desk = yield from desks.find(calls, draft.service_desk)
    answer = HttpResponse(400)
    for description, extras in calls.dialect.descriptions(_description(draft)):
        answer = yield calls.request(
            "POST",
            f"{JSM}/request",
            json=_body(draft, desk.desk_id, description, extras),
            repeatable=False,
        )
        # A 400 did nothing, so another try cannot make a second request.
        if not refuses_description(answer):
            break
    return understood(answer, _opened)


def find_requests(
    access: Access, desks: DeskBook, draft: NewRequest
) -> Exchange[tuple[OpenedRequest, ...]]:
    """Look for requests with the draft's marker, the lowest id first: our own, then the search.

    Both sources may lag behind what was written.
    """
    _check_marker(draft)
    calls = yield from access.reach()
    desk = yield from desks.find(calls, draft.service_desk)
    listed = yield from _among_own_requests(calls, desk.desk_id, draft)
    searched = yield from _by_search(calls, desk.project_id, draft)
    found = {request.issue_id: request for request in [*listed, *searched]}
    return tuple(sorted(found.values(), key=lambda request: int(request.issue_id)))


def _check_marker(draft: NewRequest) -> None:
    if not _MARKER.fullmatch(draft.marker):
        raise ConfigurationError("a request's marker must be 6 to 64 letters and digits")
    if draft.rung is MarkerRung.FIELD and not _CUSTOM_FIELD.fullmatch(draft.marker_field or ""):
        raise ConfigurationError("a marker's field must be a custom field, as customfield_10050")


def _description(draft: NewRequest) -> Document:
    if draft.rung is not MarkerRung.DESCRIPTION:
        return draft.description
    last = Paragraph((Text(f"Ref: {draft.marker}"),))
    return Document((*draft.description.blocks, last))


def _body(
    draft: NewRequest, desk_id: str, description: Any, extras: dict[str, Any]
) -> dict[str, Any]:
    summary = " ".join(clean(draft.summary).split())[:SUMMARY_LENGTH].rstrip()
    values: dict[str, Any] = {"summary": summary, "description": description}
    if draft.rung is MarkerRung.FIELD and draft.marker_field:
        values[draft.marker_field] = draft.marker
    if draft.rung is MarkerRung.LABEL:
        values["labels"] = [draft.marker]
    body: dict[str, Any] = {
        "serviceDeskId": desk_id,
        "requestTypeId": draft.request_type,
        "requestFieldValues": values,
        **extras,
    }
    if draft.on_behalf_of is not None:
        body["raiseOnBehalfOf"] = draft.on_behalf_of
    return body


def _opened(value: Any) -> OpenedRequest:
    return OpenedRequest(numeric_id(value, "issueId"), text(value, "issueKey"))


def _among_own_requests(
    calls: Calls, desk_id: str, draft: NewRequest
) -> Exchange[list[OpenedRequest]]:
    found: list[OpenedRequest] = []
    start = 0
    for _ in range(_PAGES):
        answer = yield calls.request(
            "GET",
            f"{JSM}/request",
            query=(
                ("requestOwnership", "OWNED_REQUESTS"),
                ("serviceDeskId", desk_id),
                ("requestTypeId", draft.request_type),
                ("start", str(start)),
                ("limit", str(_PAGE)),
            ),
        )
        values, is_last = understood(answer, page)
        found += _marked(values, draft)
        start += len(values)
        if is_last or not values:
            break
    return found


def _marked(values: list[Any], draft: NewRequest) -> list[OpenedRequest]:
    found = []
    for value in values:
        if not isinstance(value, dict):
            continue
        shown = value.get("requestFieldValues")
        fields = {
            str(field.get("fieldId")): field.get("value")
            for field in (shown if isinstance(shown, list) else [])
            if isinstance(field, dict)
        }
        found += _if_marked(fields, value.get("issueId"), value.get("issueKey"), draft)
    return found


def _if_marked(
    fields: dict[str, Any], issue_id: Any, issue_key: Any, draft: NewRequest
) -> list[OpenedRequest]:
    known = as_numeric_id(issue_id)
    if known is None or not isinstance(issue_key, str) or not _carries(fields, draft):
        return []
    return [OpenedRequest(known, issue_key)]


def _carries(fields: dict[str, Any], draft: NewRequest) -> bool:
    match draft.rung:
        case MarkerRung.FIELD:
            return draft.marker in read_adf(fields.get(draft.marker_field or "")).plain().split()
        case MarkerRung.LABEL:
            labels = fields.get("labels")
            return isinstance(labels, list) and draft.marker in labels
        case MarkerRung.DESCRIPTION:  # pragma: no branch - there is no other
            words = re.findall(r"[0-9A-Za-z]+", read_adf(fields.get("description")).plain())
            return draft.marker in words


def _by_search(calls: Calls, project_id: str, draft: NewRequest) -> Exchange[list[OpenedRequest]]:
    field, condition = _condition(draft)
    jql = f"project = {project_id} AND {condition} ORDER BY created DESC"
    answer = yield calls.dialect.search(calls.request, jql, [field], _PAGE, None)
    try:
        issues = understood(answer, lambda value: items(value, "issues"))
    except RefusedError as error:
        # A field that is on no screen cannot be searched for; the list is what there is then.
        if error.reason is Refusal.INVALID:
            return []
        raise
    found = []
    for issue in issues:
        if isinstance(issue, dict) and isinstance(issue.get("fields"), dict):
            found += _if_marked(issue["fields"], issue.get("id"), issue.get("key"), draft)
    return found


def _condition(draft: NewRequest) -> tuple[str, str]:
    """Return the field that is searched and the search; the marker is one word by its check."""
    if draft.rung is MarkerRung.LABEL:
        return "labels", f'labels = "{draft.marker}"'
    field = re.fullmatch(_CUSTOM_FIELD, draft.marker_field or "")
    if draft.rung is MarkerRung.FIELD and field:
        return field[0], f'cf[{field[1]}] ~ "{draft.marker}"'
    return "description", f'description ~ "{draft.marker}"'
