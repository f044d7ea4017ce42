"""The suite is tested by adapters that are broken on purpose: each is caught by the right test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TABLE = re.compile(r'^    (?:planted_\w+\.)?(\w+): "(test_\w+)",$', re.MULTILINE)
FAULTS = dict(TABLE.findall((HERE / "planted.py").read_text(encoding="utf-8")))
OUTCOME = re.compile(r"^(PASSED|FAILED|ERROR) planted\.py::Test(\w+)::(test_\w+)", re.MULTILINE)


@pytest.fixture(scope="module")
def outcomes() -> dict[tuple[str, str], set[str]]:
    """Run every fault's test, and the same tests on a whole adapter; outcomes by class and test."""
    wanted = [f"planted.py::Test{adapter}::{test}" for adapter, test in FAULTS.items()]
    wanted += [f"planted.py::Test_Whole::{test}" for test in sorted(set(FAULTS.values()))]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "--tb=no", "-p", "no:cacheprovider",
         "-c", os.devnull, "--rootdir", str(HERE), *wanted],
        cwd=HERE,
        env={**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
        timeout=300,
    )  # fmt: skip
    found: dict[tuple[str, str], set[str]] = {}
    for outcome, adapter, test in OUTCOME.findall(done.stdout):
        found.setdefault((adapter, test), set()).add(outcome)
    assert found, done.stdout + done.stderr
    return found


def test_there_are_many_faults() -> None:
    """The table was read, and is long enough to mean something."""
    assert len(FAULTS) >= 40


@pytest.mark.parametrize("adapter", FAULTS)
def test_fault_is_caught(adapter: str, outcomes: dict[tuple[str, str], set[str]]) -> None:
    """The test that is named for this fault fails on it, and does so by its own judgement."""
    assert "FAILED" in outcomes[adapter, FAULTS[adapter]]


@pytest.mark.parametrize("test", sorted(set(FAULTS.values())))
def test_whole_adapter_passes(test: str, outcomes: dict[tuple[str, str], set[str]]) -> None:
    """The same test passes on an adapter without the fault, so it is the fault that it sees."""
    whole = outcomes.get(("_Whole", test), {"PASSED"})
    assert {"PASSED"} == whole
