"""What a simulated site tells of its statuses and of clocks, and who takes part in a request."""

from __future__ import annotations

from typing import Any

from chatbridge.http_types import HttpResponse
from chatbridge.testing.desk_answers import (
    DeskCall,
    Route,
    customer_page,
    customer_refusal,
    customer_user,
    reply,
    route,
)
from chatbridge.testing.desk_customer_shapes import CUSTOMER_ROOT
from chatbridge.testing.desk_people import STATUSES
from chatbridge.testing.desk_platform_shapes import status_shape
from chatbridge.testing.desk_state import DeskState, SimulatedIssue

_GOAL = {"millis": 14_400_000, "friendly": "4h"}


class StandingApi:
    """Answers calls that no conversation needs.

    Args:
        state: of the site.
    """

    def __init__(self, state: DeskState) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """Return what it answers to."""
        request = f"{CUSTOMER_ROOT}/request/{{}}"
        return [
            route("GET", f"{self._state.edition.platform_root}/status", self._statuses),
            route("GET", request + "/sla", self._clocks),
            route("POST", request + "/participant", self._add_participants),
        ]

    def _find(self, call: DeskCall) -> SimulatedIssue:
        issue = self._state.find(call.names[0])
        seen = issue is not None and issue.is_request and issue.is_shown_to(call.account)
        if issue is None or not seen or not self._state.behaviour.access:
            raise customer_refusal(404, "The request does not exist or you cannot see it.")
        return issue

    def _statuses(self, call: DeskCall) -> HttpResponse:
        return reply(200, [status_shape(name, call.base, self._state.edition) for name in STATUSES])

    def _clocks(self, call: DeskCall) -> HttpResponse:
        issue = self._find(call)
        if call.account.kind == "customer":
            raise customer_refusal(403, "Only agents may see the clocks of a request.")
        answered = self._state.behaviour.answers_count and any(
            each.public and each.author.kind != "customer" for each in issue.comments.values()
        )
        cycle: dict[str, Any] = {"breached": False, "goalDuration": _GOAL}
        clock: dict[str, Any] = {
            "id": "1",
            "name": "Time to first response",
            "completedCycles": [cycle] if answered else [],
            "_links": {"self": f"{call.base}{CUSTOMER_ROOT}/request/{issue.issue_id}/sla/1"},
        }
        if not answered:
            clock["ongoingCycle"] = {**cycle, "paused": False, "withinCalendarHours": True}
        return customer_page(call, [clock], self._state.behaviour.page_cap)

    def _add_participants(self, call: DeskCall) -> HttpResponse:
        issue, people = self._find(call), []
        given = call.json()
        for name in [*given.get("accountIds", []), *given.get("usernames", [])]:
            known = [
                each for each in self._state.people if name == (each.username or each.account_id)
            ]
            if not known:
                raise customer_refusal(400, "There is no such account.")
            people += known
        issue.participants += [each for each in people if each not in issue.participants]
        shown = [customer_user(each, call.base) for each in issue.participants]
        return customer_page(call, shown, self._state.behaviour.page_cap)
