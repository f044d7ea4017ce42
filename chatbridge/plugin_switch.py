"""`CHATBRIDGE_PLUGINS`: which installed plugins may be loaded at all; read once, and nothing else.

For whoever runs the bridge: to find the package that does harm, or to load no more than is used.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from attrs import frozen

from chatbridge.errors import ConfigurationError

VARIABLE = "CHATBRIDGE_PLUGINS"
_NONE = "none"
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


@frozen
class PluginSwitch:
    """Which entry points may be imported.

    Args:
        names: the only ones; None: all that are installed.
    """

    names: frozenset[str] | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> PluginSwitch:
        """Return the switch that the variable sets; unset or empty means all.

        Raises:
            ConfigurationError: it is neither "none" nor names with commas between them.
        """
        given = environment.get(VARIABLE, "").strip()
        if not given:
            return cls()
        names = [name.strip() for name in given.split(",")]
        if names == [_NONE]:
            return cls(frozenset())
        if _NONE in names or not all(map(_NAME.fullmatch, names)):
            raise ConfigurationError(
                f"{VARIABLE} must be none, or names with commas between, such as telegram,viber"
            )
        return cls(frozenset(names))

    def allows(self, name: str) -> bool:
        """Tell whether the entry point of this name may be imported."""
        return self.names is None or name in self.names

    def mend(self, name: str) -> str:
        """Return what to do so that a plugin that is left out is loaded."""
        return f"{VARIABLE} leaves {name!r} out; add it there, or unset the variable"
