"""What `new-adapter` and `new-storage` write is whole: green, clean and short from the start."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chatbridge.cli.main import chatbridge

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"adapter": "acme_chat", "storage": "acme_store"}


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Result]:
    """Run a command with a folder below the test's own."""

    def run(command: str, name: str, folder: str = "new") -> Result:
        arguments = [command, name, "--directory", str(tmp_path / folder)]
        return CliRunner().invoke(chatbridge, arguments)

    return run


@pytest.fixture(params=KINDS)
def package(request: pytest.FixtureRequest, make: Callable[..., Result], tmp_path: Path) -> Path:
    """A new package of each kind."""
    done = make(f"new-{request.param}", KINDS[request.param])
    assert 0 == done.exit_code, done.output
    return tmp_path / "new"


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-B", "-m", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_first_test_run_is_green(package: Path) -> None:
    """Nothing is installed and nothing changed: the package's own tests pass at once."""
    done = _run(package, "pytest", "-q", "-p", "no:cacheprovider")
    passed = re.search(r"(\d+) passed", done.stdout)
    assert (0, True) == (done.returncode, passed is not None and int(passed[1]) > 50), done.stdout


@pytest.mark.parametrize(
    "check",
    [
        ("ruff", "check", "--no-cache", "."),
        ("ruff", "format", "--no-cache", "--check", "."),
        ("mypy", "--cache-dir", os.devnull),
    ],
    ids=["ruff check", "ruff format", "mypy"],
)
def test_it_is_clean(package: Path, check: tuple[str, ...]) -> None:
    """The package passes the checks that its CI file runs."""
    done = _run(package, *check)
    assert 0 == done.returncode, done.stdout + done.stderr


def test_it_names_itself(package: Path) -> None:
    """The entry point is the package's module, and no mark of the templates is left."""
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    ((name, module),) = project["entry-points"]["chatbridge"].items()
    assert (f"chatbridge_{name}", module.replace("_", "-")) == (module, project["name"])
    assert (package / module / "__init__.py").is_file()
    written = [path for path in package.rglob("*") if path.is_file()]
    assert [] == [path for path in written if re.search(r"PACKAGE|NAME|\.j2|dot_", path.name)]
    texts = "".join(path.read_text() for path in written if ".github" not in path.parts)
    assert [] == re.findall(r"\{\{|\{%|@capabilities@", texts)


def test_the_adapter_is_tiny(make: Callable[..., Result], tmp_path: Path) -> None:
    """The adapter that the tutorial builds has fewer than 100 lines."""
    make("new-adapter", "acme")
    adapter = tmp_path / "new" / "chatbridge_acme" / "adapter.py"
    assert len(adapter.read_text().splitlines()) < 100


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Acme", "lower-case"),
        ("", "lower-case"),
        ("1acme", "lower-case"),
        ("acme-chat", "lower-case"),
        ("acme__chat", "lower-case"),
        ("../acme", "lower-case"),
        ("ácme", "lower-case"),
        ("a" * 33, "at most 32"),
        ("class", "taken"),
        ("match", "taken"),
        ("sqlite", "taken"),
        ("telegram", "chatbridge-telegram already offers"),
    ],
)
def test_impossible_names(
    make: Callable[..., Result], tmp_path: Path, name: str, said: str
) -> None:
    """A name that no package can have is refused with the reason, and nothing is written."""
    done = make("new-adapter", name)
    assert (1, True) == (done.exit_code, said in done.output), done.output
    assert [] == list(tmp_path.iterdir())


def test_nothing_is_written_over(make: Callable[..., Result], tmp_path: Path) -> None:
    """A folder that holds something stays as it is; an empty one is used."""
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine.txt").write_text("precious")
    done = make("new-adapter", "acme")
    assert (1, True) == (done.exit_code, "not empty" in done.output)
    assert ["mine.txt"] == [path.name for path in (tmp_path / "new").iterdir()]
    (tmp_path / "empty").mkdir()
    assert 0 == make("new-adapter", "acme", "empty").exit_code


def test_a_place_that_cannot_be_written(make: Callable[..., Result], tmp_path: Path) -> None:
    """A folder that cannot be made is told in one line."""
    (tmp_path / "file").write_text("")
    done = make("new-adapter", "acme", "file/new")
    assert (1, True) == (done.exit_code, "cannot be written" in done.output), done.output
