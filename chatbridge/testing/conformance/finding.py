"""Finds the case of an installed adapter or storage: `CASE` in the module `conformance` beside it.

Imports only what was asked for, and says what to write where a package ships no case.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

from attrs import frozen

from chatbridge.errors import ConfigurationError, UnknownPluginError
from chatbridge.hookspecs import ENTRY_POINT_GROUP
from chatbridge.plugin_offers import CORE_PACKAGE, PluginInfo
from chatbridge.plugins import KNOWN_PACKAGES, Plugins
from chatbridge.testing.conformance import builtin_cases
from chatbridge.testing.conformance.cases import AdapterCase, StorageCase

_BUILTIN = builtin_cases.__name__


@frozen
class Found:
    """A case, and where it came from.

    Args:
        module: that holds it as `CASE`, or as `CASES[name]`.
        case: itself.
        distribution: the package.
        version: of the package.
    """

    module: str
    case: AdapterCase | StorageCase
    distribution: str
    version: str


def find(name: str) -> Found:
    """Return the case of an installed adapter or storage.

    Args:
        name: of the adapter, or the scheme of the storage.

    Raises:
        UnknownPluginError: nothing of this name is installed.
        PluginLoadError: it cannot be used.
        ConfigurationError: its package ships no case.
    """
    info = _described(name)
    if name in builtin_cases.CASES:
        return Found(_BUILTIN, builtin_cases.CASES[name], CORE_PACKAGE, info.version)
    (entry_point,) = entry_points(group=ENTRY_POINT_GROUP, name=name)
    module = f"{entry_point.module}.conformance"
    case = getattr(_imported(module), "CASE", None)
    if isinstance(case, AdapterCase | StorageCase):
        return Found(module, case, info.distribution, info.version)
    raise ConfigurationError(
        f"{info.distribution} {info.version} ships no conformance case; its module {module} must "
        "hold CASE, an AdapterCase or StorageCase of chatbridge.testing (see docs/conformance.md)"
    )


def _described(name: str) -> PluginInfo:
    names: set[str] = set()
    for info in Plugins().installed():
        if info.name == name or name in info.storages:
            if info.skipped:
                raise ConfigurationError(info.skipped)
            return info
        names.update(info.adapters, info.storages)
    text = f"no installed package offers an adapter or storage {name!r}"
    text += f" (installed: {', '.join(sorted(names))})"
    if name in KNOWN_PACKAGES:
        text += f"; pip install {KNOWN_PACKAGES[name]}"
    raise UnknownPluginError(text)


def _imported(module: str) -> object:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module and not module.startswith(f"{error.name}."):
            raise ConfigurationError(f"importing {module} failed: {error}") from error
    return None
