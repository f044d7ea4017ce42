"""The scoreboard: how much was tried to break the library, as measured, beside what is wanted.

    python tests/faults/scoreboard.py                       writes docs/design/scoreboard.md anew
    python tests/faults/scoreboard.py M6 --number 1900000 --said "..." --command "..." --seed 1

The second form keeps a measurement in `docs/design/scoreboard.json`; runs call `keep` for the same.
A figure without a measurement says so, and one below what a release wants says that.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import frozen

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "docs" / "design" / "scoreboard.json"
PAGE = ROOT / "docs" / "design" / "scoreboard.md"


@frozen
class Figure:
    """What is counted.

    Args:
        name: such as "M6".
        what: what the number counts.
        release: what a release wants, in words.
        wanted: the same as a number that a measurement reaches or does not.
        quick: what of it `make test` takes.
        heavy: what `make heavy` takes.
        waits: what the figure needs that is not there yet, or empty; it is below until then.
    """

    name: str
    what: str
    release: str
    wanted: float
    quick: str
    heavy: str
    waits: str = ""


FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure("M1", "single faults: every effect, every way to fail, every scenario",
               "all scenarios of up to 3 operations, 250,000 runs, 0 violations", 250_000,
               "1,160 runs",
               "about 140,000 runs: every scenario of one and two operations by polling, half of "
               "them by webhooks, shares of the rest",
               waits="scenarios of three operations are drawn, not all tried"),
        Figure("M2", "two faults, all pairs", "1,000,000 runs, 0 lost, at most 2 doubles", 1e6,
               "120 double crashes", "about 17,000 pairs, all of scenarios of one operation"),
        Figure("M3", "random histories with all faults",
               "10,000,000 histories, 1,000 link-years", 1e7,
               "85 histories", "1,860 histories"),
        Figure("M4", "interleavings of 2 workers on one link",
               "all, and 8 workers with 1,000,000 operations", 1e6,
               "all orders of one comment, 8 workers for 6 seeds",
               "all orders of one and two comments, 8 workers for 140 seeds"),
        Figure("M5", "real processes killed or stopped",
               "10,000 on SQLite, 10,000 on PostgreSQL", 20_000, "2 kills", "208 kills, 24 freezes",
               waits="PostgreSQL waits for its storage"),
        Figure("M6", "fuzzed inputs of the parsers", "1,000,000,000 inputs, 0 finds", 1e9,
               "3,000 inputs of 15 parsers", "15 s for each of 9 parsers"),
        Figure("M7", "steps of stateful tests over all invariants",
               "200,000 runs of 200 steps", 4e7,
               "30 walks of at most 30 steps", "2,000 walks of at most 50 steps"),
        Figure("M8", "faults with a named test, of 85", "85", 85, "all", "all"),
        Figure("M9", "branch coverage of the core, percent", "100, mutation score 95", 100,
               "none", "none", waits="the mutation score is not measured"),
        Figure("M10", "altered, cut and swapped records, all refused",
               "every bit of every kind, all swaps of 1,000 rows, crashes while keys are replaced",
               500_000, "every bit and length, all swaps of 60 links", "all swaps of 1,000 links"),
        Figure("M11", "words and secrets looked for in files, logs and tracebacks",
               "1,000 words in 12 encodings, 0 hits", 12_000, "40 words", "1,000 words"),
        Figure("M12", "restores from random moments", "1,000, no note shown", 1_000,
               "10 restores", "1,000 restores"),
        Figure("M13", "open links without any hint",
               "100,000; 0.3 calls a second, 0.2 with hints, p99 10 min, 200 MiB", 100_000,
               "none", "10,000 links for 4 hours"),
        Figure("M14", "hours of socket faults", "72 hours, flat memory", 72,
               "none", "each of 56 ways once",
               waits="flat memory needs 72 hours in one go"),
        Figure("M15", "outcomes that nobody knows, at 1 %: messages shown twice",
               "at most 1 % of the messages, measured on 100,000", 100_000,
               "100 messages at 0 %", "1,000 messages"),
    )
}  # fmt: skip


def kept() -> dict[str, Any]:
    """Return the measurements by figure."""
    if not KEPT.exists():
        return {}
    known: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    return known


def keep(name: str, number: float, said: str, command: str, seed: str = "") -> None:
    """Keep a measurement in place of the figure's last one, and write the page."""
    today = datetime.now(UTC).date().isoformat()
    known = kept()
    known[FIGURES[name].name] = {
        "number": number, "said": said, "command": command, "seed": seed, "date": today,
    }  # fmt: skip
    ordered = {each: known[each] for each in FIGURES if each in known}
    # Whoever is killed while writing leaves the file of before.
    beside = KEPT.with_suffix(".new")
    text = json.dumps(ordered, indent=2, ensure_ascii=False) + "\n"
    beside.write_text(text, encoding="utf-8")
    beside.replace(KEPT)
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """Return the page as it should be."""
    known = {**kept(), "M8": _named_tests()}
    text = _HEAD
    for figure in FIGURES.values():
        found = known.get(figure.name)
        if found is None:
            waits = f"; {figure.waits}" if figure.waits else ""
            text += f"| {figure.name} | {figure.what} | not measured yet{waits} | {figure.quick} "
            text += f"| {figure.heavy} | {figure.release} | **below** | |\n"
            continue
        state = _state(figure, found["number"] / figure.wanted)
        seed = f", seed {found['seed']}" if found["seed"] else ""
        text += f"| {figure.name} | {figure.what} | {found['said']} | {figure.quick} "
        text += f"| {figure.heavy} | {figure.release} | {state} "
        text += f"| `{found['command']}`{seed}, {found['date']} |\n"
    return text


def _state(figure: Figure, share: float) -> str:
    if share < 1:
        return f"**below**: {_percent(share)} of it"
    return f"**below**: {figure.waits}" if figure.waits else "reached"


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else "less than 0.1 %"


def _named_tests() -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location(
        "faults_table", Path(__file__).with_name("table.py")
    )
    assert spec is not None and spec.loader is not None
    table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(table)
    counts = table.counts()
    return {
        "number": counts["tested"], "command": "make faults", "seed": "", "date": "always",
        "said": f"{counts['tested']}, {counts['in_part']} more in part, "
        f"{counts['not_yet']} not yet",
    }  # fmt: skip


def main() -> None:
    """Keep a measurement, or only write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figure", nargs="?", choices=FIGURES)
    parser.add_argument("--number", type=float)
    parser.add_argument("--said", help="the measurement in words")
    parser.add_argument("--command", help="what repeats it")
    parser.add_argument("--seed", default="")
    given = parser.parse_args()
    if given.figure is None:
        PAGE.write_text(page(), encoding="utf-8")
        return
    keep(given.figure, given.number, given.said, given.command, given.seed)


_HEAD = """# Scoreboard

How much was tried to break the library, as measured on a small machine (2 cores), and what a
release wants. Which fault is proved by which test is in the table of [faults](faults.md). A number
is repeated by its command, with the same seed the same way. `make test`, and `make heavy`, which
the gate runs, take the shares that are named; `make proof` goes on towards what a release wants,
for as long as one lets it, see [contributing](../contributing.md).

The numbers are in `docs/design/scoreboard.json`, where the runs write them; this page is made from
it by `make faults`.

| | what is counted | measured | make test | make heavy | a release wants | | repeated by |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""

if __name__ == "__main__":
    main()
