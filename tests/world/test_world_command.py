"""The world's command tells in one line what is wrong with what it was asked, and what to do."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chatbridge.testing.world import __main__ as command
from chatbridge.testing.world import sampling
from chatbridge.testing.world.histories import History, run
from chatbridge.testing.world.operations import shared_steps
from chatbridge.testing.world.random_histories import history_of
from chatbridge.testing.world.stage import PLATFORMS
from chatbridge.testing.world.written_histories import read_history

STATES = {"broken.json": "{", "list.json": "[1]", "odd.json": '{"at": "seed x"}'}


def _steps(*steps: object, setting: str = '"opened", "poll", 1, false', more: str = "") -> str:
    return f"[{setting}, {json.dumps(steps)}{more}]"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "say what to run"),
        (["--history", "rubbish"], 'no JSON; a history looks like ["opened"'),
        (["--history", "[1, 2]"], "a list of 5 to 7"),
        (["--history", "[" * 9999], "no JSON"),
        (["--history", '{"a": 1}'], "a list of 5 to 7"),
        (["--history", _steps(setting='"shut", "poll", 1, false')], "the beginning is one of"),
        (["--history", _steps(setting='"two", "mail", 1, false')], "the way of news is one of"),
        (["--history", _steps(setting='"two", "poll", true, false')], "processes is one of"),
        (["--history", _steps(setting='"two", "poll", 1, 0')], "sends hints is one of"),
        (["--history", _steps(more=', "moon"')], "the edition of Jira is one of"),
        (["--history", _steps(more=', "cloud", "x"')], "the platform is one of"),
        (["--history", '["two", "poll", 1, false, {}]'], "the list of its steps"),
        (["--history", _steps(["says", 0], "run")], "step 2 is no list"),
        (["--history", _steps(["sais", 0])], "did you mean says?"),
        (["--history", _steps(["zzzzzz"])], "is not known here; there are adds_root"),
        (["--history", _steps(["says"])], "step 1, says, has 0 values; it takes chat"),
        (["--history", _steps(["says", 0, 1])], "has 2 values; it takes chat"),
        (["--history", _steps(["says", "a"])], "step 1, says, chat is of kind int"),
        (["--history", _steps(["pass", "a"])], "step 1, pass, seconds is of kind float"),
        (["--history", _steps(["jump", 0, 1e300])], "too large"),
        (["--history", '["two", "poll", 1, false, [["pass", NaN]]]'], "no JSON"),
        (["--history", _steps(["arms", "sometimes", 1])], "mode is one of before"),
        (["--history", _steps(["together", ["run", 0], ["ruin", 0]])], "did you mean run?"),
        (["--history", _steps(), "--seed", "1"], "not both"),
        (["--share", "5/4", "--faults", "poll"], "'5/4' is no share; 2/4 is the second of four"),
        (["--share", "all", "--faults", "poll"], "is no share"),
        (["--share", "0/0", "--faults", "poll"], "is no share"),
        (["--seeds", "0"], "'0' is no whole number from 1 on"),
        (["--seeds", "x"], "'x' is no whole number from 1 on"),
        (["--seeds", "1", "--start", "-1"], "'-1' is no whole number from 0 on"),
        (["--seed", "1", "--steps", "0"], "'0' is no whole number"),
        (["--seeds", "1", "--minutes", "nan"], "no number of minutes"),
        (["--threes"], "--threes needs --seeds"),
        (["--pairs", "--double", "--seeds", "1"], "not allowed with"),
        (["--faults", "poll", "--platform", "viber"], "viber cannot be polled"),
        (["--seeds", "1", "--state", "/nowhere/at.json"], "no file in a folder that exists"),
        (["--seeds", "1", "--state", "broken.json"], "holds no place to go on from: delete it"),
        (["--seeds", "1", "--state", "list.json"], "holds no place"),
        (["--seeds", "1", "--state", "odd.json"], "holds no place"),
        (["--faults", "poll", "--state", "at.json"], "--state goes with --seeds"),
    ],
)
def test_what_makes_no_sense_is_told(
    arguments: list[str], told: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """One line on standard error says what to do, the status is 2, and nothing runs."""
    for name, text in STATES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    shown = capsys.readouterr()
    assert (2, "", 1) == (ended.value.code, shown.out, shown.err.count("\n"))
    assert told in shown.err


def test_rubbish_ends_the_command_with_status_2() -> None:
    """The same as a process: no traceback."""
    asked = [sys.executable, "-m", "chatbridge.testing.world", "--history", "rubbish"]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (2, "", 1) == (ended.returncode, ended.stdout, ended.stderr.count("\n"))


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_what_was_printed_is_taken(platform: str) -> None:
    """Every history that the world draws is one that the command reads."""
    drawn = [history_of(seed, 60, platform) for seed in range(20)]
    assert drawn == [read_history(history.as_text()) for history in drawn]


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_whatever_is_taken_can_be_run(platform: str) -> None:
    """Steps with values of the right kinds but without sense do nothing, and no error comes out."""
    draw = random.Random(platform)
    known = sorted({**shared_steps(), **PLATFORMS[platform].steps})
    values: tuple[Any, ...] = (0, -7, 9, "", "x", 0.5, True, None, [], {})
    taken = 0
    for _ in range(400):
        step = [draw.choice(known), *(draw.choice(values) for _ in range(draw.randrange(4)))]
        text = json.dumps(["opened", "poll", 2, True, [step, ["run", 1]], "cloud", platform])
        try:
            history = read_history(text)
        except ValueError:
            continue
        taken += 1
        run(history)
    assert taken > 20


def test_three_operations_are_drawn_where_they_can_happen() -> None:
    """The seeds of before draw what they drew; Viber is not polled."""
    assert {"poll", "webhook", "hints"} == {sampling.three_of(seed).setting for seed in range(30)}
    drawn = [sampling.three_of(seed, platform="viber", edition="data_center") for seed in range(30)]
    assert {"webhook", "hints"} == {each.setting for each in drawn}
    assert {("viber", "data_center")} == {(each.platform, each.edition) for each in drawn}


def test_a_pair_of_crashes_happens_on_viber_too() -> None:
    """Each history is one of the platform and edition that were asked for, and holds."""
    runs = list(sampling.crash_pairs(3, 5, platform="viber", edition="data_center"))
    assert {("viber", "data_center")} == {
        (history.platform, history.edition) for _, history, _ in runs
    }
    assert [] == [outcome.problems for _, _, outcome in runs if outcome.problems]


def test_seeds_can_be_held_to_one_edition(capsys: pytest.CaptureFixture[str]) -> None:
    """Without --edition a seed draws it."""
    assert 0 == command.main(["--seeds", "2", "--steps", "3", "--edition", "data_center"])
    assert "2 runs in" in capsys.readouterr().out
    assert isinstance(history_of(1), History)
