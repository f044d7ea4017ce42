"""How a simulated site links issues: its kinds of links, and links that are made.

It says of a link that exists already that it was made, as the real one does.
"""

from __future__ import annotations

from typing import Any

from chatbridge.http_types import HttpResponse
from chatbridge.testing.desk_answers import DeskCall, Route, platform_refusal, reply, route
from chatbridge.testing.desk_state import DeskState, SimulatedIssue

_OUTWARD = {
    "Blocks": ("is blocked by", "blocks"),
    "Cloners": ("is cloned by", "clones"),
    "Duplicate": ("is duplicated by", "duplicates"),
    "Relates": ("relates to", "relates to"),
}
"""What the kinds of links are called on a fresh site, inward and outward."""


class LinkApi:
    """Answers calls about links between issues.

    Args:
        state: of the site.
    """

    def __init__(self, state: DeskState) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """Return what it answers to."""
        root = self._state.edition.platform_root
        return [
            route("GET", root + "/issueLinkType", self._kinds),
            route("POST", root + "/issueLink", self._link),
        ]

    def _names(self) -> list[str]:
        return [name for name in self._state.behaviour.link_types.split(",") if name]

    def _kinds(self, call: DeskCall) -> HttpResponse:
        if not self._names():
            raise platform_refusal(404, "Issue linking is currently disabled.")
        shown = []
        place = f"{call.base}{self._state.edition.platform_root}/issueLinkType"
        for number, name in enumerate(self._names(), start=10_000):
            inward, outward = _OUTWARD.get(name, (name.lower(), name.lower()))
            shown.append(
                {
                    "id": str(number),
                    "name": name,
                    "inward": inward,
                    "outward": outward,
                    "self": f"{place}/{number}",
                }
            )
        return reply(200, {"issueLinkTypes": shown})

    def _link(self, call: DeskCall) -> HttpResponse:
        body = call.json()
        known = {str(number): name for number, name in enumerate(self._names(), start=10_000)}
        given = body.get("type")
        kind = known.get(str(given.get("id"))) if isinstance(given, dict) else None
        ends = [self._end(body.get(name)) for name in ("inwardIssue", "outwardIssue")]
        first, second = ends
        lacks = "LINK_ISSUES" in self._state.behaviour.lacks.split(",")
        if kind is None or first is None or second is None or lacks:
            raise platform_refusal(404, "No issue link type or issue found, or no permission.")
        link = (kind, second.issue_id)
        if link not in first.links:
            first.links.append(link)
            self._state.touch(first)
            self._state.touch(second)
        return reply(201)

    def _end(self, given: Any) -> SimulatedIssue | None:
        if not isinstance(given, dict) or not self._state.behaviour.access:
            return None
        return self._state.find(str(given.get("id") or given.get("key")))
