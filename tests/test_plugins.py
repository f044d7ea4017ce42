"""Plugins are found by name among real installed packages, and a broken one hurts only its user."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from chatbridge.errors import (
    ConfigurationError,
    PluginLoadError,
    StorageUnavailableError,
    UnknownPluginError,
)
from chatbridge.hookspecs import hookimpl
from chatbridge.plugins import Plugins

ADAPTER = """
import attrs
from chatbridge.adapter import Adapter
from chatbridge.capabilities import Capabilities
from chatbridge.hookspecs import hookimpl

@attrs.frozen
class Settings:
    pass

class AcmeAdapter(Adapter):
    name = "acme"
    capabilities = Capabilities(max_text_length=10)
    settings_schema = Settings
    def urls(self): return ()
    def identify(self): yield
    def verify(self, webhook): pass
    def parse(self, webhook): return []
    def send(self, message): yield
"""
REGISTER = """
@hookimpl
def chatbridge_register_adapters(register):
    register(AcmeAdapter, simulator="{module}:AcmeSimulator")

class AcmeSimulator:
    pass
"""

Install = Callable[..., str]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that puts a distribution with one module and entry point on the path."""
    for name in [name for name in sys.modules if name.startswith("chatbridge_acme")]:
        monkeypatch.delitem(sys.modules, name)
    before = set(sys.modules)

    def lay(
        source: str,
        *,
        entry: str = "acme",
        distribution: str = "chatbridge-acme",
        version: str = "1.2",
    ) -> str:
        module = distribution.replace("-", "_")
        site = tmp_path / distribution
        info = site / f"{module}-{version}.dist-info"
        info.mkdir(parents=True)
        (site / f"{module}.py").write_text(source.replace("{module}", module))
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        )
        (info / "entry_points.txt").write_text(f"[chatbridge]\n{entry} = {module}\n")
        monkeypatch.syspath_prepend(str(site))
        return module

    yield lay
    for name in set(sys.modules) - before:
        if name.startswith("chatbridge_"):
            del sys.modules[name]


@pytest.fixture
def plugins() -> Plugins:
    """Return the plugins of one bridge."""
    return Plugins()


def test_an_installed_adapter_is_found_by_its_name(install: Install, plugins: Plugins) -> None:
    """A good package gives its adapter class, simulator path, distribution and version."""
    install(ADAPTER + REGISTER)
    found = plugins.adapter("acme")
    assert (
        "AcmeAdapter",
        "chatbridge_acme:AcmeSimulator",
        "chatbridge-acme",
        "1.2",
    ) == (found.adapter.__name__, found.simulator, found.distribution, found.version)


def test_an_adapter_is_imported_once(install: Install, plugins: Plugins) -> None:
    """Asking twice gives the same class and registers the plugin once."""
    install(ADAPTER + REGISTER)
    assert plugins.adapter("acme") == plugins.adapter("acme")


def test_no_other_entry_point_is_imported(install: Install, plugins: Plugins) -> None:
    """Loading one adapter imports neither a healthy nor a broken neighbour."""
    broken = install("raise RuntimeError", entry="broken", distribution="chatbridge-broken")
    other = install("import attrs", entry="other", distribution="chatbridge-other")
    install(ADAPTER + REGISTER)
    plugins.adapter("acme")
    assert set() == {broken, other} & set(sys.modules)


def test_two_bridges_share_nothing(install: Install) -> None:
    """What one bridge registers is unknown to another."""
    one, other = Plugins(), Plugins()
    one.register(_storage_plugin("drawer", lambda rest: rest))
    with pytest.raises(UnknownPluginError):
        other.storage("drawer", "")


def test_an_unknown_name_lists_what_is_installed(install: Install, plugins: Plugins) -> None:
    """A name that nobody offers is answered with the names that are there."""
    install(ADAPTER + REGISTER)
    with pytest.raises(UnknownPluginError, match=r"'acne' \(installed: acme, (?!memory).*\)"):
        plugins.adapter("acne")


