"""Each fault and invariant has a test that names it, or a reason why not; the docs say so."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from tests.loading import module_at

HERE = Path(__file__).resolve().parent


def _load(name: str) -> ModuleType:
    return module_at(HERE / f"{name}.py", f"faults_{name}")


table = _load("table")
ROWS = table.load("rows").ROWS
PROOFS = table.proofs()


def test_every_row_is_there_once() -> None:
    """F1 to F85 and I1 to I28 are in the table, in this order."""
    faults, invariants = ([f"F{at}" for at in range(1, 86)], [f"I{at}" for at in range(1, 29)])
    assert [*faults, *invariants] == list(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_every_row_has_a_test_or_a_reason(name: str) -> None:
    """A fault that nobody proves, and nobody explains, does not pass."""
    assert table.state(ROWS[name], PROOFS.get(name, []))


def test_no_test_names_a_row_that_is_not_there() -> None:
    """A slip in a mark is told instead of proving nothing."""
    assert set() == set(PROOFS) - set(ROWS)


def test_the_page_says_what_the_tests_say() -> None:
    """The table in the docs is the one that would be made now; mend: make faults."""
    assert table.page() == table.PAGE.read_text(encoding="utf-8")


def test_a_row_without_test_and_reason_is_noticed() -> None:
    """The rule itself: with no test at all only the explained rows are left out."""
    missing = table.unaccounted({})
    explained = {name for name, row in ROWS.items() if row.waits or row.never}
    assert (set(ROWS) - explained, True) == (set(missing), "F12" in missing)


def test_marks_and_docstrings_are_read(tmp_path: Path) -> None:
    """Rows are found in marks of tests and classes and in brackets of docstrings, else nowhere."""
    file = tmp_path / "test_example.py"
    file.write_text(
        "import pytest\n"
        "@pytest.mark.fault('F1')\n"
        "class TestOne:\n"
        "    @pytest.mark.heavy\n"
        "    def test_a(self):\n"
        "        '''Nothing (F99 is meant otherwise).'''\n"
        "@pytest.mark.invariant('I2', 'I3')\n"
        "def test_b():\n"
        "    '''(F4, I5) a promise.'''\n"
        "def not_a_test():\n"
        "    '''(F6) a promise.'''\n"
    )
    found = table.proofs([file])
    assert {"F1", "I2", "I3", "F4", "I5"} == set(found)
    assert [True, False] == [found["F1"][0].heavy, found["F4"][0].heavy]


def test_the_scoreboard_says_what_was_measured() -> None:
    """Its page is the one that the kept numbers make; mend: make faults."""
    board = _load("scoreboard")
    assert board.page() == board.PAGE.read_text(encoding="utf-8")
    assert set() == set(board.kept()) - set(board.FIGURES)


def test_a_figure_below_its_release_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes a small run for a large one, nor none for one."""
    board = _load("scoreboard")
    monkeypatch.setattr(board, "KEPT", tmp_path / "kept.json")
    monkeypatch.setattr(board, "PAGE", tmp_path / "page.md")
    board.keep("M12", 50, "50", "a command", "7")
    board.keep("M11", 12_000, "all", "another")
    board.keep("M5", 20_000, "as many", "another")
    lines = {line.split(" | ")[0]: line for line in board.page().splitlines()}
    assert "**below**: 5.0% of it" in lines["| M12"] and "seed 7" in lines["| M12"]
    assert ("reached" in lines["| M11"], "waits for its storage" in lines["| M5"]) == (True, True)
    assert "not measured yet" in lines["| M1"]
