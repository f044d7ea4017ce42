"""What a simulator is: a stateful stand-in for a platform or a desk that answers HTTP calls.

The same object answers in memory (tests, the deterministic world) and behind a loopback server
(`chatbridge simulate`). It never talks to anything itself: webhooks that it owes wait in a list
that its surroundings deliver and report back on.
"""

from __future__ import annotations

import random
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias

from attrs import define, field, frozen

from chatbridge.clock import Clock, SystemClock
from chatbridge.http_types import Headers, HttpResponse, WebhookRequest, as_headers

Control: TypeAlias = Callable[[dict[str, Any]], Any]
"""Does one action: arguments by name in, what JSON can carry out."""


class ConnectionLost(Exception):  # noqa: N818 - an outcome, not an error of the simulator
    """The call gets no (whole) answer; what it asked for may or may not have happened."""


@frozen(kw_only=True)
class SimulatedCall:
    """An HTTP call as a simulator sees it.

    Args:
        method: the verb.
        path: below the simulator's base URL, decoded, starting with a slash.
        query: the decoded query; the last of equal names wins, `query_all` has all.
        headers: its header fields.
        body: its raw body.
    """

    method: str
    path: str
    query: dict[str, str] = field(factory=dict)
    query_all: tuple[tuple[str, str], ...] = ()
    headers: Headers = field(factory=Headers)
    body: bytes = b""


@define(kw_only=True)
class Fault:
    """Something that goes wrong for the next calls.

    Args:
        kind: "status" (answer `status`), "lost_before" (no effect, no answer), "lost_after" (the
            effect happens, no answer), "slow" (answer after `seconds`).
        match: a regular expression searched in "<METHOD> <path>"; empty matches every call.
        status: of the answer.
        retry_after: seconds named in the answer, or None.
        reason: of a 429, where the service names reasons.
        seconds: of a slow answer.
        times: how many calls it hits; None for ever.
    """

    kind: str
    match: str = ""
    status: int = 500
    retry_after: int | None = None
    reason: str = ""
    seconds: float = 0.0
    times: int | None = 1


@define(kw_only=True)
class OwedWebhook:
    """A webhook that shall reach the bridge.

    Args:
        webhook_id: names it in `webhook_answered`.
        url: where to.
        headers: its header fields.
        body: its body.
        due: the clock's `monotonic()` from which on it may be sent.
        method: the verb.
    """

    webhook_id: str
    url: str
    headers: dict[str, str]
    body: bytes
    due: float
    method: str = "POST"

    def received(self, path: str = "", at: float = 0.0) -> WebhookRequest:
        """Return it as it arrives.

        Args:
            path: what of its URL follows the webhook's own.
            at: Unix seconds.
        """
        query = self.url.partition("?")[2]
        return WebhookRequest(self.headers, self.body, query, at, method=self.method, path=path)


@frozen
class OwedFetch:
    """A file that the service fetches by itself, from an address that the bridge gave it.

    Args:
        fetch_id: names it in `fetched`.
        url: where from.
    """

    fetch_id: str
    url: str = field(repr=False)


@frozen
class FetchedFile:
    """What the service got when it fetched a file.

    Args:
        status: the HTTP status.
        headers: its header fields.
        body: all bytes that came.
    """

    status: int
    headers: Headers = field(factory=Headers, converter=as_headers)
    body: bytes = field(default=b"", repr=False)


