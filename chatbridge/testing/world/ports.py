"""The storage and the transport of one simulated process: the real contracts, through the gate."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from chatbridge.errors import RetryLaterError, StorageUnavailableError, UnknownOutcomeError
from chatbridge.exchange import Party
from chatbridge.http_types import HttpRequest, HttpResponse, Pace
from chatbridge.storage import ANY, Expected, Page, Storage, TimeToLive, Versioned
from chatbridge.testing.simulated_transport import SimulatedTransport
from chatbridge.testing.simulator import Fault
from chatbridge.testing.world.faults import Effect

LATE_BY = 45.0
"""Seconds until others see a late write; less than any settle time."""

OVERDUE_BY = 400.0
"""Seconds until others see an overdue write; more than any settle time."""

_WAITS = (3, 7, 31, 95)
"""Seconds that a 429 names, in turn."""

_REDONE = re.compile(r"^PUT |^DELETE |/attachTemporaryFile$|/issueLink$|^edit|^set_?[wW]ebhook")
"""Calls that may be repeated although they change something."""

_NUMBERS = re.compile(r"\d{4,}(:[A-Za-z0-9_-]+)?|[A-Z]+-\d+")


class GatedStorage(Storage):
    """A process's way to the shared storage.

    Args:
        world: where it is.
        process: whose it is.
    """

    def __init__(self, world: Any, process: str) -> None:
        self._world = world
        self._shared: Storage = world.storage
        self._process = process

    def get(self, key: str) -> Versioned | None:
        """See `Storage.get`."""
        found: Versioned | None = self._pass("get", key, lambda: self._shared.get(key))
        if found is not None:
            self._world.damage.note_read(self._process, key, found.value)
        return found

    def put(self, key: str, value: bytes, *, expect: Expected = ANY, ttl: TimeToLive = None) -> str:
        """See `Storage.put`."""

        def write() -> str:
            self._world.damage.judge_write(key, expect)
            return self._shared.put(key, value, expect=expect, ttl=ttl)

        if ttl is None and key.startswith("receipt:"):
            self._world.truth.wrong("I28", "a receipt is kept without an end")
        try:
            version: str = self._pass("put", key, write)
        except StorageUnavailableError:
            self._world.truth.unrecorded(self._process)
            raise
        self._world.truth.recorded(self._process, key)
        return version

    def delete(self, key: str, *, expect: Expected = ANY) -> None:
        """See `Storage.delete`."""

        def remove() -> None:
            self._world.damage.judge_write(key, expect)
            self._shared.delete(key, expect=expect)

        self._pass("delete", key, remove)

    def scan(self, kind: str, *, limit: int = 500, cursor: str | None = None) -> Page:
        """See `Storage.scan`."""
        read = lambda: self._shared.scan(kind, limit=limit, cursor=cursor)  # noqa: E731
        return self._pass("scan", kind, read)  # type: ignore[no-any-return]

    def close(self) -> None:
        """See `Storage.close`; the shared one stays open."""

    def _pass(self, kind: str, key: str, act: Any) -> Any:
        effect = Effect(self._process, kind, key.partition(":")[0], "storage", key)
        return self._world.gate.pass_through(
            effect, act,
            failed=lambda: StorageUnavailableError("the disk is full"),
            unknown=lambda: StorageUnavailableError("nobody knows whether it was written"),
            special=lambda _: act(),
        )  # fmt: skip


class GatedTransport:
    """A process's way to the simulators; see `chatbridge.exchange.Transport`.

    Args:
        world: where they are.
        process: whose it is.
    """

    def __init__(self, world: Any, process: str) -> None:
        self._world = world
        self._process = process
        self._inner = SimulatedTransport(world.places, world.clock)
        self._closed: dict[Pace, float] = {}

    def send(self, request: HttpRequest, party: Party) -> HttpResponse:
        """See `Transport.send`."""
        world, process = self._world, self._process
        chats = world.chats.name
        place = chats if party.name.startswith(chats) else "desk"
        name = _name(request)
        effect = Effect(process, _kind(request, name), name, place)
        world.truth.begins(process, request, effect)

        def act() -> HttpResponse:
            response = self._inner.send(request, party)
            self._judge_patience(request, response)
            world.truth.happened(process, request, response, effect)
            return response

        lost = RetryLaterError("lost") if request.is_repeatable else UnknownOutcomeError("lost")
        try:
            response: HttpResponse = world.gate.pass_through(
                effect, act,
                failed=lambda: RetryLaterError("the host cannot be reached"),
                unknown=lambda: lost,
                special=lambda mode: self._special(mode, effect, act, lost),
            )  # fmt: skip
        finally:
            world.truth.ends(process)
        return response

    def hold(self, paces: tuple[Pace, ...], scope: str | None, seconds: float) -> None:
        """See `Transport.hold`."""
        self._inner.hold(paces, scope, seconds)

    def _judge_patience(self, request: HttpRequest, response: HttpResponse) -> None:
        """Judge that nothing is asked again before the time that a 429 named is over."""
        if not request.paces:
            return
        pace, now = request.paces[0], self._world.clock.monotonic()
        if self._closed.get(pace, 0.0) > now:
            self._world.truth.wrong("I18", f"{_name(request)} came before its time")
        if response.status == 429:
            told = response.retry_after or self._world.chats.told_wait(response)
            self._closed[pace] = now + told

    def _special(self, mode: str, effect: Effect, act: Any, lost: Exception) -> HttpResponse:
        world = self._world
        if mode == "too_many":
            # Only what names an issue can be one write too many to it.
            of_issue = effect.kind == "write" and "*" in effect.name
            reason = "jira-per-issue-on-write" if of_issue else "jira-burst-based"
            wait = _WAITS[world.gate.count % len(_WAITS)]
            if effect.place == "desk":
                fault = Fault(kind="status", status=429, retry_after=wait, reason=reason)
                world.desk.switch_fault(fault)
            else:
                world.chats.too_many(wait, effect)
            return act()  # type: ignore[no-any-return]
        if mode == "malformed":
            response = act()
            world.doubt(effect)
            return HttpResponse(200, {}, b"<html>", repeatable=response.repeatable)
        if effect.place == "desk":
            before = world.desk.state.behaviour.commit_lag
            world.desk.state.behaviour.commit_lag = OVERDUE_BY if mode == "overdue" else LATE_BY
            world.desk.switch_fault(Fault(kind="lost_after"))
            try:
                return act()  # type: ignore[no-any-return]
            finally:
                world.desk.state.behaviour.commit_lag = before
                world.truth.look()
                world.doubt(effect)
        act()
        world.doubt(effect)
        raise lost


def _kind(request: HttpRequest, name: str) -> str:
    if not request.is_repeatable:
        return "write"
    return "redo" if _REDONE.search(name) else "read"


def _name(request: HttpRequest) -> str:
    path = urlsplit(request.url).path
    if "/rest/" not in path:
        return path.rpartition("/")[2]
    return f"{request.method} {_NUMBERS.sub('*', path).rpartition('/rest/')[2]}"
