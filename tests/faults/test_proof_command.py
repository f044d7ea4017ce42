"""`make proof` as people use it: it goes on where it stopped, however it stopped."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbridge.cli.demo_stage import eventually

ROOT = Path(__file__).resolve().parents[2]
DRIVER = """
import sys
from pathlib import Path
from tests.proof.__main__ import main
from tests.proof.shares import Share

def share(name, program, **more):
    return Share(name, "M3", ("-c", program, "{block}"), r"did ([\\d,]+)", 5000, "runs", **more)

folder = Path(sys.argv[1])
quick = "import sys; print('did 1,000')"
twice = "import sys; print('did 1,000'); sys.exit(sys.argv[1] == '2')"
mended = (
    "import sys, os; print('did 1,000'); "
    f"sys.exit(not os.path.exists({str(folder / 'mended')!r}))"
)
leaves = (
    "import tempfile; print('did 1,000'); "
    f"print(tempfile.mkdtemp(), file=open({str(folder / 'left')!r}, 'a'))"
)
def waiting(name):
    return (
        "import sys, time; print('did 700', flush=True); "
        f"open({str(folder)!r} + '/{name}' + sys.argv[1], 'w'); time.sleep(600)"
    )

shares = {
    "quick": share("quick", quick), "few": share("few", quick, blocks=3),
    "twice": share("twice", twice), "mended": share("mended", mended),
    "leaves": share("leaves", leaves, blocks=2),
    "waits": share("waits", waiting("waits")),
    "partly": share("partly", waiting("partly"), is_cumulative=True),
}
chosen = [shares[name] for name in sys.argv[2].split(",")]
sys.exit(main([*sys.argv[3:], "--no-keep"], chosen, folder / "kept"))
"""


class Runs:
    """Starts proofs of made-up shares in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []

    def start(self, shares: str, *arguments: str) -> subprocess.Popen[str]:
        """Start one."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(
            [str(ROOT), os.environ.get("PYTHONPATH", "")])}  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(self.folder), shares, *arguments], text=True,
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
            start_new_session=True,
        )  # fmt: skip
        self.started.append(process)
        return process

    def run(self, shares: str, *arguments: str) -> tuple[int, str]:
        """Run one to its end."""
        process = self.start(shares, *arguments)
        told, _ = process.communicate(timeout=60)
        return process.returncode, told

    def kept(self) -> dict[str, Any]:
        """Return what is kept."""
        known: dict[str, Any] = json.loads((self.folder / "kept" / "progress.json").read_text())
        return known

    def begun(self, *blocks: str) -> bool:
        """Tell whether blocks that wait have begun."""
        return all((self.folder / block).exists() for block in blocks)

    def sleeping(self) -> list[int]:
        """Return the processes of blocks that wait."""
        mark = f"open('{self.folder}'".encode()
        found = []
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                arguments = each.read_bytes().split(b"\0")
            except OSError:
                continue
            if arguments[1:2] == [b"-c"] and mark in arguments[2] and len(arguments) <= 5:
                found.append(int(each.parent.name))
        return found


@pytest.fixture
def proofs(tmp_path: Path) -> Iterator[Runs]:
    """Return what starts proofs; what is left of them is ended."""
    runs = Runs(tmp_path)
    yield runs
    for process in runs.started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_all_is_done_and_then_nothing_is(proofs: Runs) -> None:
    """Each share is done until a release has enough, several blocks at a time, and told."""
    status, told = proofs.run("quick,few", "--jobs", "3")
    assert 0 == status, told
    kept = proofs.kept()
    # What was under way beside the last one ends, too.
    assert kept["quick"]["runs"] in (5000, 6000, 7000)
    assert kept["quick"]["runs"] == 1000 * (kept["quick"]["next"] - 1)
    assert (4, 3000, []) == tuple(kept["few"][name] for name in ("next", "runs", "ahead"))
    assert "M3 quick 5: 1,000 runs in" in told
    assert "5,000 in all, 100.00% of a release, 0 s left on one core" in told
    status, told = proofs.run("quick,few")
    assert (0, []) == (status, re.findall(r"runs in", told))


def test_a_part_can_be_asked_for(proofs: Runs) -> None:
    """So many blocks of what is named, and the next time the next ones; a look runs nothing."""
    assert 0 == proofs.run("quick,few", "--only", "few", "--blocks", "2", "--jobs", "2")[0]
    assert ["few"] == list(proofs.kept())
    assert 3 == proofs.kept()["few"]["next"]
    before = proofs.kept()
    status, told = proofs.run("quick,few", "--status")
    assert (0, before["few"]) == (status, proofs.kept()["few"])
    assert re.search(r"few +2,000 runs +66\.66% of a release", told)


def test_what_blocks_leave_is_removed(proofs: Runs) -> None:
    """The temporary files of blocks, which often end by being cut off, go with the run."""
    assert 0 == proofs.run("leaves")[0]
    left = [Path(line) for line in (proofs.folder / "left").read_text().split()]
    assert (2, []) == (len(left), [place for place in left if place.exists()])


def test_a_block_that_fails_ends_the_run_and_comes_first(proofs: Runs) -> None:
    """It is told with its command and what it printed, is not counted, and is tried again."""
    status, told = proofs.run("twice", "--jobs", "1")
    assert (1, 2, 1000) == (status, *(proofs.kept()["twice"][each] for each in ("next", "runs")))
    assert "M3 twice 2: FAILED" in told
    assert "again: python -c" in told
    assert (proofs.folder / "kept" / "failed-twice-2.log").read_text() == "did 1,000\n"
    assert 1 == proofs.run("mended", "--blocks", "1")[0]
    assert 1 == proofs.kept()["mended"]["failed"]
    (proofs.folder / "mended").touch()
    assert 0 == proofs.run("mended", "--blocks", "1")[0]
    kept = proofs.kept()["mended"]
    assert (0, 2, 1000) == (kept["failed"], kept["next"], kept["runs"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_soon_and_goes_on(proofs: Runs, number: signal.Signals) -> None:
    """What is counted stays, what was under way leaves no process and is begun again."""
    assert 0 == proofs.run("few", "--blocks", "1", "--jobs", "1")[0]
    process = proofs.start("waits,partly", "--jobs", "2")
    assert eventually(lambda: proofs.begun("waits1", "partly1"), 30)
    assert len(proofs.sleeping()) == 2
    process.send_signal(number)
    told, _ = process.communicate(timeout=20)
    assert 0 == process.returncode, told
    assert "stopped; what is counted stays" in told
    assert eventually(lambda: proofs.sleeping() == [], 10)
    kept = proofs.kept()
    assert (2, 1000) == (kept["few"]["next"], kept["few"]["runs"])
    assert (2, 700) == (kept["partly"]["next"], kept["partly"]["runs"])
    assert kept.get("waits", {"runs": 0})["runs"] == 0
    assert 0 == proofs.run("few", "--blocks", "1")[0]
    assert (3, 2000) == (proofs.kept()["few"]["next"], proofs.kept()["few"]["runs"])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends what lost its parent")
def test_whoever_is_killed_keeps_what_was_counted(proofs: Runs) -> None:
    """After kill -9 the blocks end too, and the next run goes on from the last block that ended."""
    assert 0 == proofs.run("few", "--blocks", "2", "--jobs", "1")[0]
    before = proofs.kept()["few"]
    process = proofs.start("waits", "--jobs", "2")
    assert eventually(lambda: proofs.begun("waits1", "waits2"), 30)
    process.kill()
    process.communicate(timeout=20)
    assert eventually(lambda: proofs.sleeping() == [], 10)
    assert 0 == proofs.run("few")[0]
    after = proofs.kept()["few"]
    assert (before["next"], 3, 4, 3000) == (3, before["next"], after["next"], after["runs"])


def test_two_at_once_are_refused(proofs: Runs) -> None:
    """Two runs would count the same blocks; the second one says so and ends. A look may be had."""
    process = proofs.start("waits", "--jobs", "1")
    assert eventually(lambda: proofs.begun("waits1"), 30)
    status, told = proofs.run("few")
    assert (2, 1) == (status, told.count("\n"))
    assert "stop that one first" in told
    status, told = proofs.run("few", "--status")
    assert (0, True) == (status, "few" in told)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--only", "M99"], "no share; there are"), (["--jobs", "0"], "--jobs is 1 or more")],
)
def test_what_makes_no_sense_is_told(proofs: Runs, arguments: list[str], told: str) -> None:
    """One line says what to do, and nothing runs."""
    status, shown = proofs.run("few", *arguments)
    assert (2, 1) == (status, shown.count("\n"))
    assert told in shown


def test_a_broken_file_is_not_written_over(proofs: Runs) -> None:
    """Whoever kept a file that cannot be read is told to move it."""
    (proofs.folder / "kept").mkdir()
    (proofs.folder / "kept" / "progress.json").write_text("{")
    status, told = proofs.run("few")
    assert (2, True) == (status, "move it away to begin anew" in told)
    assert "{" == (proofs.folder / "kept" / "progress.json").read_text()


BOARD = """
import importlib.util, sys
from pathlib import Path
from tests.proof.board import keep_all
from tests.proof.progress import Progress
from tests.proof.shares import Share

