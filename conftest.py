"""What all tests share: the switch for heavy ones, and the outside specifications."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

ROOT = Path(__file__).resolve().parent


_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LOOPBACK: Final = ("127.", "::1", "localhost")
_SCRATCH: Final = tuple({os.path.realpath(tempfile.gettempdir()), "/dev/", "/proc/self/"})
_CHECKOUT: Final = f"{os.path.realpath(ROOT)}{os.sep}"
"""Where nothing is written, though the checkout itself may lie in a scratch folder."""
_BY_TOOLS: Final = (
    "__pycache__", ".pytest_cache", "pytest-cache-files-", ".hypothesis", ".mypy_cache",
    ".coverage",
)  # fmt: skip


_BEGUN: Final = pytest.StashKey[float]()


class Watch:
    """Sees every file that is opened for writing and every place that is called.

    Python offers no way to take an audit hook away again, so there is one for the whole run.
    """

    def __init__(self) -> None:
        self.surprises: list[str] = []
        self._judges: dict[str, Callable[[tuple[Any, ...]], str]] = {
            "open": self._opened,
            "os.mkdir": self._made,
            "os.rename": lambda given: self._written(given[1]),
            "os.link": lambda given: self._written(given[1]),
            "os.symlink": lambda given: self._written(given[1]),
            "sqlite3.connect": lambda given: self._database(str(given[0])),
            "socket.connect": lambda given: self._called(given[1]),
            "socket.sendto": lambda given: self._called(given[1]),
        }

    def __call__(self, event: str, given: tuple[Any, ...]) -> None:
        """See the audit hooks of Python; fails what should not happen at its very place."""
        judge = self._judges.get(event)
        surprise = judge(given) if judge is not None else ""
        if surprise:
            self.surprises.append(surprise)
            raise RuntimeError(f"unexpected {surprise}")

    def _opened(self, given: tuple[Any, ...]) -> str:
        path, mode, flags = given
        writes = (flags or 0) & _WRITES or set(mode or "") & set("wax+")
        return self._written(path) if writes else ""

    def _made(self, given: tuple[Any, ...]) -> str:
        # pytest asks for the folder above its cache, which is there, in a fresh checkout.
        return "" if Path(os.fsdecode(given[0])).is_dir() else self._written(given[0])

    def _database(self, name: str) -> str:
        path = name.removeprefix("file://").removeprefix("file:").partition("?")[0]
        return "" if path in {"", ":memory:"} or "mode=ro" in name else self._written(path)

    def _written(self, path: Any) -> str:
        if isinstance(path, int):
            return ""
        place = os.path.realpath(os.fsdecode(path))
        scratch = place.startswith(_SCRATCH) and not place.startswith(_CHECKOUT)
        allowed = scratch or any(each in place for each in _BY_TOOLS)
        return "" if allowed else f"file {place}"

    def _called(self, address: Any) -> str:
        if not isinstance(address, tuple) or str(address[0]).startswith(_LOOPBACK):
            return ""
        return f"call to {address[0]}"


_watch = Watch()
sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def watch() -> Iterator[Watch]:
    """Fail the test that writes a file outside the scratch folder, or calls another machine."""
    _watch.surprises.clear()
    yield _watch
    surprises, _watch.surprises = _watch.surprises, []
    assert surprises == []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know `--heavy`, and how long its search for hostile inputs is."""
    parser.addoption("--heavy", action="store_true", help="run the long suites too")
    parser.addoption(
        "--minutes", type=float, help="begin no long suite later than this after the start"
    )
    parser.addoption("--fuzz-seconds", type=int, help="seconds of search for each parser")
    parser.addoption("--block", type=int, default=0, help="take the seeds of this block, from 1")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is marked heavy, unless it was asked for."""
    if config.getoption("--heavy"):
        return
    skip = pytest.mark.skip(reason="a long suite; run it with --heavy")
    for item in items:
        if "heavy" in item.keywords:
            item.add_marker(skip)


def pytest_configure(config: pytest.Config) -> None:
    """Note when the run began."""
    config.stash[_BEGUN] = time.monotonic()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a long suite whose turn comes too late, so that a slow machine comes to an end."""
    minutes = item.config.getoption("--minutes")
    late = minutes is not None and time.monotonic() - item.config.stash[_BEGUN] > minutes * 60
    if late and "heavy" in item.keywords:
        pytest.skip(f"a long suite, and {minutes:g} minutes are over")


