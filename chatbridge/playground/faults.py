"""What can be made to go wrong, as switches: on the services, and in the bridge's next write."""

from __future__ import annotations

from typing import Any, Final

from attrs import define, evolve, field

from chatbridge.playground.phones import Phone
from chatbridge.playground.platforms import Platform
from chatbridge.playground.stage import DESK, Stage
from chatbridge.testing.simulator import Fault

_LASTING: Final = {
    "busy": Fault(kind="status", status=429, retry_after=10, times=None),
    "down": Fault(kind="status", status=503, times=None),
}
_ONCE: Final = ("lost", "slow")
_BLOCKING: Final = (("block", "unblock"), ("unsubscribe", "subscribe"))
"""What people do to hear no more of the bot, and to hear of it again."""

_BLOCKED: Final = "blocked-"
"""Begins the switch of the customer whose number follows."""

_TITLES: Final = {
    "busy": ("Busy", "answers 429: wait 10 seconds"),
    "down": ("Down", "answers 503"),
    "lost": ("Lost", "takes the next message, but its answer is lost"),
    "slow": ("Slow", "answers the next message after 45 seconds, too late"),
}


@define(eq=False)
class Faults:
    """All switches.

    Args:
        stage: what they act on.
    """

    stage: Stage
    _on: dict[tuple[str, str], Fault] = field(factory=dict)
    _blocked: set[tuple[str, str]] = field(factory=set)

    def switch(self, place: str, kind: str, *, on: bool) -> None:
        """Let something go wrong, or work again.

        Args:
            place: "desk", or the platform.
            kind: as in `shown`.
            on: which of both.

        Raises:
            LookupError: there is no such switch, or nobody has opened the chat yet.
        """
        if place not in self.stage.simulators or kind not in self._kinds(place):
            raise LookupError("there is no such switch")
        if kind.startswith(_BLOCKED):
            self._block(self.stage.phones.of(place)[int(kind.removeprefix(_BLOCKED)) - 1], on=on)
        elif kind in _ONCE:
            armed = self.stage.calls.armed
            (armed.add if on else armed.discard)((place, kind))
        else:
            self._last(place, kind, on=on)

    def shown(self) -> list[dict[str, Any]]:
        """Return every place with its switches, as JSON can carry it."""
        titles = {DESK: "Jira", **{each.name: each.title for each in self._platforms()}}
        return [
            {
                "place": place,
                "title": title,
                "switches": [
                    {
                        "kind": kind,
                        "title": told[0],
                        "meaning": f"{title}: {told[1]}",
                        "on": self._is_on(place, kind),
                    }
                    for kind, told in self._kinds(place).items()
                ],
            }
            for place, title in titles.items()
        ]

    def _platforms(self) -> list[Platform]:
        return list(self.stage.platforms.values())

    def _kinds(self, place: str) -> dict[str, tuple[str, str]]:
        """Return each switch of a place with its title and its meaning."""
        kinds = {kind: _TITLES[kind] for kind in (*_LASTING, *_ONCE)}
        phones = self.stage.phones.of(place)
        if phones and _blocking(phones[0].platform) is not None:
            for phone in phones:
                title = "Blocked" if len(phones) == 1 else f"Blocked by {phone.person}"
                kinds[f"{_BLOCKED}{phone.customer}"] = title, f"{phone.person} has blocked the bot"
        return kinds

    def _is_on(self, place: str, kind: str) -> bool:
        armed = (place, kind) in self.stage.calls.armed
        return armed or (place, kind) in self._on or (place, kind) in self._blocked

    def _block(self, phone: Phone, *, on: bool) -> None:
        actions = _blocking(phone.platform)
        assert actions is not None
        switch = (phone.platform.name, f"{_BLOCKED}{phone.customer}")
        if on != (switch in self._blocked):
            phone.does(actions[0] if on else actions[1])
            (self._blocked.add if on else self._blocked.discard)(switch)

    def _last(self, place: str, kind: str, *, on: bool) -> None:
        simulator = self.stage.simulators[place]
        for known in _LASTING:
            # One at a time: the first of them would hide the other.
            gone = self._on.pop((place, known), None)
            with simulator.changed:
                simulator.faults = [each for each in simulator.faults if each is not gone]
        if on:
            # A value of its own, since it is taken away by what it is.
            fault = evolve(_LASTING[kind])
            self._on[place, kind] = fault
            simulator.switch_fault(fault)


def _blocking(platform: Platform) -> tuple[str, str] | None:
    for actions in _BLOCKING:
        if all(platform.can(each) for each in actions):
            return actions
    return None
