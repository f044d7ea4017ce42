"""The tables of conversions in the documentation are what the converters do."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.fixture(scope="module")
def conversions() -> ModuleType:
    """Return the module that makes the tables."""
    spec = importlib.util.spec_from_file_location("made_conversions", DOCS / "made_conversions.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_says_what_the_converters_do(conversions: ModuleType) -> None:
    """No table differs from what would be made now; mend: python docs/made_conversions.py."""
    page = (DOCS / "reference" / "conversions.md").read_text(encoding="utf-8")
    assert page == conversions.made_anew(page), "run: python docs/made_conversions.py"


def test_every_table_is_on_the_page(conversions: ModuleType) -> None:
    """A new table cannot be forgotten, and one that is written by hand is replaced."""
    page = (DOCS / "reference" / "conversions.md").read_text(encoding="utf-8")
    assert list(conversions.TABLES) == [found[1] for found in conversions.TABLE.finditer(page)]
    by_hand = "<!-- conversions: html -->\n| by hand |\n<!-- end -->"
    assert "by hand" not in conversions.made_anew(by_hand)
