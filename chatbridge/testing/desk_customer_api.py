"""The customer API of a simulated desk: `/rest/servicedeskapi`."""

from __future__ import annotations

from typing import Any

from chatbridge.http_types import HttpResponse
from chatbridge.testing.desk_answers import (
    DeskCall,
    DeskRefusal,
    Route,
    customer_date,
    customer_page,
    customer_refusal,
    customer_user,
    reply,
    route,
    too_many,
)
from chatbridge.testing.desk_customer_shapes import (
    CUSTOMER_ROOT,
    comment_shape,
    desk_shape,
    field_shape,
    status_shape,
    type_shape,
)
from chatbridge.testing.desk_people import STATUSES, Person, RequestTypeSpec, SimulatedProject
from chatbridge.testing.desk_requests import NewRequests
from chatbridge.testing.desk_state import (
    DeskState,
    SimulatedComment,
    SimulatedIssue,
    evolve_as_public,
)
from chatbridge.testing.desk_texts import adf_of, stored_length, text_of_wiki
from chatbridge.testing.desk_webhooks import HintSender


class CustomerApi:
    """Answers calls to the customer API.

    Args:
        state: of the site.
        hints: told of every change.
    """

    def __init__(self, state: DeskState, hints: HintSender) -> None:
        self._state = state
        self._hints = hints
        self._new_requests = NewRequests(state, hints)

    def routes(self) -> list[Route]:
        """Return what it answers to."""
        request, desk = f"{CUSTOMER_ROOT}/request", f"{CUSTOMER_ROOT}/servicedesk"
        return [
            route("GET", desk, self._desks),
            route("GET", desk + "/{}", self._desk),
            route("GET", desk + "/{}/requesttype", self._types),
            route("GET", desk + "/{}/requesttype/{}", self._type),
            route("GET", desk + "/{}/requesttype/{}/field", self._fields),
            route("POST", request, self._open),
            route("GET", request, self._own_requests),
            route("GET", request + "/{}", self._request),
            route("GET", request + "/{}/comment", self._comments),
            route("POST", request + "/{}/comment", self._add_comment),
            route("GET", request + "/{}/comment/{}", self._comment),
            route("GET", request + "/{}/transition", self._transitions),
            route("POST", request + "/{}/transition", self._transition),
            route("GET", request + "/{}/status", self._status_history),
        ]

    def _check_licence(self) -> None:
        if not self._state.behaviour.licensed:
            raise DeskRefusal(reply(403))

    def _find(self, call: DeskCall) -> SimulatedIssue:
        self._check_licence()
        issue = self._state.find(call.names[0])
        hidden = issue is not None and not issue.is_shown_to(call.account)
        if issue is None or hidden or not self._state.behaviour.access:
            raise customer_refusal(404, "The request does not exist or you cannot see it.")
        if not issue.is_request:
            raise customer_refusal(404, "The issue is not a customer request.")
        return issue

    def _project(self, call: DeskCall) -> SimulatedProject:
        self._check_licence()
        project = self._state.project(call.names[0])
        if project is None or project.desk_id is None:
            raise customer_refusal(404, "The service desk does not exist.")
        return project

    def _request_type(self, call: DeskCall) -> tuple[SimulatedProject, RequestTypeSpec]:
        project = self._project(call)
        kind = project.request_type(call.names[1])
        if kind is None:
            raise customer_refusal(404, "The request type does not exist.")
        return project, kind

    def _desks(self, call: DeskCall) -> HttpResponse:
        self._check_licence()
        shown = [desk_shape(each, call.base) for each in self._state.projects if each.desk_id]
        return customer_page(call, shown, self._state.behaviour.page_cap)

    def _desk(self, call: DeskCall) -> HttpResponse:
        return reply(200, desk_shape(self._project(call), call.base))

    def _types(self, call: DeskCall) -> HttpResponse:
        project = self._project(call)
        shown = [type_shape(each, project, call.base) for each in project.request_types]
        return customer_page(call, shown, self._state.behaviour.page_cap)

    def _type(self, call: DeskCall) -> HttpResponse:
        project, kind = self._request_type(call)
        return reply(200, type_shape(kind, project, call.base))

    def _fields(self, call: DeskCall) -> HttpResponse:
        _, kind = self._request_type(call)
        fields = [field_shape(each) for each in kind.fields]
        return reply(
            200,
            {
                "canRaiseOnBehalfOf": True,
                "canAddRequestParticipants": True,
                "requestTypeFields": fields,
            },
        )

    def _open(self, call: DeskCall) -> HttpResponse:
        self._check_licence()
        issue = self._new_requests.open(call)
        return reply(201, self._shape(issue, call.base))

    def _own_requests(self, call: DeskCall) -> HttpResponse:
        self._check_licence()
        wanted_desk = call.call.query.get("serviceDeskId")
        wanted_type = call.call.query.get("requestTypeId")
        found = []
        for issue, then in self._state.indexed():
            owned = issue.creator == call.account or issue.reporter == call.account
            kind = issue.request_type
            if not owned or kind is None or not issue.is_request:
                continue
            if wanted_desk not in (None, issue.project.desk_id):
                continue
            if wanted_type not in (None, kind.type_id):
                continue
            found.append((then.updated, issue))
        found.sort(key=lambda each: each[0], reverse=True)
        shown = [self._shape(issue, call.base) for _, issue in found]
        if not self._state.behaviour.access:
            shown = []
        return customer_page(call, shown, self._state.behaviour.page_cap)

    def _request(self, call: DeskCall) -> HttpResponse:
        return reply(200, self._shape(self._find(call), call.base))

    def _comments(self, call: DeskCall) -> HttpResponse:
        self._check_licence()
        issue = self._state.find(call.names[0])
        shown: list[dict[str, Any]] = []
        # Without access the real method answers an empty page rather than an error.
        seen = issue is not None and issue.is_shown_to(call.account)
        if issue is not None and seen and issue.is_request and self._state.behaviour.access:
            wanted = {
                True: call.yes("public", default=True),
                False: call.yes("internal", default=True),
            }
            comments = [
                each for each in self._comments_for(call.account, issue) if wanted[each.public]
            ]
            with_files = self._state.edition.lists_files and "attachment" in call.all("expand")
            shown = [
                comment_shape(each, issue, call.base, with_files=with_files) for each in comments
            ]
        return customer_page(call, shown, self._state.behaviour.page_cap)

    def _comments_for(self, person: Person, issue: SimulatedIssue) -> list[SimulatedComment]:
        """Return what a person is shown: customers nothing that is internal or restricted."""
        comments = self._state.comments(issue)
        if person.kind == "customer":
            return [each for each in comments if each.public and each.restricted_to is None]
        if self._state.behaviour.lie_to_agents:
            return [evolve_as_public(each) for each in comments]
        return comments

    def _comment(self, call: DeskCall) -> HttpResponse:
        issue = self._find(call)
        for comment in self._comments_for(call.account, issue):
            if comment.comment_id == call.names[1]:
                return reply(200, comment_shape(comment, issue, call.base))
        raise customer_refusal(404, "The comment does not exist.")

    def _add_comment(self, call: DeskCall) -> HttpResponse:
        issue = self._find(call)
        body = call.json()
        text, public = body.get("body"), body.get("public")
        if not isinstance(text, str) or not text.strip() or not isinstance(public, bool):
            raise customer_refusal(400, "A comment needs a body and whether it is public.")
        if stored_length(text) > self._state.behaviour.text_limit:
            raise customer_refusal(
                400,
                "The entered text is too long. It exceeds the allowed limit of 32,767 characters.",
            )
        wait = self._state.wait_before_write(issue)
        if wait:
            raise DeskRefusal(too_many("jira-per-issue-on-write", int(wait) + 1))
        comment = self._state.add_comment(
            issue, call.account, wiki=text, adf=adf_of(text_of_wiki(text)), public=public,
            lag=call.lag,
        )  # fmt: skip
        self._hints.comment_event("comment_created", issue, comment, call.base)
        return reply(201, comment_shape(comment, issue, call.base))

    def _transitions(self, call: DeskCall) -> HttpResponse:
        issue = self._find(call)
        shown = [
            {"id": number, "name": name}
            for name, (number, _) in STATUSES.items()
            if name != issue.status
        ]
        return customer_page(call, shown, self._state.behaviour.page_cap)

    def _transition(self, call: DeskCall) -> HttpResponse:
        issue = self._find(call)
        wanted = call.json().get("id")
        for name, (number, _) in STATUSES.items():
            if number == wanted and name != issue.status:
                self._hints.change_status(issue, name, call.account, call.base)
                return reply(204)
        raise customer_refusal(400, "The transition is not possible.")

    def _status_history(self, call: DeskCall) -> HttpResponse:
        shown = [status_shape(self._find(call), self._state.edition)]
        return customer_page(call, shown, self._state.behaviour.page_cap)

    def _shape(self, issue: SimulatedIssue, base: str) -> dict[str, Any]:
        kind, desk_id = issue.request_type, issue.project.desk_id
        assert kind is not None
        assert desk_id is not None
        values = {
            "summary": issue.summary,
            "description": issue.wiki_description,
            **issue.values,
        }
        self_link = f"{base}{CUSTOMER_ROOT}/request/{issue.issue_id}"
        return {
            "_expands": ["participant", "status", "sla", "requestType", "serviceDesk", "comment"],
            "issueId": issue.issue_id,
            "issueKey": issue.key,
            "summary": issue.summary,
            "requestTypeId": kind.type_id,
            "serviceDeskId": desk_id,
            "createdDate": customer_date(issue.created),
            "reporter": customer_user(issue.reporter, base),
            "requestFieldValues": [
                {"fieldId": each.field_id, "label": each.name, "value": values[each.field_id]}
                for each in kind.fields
                if each.field_id in values
            ],
            "currentStatus": status_shape(issue, self._state.edition),
            "_links": {
                "jiraRest": f"{base}/rest/api/2/issue/{issue.issue_id}",
                "web": f"{base}/servicedesk/customer/portal/{desk_id}/{issue.key}",
                "agent": f"{base}/browse/{issue.key}",
                "self": self_link,
            },
        }
