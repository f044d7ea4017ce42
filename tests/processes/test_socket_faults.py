"""A real bridge behind connections that fail in the seven well-known ways, service by service."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WAYS = 7 * 4 * 2


@pytest.mark.heavy
@pytest.mark.fault("F3", "F21", "F37", "F38", "F82")
@pytest.mark.invariant("I1", "I2", "I3", "I6", "I7", "I20")
def test_bad_connections_lose_nothing():
    """(M14) Toxics x services x directions: nothing lost or leaked, doubles only where cut off."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.soak", "--pause", "0.1"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert (0, "") == (ended.returncode, ended.stderr)
    found = json.loads(ended.stdout)
    assert [0, 0, 0] == [found["lost"], found["leaked"], found["doubled_in_jira"]]
    assert found["doubled_in_chat"] <= found["broken_chat"]
    assert (True, True) == (found["acted"] >= WAYS - 4, found["broken"] > 5)
    assert (True, True) == (found["growth"] <= 16, found["more_files"] <= 12)
