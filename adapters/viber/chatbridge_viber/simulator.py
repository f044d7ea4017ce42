"""`ViberSimulator`: Viber's API with people, in memory, for one bot.

It answers as Viber does, failures inside of HTTP 200, limits and repeats included. It talks to
nobody itself: callbacks wait until they are collected, or are brought by `deliver_now`.
"""

from __future__ import annotations

import hmac
import json
from functools import partial
from typing import Any, ClassVar

from chatbridge.clock import Clock
from chatbridge.http_types import HttpResponse
from chatbridge.testing.simulator import (
    Control,
    Fault,
    FetchedFile,
    OwedFetch,
    OwedWebhook,
    SimulatedCall,
    Simulator,
    bare_refusal,
)
from chatbridge.testing.simulator_json import json_answer

from .simulated_actions import ACTIONS
from .simulated_callbacks import ANSWER_WITHIN, Callback
from .simulated_content import MAX_REQUEST
from .simulated_endpoints import ENDPOINTS, begin_registration, finish_registration
from .simulated_state import STATUS_NAMES, Refusals, StatusError, ViberState

_DEFAULT_TOKEN = "0000000000000000-1111111111111111-2222222222222222"  # noqa: S105 - opens nothing
_START = "/pa/"


class ViberSimulator(Simulator):
    """A stand-in for Viber.

    Args:
        clock: where it takes the time from.
        seed: of its own randomness.
        token: the bot's token.
        uri: the name under which people find the bot.
        limits: whether more than 100 messages without a reply within an hour are refused.
    """

    name: ClassVar[str] = "viber"

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        seed: int = 0,
        token: str = _DEFAULT_TOKEN,
        uri: str = "simulatedbot",
        limits: bool = True,
    ) -> None:
        super().__init__(clock=clock, seed=seed)
        self.state = ViberState(
            clock=self.clock, random=self.random, token=token, uri=uri, limits=limits
        )

    def answer(self, call: SimulatedCall) -> HttpResponse:
        """See `Simulator.answer`."""
        return self.through_faults(call, self._answer, _fault_answer)

    def controls(self) -> dict[str, tuple[str, Control]]:
        """See `Simulator.controls`."""
        people = {
            name: (action.__doc__ or "", partial(action, self.state))
            for name, action in ACTIONS.items()
        }
        administration = {
            name: (line, getattr(self, f"_{name}")) for name, line in _ADMINISTRATION.items()
        }
        return dict(sorted({**people, **administration}.items()))

    def credentials(self) -> dict[str, str]:
        """See `Simulator.credentials`."""
        return {"bot_token": self.state.token, "username": self.state.uri}

    def owed_webhooks(self) -> list[OwedWebhook]:
        """See `Simulator.owed_webhooks`."""
        with self.changed:
            return self.state.callbacks.due()

    def webhook_answered(
        self, webhook_id: str, status: int | None, retry_after: int | None, body: bytes = b""
    ) -> None:
        """See `Simulator.webhook_answered`; Viber is not known to heed a Retry-After."""
        del retry_after
        with self.changed:
            self.state.callbacks.answered(webhook_id, status, body)
            self.changed.notify_all()

    def owed_fetches(self) -> list[OwedFetch]:
        """See `Simulator.owed_fetches`."""
        with self.changed:
            return self.state.fetches.due()

    def fetched(self, fetch_id: str, file: FetchedFile | None) -> None:
        """See `Simulator.fetched`."""
        with self.changed:
            self.state.fetches.fetched(fetch_id, file)
            self.changed.notify_all()

    def served_at(self, url: str) -> None:
        """See `Simulator.served_at`; what people send is read below it, too."""
        self.state.media_url = url

    def _answer(self, call: SimulatedCall) -> HttpResponse:
        return self._file(call) if call.method in {"GET", "HEAD"} else self._result(call)

    def _file(self, call: SimulatedCall) -> HttpResponse:
        """Answer who reads what a person has sent; a credential has no business there."""
        if "X-Viber-Auth-Token" in call.headers:
            return HttpResponse(400, {"Content-Type": "text/html"}, b"<html>Bad request</html>")
        with self.changed:
            return self.state.shelf.answer(call.path)

    def _result(self, call: SimulatedCall) -> HttpResponse:
        try:
            return _success(self._carry_out(call))
        except StatusError as error:
            return _failure(error)

    def _carry_out(self, call: SimulatedCall) -> dict[str, Any]:
        """Return the members of the answer.

        Raises:
            StatusError: as Viber numbers it.
        """
        request = _members(call)
        self._check_token(call, request)
        endpoint = call.path.removeprefix(_START)
        if endpoint == "set_webhook":
            return self._set_webhook(request)
        if call.path == endpoint or endpoint not in ENDPOINTS:
            raise StatusError(3, "no such endpoint")
        with self.changed:
            result = ENDPOINTS[endpoint](self.state, request)
            self.changed.notify_all()
        return result

    def _check_token(self, call: SimulatedCall, request: dict[str, Any]) -> None:
        given = call.headers.get("X-Viber-Auth-Token") or request.get("auth_token")
        if not given:
            raise StatusError(2, "missing_auth_token")
        if not hmac.compare_digest(str(given).encode(), self.state.token.encode()):
            raise StatusError(2)

    def _set_webhook(self, request: dict[str, Any]) -> dict[str, Any]:
        """Call back, and answer when that was answered; the lock is free meanwhile."""
        with self.changed:
            callback = begin_registration(self.state, request)
            self.changed.notify_all()
        if callback is None:
            return {"event_types": []}
        self._await_answer(callback)
        with self.changed:
            return finish_registration(self.state, request, callback)

    def _await_answer(self, callback: Callback) -> None:
        if self.deliver_now is not None:
            self.deliver_now()
            return
        with self.changed:
            self.clock.wait(self.changed, lambda: callback.answered is not None, ANSWER_WITHIN)

    def _state(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        state = self.state
        return {
            "account": state.account,
            "chats": [
                {**user.as_json(named=True), "subscribed": user.subscribed}
                for user in state.users.values()
            ],
            "callbacks": {
                "waiting": len(state.callbacks.waiting),
                "repeated": state.callbacks.repeated,
                "lost": state.callbacks.lost,
            },
            "billing": {"free": state.billing.free, "balance": state.billing.balance},
            "welcome_problems": state.welcome_problems,
        }

    def _pending(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        waiting = [json.loads(each.body) for each in self.state.callbacks.waiting]
        return {"count": len(waiting), "events": [each["event"] for each in waiting]}

    def _limits(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self.state.limits = arguments.get("on") is not False
        return {"on": self.state.limits}

    def _refuse(self, arguments: dict[str, Any]) -> dict[str, Any]:
        status, times = arguments.get("status"), arguments.get("times", 1)
        if not isinstance(status, int) or isinstance(status, bool):
            raise ValueError("status must be a whole number; 0 lets everything work again")  # noqa: TRY004
        self.state.refusals = Refusals(status, times, arguments.get("bare") is True)
        return {"status": status, "name": STATUS_NAMES.get(status, "generalError")}

    def _billing(self, arguments: dict[str, Any]) -> dict[str, Any]:
        billing = self.state.billing
        billing.free = int(arguments.get("free", billing.free))
        balance = arguments.get("balance", billing.balance)
        billing.balance = None if balance is None else int(balance)
        return {"free": billing.free, "balance": billing.balance}


_ADMINISTRATION = {
    "billing": "Say how many messages outside of sessions are free or paid: {free?, balance?}.",
    "limits": "Switch the limit of 100 messages without a reply: {on}.",
    "pending": "Show what waits for the bot: {}.",
    "refuse": "Refuse the next messages of the bot: {status, times?, bare?}.",
    "state": "Show account, chats, callbacks and billing: {}.",
}


def _members(call: SimulatedCall) -> dict[str, Any]:
    if len(call.body) > MAX_REQUEST:
        raise StatusError(3, "the request is too large")
    try:
        members = json.loads(call.body or b"{}")
    except (ValueError, RecursionError):
        raise StatusError(3, "the request is not JSON") from None
    if not isinstance(members, dict):
        raise StatusError(3, "the request is not a JSON object")
    return members


def _success(members: dict[str, Any]) -> HttpResponse:
    return json_answer({"status": 0, "status_message": "ok", **members})


def _failure(error: StatusError) -> HttpResponse:
    members: dict[str, Any] = {"status": error.status, "chat_hostname": "SN-CHAT-01_"}
    if error.message is not None:
        members["status_message"] = error.message
    return json_answer(members)


def _fault_answer(fault: Fault) -> HttpResponse:
    """Return what a front end says: no JSON, as far as anybody knows."""
    return bare_refusal(fault, b"<html>Simulated fault</html>")
