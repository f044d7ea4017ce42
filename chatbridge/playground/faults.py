"""What can be made to go wrong, as switches: on the services, and in the bridge's next write."""

from __future__ import annotations

from typing import Any, Final

from attrs import define, evolve, field

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

_TITLES: Final = {
    "busy": ("Busy", "answers 429: wait 10 seconds"),
    "down": ("Down", "answers 503"),
    "lost": ("Lost", "takes the next message, but its answer is lost"),
    "slow": ("Slow", "answers the next message after 45 seconds, too late"),
    "blocked": ("Blocked", "the customer has blocked the bot"),
}


@define(eq=False)
class Faults:
    """All switches.

    Args:
        stage: what they act on.
    """

    stage: Stage
    _on: dict[tuple[str, str], Fault] = field(factory=dict)
    _blocked: set[str] = field(factory=set)

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
        if kind == "blocked":
            self._block(self.stage.platforms[place], on=on)
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
                        "title": _TITLES[kind][0],
                        "meaning": f"{title}: {_TITLES[kind][1]}",
                        "on": self._is_on(place, kind),
                    }
                    for kind in self._kinds(place)
                ],
            }
            for place, title in titles.items()
        ]

    def _platforms(self) -> list[Platform]:
        return list(self.stage.platforms.values())

    def _kinds(self, place: str) -> list[str]:
        platform = self.stage.platforms.get(place)
        blocks = platform is not None and _blocking(platform) is not None
        return [*_LASTING, *_ONCE, *(["blocked"] if blocks else [])]

    def _is_on(self, place: str, kind: str) -> bool:
        armed = (place, kind) in self.stage.calls.armed
        return armed or (place, kind) in self._on or (kind == "blocked" and place in self._blocked)

    def _block(self, platform: Platform, *, on: bool) -> None:
        actions = _blocking(platform)
        assert actions is not None
        if on != (platform.name in self._blocked):
            platform.does(actions[0] if on else actions[1])
            (self._blocked.add if on else self._blocked.discard)(platform.name)

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
