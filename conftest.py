"""What all tests share: the switch for heavy ones, and the folder of the outside specifications."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know `--heavy`."""
    parser.addoption("--heavy", action="store_true", help="run the long suites too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is marked heavy, unless it was asked for."""
    if config.getoption("--heavy"):
        return
    skip = pytest.mark.skip(reason="a long suite; run it with --heavy")
    for item in items:
        if "heavy" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def specs() -> Path:
    """Return the folder of the outside APIs' specifications, which are no part of the project."""
    folder = Path(os.environ.get("CHATBRIDGE_SPECS") or ROOT.parent / "shared" / "specs")
    if not folder.is_dir():
        pytest.skip("the specifications are not here; CHATBRIDGE_SPECS names their folder")
    return folder
