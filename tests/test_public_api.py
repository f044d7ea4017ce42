"""The public names: sorted, importable, documented, and loaded when they are first used."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import chatbridge

SOURCE = ast.parse(Path(chatbridge.__file__).read_text(encoding="utf-8"))


def offered_to_type_checkers() -> dict[str, str]:
    """Return name -> module of what stands under `if TYPE_CHECKING`."""
    blocks = [node for node in SOURCE.body if isinstance(node, ast.If)]
    (block,) = [node for node in blocks if ast.unparse(node.test) == "TYPE_CHECKING"]
    return {
        alias.name: node.module or ""
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def homes() -> dict[str, str]:
    """Return name -> module of the table of what is loaded when it is used."""
    return {
        name: f"chatbridge.{home}" for home, names in chatbridge._HOMES.items()
        for name in names.split()
    }  # fmt: skip


def test_names_are_sorted_and_each_stands_once():
    """Readers find a name where it should be."""
    assert sorted(set(chatbridge.__all__)) == list(chatbridge.__all__)


@pytest.mark.parametrize("name", chatbridge.__all__)
def test_every_name_can_be_imported_and_is_documented(name):
    """A public name leads to something that says what it is for."""
    value = getattr(chatbridge, name)
    if inspect.isclass(value) or inspect.isroutine(value):
        assert inspect.getdoc(value)


def test_type_checkers_and_readers_see_the_same_names():
    """The lazy table, `__all__` and what type checkers are told agree in names and modules."""
    assert homes() == offered_to_type_checkers()
    assert set(homes()) <= set(chatbridge.__all__)
    others = set(chatbridge.__all__) - set(homes())
    assert [] == [name for name in others if name not in vars(chatbridge)]


@pytest.mark.parametrize("name", sorted(homes()))
def test_every_name_is_that_of_its_module(name):
    """The root offers the very same object."""
    assert getattr(importlib.import_module(homes()[name]), name) is getattr(chatbridge, name)


def test_dir_shows_the_names():
    """A shell completes them though they are not loaded yet."""
    assert set(chatbridge.__all__) <= set(dir(chatbridge))


@pytest.mark.parametrize("name", ["nope", "_nope", "__wrapped__"])
def test_unknown_name_is_an_attribute_error(name):
    """Typing errors and probing tools meet the usual error."""
    with pytest.raises(AttributeError, match=name):
        getattr(chatbridge, name)


def test_star_import_brings_exactly_the_names():
    """Nothing else gets into a host's module."""
    program = "from chatbridge import *; print(*sorted(n for n in dir() if not n.startswith('__')))"
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    public = [name for name in chatbridge.__all__ if not name.startswith("__")]
    assert public == answer.stdout.split()
