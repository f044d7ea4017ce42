"""`chatbridge run` as a real process, killed at random moments while both sides talk."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from chatbridge.cli.demo_stage import Stage, eventually


@pytest.fixture
def stage(tmp_path):
    """Simulated services over HTTP, and a project that a bridge process can serve."""
    with Stage(tmp_path) as made:
        made.set_up_project()
        yield made


def _talk(stage, seed, kills):
    """Kill and restart the bridge while both sides write; return what was said."""
    chance = random.Random(seed)
    pid = stage.start_bridge()
    stage.customer_says("hello there")
    assert eventually(stage.requests), "no request was opened"
    key = stage.requests()[0]["key"]
    said = {"customer": ["hello there"], "agent": [], "note": []}
    for turn in range(kills):
        for number in range(chance.randint(1, 3)):
            word = f"word-{turn}-{number}."
            said["customer"].append(f"c-{word}")
            stage.customer_says(f"c-{word}")
            said["agent"].append(f"a-{word}")
            stage.agent_says(key, f"a-{word}")
        said["note"].append(f"n-{turn}")
        stage.agent_says(key, f"n-{turn}", public=False)
        time.sleep(chance.uniform(0, 2.5))
        stage.kill_bridge()
        pid = stage.start_bridge()
    assert pid > 0
    return key, said


def _check(stage, key, said):
    """Each message is where it belongs: in Jira once, in the chat once or, in doubt, twice."""
    first, *others = said["customer"]
    assert [request["summary"] for request in stage.requests()] == [first]
    assert eventually(lambda: all(stage.comments(text) for text in others), 60)
    assert eventually(lambda: all(stage.shown(text) for text in said["agent"]), 60)
    assert stage.stop_bridge() == 0
    assert [1] * len(others) == [len(stage.comments(text)) for text in others]
    doubled = [text for text in said["agent"] if len(stage.shown(text)) > 1]
    assert [] == [text for text in doubled if len(stage.shown(text)) > 2]
    assert [] == [text for text in said["note"] if stage.shown(text)]
    words = [*said["agent"], *said["customer"], key, stage.token.partition(":")[2]]
    assert [] == stage.files_hold(words)
    return doubled


@pytest.mark.fault("F2", "F3", "F36", "F37")
@pytest.mark.invariant("I1", "I2", "I3", "I6", "I7")
def test_a_killed_bridge_loses_nothing(stage):
    """A few kills at random moments lose no message and double none in Jira."""
    key, said = _talk(stage, seed=1, kills=3)
    _check(stage, key, said)


@pytest.mark.fault("F2", "F3", "F36", "F37")
@pytest.mark.invariant("I1", "I2", "I3", "I6", "I7")
@pytest.mark.heavy
@pytest.mark.parametrize("seed", [11, 12])
def test_many_kills_lose_nothing(stage, seed):
    """Dozens of kills at random moments lose no message and double none in Jira."""
    key, said = _talk(stage, seed=seed, kills=15)
    doubled = _check(stage, key, said)
    assert len(doubled) <= 15


@pytest.mark.fault("F6")
@pytest.mark.invariant("I3")
def test_sigstop_past_the_lease(stage):
    """A bridge that was frozen for longer than a lease goes on, and nothing comes twice."""
    pid = stage.start_bridge()
    stage.customer_says("hello there")
    assert eventually(stage.requests)
    key = stage.requests()[0]["key"]
    signal_to(pid, signal.SIGSTOP)
    stage.agent_says(key, "while you slept")
    stage.customer_says("and me too")
    time.sleep(2.5)
    signal_to(pid, signal.SIGCONT)
    assert eventually(lambda: stage.shown("while you slept"))
    assert eventually(lambda: stage.comments("and me too"))
    assert stage.stop_bridge() == 0
    assert (1, 1) == (len(stage.shown("while you slept")), len(stage.comments("and me too")))


def signal_to(pid, number):
    """Send a signal to a process that this test has started."""
    os.kill(pid, number)