class Simulator(ABC):
    """A stand-in; a subclass keeps its state under `self.changed`, which is also its lock.

    Args:
        clock: where it takes the time from.
        seed: of its own randomness.
    """

    name: ClassVar[str]

    def __init__(self, *, clock: Clock | None = None, seed: int = 0) -> None:
        self.clock: Clock = clock or SystemClock()
        self.random = random.Random(seed)  # noqa: S311 - reproducible on purpose
        self.changed = threading.Condition(threading.RLock())
        self.faults: list[Fault] = []
        self.deliver_now: Callable[[], object] | None = None
        """Brings the owed webhooks to the bridge, for a service that makes one while it answers a
        call. None where somebody else does so all the time, as behind a server."""

    @abstractmethod
    def answer(self, call: SimulatedCall) -> HttpResponse:
        """Answer one call as the real service would, faults that are switched on included.

        Raises:
            ConnectionLost: where a fault says so.
        """

    def controls(self) -> Mapping[str, tuple[str, Control]]:
        """Return every action by its name: one line on it, and what does it under the lock.

        Simulators that need more than this table override `control` and `actions` instead.
        """
        return {}

    def control(self, action: str, arguments: dict[str, Any]) -> Any:
        """Do what a person would do, or show the state; returns what JSON can carry.

        Args:
            action: its name, as in `/control/<simulator>/<action>`.
            arguments: by name.

        Raises:
            LookupError: there is no such action, chat or issue.
            ValueError: an argument is wrong; the text says what is expected.
        """
        known = self.controls()
        if action not in known:
            raise LookupError(f"there is no such action; there are {', '.join(known)}")
        with self.changed:
            result = known[action][1](arguments)
            self.changed.notify_all()
            return result

    def actions(self) -> dict[str, str]:
        """Return every action of `control` and one line on it, for `/control` and the docs."""
        return {name: line for name, (line, _) in self.controls().items()}

    @abstractmethod
    def credentials(self) -> dict[str, str]:
        """Return what a bridge needs to reach it ("bot_token", "account", "api_token", ...)."""

    @abstractmethod
    def owed_webhooks(self) -> list[OwedWebhook]:
        """Return the webhooks that are due now and not under way, and mark them as under way."""

    @abstractmethod
    def webhook_answered(
        self, webhook_id: str, status: int | None, retry_after: int | None, body: bytes = b""
    ) -> None:
        """Note what a webhook was answered with.

        Args:
            webhook_id: of the owed webhook.
            status: the HTTP status, None where no answer came.
            retry_after: seconds of its Retry-After header, or None.
            body: of the answer, for services that read it.
        """

    def owed_fetches(self) -> list[OwedFetch]:
        """Return the files that the service wants now, and mark them as under way."""
        return []

    def fetched(self, fetch_id: str, file: FetchedFile | None) -> None:
        """Note what came of a fetch.

        Args:
            fetch_id: of the owed fetch.
            file: what was answered, None where nobody answered.
        """
        del fetch_id, file

    def served_at(self, url: str) -> None:
        """Be told the URL under which calls arrive, before the first; for addresses of its own."""
        del url

    def switch_fault(self, fault: Fault) -> None:
        """Let something go wrong from now on."""
        with self.changed:
            self.faults.append(fault)

    def clear_faults(self) -> None:
        """Let everything work again."""
        with self.changed:
            self.faults.clear()

    def through_faults(
        self,
        call: SimulatedCall,
        answer: Callable[[SimulatedCall], HttpResponse],
        refusal: Callable[[Fault], HttpResponse] | None = None,
    ) -> HttpResponse:
        """Answer a call as `answer` does, unless a fault that is switched on hits it.

        Args:
            call: the call.
            answer: makes the answer of a call that works.
            refusal: makes the answer of a fault of the kind "status", where the real service says
                more than a status and a Retry-After.

        Raises:
            ConnectionLost: where the fault says so.
        """
        fault = self.take_fault(call)
        if fault is None:
            return answer(call)
        if fault.kind == "status":
            return (refusal or bare_refusal)(fault)
        if fault.kind == "slow":
            self.clock.sleep(fault.seconds)
        response = None if fault.kind == "lost_before" else answer(call)
        if response is None or fault.kind == "lost_after":
            raise ConnectionLost
        return response

    def take_fault(self, call: SimulatedCall) -> Fault | None:
        """Return the fault that hits this call, and count it down."""
        line = f"{call.method} {call.path}"
        with self.changed:
            for fault in self.faults:
                if re.search(fault.match, line):
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times <= 0:
                            self.faults.remove(fault)
                    return fault
        return None


def bare_refusal(fault: Fault, body: bytes = b"") -> HttpResponse:
    """Return the status and the Retry-After of a fault, as a front end answers: without JSON."""
    headers = {"Content-Type": "text/html"} if body else {}
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    return HttpResponse(fault.status, headers, body)
