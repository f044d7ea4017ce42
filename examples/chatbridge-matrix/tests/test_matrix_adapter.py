"""Matrix keeps every promise that an adapter makes."""

from __future__ import annotations

from pathlib import Path

from chatbridge.testing import AdapterSuite, capability_table
from chatbridge_matrix.conformance import CASE


class TestMatrix(AdapterSuite):
    """The whole suite; what is not declared is skipped."""

    case = CASE


def test_readme_shows_the_capabilities() -> None:
    """The table of the README is made from the data."""
    table = capability_table(CASE.adapter)
    readme = Path(__file__).parents[1] / "README.md"
    assert table in readme.read_text(encoding="utf-8"), f"put this into README.md:\n\n{table}"
