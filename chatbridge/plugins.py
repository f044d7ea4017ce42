"""Find and load plugins: the adapters and storages that other packages offer.

Only the entry point that was asked for is imported, so a broken plugin hurts nobody but its own
user. There is no global state: every bridge has a `Plugins` of its own.
"""

from __future__ import annotations

import inspect
import threading
from typing import TYPE_CHECKING, Any

from chatbridge.errors import (
    ChatbridgeError,
    ConfigurationError,
    PluginLoadError,
    UnknownPluginError,
)
from chatbridge.plugin_offers import CORE_PACKAGE, AdapterPlugin, Offer, PluginInfo, Source
from chatbridge.plugin_switch import PluginSwitch
from chatbridge.storage import Storage

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from pluggy import PluginManager

KNOWN_PACKAGES = {"telegram": "chatbridge-telegram", "viber": "chatbridge-viber"}
"""The package to install for a platform that is known but not installed."""


class Plugins:
    """What one bridge can load; may be used from several threads.

    Raises:
        ConfigurationError: `CHATBRIDGE_PLUGINS` cannot be read.
    """

    def __init__(self) -> None:
        from chatbridge import builtin_storages

        self._switch = PluginSwitch.from_environment()
        self._manager = _new_registry()
        self._lock = threading.RLock()
        self._loaded: dict[str, Offer] = {}
        core = Source("built-in storages", CORE_PACKAGE, _version_of(CORE_PACKAGE))
        self._registered = [_collect(self._manager, builtin_storages, core)]

    def register(self, plugin: object, name: str = "") -> None:
        """Take a plugin that no entry point names; it wins over an installed one of equal name.

        Args:
            plugin: a module or object with hook implementations.
            name: what errors call it; by default its own name.

        Raises:
            PluginLoadError: it registers nothing, something unusable, or a name that another
                registered plugin has.
        """
        shown = name or str(getattr(plugin, "__name__", type(plugin).__name__))
        with self._lock:
            offer = _collect(self._manager, plugin, Source(shown))
            try:
                self._check_registered(offer)
            except PluginLoadError:
                self._manager.unregister(plugin)
                raise
            self._registered.append(offer)

    def adapter(self, name: str) -> AdapterPlugin:
        """Return the adapter of this name, importing its entry point and no other.

        Raises:
            UnknownPluginError: nothing of this name is installed; the text says what is.
            PluginLoadError: it is installed and cannot be used; the text says why.
        """
        with self._lock:
            for offer in self._registered:
                if name in offer.adapter_names():
                    return offer.adapter(name)
            return self._load(name, "adapter").adapter(name)

    def open_storage(self, setting: str) -> Storage:
        """Return the open storage of a setting such as `sqlite:support.db`; errors as `storage`."""
        scheme, separator, rest = setting.partition(":")
        if not separator:
            raise ConfigurationError(
                "storage must look like sqlite:support.db or memory:, a scheme and a place"
            )
        return self.storage(scheme, rest)

    def storage(self, scheme: str, rest: str) -> Storage:
        """Return the open storage of a setting `<scheme>:<rest>`.

        Args:
            scheme: "memory", "sqlite", or the name of an installed plugin.
            rest: what follows the colon; it may hold a password, so no error repeats it.

        Raises:
            UnknownPluginError: nothing of this name is installed.
            PluginLoadError: the plugin cannot be used.
            ConfigurationError: the plugin refuses `rest`.
            StorageError: it cannot be opened.
        """
        with self._lock:
            offers = [offer for offer in self._registered if scheme in offer.schemes()]
            offer = offers[0] if offers else self._load(scheme, "storage")
        opener = offer.storage(scheme)
        try:
            opened: object = opener(rest)
        except ChatbridgeError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a stranger's code raises
            failure = f"opening it failed with {type(error).__name__}"
        else:
            if isinstance(opened, Storage):
                return opened
            failure = "what it opened is no chatbridge.Storage"
        # Raised out here, without a cause: a driver's own text may repeat a password.
        raise offer.source.broken(failure, f"check the storage setting, or {offer.source.upgrade}")

    def simulator(self, name: str) -> type[Any]:
        """Return the simulator class of a platform.

        Raises:
            UnknownPluginError: nothing of this name is installed.
            PluginLoadError: it offers no simulator, or one that cannot be imported.
        """
        from importlib import import_module

        plugin = self.adapter(name)
        source = Source(name, plugin.distribution, plugin.version)
        if plugin.simulator is None:
            raise source.broken("it offers no simulator", "use the platform itself")
        module_name, _, class_name = plugin.simulator.partition(":")
        try:
            found = getattr(import_module(module_name), class_name)
        except Exception as error:
            raise source.broken(f"importing its simulator failed with {_why(error)}") from error
        if not inspect.isclass(found):
            raise source.broken("its simulator is no class")
        return found

    def installed(self) -> list[PluginInfo]:
        """Return every plugin, those that cannot be used with their reason; imports them all."""
        with self._lock:
            rows = [offer.describe() for offer in self._registered]
        found = _entry_points()
        for entry_point in found:
            source = _source_of(entry_point)
            try:
                self._check_allowed(source)
                _only([other for other in found if other.name == entry_point.name])
                # A manager of its own: listing a plugin must not switch it on for this bridge.
                offer = _import(_new_registry(), entry_point)
                if source.name in offer.schemes():
                    offer.storage(source.name)
                else:
                    offer.adapter(source.name)
                rows.append(offer.describe())
            except PluginLoadError as error:
                rows.append(
                    PluginInfo(
                        name=source.name,
                        distribution=source.distribution,
                        version=source.version,
                        skipped=str(error),
                    )
                )
        return rows

    def _load(self, name: str, kind: str) -> Offer:
        if name not in self._loaded:
            found = [entry_point for entry_point in _entry_points() if entry_point.name == name]
            if not found:
                raise self._unknown(name, kind)
            self._check_allowed(_source_of(found[0]))
            self._loaded[name] = _import(self._manager, _only(found))
        return self._loaded[name]

    def _check_allowed(self, source: Source) -> None:
        if not self._switch.allows(source.name):
            raise source.broken("it is switched off", self._switch.mend(source.name))

    def _unknown(self, name: str, kind: str) -> UnknownPluginError:
        names = {entry_point.name for entry_point in _entry_points()}
        for offer in self._registered:
            names.update(offer.adapter_names() if kind == "adapter" else offer.schemes())
        text = f"no installed package offers the {kind} {name!r}"
        text += f" (installed: {', '.join(sorted(names)) or 'none'})"
        if name in KNOWN_PACKAGES:
            text += f"; pip install {KNOWN_PACKAGES[name]}"
        return UnknownPluginError(text)

    def _check_registered(self, offer: Offer) -> None:
        offer.check_not_empty()
        for name in offer.adapter_names():
            offer.adapter(name)
        for scheme in offer.schemes():
            offer.storage(scheme)
        mine = {*offer.adapter_names(), *offer.schemes()}
        for other in self._registered:
            for name in sorted(mine & {*other.adapter_names(), *other.schemes()}):
                reason = f"{other.source} already offers {name!r}"
                raise offer.source.broken(reason, "register only one of them")


