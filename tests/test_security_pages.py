"""The pages on security keep their word: what they name as proof is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "docs" / "security" / name for name in ("threat-model.md", "asvs.md")]

NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
ROW = re.compile(r"^\| (.*) \|$", re.M)
NUMBER = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def _name(path: Path) -> str:
    return path.name


@cache
def _tests() -> frozenset[tuple[str, str]]:
    """Return file and name of every test function; names of files are unique."""
    files = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("adapters/*/tests/**/test_*.py")]
    return frozenset(
        (file.name, node.name)
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def missing(text: str) -> list[str]:
    """Return the tests that a text names and that do not exist."""
    return [f"{file}::{name}" for file, name in NAMED.findall(text) if (file, name) not in _tests()]


def rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the tables below the headings that begin with a letter and a number."""
    sections = re.findall(rf"^## {heading}\d.*?\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    found = [line.split(" | ") for section in sections for line in ROW.findall(section)]
    return [cells for cells in found if not set(cells[0]) <= {"-"} and "shown by" not in cells[2:]]


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_each_test_that_is_named_exists(page: Path) -> None:
    """A test that is renamed or removed takes its claim along."""
    text = page.read_text(encoding="utf-8")
    assert [] == missing(text)
    assert len(NAMED.findall(text)) > 60


def test_each_threat_is_met_or_remains() -> None:
    """Every row of the threat model names a test, and every boundary of the picture has rows."""
    text = PAGES[0].read_text(encoding="utf-8")
    threats = rows(text, "B")
    assert len(threats) > 30
    assert [] == [cells[0] for cells in threats if len(cells) != 3 or not NAMED.search(cells[2])]
    (picture,) = re.findall(r"```mermaid\n(.*?)```", text, re.S)
    drawn = set(re.findall(r"\bB\d\b", picture))
    assert drawn == set(re.findall(r"^## (B\d)", text, re.M))


def test_each_requirement_has_a_test_or_a_reason() -> None:
    """No row of ASVS is a bare claim; numbers stand in their order, under their chapters."""
    text = PAGES[1].read_text(encoding="utf-8")
    found = [cells for cells in rows(text, "V") if cells[0] != "requirement"]
    bare = [
        cells[0]
        for cells in found
        if len(cells) != 3 or not (NAMED.search(cells[2]) or "**Exception:**" in cells[2])
    ]
    assert [] == bare
    numbers = [tuple(map(int, cells[0].split("."))) for cells in found]
    assert sorted(set(numbers)) == numbers
    assert len(numbers) > 80
    for heading, body in re.findall(r"^## (V\d.*?)\n(.*?)(?=^## |\Z)", text, re.M | re.S):
        chapters = {int(each) for each in re.findall(r"V(\d+)", heading)}
        assert {int(each[0]) for each in NUMBER.findall(body)} <= chapters, heading


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("`test_signatures.py::test_shared_secret_is_taken`", []),
        ("`test_signatures.py::test_x`", ["test_signatures.py::test_x"]),
        ("`test_x.py::test_shared_secret_is_taken`", ["test_x.py::test_shared_secret_is_taken"]),
    ],
)
def test_a_test_that_is_not_there_is_noticed(text: str, lost: list[str]) -> None:
    """The search itself."""
    assert lost == missing(text)


def test_the_policy_says_what_a_reporter_needs() -> None:
    """Where to report, what to expect, which versions are mended, and what counts."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", text, re.M)
    wanted = ["Supported versions", "Report a vulnerability", "What to expect", "Scope"]
    assert wanted == headings[: len(wanted)]
    assert None is re.search(r"\S+@\S+\.\w+", text), "an address that nobody may read"
