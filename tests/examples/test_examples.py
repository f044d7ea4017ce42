"""The examples that need no web server do what they say, between simulators on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_console_chat_carries_a_conversation() -> None:
    """The customer sees the answer and the end, and never the note."""
    lines = [
        "My printer is on fire",
        "agent: Have you tried water?",
        "note: This customer is odd",
        "status: Resolved",
        "status: No such status",
    ]
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "console_chat.py")],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=60,
    )
    told = [text in done.stdout for text in ("HELP-1", "tried water", "Resolved", "must be one of")]
    assert (0, [True] * 4, False) == (done.returncode, told, "odd" in done.stdout), done.stderr


def test_cron_worker_does_what_is_due_and_ends(town) -> None:
    """One run takes a waiting message into the desk and tells the chat; the next one answers."""
    town.says("My printer is on fire")
    first = town.run("cron_worker.py")
    assert (0, "", "") == (first.wait(60), first.stdout.read(), town.log())
    (request,) = town.requests()
    assert ("My printer is on fire", True) == (request["summary"], town.shown(request["key"]))
    town.answers(request["key"], "Have you tried water?")
    second = town.run("cron_worker.py")
    assert (0, True) == (second.wait(60), town.shown("Have you tried water?"))
