"""The properties of comments on a simulated site, one call for each."""

from __future__ import annotations

from chatbridge.http_types import HttpResponse
from chatbridge.testing.desk_answers import (
    DeskCall,
    DeskRefusal,
    Route,
    platform_refusal,
    reply,
    route,
    too_many,
)
from chatbridge.testing.desk_state import DeskState, SimulatedComment, SimulatedIssue

_LONGEST_PROPERTY = 32_768


class PropertyApi:
    """Reads, sets and removes the properties of comments.

    Args:
        state: of the site.
    """

    def __init__(self, state: DeskState) -> None:
        self._state = state
        self._root = f"{state.edition.platform_root}/comment"

    def routes(self) -> list[Route]:
        """Return what it answers to."""
        properties = self._root + "/{}/properties"
        return [
            route("GET", properties, self._property_keys),
            route("GET", properties + "/{}", self._property),
            route("PUT", properties + "/{}", self._set_property),
            route("DELETE", properties + "/{}", self._delete_property),
        ]

    def _find_comment(self, comment_id: str) -> tuple[SimulatedIssue, SimulatedComment]:
        found = self._state.find_comment(comment_id)
        if found is None or not self._state.behaviour.access:
            raise platform_refusal(404, f"Can not find a comment for the id: {comment_id}.")
        return found

    def _count_write(self, issue: SimulatedIssue) -> None:
        wait = self._state.wait_before_write(issue)
        if wait:
            raise DeskRefusal(too_many("jira-per-issue-on-write", int(wait) + 1))

    def _property_keys(self, call: DeskCall) -> HttpResponse:
        _, comment = self._find_comment(call.names[0])
        link = f"{call.base}{self._root}/{comment.comment_id}/properties"
        keys = [{"key": key, "self": f"{link}/{key}"} for key in comment.properties]
        return reply(200, {"keys": keys})

    def _property(self, call: DeskCall) -> HttpResponse:
        _, comment = self._find_comment(call.names[0])
        if call.names[1] not in comment.properties:
            raise platform_refusal(404, "The property does not exist.")
        return reply(200, {"key": call.names[1], "value": comment.properties[call.names[1]]})

    def _set_property(self, call: DeskCall) -> HttpResponse:
        issue, comment = self._find_comment(call.names[0])
        if not 0 < len(call.call.body) <= _LONGEST_PROPERTY or len(call.names[1]) > 255:
            raise platform_refusal(400, "The property's key or value is empty or too long.")
        self._count_write(issue)
        status = 200 if call.names[1] in comment.properties else 201
        comment.properties[call.names[1]] = call.json()
        return reply(status, {})

    def _delete_property(self, call: DeskCall) -> HttpResponse:
        issue, comment = self._find_comment(call.names[0])
        if call.names[1] not in comment.properties:
            raise platform_refusal(404, "The property does not exist.")
        self._count_write(issue)
        del comment.properties[call.names[1]]
        return reply(204)
