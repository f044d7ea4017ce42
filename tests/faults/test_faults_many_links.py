"""M13: what very many open links cost, with and without hints, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.heavy
@pytest.mark.fault("F8")
@pytest.mark.invariant("I1", "I18", "I19")
@pytest.mark.parametrize("hints", ["with", "without"])
def test_ten_thousand_links_cost_little(hints: str) -> None:
    """Calls, waits and memory keep within P8, nothing is lost and nothing comes twice."""
    command = [sys.executable, "-m", "tests.benchmarks.many_links", "--hints", hints]
    ended = subprocess.run(
        [*command, "--links", "10000", "--hours", "4"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert "" == ended.stderr
    found = json.loads(ended.stdout)
    calls, wait = (0.2, 5) if hints == "with" else (0.3, 600)
    assert (0, 0) == (found["unseen"], found["doubles"])
    assert found["answers"] > 500
    assert found["calls_per_second"] <= calls
    assert found["p99"] <= wait
    assert found["calls_per_change"] <= 6
    assert (True, True) == (found["resident"] <= 200, found["growth"] <= 10)