def _new_registry() -> PluginManager:
    import pluggy

    from chatbridge import hookspecs

    manager = pluggy.PluginManager("chatbridge")
    manager.add_hookspecs(hookspecs)
    return manager


def _entry_points() -> list[EntryPoint]:
    from importlib.metadata import entry_points

    from chatbridge.hookspecs import ENTRY_POINT_GROUP

    return sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry_point: entry_point.name)


def _source_of(entry_point: EntryPoint) -> Source:
    distribution = entry_point.dist
    if distribution is None:
        return Source(entry_point.name, "an unnamed package")
    return Source(entry_point.name, distribution.name, distribution.version)


def _only(found: list[EntryPoint]) -> EntryPoint:
    """Return the single entry point of a name; pluggy itself would silently take the first."""
    if len(found) > 1:
        sources = [_source_of(entry_point) for entry_point in found]
        packages = sorted(f"{source.distribution} {source.version}" for source in sources)
        text = f"{' and '.join(packages)} both offer {found[0].name!r}; uninstall one of them"
        raise PluginLoadError(text)
    return found[0]


def _import(manager: PluginManager, entry_point: EntryPoint) -> Offer:
    source = _source_of(entry_point)
    try:
        plugin = entry_point.load()
    except (Exception, SystemExit) as error:
        # The cause stays attached: no setting has been read yet, so it can hold no secret.
        raise source.broken(f"its import failed with {_why(error)}") from error
    return _collect(manager, plugin, source)


def _collect(manager: PluginManager, plugin: object, source: Source) -> Offer:
    """Let one plugin register what it offers; a plugin that fails is not kept."""
    from pluggy import PluginValidationError

    offer = Offer(source)
    try:
        if not manager.is_registered(plugin):
            manager.register(plugin)
        manager.check_pending()
        others = [other for other in manager.get_plugins() if other is not plugin]
        for hook, register in (
            ("chatbridge_register_adapters", offer.add_adapter),
            ("chatbridge_register_storages", offer.add_storage),
        ):
            manager.subset_hook_caller(hook, remove_plugins=others)(register=register)
        offer.hooks.extend(caller.name for caller in manager.get_hookcallers(plugin) or ())
    except (Exception, SystemExit) as error:
        if manager.is_registered(plugin):
            manager.unregister(plugin)
        said = (
            f": {' '.join(str(error).split())}" if isinstance(error, PluginValidationError) else ""
        )
        reason = f"registering failed with {type(error).__name__}{said}"
        raise source.broken(reason) from error
    return offer


def _version_of(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _why(error: BaseException) -> str:
    # Only an import error's text is known to name modules and nothing else.
    said = f": {error}" if isinstance(error, ImportError) else ""
    return f"{type(error).__name__}{said}"
