"""The platforms of the playground: every installed adapter whose package ships a simulator.

How a bot is set up is read from the package's conformance case, which ships for tests anyway.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

from attrs import field, frozen

from chatbridge.adapter import Adapter, Polls
from chatbridge.administration import NewBot
from chatbridge.clock import Clock
from chatbridge.errors import ChatbridgeError, ConfigurationError
from chatbridge.plugins import Plugins
from chatbridge.testing.conformance.cases import AdapterCase
from chatbridge.testing.conformance.finding import find
from chatbridge.testing.simulator import Simulator

_log = logging.getLogger("chatbridge.playground")


@frozen
class Platform:
    """One platform.

    Args:
        name: of the adapter.
        case: how a bot is set up.
        simulator: stands for the platform.
        adapter: tells addresses and abilities; the bridge makes its own.
    """

    name: str
    case: AdapterCase = field(repr=False)
    simulator: Simulator = field(repr=False)
    adapter: Adapter = field(repr=False)

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name.replace("_", " ").title()

    @property
    def bot(self) -> NewBot:
        """The bot, for the project."""
        mode = "poll" if isinstance(self.adapter, Polls) else "webhook"
        return NewBot(self.name, dict(self.case.settings), mode=mode)

    def can(self, action: str, argument: str = "") -> bool:
        """Tell whether people can do this there, with this argument."""
        told = self.simulator.actions().get(action)
        return told is not None and (not argument or bool(re.search(rf"\b{argument}\b", told)))


def platforms(plugins: Plugins, clock: Clock, wanted: Sequence[str] = ()) -> list[Platform]:
    """Return the platforms to play with.

    Args:
        plugins: where adapters come from.
        clock: of the simulators.
        wanted: names; without them every installed platform with a simulator. Of those, one whose
            package ships no conformance case is left out, with a word in the log.

    Raises:
        ConfigurationError: there is none, or a wanted one cannot be played with.
        PluginLoadError, UnknownPluginError: a wanted one cannot be used.
    """
    made: list[Platform] = []
    for name in wanted or _with_simulator(plugins):
        try:
            case = find(name).case
            if not isinstance(case, AdapterCase) or case.simulator is None:
                raise ConfigurationError(f"{name}: its package ships no simulator to play with")
            made.append(Platform(name, case, case.simulator(clock), case.make()))
        except ChatbridgeError as error:
            if wanted:
                raise
            _log.warning("%s is left out: %s", name, error)
    if not made:
        raise ConfigurationError(
            "no installed adapter ships a simulator; try: pip install chatbridge-telegram"
        )
    return made


def _with_simulator(plugins: Plugins) -> list[str]:
    names = [name for info in plugins.installed() if not info.skipped for name in info.adapters]
    return [name for name in names if plugins.adapter(name).simulator is not None]
