"""`DeskSimulator`: one Jira Cloud site with service desks, in memory and stateful.

It answers on the site's own paths (classic API token) and on the gateway's
(`/ex/jira/{cloudId}/...`: scoped token, OAuth token). It copies what is documented or has been seen
of the real one, its traps included; what it does not know it answers with 404.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Any, ClassVar

from chatbridge.clock import Clock
from chatbridge.http_types import HttpResponse
from chatbridge.testing.desk_answers import (
    DeskCall,
    DeskRefusal,
    platform_date,
    platform_refusal,
    reply,
    too_many,
)
from chatbridge.testing.desk_controls import DeskControls
from chatbridge.testing.desk_customer_api import CustomerApi
from chatbridge.testing.desk_files import FilesApi
from chatbridge.testing.desk_people import BOT, Person, SimulatedProject
from chatbridge.testing.desk_platform_api import PlatformApi
from chatbridge.testing.desk_platform_shapes import PLATFORM_ROOT
from chatbridge.testing.desk_search import SearchApi
from chatbridge.testing.desk_state import DeskState
from chatbridge.testing.desk_webhook_api import WebhookApi
from chatbridge.testing.desk_webhooks import HintSender
from chatbridge.testing.simulator import (
    ConnectionLost,
    Fault,
    OwedWebhook,
    SimulatedCall,
    Simulator,
)

_CLOUD_ID = "11223344-a1b2-3b33-c444-def123456789"
_GATEWAY = re.compile(r"/ex/jira/([^/]+)(/.*)")
_TOKENS = {
    "api_token": "classic-api-token",
    "scoped_token": "scoped-api-token",
    "access_token": "oauth-access-token",
    "hint_secret": "secret-of-hints",
    "hint_header_secret": "secret-of-the-rule",
}


class DeskSimulator(Simulator):
    """A stand-in for a Jira Cloud site.

    Args:
        clock: where times come from.
        seed: of its own randomness.
        base: the site's address in links; what calls come to does not matter.
        projects: instead of the two that are there: HELP with service desk 10, OPS without one.
    """

    name: ClassVar[str] = "desk"

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        seed: int = 0,
        base: str = "https://desk.example",
        projects: list[SimulatedProject] | None = None,
    ) -> None:
        super().__init__(clock=clock, seed=seed)
        self.state = DeskState(self.clock, self.random)
        if projects is not None:
            self.state.projects = projects
        self.hints = HintSender(self.state, self.random)
        self._base = base
        self._controls = DeskControls(self.state, self.hints, base)
        self._routes = [
            *CustomerApi(self.state, self.hints).routes(),
            *PlatformApi(self.state, self.hints).routes(),
            *FilesApi(self.state, self.hints, PLATFORM_ROOT).routes(),
            *SearchApi(self.state).routes(),
            *WebhookApi(self.hints).routes(),
        ]

    def answer(self, call: SimulatedCall) -> HttpResponse:
        """See `Simulator.answer`."""
        fault = self.take_fault(call)
        if fault is not None and fault.kind == "lost_before":
            raise ConnectionLost
        if fault is not None and fault.kind == "status":
            return _faulty(fault)
        lost = fault is not None and fault.kind == "lost_after"
        with self.changed:
            lag = self.state.behaviour.commit_lag if lost else 0.0
            try:
                response = self._answer(call, lag)
            except DeskRefusal as refusal:
                response = refusal.response
            self.changed.notify_all()
        if lost:
            raise ConnectionLost
        if fault is not None and fault.kind == "slow":
            self.clock.sleep(fault.seconds)
        return response

    def control(self, action: str, arguments: dict[str, Any]) -> Any:
        """See `Simulator.control`."""
        known = self._controls.actions()
        if action not in known:
            raise LookupError(f"there is no such action; there are {', '.join(known)}")
        with self.changed:
            result = known[action][1](arguments)
            self.changed.notify_all()
            return result

    def actions(self) -> dict[str, str]:
        """See `Simulator.actions`."""
        return {name: line for name, (line, _) in self._controls.actions().items()}

    def credentials(self) -> dict[str, str]:
        """See `Simulator.credentials`."""
        project = next(each for each in self.state.projects if each.desk_id is not None)
        return {
            "account": BOT.email,
            **_TOKENS,
            "cloud_id": _CLOUD_ID,
            "service_desk": project.desk_id or "",
            "project": project.key,
            "request_type": project.request_types[0].type_id,
        }

    def owed_webhooks(self) -> list[OwedWebhook]:
        """See `Simulator.owed_webhooks`."""
        with self.changed:
            return self.hints.owed()

    def webhook_answered(
        self,
        webhook_id: str,
        status: int | None,
        retry_after: int | None,  # noqa: ARG002 - of the contract
        body: bytes = b"",  # noqa: ARG002 - of the contract
    ) -> None:
        """See `Simulator.webhook_answered`; Jira is not known to heed a Retry-After."""
        with self.changed:
            self.hints.answered(webhook_id, status)

    def _answer(self, call: SimulatedCall, lag: float) -> HttpResponse:
        path, on_gateway = call.path, False
        if gateway := _GATEWAY.fullmatch(path):
            if gateway[1] != _CLOUD_ID:
                return reply(404, {"code": 404, "message": "No such tenant"})
            path, on_gateway = gateway[2], True
        open_answer = self._answer_to_anybody(path)
        if call.method == "GET" and open_answer is not None:
            return open_answer
        account = _who(call.headers.get("Authorization", ""), on_gateway=on_gateway)
        if account is None:
            return _unauthorised(on_gateway=on_gateway)
        known_path = False
        for method, pattern, handler in self._routes:
            if match := pattern.fullmatch(path):
                known_path = True
                if method == call.method:
                    made = DeskCall(call, match.groups(), self._base, account, lag)
                    response = handler(made)
                    return HttpResponse(
                        response.status,
                        {**response.headers, "X-AACCOUNTID": account.account_id},
                        response.body,
                    )
        raise platform_refusal(405 if known_path else 404, "There is nothing here.")

    def _answer_to_anybody(self, path: str) -> HttpResponse | None:
        if path == "/_edge/tenant_info":
            return reply(200, {"cloudId": _CLOUD_ID})
        if path not in {"/rest/api/2/serverInfo", "/rest/api/3/serverInfo"}:
            return None
        return reply(
            200,
            {
                "baseUrl": self._base,
                "displayUrl": self._base,
                "version": "1001.0.0-SNAPSHOT",
                "versionNumbers": [1001, 0, 0],
                "deploymentType": "Cloud",
                "buildNumber": 100_000,
                "serverTime": platform_date(self.state.wall_ms()),
                "serverTitle": "Jira",
            },
        )


def _who(authorization: str, *, on_gateway: bool) -> Person | None:
    """Return whose credential it is, or None where it is nobody's in this place."""
    kind, _, value = authorization.partition(" ")
    if kind == "Bearer":
        return BOT if on_gateway and value == _TOKENS["access_token"] else None
    try:
        given = b64decode(value, validate=True).decode()
    except ValueError:
        return None
    token = _TOKENS["scoped_token" if on_gateway else "api_token"]
    return BOT if kind == "Basic" and given == f"{BOT.email}:{token}" else None


def _unauthorised(*, on_gateway: bool) -> HttpResponse:
    if on_gateway:
        return reply(401, {"code": 401, "message": "Unauthorized"})
    message = "Client must be authenticated to access this resource."
    return reply(401, {"errorMessages": [message], "errors": {}})


def _faulty(fault: Fault) -> HttpResponse:
    if fault.status == 429:
        return too_many(fault.reason, fault.retry_after)
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return reply(fault.status, None, headers)
