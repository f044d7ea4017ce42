"""`DeskSimulator`: one Jira site with service desks, Cloud or Data Center, in memory and stateful.

As Cloud it answers on the site's own paths (classic API token) and on the gateway's
(`/ex/jira/{cloudId}/...`: scoped token, OAuth token). It copies what is documented or has been seen
of the real one, its traps included; what it does not know it answers with 404.
"""

from __future__ import annotations

from typing import ClassVar, Final

from chatbridge.clock import Clock
from chatbridge.http_types import HttpResponse
from chatbridge.testing.desk_answers import (
    DeskCall,
    DeskRefusal,
    platform_date,
    platform_refusal,
    reply,
)
from chatbridge.testing.desk_controls import DeskControls
from chatbridge.testing.desk_customer_api import CustomerApi
from chatbridge.testing.desk_customer_shapes import CUSTOMER_ROOT
from chatbridge.testing.desk_editions import EDITIONS
from chatbridge.testing.desk_files import FilesApi
from chatbridge.testing.desk_link_api import LinkApi
from chatbridge.testing.desk_new_webhook_api import NewWebhookApi
from chatbridge.testing.desk_people import BOT, READER, READER_HEADERS, Person, SimulatedProject
from chatbridge.testing.desk_platform_api import PlatformApi
from chatbridge.testing.desk_search import SearchApi
from chatbridge.testing.desk_standing_api import StandingApi
from chatbridge.testing.desk_state import DeskState
from chatbridge.testing.desk_webhook_api import WebhookApi
from chatbridge.testing.desk_webhooks import HintSender
from chatbridge.testing.simulator import (
    ConnectionLost,
    Control,
    Fault,
    OwedWebhook,
    SimulatedCall,
    Simulator,
)

_WEBHOOK_APIS: dict[str, type[WebhookApi] | type[NewWebhookApi]] = {
    "cloud": WebhookApi,
    "data_center": NewWebhookApi,
}

_MOST_FOUND: Final = 4096
_FOUND: dict[tuple[str, str, str], tuple[int | None, tuple[str, ...] | None]] = {}
"""Which route calls take, by edition, verb and path: the same in every simulator."""


class DeskSimulator(Simulator):
    """A stand-in for a Jira site.

    Args:
        clock: where times come from.
        seed: of its own randomness.
        base: the site's address in links; what calls come to does not matter.
        projects: instead of the two that are there: HELP with service desk 10, OPS without one.
        kind: "cloud" or "data_center".
    """

    name: ClassVar[str] = "desk"

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        seed: int = 0,
        base: str = "https://desk.example",
        projects: list[SimulatedProject] | None = None,
        kind: str = "cloud",
    ) -> None:
        super().__init__(clock=clock, seed=seed)
        self._kind = kind
        self.edition = EDITIONS[kind]
        self.state = DeskState(self.clock, self.random, self.edition)
        self._bot = self.state.person(BOT.name)
        self._reader = self.state.person(READER.name)
        if projects is not None:
            self.state.projects = projects
        self.hints = HintSender(self.state, self.random)
        self._base = base
        self._controls = DeskControls(self.state, self.hints, base)
        self._routes = [
            *CustomerApi(self.state, self.hints).routes(),
            *PlatformApi(self.state, self.hints).routes(),
            *FilesApi(self.state, self.hints, self.edition.platform_root).routes(),
            *SearchApi(self.state).routes(),
            *StandingApi(self.state).routes(),
            *LinkApi(self.state).routes(),
            *_WEBHOOK_APIS[kind](self.hints).routes(),
        ]

    def answer(self, call: SimulatedCall) -> HttpResponse:
        """See `Simulator.answer`."""
        fault = self.take_fault(call)
        if fault is not None and fault.kind == "lost_before":
            raise ConnectionLost
        if fault is not None and fault.kind == "status":
            return self._faulty(fault)
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

    def controls(self) -> dict[str, tuple[str, Control]]:
        """See `Simulator.controls`."""
        return self._controls.actions()

    def credentials(self) -> dict[str, str]:
        """See `Simulator.credentials`."""
        project = next(each for each in self.state.projects if each.desk_id is not None)
        return {
            **self.edition.credentials(),
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
        path, on_gateway = self.edition.find_way(call.path)
        told = self.edition.told_to_anybody(path)
        if call.method == "GET" and told is not None:
            return reply(200, told)
        if call.method == "GET" and path in self.edition.about_paths:
            return self._about()
        caller = self._caller(call.headers.get("Authorization", ""), on_gateway=on_gateway)
        if caller is None:
            return _unauthorised(on_gateway=on_gateway)
        if caller.kind == "customer" and not self._for_customers(path):
            return platform_refusal(404, "You do not have permission to see it.").response
        place, names = self._find(call.method, path)
        if place is None:
            raise platform_refusal(404 if names is None else 405, "There is nothing here.")
        response = self._routes[place][2](DeskCall(call, names or (), self._base, caller, lag))
        return HttpResponse(
            response.status,
            {**response.headers, **self.edition.caller_header(caller)},
            response.body,
        )

    def _find(self, method: str, path: str) -> tuple[int | None, tuple[str, ...] | None]:
        """Return which route a call takes and what stands in its places; None for what is not."""
        known = _FOUND.get((self._kind, method, path))
        if known is None:
            known = (None, None)
            for place, (name, pattern, _) in enumerate(self._routes):
                if match := pattern.fullmatch(path):
                    known = (place if name == method else None, match.groups())
                    if name == method:
                        break
            if len(_FOUND) >= _MOST_FOUND:
                _FOUND.clear()
            _FOUND[self._kind, method, path] = known
        return known

    def _caller(self, authorization: str, *, on_gateway: bool) -> Person | None:
        if self.edition.lets_in(authorization, on_gateway=on_gateway):
            return self._bot
        return self._reader if authorization == READER_HEADERS[self._kind] else None

    def _for_customers(self, path: str) -> bool:
        """Tell whether an account without a licence gets an answer there."""
        root = self.edition.platform_root
        return path.startswith(CUSTOMER_ROOT) or path in {f"{root}/myself", f"{root}/mypermissions"}

    def _about(self) -> HttpResponse:
        return reply(
            200,
            {
                "baseUrl": self._base,
                "displayUrl": self._base,
                **self.edition.about(),
                "serverTime": platform_date(self.state.wall_ms()),
                "serverTitle": "Jira",
            },
        )

    def _faulty(self, fault: Fault) -> HttpResponse:
        if fault.status == 429:
            return self.edition.too_many(fault.reason, fault.retry_after)
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return reply(fault.status, None, headers)


def _unauthorised(*, on_gateway: bool) -> HttpResponse:
    if on_gateway:
        return reply(401, {"code": 401, "message": "Unauthorized"})
    message = "Client must be authenticated to access this resource."
    return reply(401, {"errorMessages": [message], "errors": {}})
