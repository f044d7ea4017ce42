"""The gate that every effect of every simulated process passes, and what can go wrong in it.

An effect is one HTTP call or one access to the storage. Nothing here knows what an effect means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from attrs import define, field, frozen

from chatbridge.clock import Clock

Result = TypeVar("Result")
Failure = Callable[[], Exception]


class Crash(BaseException):
    """The process dies at this effect."""


class Cancelled(BaseException):
    """What the process was doing is cut off here; the process lives on."""


@frozen
class Effect:
    """One effect as the gate sees it.

    Args:
        process: who has it.
        kind: "get", "scan", "put", "delete", "read" (a call that changes nothing), "redo" (one that
            changes something and may be repeated) or "write".
        name: what it is, for people: no content.
        place: what fails together: "storage", "desk" or the name of the platform.
        key: the storage key, empty for calls.
    """

    process: str
    kind: str
    name: str
    place: str
    key: str = ""

    @property
    def changes(self) -> bool:
        """Whether it changes anything outside the process."""
        return self.kind in {"put", "delete", "redo", "write"}


MODES: Final[dict[str, frozenset[str]]] = {
    "before": frozenset({"put", "delete", "redo", "write"}),
    "after": frozenset({"put", "delete", "redo", "write"}),
    "lost": frozenset({"put", "delete", "redo", "write"}),
    "nothing": frozenset({"write"}),
    "error": frozenset({"get", "scan", "put", "delete", "read", "redo", "write"}),
    "outage": frozenset({"get", "scan", "put", "delete", "read", "redo", "write"}),
    "conflict": frozenset({"put"}),
    "late": frozenset({"write"}),
    "overdue": frozenset({"write"}),
    "too_many": frozenset({"read", "redo", "write"}),
    "aside": frozenset({"get", "scan", "put", "delete", "read", "redo", "write"}),
    "pause": frozenset({"get", "scan", "put", "delete", "read", "redo", "write"}),
    "cancel": frozenset({"put", "delete", "redo", "write"}),
    "malformed": frozenset({"read", "redo", "write"}),
    "meanwhile": frozenset({"get", "scan", "put", "delete", "read", "redo", "write"}),
}
"""Each way to fail and the kinds of effects that it can hit.

before, after: the process dies there. lost: it happened, nobody knows. nothing: it did not happen,
nobody knows. error: it certainly did not happen. outage: the same for all of its place for a while.
conflict: somebody else was quicker. late: lost, and others see it later. overdue: the same, and
later than anybody waits for it. too_many: 429. aside:
another process works just then, and no time passes. pause: the process stops for longer than a
lease while others work. cancel: the work is cut off. malformed: it
happened and the answer is no JSON. meanwhile: people do something at that moment.
"""

OUTAGE: Final = 40.0
"""Seconds that an outage lasts."""


@frozen
class Noted:
    """An effect that came to the gate and could have gone wrong.

    Args:
        effect: what it was.
        number: which of all effects, from 1.
        stretch: which stretch of one process's work it belongs to; a process that dies anywhere in
            it begins anew at the same place.
        at: seconds of the world's clock.
    """

    effect: Effect
    number: int
    stretch: int
    at: float


@define
class Armed:
    """A fault that waits for its effect.

    Args:
        mode: one of MODES.
        countdown: which of the coming effects it hits, from 1; others do not count.
        step: for "meanwhile": what people do.
        everything: whether every effect counts, or only those that the mode can hit.
    """

    mode: str
    countdown: int
    step: tuple[Any, ...] = ()
    everything: bool = False


class Surroundings(Protocol):
    """What the gate needs of the world."""

    clock: Clock

    def pause(self, effect: Effect) -> None:
        """Let a process stand still before an effect for longer than a lease."""
        ...

    def act(self, step: tuple[Any, ...]) -> None:
        """Let people do something."""
        ...

    def touch(self, key: str) -> None:
        """Let somebody else write a record, unchanged."""
        ...

    def doubt(self, effect: Effect) -> None:
        """Note that nobody knows what became of an effect."""
        ...


@define
class Gate:
    """Lets effects through, or not.

    Args:
        world: where they happen.
        switch: called before each effect, to let another worker go first; None outside of that.
    """

    world: Any
    switch: Callable[[Effect], None] | None = None
    count: int = 0
    armed: list[Armed] = field(factory=list)
    hit: list[str] = field(factory=list)
    trace: list[str] | None = None
    noted: list[Noted] | None = None
    stretch: int = 0
    faults_on: bool = True
    _outages: dict[str, float] = field(factory=dict)

    def calm(self) -> None:
        """Let nothing go wrong any more."""
        self.faults_on = False
        self.armed.clear()
        self._outages.clear()

    def pass_through(
        self, effect: Effect, act: Callable[[], Result], *,
        failed: Failure, unknown: Failure, special: Callable[[str], Result],
    ) -> Result:  # fmt: skip
        """Let an effect happen, or go wrong in the way that is its turn.

        Args:
            effect: what is about to happen.
            act: makes it happen.
            failed: makes what says that it certainly did not.
            unknown: makes what says that nobody knows.
            special: makes it happen in a way of its own ("late", "overdue", "too_many",
                "malformed").
        """
        if self.switch is not None:
            self.switch(effect)
        self.count += 1
        if self.trace is not None:
            self.trace.append(f"{self.count} {effect.process} {effect.kind} {effect.name}")
        if not self.faults_on:
            return act()
        if self.noted is not None:
            now = self.world.clock.monotonic()
            self.noted.append(Noted(effect, self.count, self.stretch, now))
        if self._outages.get(effect.place, 0.0) > self.world.clock.monotonic():
            raise failed()
        fault = self._take(effect)
        if fault is None:
            return act()
        self.hit.append(f"{fault.mode} at {self.count} {effect.kind} {effect.name}")
        if fault.mode in {"late", "overdue", "too_many", "malformed"}:
            return special(fault.mode)
        self._before(fault, effect, failed, unknown)
        result = act()
        self._after(fault, effect, unknown)
        return result

    def _before(self, fault: Armed, effect: Effect, failed: Failure, unknown: Failure) -> None:
        match fault.mode:
            case "before":
                raise Crash
            case "error":
                raise failed()
            case "nothing":
                raise unknown()
            case "outage":
                self._outages[effect.place] = self.world.clock.monotonic() + OUTAGE
                raise failed()
            case "conflict":
                self.world.touch(effect.key)
            case "aside":
                self.world.step_aside(effect)
            case "pause":
                self.world.doubt(effect)
                self.world.pause(effect)
            case "meanwhile":
                self.world.act(fault.step)

    def _after(self, fault: Armed, effect: Effect, unknown: Failure) -> None:
        if fault.mode in {"after", "lost", "cancel"}:
            self.world.doubt(effect)
        if fault.mode == "after":
            raise Crash
        if fault.mode == "cancel":
            raise Cancelled
        if fault.mode == "lost":
            raise unknown()

    def _take(self, effect: Effect) -> Armed | None:
        due: Armed | None = None
        for fault in self.armed:
            if not fault.everything and effect.kind not in MODES[fault.mode]:
                continue
            fault.countdown -= 1
            if fault.countdown <= 0 and due is None:
                due = fault
        if due is not None:
            self.armed.remove(due)
            if effect.kind not in MODES[due.mode]:
                return None
        return due
