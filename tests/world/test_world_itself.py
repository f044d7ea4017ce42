"""The world's own parts: what decides a run decides it wholly, and what fails is cut short."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatbridge.testing.world import __main__ as command
from chatbridge.testing.world import shrinking
from chatbridge.testing.world.campaign import Campaign, random_runs
from chatbridge.testing.world.histories import History, Outcome, run
from chatbridge.testing.world.random_histories import double_crash_of, history_of

_TRACE = (
    "from chatbridge.testing.world.histories import run\n"
    "from chatbridge.testing.world.random_histories import history_of\n"
    "print(*[line for seed in (1, 2, 3) for line in run(history_of(seed), traced=True).trace])"
)


def test_a_history_survives_being_printed() -> None:
    """What is printed of a history replays it."""
    history = history_of(7)
    assert history == History.from_text(history.as_text())
    assert json.loads(history.as_text())


def test_a_seed_decides_everything_in_any_process() -> None:
    """Two processes with other hash seeds have the same effects in the same order."""
    traces = {
        subprocess.run(
            [sys.executable, "-c", _TRACE], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(traces) == 1
    assert "sendMessage" in traces.pop()


def test_other_seeds_are_other_histories() -> None:
    """No two seeds tell the same story."""
    assert len({history_of(seed) for seed in range(50)}) == 50
    assert len({double_crash_of(seed) for seed in range(50)}) > 40


def test_what_fails_is_cut_to_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many steps the two are left without which nothing fails."""

    def fails(history: History) -> Outcome:
        needed = {("says", 1), ("comments", 2)} <= set(history.steps)
        return Outcome(("I1: lost",) if needed else (), 0, ())

    monkeypatch.setattr(shrinking, "run", fails)
    noise = tuple(("pass", number) for number in range(30))
    history = History((*noise, ("says", 1), *noise, ("comments", 2), *noise), processes=3)
    shortest = shrinking.shrink(history, "I1: lost")
    assert (("says", 1), ("comments", 2)) == shortest.steps


def test_a_broken_invariant_is_told_with_what_replays_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command prints the problem, the shortest history, and the command for it."""

    def fails(history: History, **_: object) -> Outcome:
        return Outcome(("I2: leaked",) if ("says", 0) in history.steps else (), 9, ())

    monkeypatch.setattr(command, "run", fails)
    monkeypatch.setattr(shrinking, "run", fails)
    text = History((("pass", 1), ("says", 0), ("pass", 2))).as_text()
    assert 1 == command.main(["--history", text])
    told = capsys.readouterr().out
    assert "I2: leaked" in told
    assert "1 of 3 steps are needed" in told
    assert "--history '[" in told


def test_a_search_goes_on_where_it_was(tmp_path: Path) -> None:
    """The next search of the same state begins behind the last seed that was told of."""
    state = tmp_path / "state.json"
    search = Campaign(lambda _: None, state, every=0.0)
    search.go(random_runs(5, 8, 3))
    state.write_text(json.dumps({"at": "seed 6", "runs": 2}))
    assert 7 == Campaign(lambda _: None, state).resumed_at("seed", 0)
    assert 0 == Campaign(lambda _: None, state).resumed_at("double crash", 0)
    assert search.runs == 3


@pytest.mark.invariant("I18")
def test_an_idle_hour_costs_what_was_promised() -> None:
    """At rest a bridge asks for changes every 10 s and for nothing else."""
    steps = (("run", 0), *[step for _ in range(360) for step in (("pass", 10), ("run", 0))])
    outcome = run(History(steps), traced=True)
    calls = [line for line in outcome.trace if " read " in line or " write " in line]
    assert () == outcome.problems
    assert len(calls) <= 360 + 40


def test_histories_happen_on_both_editions_of_jira() -> None:
    """Which Jira it is, is one of the things that a seed decides, and stands in the text."""
    drawn = [history_of(seed) for seed in range(30)]
    assert {"cloud", "data_center"} == {history.edition for history in drawn}
    assert drawn == [History.from_text(history.as_text()) for history in drawn]
