"""Circuit breaking: a far side that keeps failing is left alone for a while, then asked once.

It stands between the journeys and the transport. A far side is a site or a bot; what fails for one
or two chats or issues alone suspends only them, never the others of the bot or site.
"""

from __future__ import annotations

import threading
from typing import Final

from attrs import define, field

from chatbridge.clock import Clock
from chatbridge.errors import RetryLaterError, UnknownOutcomeError
from chatbridge.exchange import Party, Transport
from chatbridge.http_types import HttpRequest, HttpResponse, Pace
from chatbridge.observation import NoticeKind, Observer

FAILURES: Final = 5
"""Failures in a row, of at least two targets, that open a breaker."""
FAILURES_OF_ONE: Final = 20
"""Failures in a row that open it when all are of one target."""
WIDE: Final = 3
"""Failing targets from which on all calls are suspended, and not only those to these targets."""
FIRST_PAUSE: Final = 10.0
LONGEST_PAUSE: Final = 300.0


@define
class _State:
    failures: int = 0
    targets: set[str] = field(factory=set)
    pause: float = 0.0
    until: float = 0.0
    probing: bool = False


class Breaker:
    """A transport that suspends calls to a far side that keeps failing.

    Args:
        transport: what makes the calls.
        observer: is told when calls are suspended and resumed.
        clock: the time.
    """

    def __init__(self, transport: Transport, observer: Observer, clock: Clock) -> None:
        self._transport = transport
        self._observer = observer
        self._clock = clock
        self._lock = threading.Lock()
        self._states: dict[str, _State] = {}

    def send(self, request: HttpRequest, party: Party) -> HttpResponse:
        """See `Transport.send`.

        Raises:
            RetryLaterError: calls to this far side are suspended, besides its other meanings.
        """
        target = request.about or (request.paces[0].key if request.paces else "")
        probe = self._enter(party, target)
        # What ends in another way says nothing about the far side.
        failed: bool | None = None
        try:
            response = self._transport.send(request, party)
            failed = response.status >= 500
        except RetryLaterError as error:
            # A scope means that the request was held back by its pace: nothing was tried.
            failed = None if error.scope is not None else True
            raise
        except UnknownOutcomeError:
            failed = True
            raise
        finally:
            self._leave(party, target, failed=failed, probe=probe)
        return response

    def hold(self, paces: tuple[Pace, ...], scope: str | None, seconds: float) -> None:
        """See `Transport.hold`."""
        self._transport.hold(paces, scope, seconds)

    def suspended(self) -> dict[str, float]:
        """Return far side -> seconds for which its calls are still suspended."""
        now = self._clock.monotonic()
        with self._lock:
            return {
                name: state.until - now for name, state in self._states.items() if state.until > now
            }

    def _enter(self, party: Party, target: str) -> bool:
        """Return whether the call is the probe of a suspended far side; raise if it must wait."""
        with self._lock:
            state = self._states.setdefault(party.name, _State())
            if not state.until:
                return False
            if len(state.targets) < WIDE and target not in state.targets:
                # Nothing says yet that this one fails, too.
                return False
            left = state.until - self._clock.monotonic()
            if left <= 0 and not state.probing:
                state.probing = True
                return True
        raise RetryLaterError("calls are suspended after failures", retry_after=max(left, 1.0))

    def _leave(self, party: Party, target: str, *, failed: bool | None, probe: bool) -> None:
        """Count the outcome; None means that it says nothing about the far side."""
        notice: tuple[NoticeKind, str] | None = None
        with self._lock:
            state = self._states[party.name]
            if probe:
                state.probing = False
            if failed is None:
                return
            if not failed:
                if state.until:
                    notice = (NoticeKind.CALLS_RESUMED, "it answers again")
                self._states[party.name] = _State()
            else:
                state.failures += 1
                state.targets.add(target)
                if probe or self._is_enough(state):
                    first = not state.until
                    state.pause = min(max(FIRST_PAUSE, state.pause * 2), LONGEST_PAUSE)
                    state.until = self._clock.monotonic() + state.pause
                    if first:
                        notice = (NoticeKind.CALLS_SUSPENDED, "it keeps failing")
        if not failed:
            self._observer.succeeded(party.name)
        if notice is not None:
            self._observer.notice(notice[0], party.name, notice[1])

    def _is_enough(self, state: _State) -> bool:
        needed = FAILURES if len(state.targets) > 1 else FAILURES_OF_ONE
        return not state.until and state.failures >= needed
