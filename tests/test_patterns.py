"""Regular expressions that every Python from 3.11.0 on reads the same way."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from re import _constants as names  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

import pytest

import chatbridge
import chatbridge_telegram
import chatbridge_viber

PACKAGES = (chatbridge, chatbridge_telegram, chatbridge_viber)
SINGLE = {names.LITERAL, names.NOT_LITERAL, names.ANY, names.IN, names.CATEGORY}


def _modules() -> Iterator[ModuleType]:
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def _patterns(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from (each for part in value.values() for each in _patterns(part))
    elif isinstance(value, tuple | list):
        yield from (each for part in value for each in _patterns(part))


def _all_patterns() -> set[tuple[str, re.Pattern[Any]]]:
    return {
        (module.__name__, pattern)
        for module in _modules()
        for value in vars(module).values()
        for pattern in _patterns(value)
    }


def _repeats(tree: Any) -> Iterator[Any]:
    """Yield what stands in each possessive repeat of a parsed expression."""
    if isinstance(tree, parser.SubPattern):
        for operation, argument in tree:
            if operation is names.POSSESSIVE_REPEAT:
                yield argument[2]
            yield from _repeats(argument)
    elif isinstance(tree, list | tuple):
        for part in tree:
            yield from _repeats(part)


def _is_safe(body: Any) -> bool:
    """Tell whether a body cannot fail after it began something that could be taken back.

    CPython before 3.11.5 goes on from the wrong place after such a failure (gh-100061, gh-106052).
    """
    *first, (operation, argument) = body
    ends = operation in SINGLE or (
        operation is names.POSSESSIVE_REPEAT
        and len(argument[2]) == 1
        and argument[2][0][0] in SINGLE
    )
    return ends and all(each in SINGLE for each, _ in first)


def _unsafe(pattern: re.Pattern[Any]) -> bool:
    return not all(map(_is_safe, _repeats(parser.parse(pattern.pattern, pattern.flags))))


def test_no_possessive_group_can_fail_half_way() -> None:
    """Such groups are read wrongly by the Python of Debian 12; an atomic group is not."""
    assert [] == [(name, each.pattern) for name, each in _all_patterns() if _unsafe(each)]


@pytest.mark.parametrize(
    ("pattern", "unsafe"),
    [
        (r"(?:ab?c)*+", True),
        (r"(?:\\.|[^}])++", True),
        (r"(?:(?!x).)++", True),
        (r"(?:a[^b]*+c)++", True),
        (r"(?:\\.)++", False),
        (r"(?:\\.[^\\]*+)*+", False),
        (r"[^<>]*+", False),
        (r"(?>(?:ab?c)*)", False),
    ],
)
def test_a_wrong_one_is_seen(pattern: str, unsafe: bool) -> None:
    """The check itself."""
    assert unsafe == _unsafe(re.compile(pattern))


def test_the_expressions_are_found() -> None:
    """The check looks at those of the library, and they are many."""
    homes = {name for name, _ in _all_patterns()}
    assert homes >= {"chatbridge.jira.wiki_inlines", "chatbridge.jira.html_tree"}
    assert len(_all_patterns()) > 50