@pytest.fixture(scope="session")
def block(request: pytest.FixtureRequest) -> int:
    """Return which block of seeds `make proof` wants, 0 where it was not asked for one."""
    number: int = request.config.getoption("--block")
    return number


@pytest.fixture(scope="session")
def specs() -> Path:
    """Return the folder of the outside APIs' specifications, which are no part of the project."""
    folder = _specs_folder()
    if not folder.is_dir():
        pytest.skip("the specifications are not here; CHATBRIDGE_SPECS names their folder")
    return folder


SPEC = "telegram-bot-api-10.2.json"
PLAIN: dict[str, type | tuple[type, ...]] = {
    "Integer": int,
    "String": str,
    "Float": (int, float),
    "Boolean": bool,
}


class Specification:
    """Judges calls and answers by the machine-readable description of the Bot API."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._methods = description["methods"]
        self._types = description["types"]

    def request_problems(self, method: str, parameters: dict[str, Any]) -> list[str]:
        """Return what is wrong with a call; an empty list is a good call."""
        if method not in self._methods:
            return [f"no method {method}"]
        return self._members(self._methods[method].get("fields", []), parameters, method)

    def kinds(self, method: str, name: str) -> list[str]:
        """Return the types that a parameter may have, none where there is no such parameter."""
        fields = self._methods[method].get("fields", [])
        return next((field["types"] for field in fields if field["name"] == name), [])

    def result_problems(self, method: str, result: Any) -> list[str]:
        """Return what is wrong with a result; an empty list is a good result."""
        names = {name.lower(): name for name in self._methods}
        return self.problems(self._methods[names[method.lower()]]["returns"], result, method)

    def problems(self, kinds: list[str], value: Any, path: str) -> list[str]:
        """Return what is wrong with a value that must be of one of these types."""
        found = [self._one(kind, value, path) for kind in kinds]
        return min(found, key=len)

    def _one(self, kind: str, value: Any, path: str) -> list[str]:
        if kind.startswith("Array of "):
            if not isinstance(value, list):
                return [f"{path} is no list"]
            inner = kind.removeprefix("Array of ")
            return [p for at, v in enumerate(value) for p in self._one(inner, v, f"{path}[{at}]")]
        if kind in PLAIN:
            wrong = isinstance(value, bool) and kind != "Boolean"
            return [f"{path} is no {kind}"] if wrong or not isinstance(value, PLAIN[kind]) else []
        described = self._types[kind]
        if described.get("subtypes"):
            return self.problems(described["subtypes"], value, path)
        return self._members(described.get("fields", []), value, path)

    def _members(self, fields: list[dict[str, Any]], value: Any, path: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{path} is no object"]
        known = {field["name"]: field for field in fields}
        found = [f"{path} has no member {name}" for name in value if name not in known]
        for name, field in known.items():
            if name in value:
                found += self.problems(field["types"], value[name], f"{path}.{name}")
            elif field["required"]:
                found.append(f"{path} lacks {name}")
        return found


@pytest.fixture(scope="session")
def specification_or_none() -> Specification | None:
    """The Bot API's description, None where it is not at hand."""
    path = _specs_folder() / SPEC
    return Specification(json.loads(path.read_text())) if path.is_file() else None


@pytest.fixture
def specification(specification_or_none: Specification | None) -> Specification:
    """The Bot API's description."""
    if specification_or_none is None:
        pytest.skip(f"{SPEC} is not at hand; CHATBRIDGE_SPECS names its folder")
    return specification_or_none


def _specs_folder() -> Path:
    return Path(os.environ.get("CHATBRIDGE_SPECS") or ROOT.parent / "shared" / "specs")