spec = importlib.util.spec_from_file_location("scoreboard", "tests/faults/scoreboard.py")
board = importlib.util.module_from_spec(spec)
spec.loader.exec_module(board)
folder = Path(sys.argv[1])
board.KEPT, board.PAGE = folder / "kept.json", folder / "page.md"

def share(name, figure, **more):
    return Share(name, figure, (), r"did ([\\d.]+)", 5000, "runs", **more)

one, two = share("one", "M3", blocks=4, also=r"and (\\d+)", also_unit="twice"), share("two", "M3")
hours, none = share("hours", "M14", scale=1 / 3600), share("none", "M2")
progress, shares = Progress(folder), (one, two, hours, none)
board.keep("M3", 2999, "fewer", "by hand")
for block in (1, 2):
    progress.note(one, block, "did 1000 and 3", 1.0)
    progress.note(two, block, "did 500", 1.0)
    progress.note(hours, block, "did 1800", 1.0)
keep_all(shares, progress, board)
board.keep("M3", 9999, "more", "by hand") if len(sys.argv) > 2 else progress.note_failure(two, 3)
progress.note(one, 3, "did 1000 and 3", 1.0)
keep_all(shares, progress, board)
"""


def test_the_scoreboard_gets_what_grew(proofs: Runs) -> None:
    """A row is the sum of its shares, says what failed, and never says less than before."""
    for more in ([], ["more"]):
        folder = proofs.folder / f"board{len(more)}"
        folder.mkdir()
        command = [sys.executable, "-c", BOARD, str(folder), *more]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(
            [str(ROOT), os.environ.get("PYTHONPATH", "")])}  # fmt: skip
        subprocess.run(command, cwd=ROOT, check=True, env=environment)
    kept = json.loads((proofs.folder / "board0" / "kept.json").read_text())
    assert ["M3", "M14"] == list(kept)
    assert (4000, 1.0) == (kept["M3"]["number"], kept["M14"]["number"])
    wanted = "4,000 runs, FAILED in two, 9 twice: 3,000 of one (3 of 4 blocks), 1,000 of two"
    assert wanted == kept["M3"]["said"]
    assert ("1.0 hours, nothing found", "block 1 to 2") == (
        kept["M14"]["said"], kept["M14"]["seed"],
    )  # fmt: skip
    assert 'make proof PROOF_ARGS="--only M3"' == kept["M3"]["command"]
    more_by_hand = json.loads((proofs.folder / "board1" / "kept.json").read_text())
    assert "more" == more_by_hand["M3"]["said"]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Return what loads a script of the project."""

    def loaded(path: str) -> Any:
        spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        spec.loader.exec_module(module)
        return module

    return loaded


def test_every_share_is_of_a_figure_and_can_begin(load: Callable[[str], Any]) -> None:
    """Names are unique, figures are on the scoreboard, and every parser is searched."""
    shares, board = load("tests/proof/shares.py"), load("tests/faults/scoreboard.py")
    names = [share.name for share in shares.SHARES]
    assert sorted({*names}) == sorted(names)
    figures = {share.figure for share in shares.SHARES}
    assert set() == figures - set(board.FIGURES)
    assert {"M1", "M2", "M3", "M4", "M5", "M6", "M7", "M12", "M14", "M15"} == figures
    targets = (ROOT / "tests/fuzz/targets.py").read_text().partition("\nTARGETS")[2]
    listed = targets.partition("for target in (")[2].partition(")")[0]
    assert sorted(re.findall(r"\w+", listed)) == sorted(shares.FUZZED)
    last = {share.name: share.command(3) for share in shares.SHARES}
    assert ["--start", "200", "--platform", "viber"] == last["pairs-viber"][-4:]
    assert "3/120" in last["faults-hints-viber-dc"]
