"""The switches for long suites, as the gate uses them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONG = "tests/world/test_world_shares.py::test_every_order_of_two_workers"


@pytest.mark.parametrize(
    ("switches", "reason"),
    [
        ([], "a long suite; run it with --heavy"),
        (["--heavy", "--minutes=0"], "a long suite, and 0 minutes are over"),
    ],
)
def test_long_suites_that_do_not_run_say_so(switches: list[str], reason: str) -> None:
    """Without --heavy, or when the minutes are over, a long suite is skipped and named."""
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *switches, LONG],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (0, True) == (ended.returncode, "3 skipped" in ended.stdout), ended.stdout
    assert reason in ended.stdout
