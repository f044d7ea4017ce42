"""Runs towards what a release wants, in blocks that each take minutes: stop and go on at any time.

    python tests/faults/proof.py [--only fuzz] [--blocks 10] [--jobs 2]

Which blocks are done stands in `.proof/progress.json`, by seed; a block that failed is printed with
its command and ends the run, and is done again first. Sums go to the scoreboard.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

from attrs import frozen

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRESS = ROOT / ".proof" / "progress.json"


@frozen
class Share:
    """A figure's share of the work.

    Args:
        name: what --only takes.
        figure: of the scoreboard.
        arguments: of the command; {seed} is the block's number from 1, {start} the first of its
            seeds.
        done: finds the number of runs in what the command prints.
        wanted: how many runs a release wants.
        unit: what a run is.
        block: how many seeds a block has, for {start}.
        blocks: how many blocks there are, 0 where there is no end.
    """

    name: str
    figure: str
    arguments: tuple[str, ...]
    done: str
    wanted: float
    unit: str
    block: int = 1
    blocks: int = 0


def _world(name: str, figure: str, wanted: float, unit: str, *how: str, **more: int) -> Share:
    arguments = ("-m", "chatbridge.testing.world", *how)
    return Share(name, figure, arguments, r"([\d,]+) runs in", wanted, unit, **more)


SEEDS = ("--seeds", "1000", "--start", "{start}")
SHARES_OF_SCENARIOS = 60
WORLD = (
    *(
        _world(f"faults-{setting}", "M1", 83_333, "runs", "--faults", setting, "--share",
               f"{{seed}}/{SHARES_OF_SCENARIOS}", blocks=SHARES_OF_SCENARIOS)
        for setting in ("poll", "webhook", "hints")
    ),
    _world("threes", "M1", 250_000, "runs", "--threes", "--seeds", "20", "--start", "{start}",
           block=20),
    _world("pairs", "M2", 1e6, "runs", "--pairs", "--seeds", "100", "--start", "{start}",
           block=100),
    _world("orders", "M4", 1, "orders", "--orders", blocks=1),
    Share("walks", "M7", ("tests/world/walks.py", "--walks", "200", "--steps", "200", "--seed",
          "{seed}"), r"([\d,]+) steps in", 4e7, "steps"),
    _world("random", "M3", 1e7, "histories", *SEEDS, block=1_000),
)  # fmt: skip


def _fuzz(target: str) -> Share:
    return Share(
        f"fuzz-{target}", "M6",
        ("tests/fuzz/search.py", target, "--seconds", "300", "--seed", "{seed}",
         "--learned", f".proof/learned/{target}"),
        r"number_of_executed_units: (\d+)", 1.25e8, "inputs",
    )  # fmt: skip


FUZZED = (
    "telegram_webhook", "telegram_answer", "jira_hint", "jira_answer", "adf", "record", "choice",
    "configuration",
)  # fmt: skip
SHARES: tuple[Share, ...] = (*WORLD, *(_fuzz(target) for target in FUZZED))


def progress() -> dict[str, Any]:
    """Return what is done: by share the next seed and the sum of runs."""
    if not PROGRESS.exists():
        return {}
    known: dict[str, Any] = json.loads(PROGRESS.read_text(encoding="utf-8"))
    return known


def run(share: Share, known: dict[str, Any]) -> str:
    """Run the next block of a share and return what it printed, empty where it failed."""
    number = int(known.get(share.name, {}).get("next", 1))
    places = {"{seed}": number, "{start}": (number - 1) * share.block}
    arguments = list(share.arguments)
    for place, value in places.items():
        arguments = [each.replace(place, str(value)) for each in arguments]
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    told = ended.stdout + ended.stderr
    if ended.returncode == 0 and re.search(share.done, told):
        return told
    _say(f"{share.name}: FAILED")
    _say(told[-3000:])
    _say("again: python " + " ".join(arguments))
    return ""


def note(share: Share, told: str, known: dict[str, Any]) -> None:
    """Keep what a block did."""
    mine = known.setdefault(share.name, {"next": 1, "runs": 0})
    mine["runs"] += int(re.findall(share.done, told)[-1].replace(",", ""))
    mine["next"] += 1
    PROGRESS.parent.mkdir(exist_ok=True)
    PROGRESS.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
    done = mine["runs"] / share.wanted
    _say(f"{share.name}: {mine['runs']:,} {share.unit}, {min(done, 1):.2%} of a release")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run blocks in turn until all shares are done, or as many as were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="the beginning of the names of shares")
    parser.add_argument(
        "--blocks", type=int, default=0, help="how many rounds; 0: until all is done"
    )
    parser.add_argument("--jobs", type=int, default=1, help="how many blocks at a time")
    given = parser.parse_args()
    board, known = _scoreboard(), progress()
    chosen = [share for share in SHARES if share.name.startswith(given.only)]
    blocks = 0
    while open_shares := [each for each in chosen if not _is_done(known, each)]:
        open_shares.sort(key=lambda each: _runs(known, each) / each.wanted)
        now = open_shares[: given.jobs]
        with ThreadPoolExecutor(len(now)) as pool:
            told = list(pool.map(lambda share: run(share, known), now))
        for share, lines in zip(now, told, strict=True):
            if lines:
                note(share, lines, known)
                _keep(board, share.figure, known)
        blocks += 1
        if not all(told):
            sys.exit(1)
        if blocks == given.blocks:
            return


def _runs(known: dict[str, Any], share: Share) -> int:
    return int(known.get(share.name, {}).get("runs", 0))


def _is_done(known: dict[str, Any], share: Share) -> bool:
    past = int(known.get(share.name, {}).get("next", 1)) > share.blocks > 0
    return past or _runs(known, share) >= share.wanted


def _keep(board: ModuleType, figure: str, known: dict[str, Any]) -> None:
    mine = [share for share in SHARES if share.figure == figure]
    total = sum(_runs(known, share) for share in mine)
    last = max(int(known.get(share.name, {}).get("next", 1)) - 1 for share in mine)
    before = board.kept().get(figure, {}).get("number", 0)
    if total > before:
        parts = [f"{_runs(known, share):,} of {share.name}" for share in mine if len(mine) > 1]
        said = f"{total:,} {mine[0].unit}, nothing found" + (
            f": {', '.join(parts)}" if parts else ""
        )
        board.keep(figure, total, said, "make proof", f"1 to {last}")


def _scoreboard() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scoreboard", HERE / "scoreboard.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
