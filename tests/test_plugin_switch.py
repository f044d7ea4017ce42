"""The environment says which installed plugins may be loaded, and leaves the others alone."""

from __future__ import annotations

import sys

import pytest

from chatbridge.errors import ConfigurationError, PluginLoadError
from chatbridge.plugin_switch import VARIABLE, PluginSwitch
from chatbridge.plugins import Plugins


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        (None, ["telegram", "viber"]),
        ("", ["telegram", "viber"]),
        (" ", ["telegram", "viber"]),
        ("none", []),
        ("viber", ["viber"]),
        (" viber , acme-x", ["viber"]),
    ],
)
def test_what_is_allowed(given: str | None, allowed: list[str]) -> None:
    """Unset allows all, "none" nothing, names only themselves."""
    switch = PluginSwitch.from_environment({} if given is None else {VARIABLE: given})
    assert allowed == [name for name in ("telegram", "viber") if switch.allows(name)]


@pytest.mark.parametrize("given", ["none,viber", "viber,", ",", "a b", "viber;telegram"])
def test_what_cannot_be_read(given: str) -> None:
    """A value that could be meant in two ways is refused, with an example of a right one."""
    with pytest.raises(ConfigurationError, match="telegram,viber"):
        PluginSwitch.from_environment({VARIABLE: given})


def test_left_out_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that is left out is neither imported nor usable; the error says how to mend that."""
    monkeypatch.setenv(VARIABLE, "viber")
    for name in [name for name in sys.modules if name.startswith("chatbridge_telegram")]:
        monkeypatch.delitem(sys.modules, name)
    plugins = Plugins()
    assert "viber" == plugins.adapter("viber").adapter.name
    with pytest.raises(PluginLoadError, match=f"{VARIABLE} leaves 'telegram' out"):
        plugins.adapter("telegram")
    (listed,) = [each for each in plugins.installed() if each.name == "telegram"]
    assert (VARIABLE in listed.skipped, ()) == (True, listed.adapters)
    assert "chatbridge_telegram" not in sys.modules


def test_built_in_storages_always_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """The switch is about packages of others: the storages of the core stay."""
    monkeypatch.setenv(VARIABLE, "none")
    with Plugins().storage("memory", "") as storage:
        assert None is storage.get("link:a")


def test_installed_tells_all() -> None:
    """The list holds what a plugin can do: versions, capabilities, hooks, simulators."""
    (told,) = [each for each in Plugins().installed() if each.name == "telegram"]
    assert ((1, 1), 1) == (told.api_supported, told.api_version)
    assert ("chatbridge_register_adapters",) == told.hooks
    assert ("telegram",) == told.simulators
    capable = told.capabilities["telegram"]
    assert (4096, "utf16", True) == (
        capable["max_text_length"], capable["length_unit"], capable["Polls"],
    )  # fmt: skip