@pytest.mark.parametrize("name", ["telegram", "viber"])
def test_a_known_platform_names_its_package(
    name: str, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A platform that is known but not installed is answered with the package to install."""
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [])
    with pytest.raises(UnknownPluginError, match=f"pip install chatbridge-{name}"):
        plugins.adapter(name)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_module_of_acme", r"ModuleNotFoundError: No module named 'no_such_mod"),
        ("raise RuntimeError('token-4711')", r"import failed with RuntimeError; pip install --up"),
        ("import sys; sys.exit(1)", r"import failed with SystemExit"),
        (ADAPTER, r"it registers nothing; it needs a function marked @chatbridge.hookimpl"),
        (ADAPTER.replace('"acme"', '"acne"') + REGISTER, r"no adapter named 'acme' .*'acne'"),
        (ADAPTER + REGISTER + "\nAcmeAdapter.api_version = 99", r"API 99.*upgrade chatbridge-jsm"),
        (ADAPTER + REGISTER + "\nAcmeAdapter.api_version = 0", r"API 0.*upgrade chatbridge-acme"),
        (
            ADAPTER.replace("(Adapter)", "") + REGISTER,
            r"is no subclass of chatbridge\.Adapter",
        ),
        (ADAPTER.replace("def send", "def say") + REGISTER, r"its adapter lacks send"),
        (
            ADAPTER.replace("def parse", "def read").replace("=10", "=10, proof='signed_body'")
            + REGISTER,
            r"its adapter lacks parse",
        ),
        (
            ADAPTER.replace("capabilities =", "abilities =") + REGISTER,
            r"its adapter lacks capabilities",
        ),
        (ADAPTER.replace("settings_schema", "schema") + REGISTER, r"lacks settings_schema"),
        (
            ADAPTER + "@hookimpl\ndef chatbridge_register_adapters(register):\n    1 / 0",
            r"registering failed with ZeroDivisionError;",
        ),
        (
            ADAPTER + "@hookimpl\ndef chatbridge_register_adapters(wrong):\n    pass",
            r"registering failed with PluginValidationError: .*wrong",
        ),
        (
            ADAPTER + REGISTER + "\n@hookimpl\ndef chatbridge_register_adaptors(register): pass",
            r"PluginValidationError: .*chatbridge_register_adaptors",
        ),
        (
            ADAPTER + REGISTER.replace("    register(", "    register(AcmeAdapter)\n    register("),
            r"registers the adapter 'acme' 2 times",
        ),
    ],
)
def test_a_broken_plugin_says_why(
    source: str, reason: str, install: Install, plugins: Plugins
) -> None:
    """Whatever is wrong is told with distribution, version, reason and mend, by its user's call."""
    install(source)
    with pytest.raises(PluginLoadError, match=reason) as caught:
        plugins.adapter("acme")
    assert "the plugin 'acme' of chatbridge-acme 1.2" in str(caught.value)
    assert "token-4711" not in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        "@hookimpl\ndef chatbridge_register_adapters(register):\n    1 / 0",
        "@hookimpl\ndef chatbridge_register_adaptors(register):\n    pass",
    ],
)
def test_a_broken_plugin_hurts_nobody_else(source: str, install: Install, plugins: Plugins) -> None:
    """After one plugin failed while registering, others load as if it were not there."""
    install(ADAPTER + source, entry="broken", distribution="chatbridge-broken")
    install(ADAPTER + REGISTER)
    with pytest.raises(PluginLoadError):
        plugins.adapter("broken")
    assert "AcmeAdapter" == plugins.adapter("acme").adapter.__name__


