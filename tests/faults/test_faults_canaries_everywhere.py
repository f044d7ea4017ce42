"""The search for words goes on in the demo, killed processes included, and in the random world."""

from __future__ import annotations

import base64
import codecs
import logging
import re
import subprocess
import sys

import pytest

from chatbridge.cli import demo_stage
from chatbridge.cli.demo import _Story
from chatbridge.cli.demo_people import CHATS, NAMES
from chatbridge.testing.world.histories import beginning
from chatbridge.testing.world.operations import perform, prepare
from chatbridge.testing.world.random_histories import history_of
from chatbridge.testing.world.stage import World
from chatbridge.testing.world.verdict import settle

AT_DEBUG = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
from chatbridge.cli import display, main
main.logs_to_stderr = lambda: display.logs_to_stderr(logging.DEBUG)
sys.exit(main.chatbridge(sys.argv[1:], prog_name="chatbridge"))
"""
"""What the demo's process runs here: the command line, with every logger at DEBUG."""


def _forms(word):
    raw = word.encode()
    return {
        "as it is": raw,
        "in capitals": word.upper().encode(),
        "backwards": raw[::-1],
        "turned by 13": codecs.encode(word, "rot13").encode(),
        "UTF-16": word.encode("utf-16-le"),
        "UTF-16, the other way": word.encode("utf-16-be"),
        "UTF-32": word.encode("utf-32-le"),
        "hexadecimal": raw.hex().encode(),
        "base64": base64.b64encode(raw)[: len(raw) // 3 * 4],
        "base64, one behind": base64.b64encode(b"x" + raw)[2 : (len(raw) + 1) // 3 * 4],
        "base64, two behind": base64.b64encode(b"xx" + raw)[3 : (len(raw) + 2) // 3 * 4],
        "percent signs": "".join(f"%{each:02X}" for each in raw).encode(),
    }


def _found(words, places):
    return [
        f"{word} {name} in {place}"
        for word in words
        for name, form in _forms(word).items()
        for place, raw in places.items()
        if form in raw
    ]


@pytest.mark.fault("F80", "F81")
@pytest.mark.invariant("I10", "I26")
def test_the_demo_writes_no_word_down(tmp_path, monkeypatch, capsys):
    """With every logger of its process at DEBUG, nothing that it writes holds a word or secret."""
    temporary, popen = tmp_path / "temporary", subprocess.Popen
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    folder = tmp_path / "demo"
    folder.mkdir()
    seen = {}

    def start(command, **how):
        assert ["-m", "chatbridge"] == command[1:3]
        return popen([sys.executable, "-c", AT_DEBUG, *command[3:]], **how)

    def look(stage):
        for path in (*folder.iterdir(), *temporary.rglob("*")):
            if path.is_file() and path.suffix not in {".toml", ".key"}:
                seen[f"{path.name} {len(seen)}"] = path.read_bytes()

    class Looking(demo_stage.Stage):
        """Looks at all files whenever the process is killed or ends."""

        def kill_bridge(self):
            """See `Stage.kill_bridge`."""
            super().kill_bridge()
            look(self)

    monkeypatch.setattr(demo_stage.subprocess, "Popen", start)
    with Looking(folder) as stage:
        story = _Story(stage)
        story.tell()
        secrets = [stage.token(name).rpartition(":")[2] for name in stage.chats]
        secrets.append(stage.desk.credentials()["api_token"])
        keys = [each["key"] for each in story.people.requests()]
    told = capsys.readouterr().out
    words = ["colour", "technician", "turn it off", "lever", *NAMES.values(), *CHATS.values()]
    assert (0, True) == (story.failed, all(word in told for word in words[:3]))
    assert any(name.startswith("demo.db-wal") for name in seen)
    log = b"".join(raw for name, raw in seen.items() if name.startswith("bridge.log"))
    assert b"DEBUG:urllib3" in log
    assert [] == _found([*words, *secrets, *keys], seen)


@pytest.mark.fault("F80", "F81")
@pytest.mark.invariant("I10")
def test_the_world_writes_no_word_down(caplog):
    """Random histories with all faults: no word in logs at DEBUG, nor in any record's bytes."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="chatbridge")
    words = 0
    for seed in range(12):
        world = _lived(seed)
        words += len(world.truth.words)
        shown = [
            repr(each)
            for process in world.processes
            if process.bridge is not None
            for each in (process.bridge.health(), process.bridge.tally())
        ]
        secret = world.chats.simulator.credentials()["bot_token"].partition(":")[2]
        keys = [issue.key for issue in world.desk.state.issues.values()]
        written = " ".join([caplog.text, *(repr(each.args) for each in caplog.records), *shown])
        rows = b"".join(key.encode() + value for key, value in world.rows())
        assert [] == re.findall(r"q\d+q", written), f"seed {seed}"
        assert [] == [each for each in (secret, *keys) if each in written], f"seed {seed}"
        assert [] == re.findall(rb"q\d{2,}q|[A-Z]{3,}-\d{2,}", rows), f"seed {seed}"
        assert secret.encode() not in rows
    assert words > 50 and len(caplog.records) > 0


def _lived(seed):
    """Return a world after a random history."""
    history = history_of(seed, 30)
    world = prepare(
        World(
            beginning(history.start, history.mode), mode=history.mode,
            processes=history.processes, hints=history.hints,
        )
    )  # fmt: skip
    for step in history.steps:
        perform(world, step)
    settle(world)
    return world
