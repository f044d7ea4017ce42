"""Reads the adapter's own source: it imports the public door only, and nothing that has effects."""

# ruff: noqa: SIM300 - what is expected stands left, in every test of this project

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import chatbridge
from chatbridge.testing.conformance.given import AdapterTests

PUBLIC_MODULES = frozenset({
    "adapter", "capabilities", "clock", "content", "errors", "events", "exchange", "hookspecs",
    "http_types", "outgoing", "payloads", "plain_text", "richtext", "secret",
    "settings", "signatures", "storage",
})  # fmt: skip
"""The contract modules: what is promised to stay, besides `chatbridge` and `chatbridge.testing`."""

_EFFECTS = frozenset({
    "aiohttp", "asyncio", "ftplib", "http.client", "http.server", "httpx", "os", "pathlib",
    "random", "requests", "secrets", "selectors", "shutil", "smtplib", "socket", "socketserver",
    "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib.request", "urllib3",
})  # fmt: skip
_CLOCKS = frozenset({"now", "utcnow", "today"})


class SourceTests(AdapterTests):
    """What the adapter is made of."""

    @pytest.fixture
    def modules(self) -> dict[str, ast.Module]:
        """Return name -> syntax tree of the adapter's module and those of its package in use."""
        return dict(_reached(self.case.adapter.__module__))

    def test_only_public_imports(self, modules: dict[str, ast.Module]) -> None:
        """Of chatbridge it imports what is promised to stay, and no private name."""
        wrong = sorted(
            f"{module} imports {name} from {source}; import it from chatbridge"
            for module, tree in modules.items()
            for source, name in _imported(tree)
            if source.partition(".")[0] == "chatbridge" and not _public(source, name)
        )
        assert [] == wrong, "\n".join(wrong)

    def test_nothing_with_effects_is_imported(self, modules: dict[str, ast.Module]) -> None:
        """No clock, no network, no file, no chance: an adapter describes calls and reads."""
        wrong = sorted(
            f"{module} imports {source}"
            for module, tree in modules.items()
            for source, name in _imported(tree)
            if any(f"{source}.{name}.".startswith(f"{effect}.") for effect in _EFFECTS)
        )
        assert [] == wrong, "\n".join(wrong)

    def test_no_clock_is_read(self, modules: dict[str, ast.Module]) -> None:
        """The time comes with the webhook (`received_at`), never from `datetime.now()`."""
        wrong = sorted(
            f"{module}, line {node.lineno}: {ast.unparse(node)}"
            for module, tree in modules.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and node.attr in _CLOCKS
            and "date" in ast.unparse(node.value)
        )
        assert [] == wrong, "\n".join(wrong)

    def test_no_yield_in_finally(self, modules: dict[str, ast.Module]) -> None:
        """An exchange that is closed half-way ends: it yields nothing while it cleans up."""
        wrong = sorted(
            f"{module}, line {inner.lineno}"
            for module, tree in modules.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.Try)
            for last in node.finalbody
            for inner in ast.walk(last)
            if isinstance(inner, ast.Yield | ast.YieldFrom)
        )
        assert [] == wrong, "\n".join(wrong)


def _public(module: str, name: str) -> bool:
    """Tell whether `from module import name`, or `import module` where it is empty, is promised."""
    parts = [*module.split(".")[1:], *filter(None, [name])]
    if any(part.startswith("_") for part in parts):
        return False
    if not module.startswith("chatbridge."):
        return not name or name in {*chatbridge.__all__, *PUBLIC_MODULES, "testing"}
    return parts[0] in PUBLIC_MODULES | {"testing"}


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield what is imported, as module and name; a relative import's module starts with a dot."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            yield from ((start, alias.name) for alias in node.names)


def _reached(name: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield the module and, from there on, every module of its package that is imported."""
    package = name.partition(".")[0]
    waiting, seen = [name], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        tree = _source_of(name)
        if tree is None:
            continue
        yield name, tree
        for node in ast.walk(tree):
            found = _modules_in(node, name)
            waiting.extend(each for each in found if each.partition(".")[0] == package)


def _modules_in(node: ast.AST, importer: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    start = node.module or ""
    if node.level:
        module = sys.modules.get(importer)
        inside = (module.__package__ if module is not None else "") or ""
        above = inside.split(".")[: len(inside.split(".")) - node.level + 1]
        start = ".".join([*above, *filter(None, [node.module])])
    return [start, *(f"{start}.{alias.name}" for alias in node.names)]


def _source_of(name: str) -> ast.Module | None:
    try:
        module = sys.modules.get(name) or importlib.import_module(name)
    except ImportError:
        return None  # A name inside a module, not a module.
    file = getattr(module, "__file__", None)
    if not file or not file.endswith(".py"):
        return None
    return ast.parse(Path(file).read_text(encoding="utf-8"))
