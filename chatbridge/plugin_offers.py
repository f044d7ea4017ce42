"""What a plugin offers, and whether it can be used: pure judgements with a mend in every refusal.

Nothing is searched or imported in here, and no plugin's code runs; `plugins` does that.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import attrs
from attrs import field, frozen

from chatbridge.adapter import API_VERSION, Adapter
from chatbridge.capabilities import Capabilities
from chatbridge.capability_table import capabilities_of
from chatbridge.errors import PluginLoadError
from chatbridge.storage import Storage

CORE_PACKAGE = "chatbridge-jsm"


@frozen
class AdapterPlugin:
    """An adapter that passed every check.

    Args:
        adapter: the class.
        simulator: "module:class" of its simulator, or None.
        distribution: the package it came from, empty where the host registered it.
        version: of that package.
    """

    adapter: type[Adapter]
    simulator: str | None
    distribution: str
    version: str


@frozen(kw_only=True)
class PluginInfo:
    """One line of `chatbridge plugins`.

    Args:
        name: of the entry point, or what was registered without one.
        distribution: the package, empty where the host registered it.
        version: of that package.
        adapters: the names of the adapters it offers.
        storages: the schemes of the storages it offers.
        api_version: what its adapter was written for, None where it offers none.
        api_supported: the oldest and the newest version of the adapter contract that fit this core.
        capabilities: what each adapter declares and implements, by its name.
        simulators: the names of the adapters that come with a simulator.
        hooks: the names of the hooks that it implements.
        skipped: why it cannot be used, empty where it can.
    """

    name: str
    distribution: str
    version: str
    adapters: tuple[str, ...] = ()
    storages: tuple[str, ...] = ()
    api_version: int | None = None
    api_supported: tuple[int, int] = (API_VERSION, API_VERSION)
    capabilities: dict[str, dict[str, Any]] = field(factory=dict)
    simulators: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    skipped: str = ""


@frozen
class Source:
    """Where a plugin came from.

    Args:
        name: of the entry point, or what the host calls it.
        distribution: the package, empty where the host registered it.
        version: of that package.
    """

    name: str
    distribution: str = ""
    version: str = ""

    def __str__(self) -> str:
        if not self.distribution:
            return f"the plugin {self.name!r} that the host registered"
        return f"the plugin {self.name!r} of {self.distribution} {self.version}"

    def broken(self, reason: str, mend: str = "") -> PluginLoadError:
        """Return the error that says why the plugin cannot be used, and the mend."""
        return PluginLoadError(f"{self} cannot be used: {reason}; {mend or self.upgrade}")

    @property
    def upgrade(self) -> str:
        """What to do where nothing better is known."""
        if not self.distribution:
            return "mend it where it is made"
        return f"pip install --upgrade {self.distribution}"


@frozen
class Offer:
    """What one plugin registered; nothing is judged before somebody asks for it by name."""

    source: Source
    adapters: list[tuple[Any, str | None]] = field(factory=list)
    storages: list[tuple[str, Callable[[str], Storage]]] = field(factory=list)
    hooks: list[str] = field(factory=list)

    def add_adapter(self, adapter: Any, *, simulator: str | None = None) -> None:
        """Note an adapter; plugins know this as `register`."""
        self.adapters.append((adapter, simulator))

    def add_storage(self, scheme: str, opener: Callable[[str], Storage]) -> None:
        """Note a storage; plugins know this as `register`."""
        self.storages.append((scheme, opener))

    def adapter_names(self) -> list[str]:
        """Return the names of its adapters as registered; empty for an adapter without a name."""
        return [str(getattr(adapter, "name", "")) for adapter, _ in self.adapters]

    def schemes(self) -> list[str]:
        """Return the schemes of its storages as registered."""
        return [scheme for scheme, _ in self.storages]

    def check_not_empty(self) -> None:
        """Return if anything was registered.

        Raises:
            PluginLoadError: nothing was.
        """
        if not self.adapters and not self.storages:
            hook = "a function marked @chatbridge.hookimpl and named chatbridge_register_adapters"
            raise self.source.broken("it registers nothing", f"it needs {hook}")

    def adapter(self, name: str) -> AdapterPlugin:
        """Return the adapter of this name if it fits this version of the library.

        Raises:
            PluginLoadError: it does not, or there is none.
        """
        adapter, simulator = self.adapters[self._place(name, self.adapter_names(), "adapter")]
        source = self.source
        if not (inspect.isclass(adapter) and issubclass(adapter, Adapter)):
            raise source.broken("what it registers is no subclass of chatbridge.Adapter")
        if adapter.api_version != API_VERSION:
            reason = f"it was written for adapter API {adapter.api_version}, this is {API_VERSION}"
            newer = isinstance(adapter.api_version, int) and adapter.api_version > API_VERSION
            raise source.broken(reason, f"pip install --upgrade {CORE_PACKAGE}" if newer else "")
        missing = sorted(adapter.__abstractmethods__)
        capabilities = getattr(adapter, "capabilities", None)
        if not isinstance(capabilities, Capabilities):
            missing.append("capabilities")
        elif capabilities.proof is not None:
            webhooks = ("verify", "parse")
            missing += [n for n in webhooks if getattr(adapter, n) is getattr(Adapter, n)]
        if not attrs.has(getattr(adapter, "settings_schema", None) or object):
            missing.append("settings_schema")
        if missing:
            raise source.broken(f"its adapter lacks {', '.join(missing)}")
        return AdapterPlugin(adapter, simulator, source.distribution, source.version)

    def storage(self, scheme: str) -> Callable[[str], Storage]:
        """Return what opens the storages of this scheme.

        Raises:
            PluginLoadError: there is none.
        """
        return self.storages[self._place(scheme, self.schemes(), "storage")][1]

    def describe(self) -> PluginInfo:
        """Return its line for `chatbridge plugins`."""
        versions = [getattr(adapter, "api_version", None) for adapter, _ in self.adapters]
        return PluginInfo(
            name=self.source.name,
            distribution=self.source.distribution,
            version=self.source.version,
            adapters=tuple(sorted(self.adapter_names())),
            storages=tuple(sorted(self.schemes())),
            api_version=versions[0] if versions else None,
            capabilities={
                adapter.name: capabilities_of(adapter)
                for adapter, _ in self.adapters
                if isinstance(getattr(adapter, "capabilities", None), Capabilities)
            },
            simulators=tuple(
                str(getattr(adapter, "name", "")) for adapter, place in self.adapters if place
            ),
            hooks=tuple(sorted(self.hooks)),
        )

    def _place(self, name: str, names: list[str], kind: str) -> int:
        self.check_not_empty()
        if names.count(name) == 1:
            return names.index(name)
        if name in names:
            reason = f"it registers the {kind} {name!r} {names.count(name)} times"
            raise self.source.broken(reason, "once is right")
        shown = ", ".join(sorted(repr(one) for one in names)) or "none"
        reason = f"it offers no {kind} named {name!r} (its {kind}s: {shown})"
        raise self.source.broken(reason, "the entry point and what it registers need one name")