def test_two_packages_with_one_name_are_refused(install: Install, plugins: Plugins) -> None:
    """Neither of two packages that offer the same name is preferred; the error names both."""
    install(ADAPTER + REGISTER)
    install(ADAPTER + REGISTER, distribution="chatbridge-acme-fork", version="7")
    expected = "chatbridge-acme 1.2 and chatbridge-acme-fork 7 both offer 'acme'"
    with pytest.raises(PluginLoadError, match=expected):
        plugins.adapter("acme")


def test_a_registered_plugin_wins_over_an_installed_one(install: Install, plugins: Plugins) -> None:
    """A host or test can put its own adapter in an installed one's place."""
    module = install(ADAPTER + REGISTER)
    mine = importlib.import_module(module)
    plugins.register(mine)
    found = plugins.adapter("acme")
    assert (mine.AcmeAdapter, "") == (found.adapter, found.distribution)


def test_registering_nothing_is_refused(plugins: Plugins) -> None:
    """A module without hooks is no plugin."""
    with pytest.raises(PluginLoadError, match=r"'drawer' that the host registered.*nothing"):
        plugins.register(ModuleType("drawer"))


def test_registering_a_name_twice_is_refused_and_leaves_the_first(plugins: Plugins) -> None:
    """A second plugin of a name is refused and not kept, even that of a built-in storage."""
    before = set(plugins._manager.get_plugins())
    with pytest.raises(PluginLoadError, match=r"built-in storages.*already offers 'sqlite'"):
        plugins.register(_storage_plugin("sqlite", lambda rest: rest))
    with pytest.raises(ConfigurationError, match="needs a path"):
        plugins.storage("sqlite", "")
    assert before == set(plugins._manager.get_plugins())


def test_built_in_storages_come_through_the_same_door(plugins: Plugins, tmp_path: Path) -> None:
    """`memory:` and `sqlite:<path>` open, one storage for each call."""
    path = tmp_path / "records.db"
    with (
        plugins.storage("memory", "") as one,
        plugins.storage("memory", "") as other,
        plugins.storage("sqlite", str(path)),
    ):
        assert one is not other
        assert path.exists()


def test_memory_takes_no_rest(plugins: Plugins) -> None:
    """A path after `memory:` would silently keep nothing, so it is refused."""
    with pytest.raises(ConfigurationError, match="takes nothing after the colon"):
        plugins.storage("memory", "records.db")


def test_a_storage_is_found_in_an_installed_package(install: Install, plugins: Plugins) -> None:
    """A package whose entry point is named as the scheme offers a storage."""
    install(
        "from chatbridge.hookspecs import hookimpl\n"
        "from chatbridge.errors import StorageUnavailableError\n"
        "def open_drawer(rest):\n    raise StorageUnavailableError(f'the drawer is shut')\n"
        "@hookimpl\ndef chatbridge_register_storages(register):\n"
        "    register('drawer', open_drawer)\n",
        entry="drawer",
    )
    with pytest.raises(StorageUnavailableError, match="the drawer is shut"):
        plugins.storage("drawer", "left")


def test_an_unknown_storage_lists_what_is_installed(plugins: Plugins) -> None:
    """A scheme that nobody offers is answered with those that are there."""
    with pytest.raises(UnknownPluginError, match=r"storage 'mysql'.*memory, sqlite"):
        plugins.storage("mysql", "x")


def test_a_storage_that_fails_to_open_keeps_its_password(plugins: Plugins) -> None:
    """A stranger's exception may repeat the setting, so nothing of it is passed on."""

    def fail(rest: str) -> Any:
        raise RuntimeError(f"cannot open {rest}")

    plugins.register(_storage_plugin("drawer", fail), "drawers")
    with pytest.raises(PluginLoadError, match=r"'drawers'.*RuntimeError") as caught:
        plugins.storage("drawer", "user:pa55@host")
    assert "pa55" not in str(caught.value)
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)


