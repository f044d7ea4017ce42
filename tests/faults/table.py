"""Makes the table of faults: which tests prove a row, and what is still open.

    python tests/faults/table.py

reads the tests without running them and writes `docs/design/faults.md` anew. A test names its rows
by a mark, `@pytest.mark.fault("F1")` or `@pytest.mark.invariant("I1")`, on itself or its class, or
in brackets in its docstring, "(F1, I3) ...".
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from attrs import frozen

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "design" / "faults.md"
_MARKS = ("fault", "invariant")
_NAMED = re.compile(r"\(((?:[FI]\d+(?:, ?)?)+)\)")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def load(name: str) -> ModuleType:
    """Return a module of this folder, which is no package."""
    known = sys.modules.get(f"faults_{name}")
    if known is not None:
        return known
    spec = importlib.util.spec_from_file_location(f"faults_{name}", HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[f"faults_{name}"] = module
    spec.loader.exec_module(module)
    return module


@frozen
class Proof:
    """A test that proves a row.

    Args:
        file: below the repository.
        test: its name.
        heavy: whether only a run with --heavy includes it.
    """

    file: str
    test: str
    heavy: bool = False


def test_files() -> list[Path]:
    """Return the files that hold tests."""
    found = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "adapters").glob("*/tests/test_*.py")]
    return sorted(found)


def proofs(files: list[Path] | None = None) -> dict[str, list[Proof]]:
    """Return the tests of each row that a test names, known or not."""
    found: dict[str, list[Proof]] = defaultdict(list)
    for file in test_files() if files is None else files:
        shown = file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else file.name
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for test, around in _tests(tree, ()):
            marks = [mark for each in (*around, test) for mark in _marks(each)]
            rows = [row for name, given in marks if name in _MARKS for row in given]
            rows += _named(ast.get_docstring(test) or "")
            heavy = any(name == "heavy" for name, _ in marks)
            for row in dict.fromkeys(rows):
                found[row].append(Proof(shown, test.name, heavy))
    return dict(found)


def _tests(
    node: ast.AST, around: tuple[ast.ClassDef, ...]
) -> Iterator[tuple[Function, tuple[ast.ClassDef, ...]]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _tests(child, (*around, child))
        elif isinstance(child, Function) and child.name.startswith("test"):
            yield child, around


def _marks(owner: ast.ClassDef | Function) -> Iterator[tuple[str, list[str]]]:
    """Yield each mark's name with the texts it is given."""
    for decorator in owner.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        name = ast.unparse(call.func if call is not None else decorator)
        if name.startswith("pytest.mark."):
            given = call.args if call is not None else []
            texts = [each.value for each in given if isinstance(each, ast.Constant)]
            yield name.removeprefix("pytest.mark."), [text for text in texts if text is not None]


def _named(docstring: str) -> list[str]:
    found = _NAMED.findall(" ".join(docstring.split()))
    return [row.strip() for each in found for row in each.split(",")]


def state(row: object, there: list[Proof]) -> str:
    """Return what the table says of a row; empty where nothing accounts for it."""
    never, waits, without = (getattr(row, name) for name in ("never", "waits", "without"))
    if never:
        return f"cannot apply: {never}"
    if there:
        tested = f"tested in part; {_open(waits)}" if waits else "tested"
        return f"{tested}; left out on purpose: {without}" if without else tested
    return f"not yet: waits for {waits}" if waits else ""


def _open(waits: str) -> str:
    return waits if ": wait" in waits else f"the rest waits for {waits}"


def page() -> str:
    """Return the page as it should be."""
    rows, there = load("rows"), proofs()
    parts = [
        ("## Desk to chat", rows.OUTBOUND),
        ("## Chat to desk", rows.INBOUND),
        ("## State, keys, processes, privacy", rows.STATE),
    ]
    text = _HEAD.format(**_counts(rows.ROWS, there))
    for title, table in parts:
        text += f"\n{title}\n\n| | what goes wrong | what must happen | tests | state |\n"
        text += "| --- | --- | --- | --- | --- |\n"
        for row in table:
            found = there.get(row.name, [])
            text += f"| {row.name} | {row.fails} | {row.must} | {_cell(found)} "
            text += f"| {state(row, found)} |\n"
    text += "\n## What must always hold\n\n| | what holds | checked by | state |\n"
    text += "| --- | --- | --- | --- |\n"
    for row in rows.INVARIANTS:
        found = there.get(row.name, [])
        text += f"| {row.name} | {row.fails} | {_cell(found)} | {state(row, found)} |\n"
    return text


def counts() -> dict[str, int]:
    """Return how many rows of faults are tested, in part, not yet, or cannot apply."""
    return _counts(load("rows").ROWS, proofs())


def _counts(rows: dict[str, object], there: dict[str, list[Proof]]) -> dict[str, int]:
    states = [state(row, there.get(name, [])) for name, row in rows.items() if name[0] == "F"]
    return {
        "rows": len(states),
        "tested": sum(each.partition(";")[0] == "tested" for each in states),
        "in_part": sum(each.startswith("tested in part") for each in states),
        "not_yet": sum(each.startswith("not yet") for each in states),
        "cannot": sum(each.startswith("cannot") for each in states),
    }


def _cell(there: list[Proof]) -> str:
    by_file: dict[str, list[str]] = defaultdict(list)
    for proof in sorted(there, key=lambda each: (each.file, each.test)):
        by_file[proof.file].append(f"`{proof.test}`{' (heavy)' if proof.heavy else ''}")
    return "<br>".join(
        f"[{Path(file).stem}](../../{file}): {', '.join(tests)}" for file, tests in by_file.items()
    )


_HEAD = """# Faults

What the library must survive, what must always hold, and which tests prove it. A test named here
fails if the behaviour breaks; a test of this table fails where a row has neither a test nor a
reason. (heavy) marks a test that only `make heavy` runs. How much was tried, and with which seeds,
is on the [scoreboard](scoreboard.md).

Of {rows} faults {tested} are tested, {in_part} in part, {not_yet} not yet, {cannot} cannot apply.

This page is made by `make faults`; what is open is written in `tests/faults/rows.py`.
"""


def unaccounted(there: dict[str, list[Proof]] | None = None) -> list[str]:
    """Return the rows that have neither a test nor a reason.

    Args:
        there: the tests by row; None: as they are.
    """
    found = proofs() if there is None else there
    return [name for name, row in load("rows").ROWS.items() if not state(row, found.get(name, []))]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    missing = unaccounted()
    sys.exit(f"neither tested nor explained: {', '.join(missing)}" if missing else 0)
