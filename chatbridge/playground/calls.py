"""The way of the bridge's calls to the simulators: told in a list, lost or cut off where wanted.

The list names what was called and how it ended; it never holds a word that somebody wrote, a token
or a chat.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import define, evolve, field, frozen

from chatbridge.clock import Clock
from chatbridge.errors import DeliveryError, RetryLaterError, UnknownOutcomeError
from chatbridge.exchange import Party, origin
from chatbridge.http_types import HttpRequest, HttpResponse, Pace
from chatbridge.testing.simulated_transport import SimulatedTransport
from chatbridge.testing.simulator import Fault, Simulator

MOST_TOLD: Final = 60
SLOW: Final = 45.0
"""Seconds of a slow answer; more than the bridge waits for a write."""

_NAMES: Final = re.compile(r"[A-Z][A-Z0-9]*-\d+|(?<=/)\d+(?=/|$)|[0-9a-f-]{20,}")


class Crash(BaseException):
    """The bridge dies in the middle of what it does."""


@frozen
class Told:
    """One call as the page shows it.

    Args:
        number: counts calls.
        at: the clock's `time()`.
        place: "desk", or the platform.
        what: the method and the kind of thing; no content.
        outcome: the status, or what happened instead.
        good: whether it went well.
        times: how often in a row.
    """

    number: int
    at: float
    place: str
    what: str
    outcome: str
    good: bool
    times: int = 1


@define
class Calls:
    """A `chatbridge.exchange.Transport` to simulators; outlives the bridges that use it.

    Args:
        places: name -> simulator.
        addresses: URL -> name of its place.
        clock: the time of everything.
        idempotent: the places where what is sent again is shown once.
    """

    places: Mapping[str, Simulator]
    addresses: Mapping[str, str]
    clock: Clock
    idempotent: Collection[str] = ()
    armed: set[tuple[str, str]] = field(factory=set)
    """(place, "lost" or "slow"), or ("", "crash"): each hits the next write."""
    told: deque[Told] = field(factory=lambda: deque(maxlen=MOST_TOLD))
    _count: int = 0
    _inner: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._inner = self._new()

    def restart(self) -> None:
        """Forget what a process would forget: for how long it was told to wait."""
        self._inner = self._new()

    def send(self, request: HttpRequest, party: Party) -> HttpResponse:
        """See `Transport.send`; raises Crash where that was wanted."""
        place = self._place(request.url)
        writes = self._writes(place, request)
        fault = self._arm(place) if writes else None
        try:
            response: HttpResponse = self._inner.send(request, party)
        except UnknownOutcomeError:
            self._tell(place, request, "no answer: taken or not?", good=False)
            raise
        except RetryLaterError as error:
            waits = error.retry_after is not None
            self._tell(place, request, "has to wait" if waits else "no answer", good=False)
            raise
        except DeliveryError:
            self._tell(place, request, "failed", good=False)
            raise
        finally:
            self._disarm(place, fault)
        good = response.status < 400
        if writes or not good:
            self._tell(place, request, str(response.status), good=good)
        if writes and ("", "crash") in self.armed:
            self.armed.discard(("", "crash"))
            self._tell(place, request, "taken; the bridge was killed", good=False)
            raise Crash
        return response

    def hold(self, paces: tuple[Pace, ...], scope: str | None, seconds: float) -> None:
        """See `Transport.hold`."""
        self._inner.hold(paces, scope, seconds)

    def _new(self) -> SimulatedTransport:
        routes = {url: self.places[place] for url, place in self.addresses.items()}
        return SimulatedTransport(routes, self.clock)

    def _writes(self, place: str, request: HttpRequest) -> bool:
        """Tell whether a call shows or changes something, also one that may be repeated."""
        if place not in self.idempotent or request.method in {"GET", "HEAD"}:
            return not request.is_repeatable
        return bool(request.json or request.parts)

    def _place(self, url: str) -> str:
        asked = origin(url)
        return next((name for at, name in self.addresses.items() if origin(at) == asked), "")

    def _arm(self, place: str) -> Fault | None:
        """Let the next write be lost or slow, if that is wanted here."""
        for kind, fault in (
            ("lost", Fault(kind="lost_after", times=None)),
            ("slow", Fault(kind="slow", seconds=SLOW, times=None)),
        ):
            if (place, kind) in self.armed:
                self.armed.discard((place, kind))
                simulator = self.places[place]
                with simulator.changed:
                    # In front of those that last, or one of them would be hit instead.
                    simulator.faults.insert(0, fault)
                return fault
        return None

    def _disarm(self, place: str, fault: Fault | None) -> None:
        if fault is not None:
            simulator = self.places[place]
            with simulator.changed:
                simulator.faults = [each for each in simulator.faults if each is not fault]

    def _tell(self, place: str, request: HttpRequest, outcome: str, *, good: bool) -> None:
        what = _what(request)
        last = self.told[-1] if self.told else None
        now = self.clock.time()
        if last and (last.place, last.what, last.outcome) == (place, what, outcome):
            self.told[-1] = evolve(last, times=last.times + 1, at=now)
            return
        self._count += 1
        self.told.append(Told(self._count, now, place, what, outcome, good))


def _what(request: HttpRequest) -> str:
    path = urlsplit(request.url).path
    _, rest, api = path.partition("/rest/")
    if not rest:
        # Earlier parts may be a token; the key of a message says nothing.
        before, _, last = path.rpartition("/")
        return before.rpartition("/")[2] if _NAMES.fullmatch(last) else last
    return f"{request.method} {_NAMES.sub('*', '/' + api.partition('/')[2])}"