def test_what_opens_must_be_a_storage(plugins: Plugins) -> None:
    """An opener that returns something else is told so at once."""
    plugins.register(_storage_plugin("drawer", lambda rest: rest))
    with pytest.raises(PluginLoadError, match=r"is no chatbridge\.Storage"):
        plugins.storage("drawer", "x")


def test_an_adapter_package_offers_no_storage(install: Install, plugins: Plugins) -> None:
    """Asking an adapter's package for a storage names what is missing."""
    install(ADAPTER + REGISTER)
    with pytest.raises(PluginLoadError, match=r"no storage named 'acme'.*its storages: none"):
        plugins.storage("acme", "x")


def test_the_simulator_is_imported_on_demand(install: Install, plugins: Plugins) -> None:
    """The simulator's class is what the path in the registration names."""
    install(ADAPTER + REGISTER)
    assert "AcmeSimulator" == plugins.simulator("acme").__name__


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("None", "it offers no simulator"),
        ("'no_such_module_of_acme:A'", "importing its simulator failed with ModuleNotFoundError"),
        ("'{module}:Nobody'", "importing its simulator failed with AttributeError"),
        ("'{module}:hookimpl'", "its simulator is no class"),
    ],
)
def test_a_missing_simulator_says_why(
    path: str, reason: str, install: Install, plugins: Plugins
) -> None:
    """A simulator that is not there is told with distribution and version; the adapter works."""
    install(ADAPTER + REGISTER.replace('"{module}:AcmeSimulator"', path))
    with pytest.raises(PluginLoadError, match=f"chatbridge-acme 1.2.*{reason}"):
        plugins.simulator("acme")
    assert "AcmeAdapter" == plugins.adapter("acme").adapter.__name__


def test_the_list_shows_good_and_broken_plugins(install: Install, plugins: Plugins) -> None:
    """`installed` has a line for each plugin, with the reason where it cannot be used."""
    install(ADAPTER + REGISTER)
    install("import no_such_module", entry="broken", distribution="chatbridge-broken", version="3")
    rows = {row.name: row for row in plugins.installed()}
    good, broken = rows["acme"], rows["broken"]
    assert ("chatbridge-acme", "1.2", ("acme",), 1, "") == (
        good.distribution,
        good.version,
        good.adapters,
        good.api_version,
        good.skipped,
    )
    assert ("chatbridge-broken", "3", ()) == (broken.distribution, broken.version, broken.adapters)
    assert "No module named 'no_such_module'" in broken.skipped
    assert ("memory", "sqlite") == rows["built-in storages"].storages


def test_the_list_shows_both_packages_of_one_name(install: Install, plugins: Plugins) -> None:
    """Two packages with one name are both listed as skipped."""
    install(ADAPTER + REGISTER)
    install(ADAPTER + REGISTER, distribution="chatbridge-acme-fork", version="7")
    rows = [row for row in plugins.installed() if row.name == "acme"]
    assert ["chatbridge-acme", "chatbridge-acme-fork"] == sorted(row.distribution for row in rows)
    assert all("both offer" in row.skipped for row in rows)


def test_listing_switches_nothing_on(install: Install, plugins: Plugins) -> None:
    """A plugin that was only listed is not one of the bridge's own."""
    install(ADAPTER + REGISTER)
    before = set(plugins._manager.get_plugins())
    plugins.installed()
    assert before == set(plugins._manager.get_plugins())


def test_importing_the_module_is_cheap() -> None:
    """Importing `chatbridge.plugins` imports neither pluggy nor metadata nor a storage."""
    program = (
        "import sys, chatbridge.plugins; print(sorted({'pluggy', 'importlib.metadata', 'sqlite3',"
        "'chatbridge.hookspecs'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True)
    assert "[]\n" == answer.stdout


def _storage_plugin(scheme: str, opener: Callable[[str], Any]) -> object:
    class Drawer:
        @hookimpl
        def chatbridge_register_storages(self, register: Any) -> None:
            register(scheme, opener)

    return Drawer()
