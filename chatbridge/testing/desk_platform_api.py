"""The platform API of a simulated site: comments, their properties, issues, transitions."""

from __future__ import annotations

from typing import Any

from chatbridge.http_types import HttpResponse
from chatbridge.testing.desk_answers import (
    DeskCall,
    DeskRefusal,
    Route,
    platform_refusal,
    platform_user,
    reply,
    route,
    too_many,
)
from chatbridge.testing.desk_people import STATUSES
from chatbridge.testing.desk_platform_shapes import (
    comment_shape,
    issue_shape,
    status_shape,
)
from chatbridge.testing.desk_property_api import PropertyApi
from chatbridge.testing.desk_state import (
    DeskState,
    SimulatedComment,
    SimulatedIssue,
    evolve_as_public,
)
from chatbridge.testing.desk_texts import stored_length
from chatbridge.testing.desk_webhooks import HintSender

_MOST_IDS = 1000


class PlatformApi:
    """Answers calls to the platform API: version 3 of Cloud, 2 of Data Center.

    Args:
        state: of the site.
        hints: told of every change.
    """

    def __init__(self, state: DeskState, hints: HintSender) -> None:
        self._state = state
        self._hints = hints

    def routes(self) -> list[Route]:
        """Return what it answers to."""
        root = self._state.edition.platform_root
        issue = root + "/issue/{}"
        bulk = [route("POST", root + "/comment/list", self._comment_list)]
        return [
            *(bulk if self._state.edition.reads_in_bulk else ()),
            *PropertyApi(self._state).routes(),
            route("GET", root + "/myself", self._myself),
            route("GET", root + "/mypermissions", self._my_permissions),
            route("GET", issue, self._issue),
            route("GET", issue + "/comment", self._comments),
            route("POST", issue + "/comment", self._add_comment),
            route("GET", issue + "/comment/{}", self._comment),
            route("PUT", issue + "/comment/{}", self._edit_comment),
            route("DELETE", issue + "/comment/{}", self._delete_comment),
            route("GET", issue + "/transitions", self._transitions),
            route("POST", issue + "/transitions", self._transition),
        ]

    def _find(self, call: DeskCall) -> SimulatedIssue:
        issue = self._state.find(call.names[0])
        if issue is None or not self._state.behaviour.access:
            raise platform_refusal(
                404, "Issue does not exist or you do not have permission to see it."
            )
        return issue

    def _find_comment(self, comment_id: str) -> tuple[SimulatedIssue, SimulatedComment]:
        found = self._state.find_comment(comment_id)
        if found is None or not self._state.behaviour.access:
            raise platform_refusal(404, f"Can not find a comment for the id: {comment_id}.")
        return found

    def _comment_of_issue(self, call: DeskCall) -> tuple[SimulatedIssue, SimulatedComment]:
        issue = self._find(call)
        found, comment = self._find_comment(call.names[1])
        if found is not issue:
            raise platform_refusal(404, f"Can not find a comment for the id: {call.names[1]}.")
        return issue, comment

    def _count_write(self, issue: SimulatedIssue) -> None:
        wait = self._state.wait_before_write(issue)
        if wait:
            raise DeskRefusal(too_many("jira-per-issue-on-write", int(wait) + 1))

    def _myself(self, call: DeskCall) -> HttpResponse:
        account = platform_user(call.account, call.base)
        return reply(200, {**account, "emailAddress": call.account.email, "locale": "en_US"})

    def _my_permissions(self, call: DeskCall) -> HttpResponse:
        wanted = call.all("permissions")
        if not wanted and self._state.edition.reads_in_bulk:
            raise platform_refusal(400, "The 'permissions' query parameter is required.")
        lacking = self._state.behaviour.lacks.split(",")
        have = self._state.behaviour.access and call.account.kind != "customer"
        shown = {
            key: {
                "id": str(number),
                "key": key,
                "name": key.replace("_", " ").title(),
                "type": "GLOBAL" if key == "ADMINISTER" else "PROJECT",
                "description": "",
                "havePermission": have and key not in lacking,
            }
            for number, key in enumerate(wanted)
        }
        return reply(200, {"permissions": shown})

    def _issue(self, call: DeskCall) -> HttpResponse:
        issue = self._find(call)
        fields = call.all("fields") or ["*all"]
        return reply(200, issue_shape(self._state, issue, fields, call.base))

    def _comments(self, call: DeskCall) -> HttpResponse:
        issue = self._find(call)
        comments = self._state.comments(issue)
        order = call.call.query.get("orderBy", "created")
        if order.lstrip("+- ") != "created":
            raise platform_refusal(400, "orderBy must be created, -created or +created")
        comments.sort(key=lambda each: each.created, reverse=order.startswith("-"))
        start = call.whole("startAt", 0)
        most = min(call.whole("maxResults", 100), 100)
        with_properties = (
            "properties" in call.all("expand") and not self._state.behaviour.hide_properties
        )
        shown = comments[start : start + most]
        return reply(
            200,
            {
                "startAt": start,
                "maxResults": most,
                "total": len(comments),
                "comments": [
                    self._shape(each, issue, call, with_properties=with_properties)
                    for each in shown
                ],
            },
        )

    def _comment(self, call: DeskCall) -> HttpResponse:
        issue, comment = self._comment_of_issue(call)
        return reply(
            200,
            self._shape(comment, issue, call, with_properties="properties" in call.all("expand")),
        )

    def _shape(
        self,
        comment: SimulatedComment,
        issue: SimulatedIssue,
        call: DeskCall,
        *,
        with_properties: bool = False,
    ) -> dict[str, Any]:
        shown = evolve_as_public(comment) if self._state.behaviour.lie_to_agents else comment
        return comment_shape(
            shown, issue, call.base, self._state.edition, with_properties=with_properties
        )

    def _checked_body(self, body: dict[str, Any]) -> tuple[dict[str, Any], str]:
        text = body.get("body")
        read = self._state.edition.read_comment(text)
        if stored_length(text) > self._state.behaviour.text_limit:
            raise platform_refusal(
                400,
                "",
                {
                    "comment": "The entered text is too long. It exceeds the allowed limit of"
                    " 32,767 characters."
                },
            )
        return read

    def _add_comment(self, call: DeskCall) -> HttpResponse:
        issue = self._find(call)
        body = call.json()
        adf, wiki = self._checked_body(body)
        if len(issue.comments) >= self._state.behaviour.comment_cap:
            raise platform_refusal(413, "The issue has as many comments as it can have.")
        properties = _properties(body)
        self._count_write(issue)
        switch = properties.get("sd.public.comment")
        internal = isinstance(switch, dict) and switch.get("internal") in (True, "true")
        restriction = body.get("visibility")
        comment = self._state.add_comment(
            issue,
            call.account,
            adf=adf,
            wiki=wiki,
            # Public unless the property says otherwise: as the real one does.
            public=not internal,
            restricted_to=restriction.get("value") if isinstance(restriction, dict) else None,
            properties=properties,
            lag=call.lag,
        )
        self._hints.comment_event("comment_created", issue, comment, call.base)
        return reply(201, self._shape(comment, issue, call))

    def _edit_comment(self, call: DeskCall) -> HttpResponse:
        issue, comment = self._comment_of_issue(call)
        body = call.json()
        adf, wiki = self._checked_body(body)
        self._count_write(issue)
        comment.adf, comment.wiki = adf, wiki
        comment.properties.update(_properties(body))
        comment.updated = self._state.wall_ms()
        self._state.touch(issue)
        self._hints.comment_event("comment_updated", issue, comment, call.base)
        return reply(200, self._shape(comment, issue, call))

    def _delete_comment(self, call: DeskCall) -> HttpResponse:
        issue, comment = self._comment_of_issue(call)
        self._count_write(issue)
        del issue.comments[comment.comment_id]
        self._state.touch(issue)
        self._hints.comment_event("comment_deleted", issue, comment, call.base)
        return reply(204)

    def _comment_list(self, call: DeskCall) -> HttpResponse:
        ids = call.json().get("ids")
        if not isinstance(ids, list) or not all(isinstance(each, int) for each in ids):
            raise platform_refusal(400, "ids must be a list of numbers")
        if not ids or len(ids) > _MOST_IDS:
            raise platform_refusal(400, "Between 1 and 1000 ids must be given.")
        with_properties = "properties" in call.all("expand")
        found = [self._state.find_comment(str(each)) for each in dict.fromkeys(ids)]
        shown = [
            self._shape(each[1], each[0], call, with_properties=with_properties)
            for each in found
            if each is not None and self._state.behaviour.access
        ]
        page = {
            "startAt": 0,
            "maxResults": _MOST_IDS,
            "total": len(shown),
            "isLast": True,
            "values": shown,
        }
        return reply(200, page)

    def _transitions(self, call: DeskCall) -> HttpResponse:
        issue = self._find(call)
        shown = [
            {"id": number, "name": name, "to": status_shape(name, call.base, self._state.edition)}
            for name, (number, _) in STATUSES.items()
            if name != issue.status
        ]
        return reply(200, {"expand": "transitions", "transitions": shown})

    def _transition(self, call: DeskCall) -> HttpResponse:
        issue = self._find(call)
        wanted = call.json().get("transition")
        wanted_id = wanted.get("id") if isinstance(wanted, dict) else None
        for name, (number, _) in STATUSES.items():
            if number == str(wanted_id) and name != issue.status:
                self._count_write(issue)
                self._hints.change_status(issue, name, call.account, call.base)
                return reply(204)
        raise platform_refusal(400, "The operation is not valid for the issue's current state.")


def _properties(body: dict[str, Any]) -> dict[str, Any]:
    given = body.get("properties", [])
    good = isinstance(given, list) and all(
        isinstance(each, dict) and isinstance(each.get("key"), str) and "value" in each
        for each in given
    )
    if not good:
        raise platform_refusal(400, "Properties must be a list of keys and values.")
    return {each["key"]: each["value"] for each in given}
