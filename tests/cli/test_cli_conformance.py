"""`chatbridge conformance` finds a package's case, runs the suite and reports what it found."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from attrs import evolve
from click.testing import CliRunner, Result

from chatbridge.cli.main import chatbridge
from chatbridge.testing.conformance.reports import Failed, Report

GOOD = Report(
    subject="acme", distribution="chatbridge-acme", version="1.0", kind="adapter", core="26.11.0",
    api_version=1, day=date(2026, 11, 23), passed=300, skipped={"declares no choices": 2},
    failed=(),
)  # fmt: skip
BAD = evolve(
    GOOD, failed=(Failed("test_label_is_shown", "The key is shown.", "show message.label.key"),)
)

INFO = "Metadata-Version: 2.1\nName: chatbridge-acme\nVersion: 1.0\n"


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run the command in this process."""
    return lambda *arguments: CliRunner().invoke(chatbridge, ["conformance", *arguments])


def _module(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, since it runs pytest."""
    return subprocess.run(
        [sys.executable, "-m", "chatbridge", "conformance", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_storage_is_tested_and_reported(tmp_path: Path) -> None:
    """The report as JSON says what was tested, by which versions, when, and that it conforms."""
    badge = tmp_path / "badge.svg"
    done = _module("memory", "--json", "--badge", str(badge))
    told = json.loads(done.stdout)
    assert (0, "") == (done.returncode, done.stderr)
    assert ("memory", "storage", True, []) == (
        told["subject"], told["kind"], told["conforms"], told["failed"],
    )  # fmt: skip
    assert told["passed"] > 40 and date.fromisoformat(told["day"])
    assert "conforms" in badge.read_text()


def test_a_package_that_breaks_a_promise_fails(tmp_path: Path) -> None:
    """The exit code is 1, and the report names the test, its promise and the reason."""
    package = tmp_path / "chatbridge_acme"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import chatbridge\n\n\n@chatbridge.hookimpl\n"
        "def chatbridge_register_storages(register):\n"
        "    register('acme', lambda rest: chatbridge.MemoryStorage())\n"
    )
    (package / "conformance.py").write_text(
        "from chatbridge import MemoryStorage\nfrom chatbridge.testing import StorageCase\n\n\n"
        "class Forgetful(MemoryStorage):\n"
        "    def put(self, key, value, *, expect=None, ttl=None):\n"
        "        return super().put(key, value, ttl=ttl)\n\n\n"
        "CASE = StorageCase(open=lambda folder: Forgetful(), outlives=False)\n"
    )
    info = tmp_path / "chatbridge_acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(INFO)
    (info / "entry_points.txt").write_text("[chatbridge]\nacme = chatbridge_acme\n")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    program += (
        "from chatbridge.__main__ import main; sys.argv[1:] = ['conformance', 'acme']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=300
    )
    assert 1 == done.returncode, done.stderr
    assert "DOES NOT CONFORM" in done.stdout
    assert "FAILED  test_absent_creates_once" in done.stdout
    assert "ABSENT writes where nothing is, and refuses where something is." in done.stdout
    assert done.stdout.startswith("chatbridge-acme 1.0: storage acme")


def test_unknown_names(run: Callable[..., Result]) -> None:
    """What is not installed is told with what is."""
    done = run("nope")
    assert (1, True) == (done.exit_code, "installed: memory" in done.output)


def test_a_package_without_a_case(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that ships no case is told what to write."""
    monkeypatch.setattr("chatbridge.testing.conformance.finding.import_module", _missing)
    done = run("viber")
    assert 1 == done.exit_code
    assert "its module chatbridge_viber.conformance must hold CASE" in done.output


def _missing(name: str) -> None:
    raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_without_pytest(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lacks the extra is told how to get it."""
    monkeypatch.delitem(sys.modules, "chatbridge.testing.conformance.running", raising=False)
    monkeypatch.setitem(sys.modules, "pytest", None)
    done = run("memory")
    assert (1, True) == (done.exit_code, "chatbridge-jsm[testing]" in done.output), done.output


@pytest.mark.parametrize(("report", "word"), [(GOOD, "conforms"), (BAD, "1 failed")])
def test_badge_is_a_picture(report: Report, word: str) -> None:
    """The badge is well-formed, has a text for who cannot see it, and is dated."""
    root = ET.fromstring(report.as_badge())
    assert f"acme: {word} 2026-11-23" == root.attrib["aria-label"]
    assert float(root.attrib["width"]) > 100


def test_text_names_what_failed() -> None:
    """Each failure stands with its promise and reason, and the verdict comes last."""
    lines = BAD.as_text().splitlines()
    place = lines.index("FAILED  test_label_is_shown")
    assert ["        The key is shown.", "        show message.label.key"] == lines[place + 1 :][:2]
    assert "DOES NOT CONFORM: 300 passed, 1 failed, 2 not promised" == lines[-1]


def test_nothing_passed_is_no_conformance() -> None:
    """A run in which nothing was tested says nothing good."""
    assert not evolve(GOOD, passed=0).conforms
