"""The habits of this code base that a machine can check."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAX_LINES = 300
_NOTHING = ("util", "helper", "common", "misc", "manager", "handler", "processor", "base", "core")
SAYS_NOTHING = {word + plural for word in _NOTHING for plural in ("", "s")}
ALLOWED_WORDS = ("base_url", "base_urls")
"""The field's own words, which happen to hold one that says nothing."""

FRAGMENT = re.compile(r"\d+\.(added|changed|deprecated|removed|fixed|security)\.md")
MACHINE_PATH = re.compile(rf"(?<![\w.~-])/({'|'.join(('work', 'farm', 'root', 'home'))})/")
_LATER = "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX"))
LEFT_OPEN = re.compile(rf"""(?<!["'\w])({_LATER})(?!["'\w])""")
"""Not in quotes: Jira's task items have states of such names."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _library() -> list[Path]:
    files = [*(ROOT / "chatbridge").rglob("*.py"), *(ROOT / "adapters").rglob("*.py")]
    return sorted(file for file in files if "tests" not in file.parts)


def _tests() -> list[Path]:
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "adapters").rglob("tests/**/*.py")]
    return sorted(files)


@cache
def _tracked() -> list[Path]:
    """Return the files that git knows or would take; skip where there is no git."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git working copy")
    command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def _defined(tree: ast.Module) -> Iterator[tuple[str, ast.ClassDef | Function]]:
    """Yield every class, function and method with its dotted name, none inside a function."""
    waiting: list[tuple[str, ast.AST]] = [("", tree)]
    while waiting:
        prefix, owner = waiting.pop()
        for node in ast.iter_child_nodes(owner):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{prefix}{node.name}"
                yield name, node
                if isinstance(node, ast.ClassDef):
                    waiting.append((f"{name}.", node))


def _words(name: str) -> set[str]:
    """Return the words of a snake_case or CamelCase name in lower case."""
    for allowed in ALLOWED_WORDS:
        name = name.replace(allowed, "")
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def test_every_module_says_what_it_does() -> None:
    """A file opens with a docstring, tests included."""
    silent = [
        _shown(path) for path in [*_library(), *_tests()] if not ast.get_docstring(_tree(path))
    ]
    assert [] == silent, "\n".join(silent)


def test_every_public_name_says_what_it_is_for() -> None:
    """Public classes, functions and methods have docstrings."""
    silent = [
        f"{_shown(path)}: {name}"
        for path in _library()
        for name, node in _defined(_tree(path))
        if not re.search(r"(^|\.)_", name) and not ast.get_docstring(node)
    ]
    assert [] == silent, "\n".join(silent)


def test_every_test_states_its_promise() -> None:
    """Test functions, methods and fixtures of all suites have docstrings."""
    silent = [
        f"{_shown(path)}: {name}"
        for path in _tests()
        for name, node in _defined(_tree(path))
        if name.rpartition(".")[2].startswith("test_") and not ast.get_docstring(node)
    ]
    assert [] == silent, "\n".join(silent)


def test_no_file_is_too_long() -> None:
    """A file of the library does one job in at most 300 lines."""
    lengths = {_shown(path): len(_text(path).splitlines()) for path in _library()}
    long = [f"{name}: {lines} lines" for name, lines in lengths.items() if lines > MAX_LINES]
    assert [] == long, "\n".join(long)


def test_names_say_something() -> None:
    """No file, class or function is called after nothing in particular."""
    names = [(path, path.stem) for path in [*_library(), *_tests()]]
    names += [(path, name) for path in _library() for name, _ in _defined(_tree(path))]
    empty = [f"{_shown(path)}: {name}" for path, name in names if _words(name) & SAYS_NOTHING]
    assert [] == empty, "\n".join(empty)


def test_test_files_have_names_of_their_own() -> None:
    """Two test files of one name would stand for each other in a report."""
    names = [path.name for path in _tests() if path.name.startswith("test_")]
    twice = sorted({name for name in names if names.count(name) > 1})
    assert [] == twice


def test_no_path_of_one_machine_is_told() -> None:
    """No file names a folder that exists on somebody's machine only."""
    told = [
        f"{_shown(path)}: {line.strip()}"
        for path in _tracked()
        for line in _text(path).splitlines()
        if MACHINE_PATH.search(line)
    ]
    assert [] == told, "\n".join(told)


def test_nothing_is_left_open() -> None:
    """No file carries a note to do something later."""
    left = [
        f"{_shown(path)}: {line.strip()}"
        for path in _tracked()
        for line in _text(path).splitlines()
        if LEFT_OPEN.search(line)
    ]
    assert [] == left, "\n".join(left)


def test_changelog_fragments_are_named_by_kind() -> None:
    """Every file in docs/changelog.d but its README is NUMBER.KIND.md with text in it."""
    folder = ROOT / "docs" / "changelog.d"
    wrong = [
        _shown(path)
        for path in sorted(folder.iterdir())
        if path.name != "README.md" and not (FRAGMENT.fullmatch(path.name) and _text(path).strip())
    ]
    assert [] == wrong


@pytest.mark.fault("F73")
def test_importing_the_package_does_no_work() -> None:
    """`import chatbridge` loads no outside library but attrs, starts no thread and says nothing."""
    program = (
        "import sys, threading, chatbridge\n"
        "heavy = 'nacl pluggy requests urllib3 cattrs click rich waitress sqlite3'.split()\n"
        "print(sorted(set(heavy) & set(sys.modules)), threading.active_count())"
    )
    answer = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", program], capture_output=True, text=True
    )
    assert ("[] 1\n", "") == (answer.stdout, answer.stderr)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ChatManager", {"chat", "manager"}),
        ("http_utils", {"http", "utils"}),
        ("HTTPHandler", {"http", "handler"}),
        ("database_of", {"database", "of"}),
        ("base_url_of", {"of"}),
        ("_BaseThing", {"base", "thing"}),
    ],
)
def test_words_of_a_name(name: str, words: set[str]) -> None:
    """Names are cut into words, so that "database" is not taken for "base"."""
    assert words == _words(name)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("cd " + "/" + "work/main", True),
        ('"' + "/" + 'home/anna/x"', True),
        ("https://example.org" + "/" + "work/x", False),
        ("docs" + "/" + "root/x", False),
    ],
)
def test_paths_of_a_machine_are_told_from_others(line: str, told: bool) -> None:
    """A path below a machine's root is found, the same word inside a URL is not."""
    assert told == bool(MACHINE_PATH.search(line))
