"""The tables of conversions in the documentation are what the converters do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.loading import module_at

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.fixture(scope="module")
def conversions() -> ModuleType:
    """Return the module that makes the tables."""
    return module_at(DOCS / "made_conversions.py")


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


def _kinds(schema: Any) -> Iterator[str]:
    """Yield the kinds of nodes and marks that the definitions of the schema allow."""
    if isinstance(schema, dict):
        kind = schema.get("properties", {}).get("type")
        # What has attributes of a `type` is told apart by its own members.
        if isinstance(kind, dict) and "version" not in schema["properties"]:
            yield from (each for each in kind.get("enum", ()) if isinstance(each, str))
        for value in schema.values():
            yield from _kinds(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _kinds(value)


def test_every_node_and_mark_of_the_schema_has_a_row() -> None:
    """A kind that is new in Jira's schema fails here until its row says what becomes of it."""
    folder = os.environ.get("CHATBRIDGE_SPECS") or DOCS.parents[1] / "shared" / "specs"
    file = Path(folder) / "adf.schema.json"
    if not file.exists():
        pytest.skip("the schema is not at hand")
    page = (DOCS / "reference" / "conversions.md").read_text(encoding="utf-8")
    kinds = set(_kinds(json.loads(file.read_text(encoding="utf-8"))))
    assert len(kinds) > 50
    assert [] == sorted(kind for kind in kinds if f'"type": "{kind}"' not in page)
