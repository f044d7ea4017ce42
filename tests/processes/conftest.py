"""A stage with real processes of the bridge, several at once, and what they must keep."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbridge.cli.demo_people import People
from chatbridge.cli.demo_stage import Stage, eventually


class Company(Stage):
    """A stage on which everything that was said is noted, and on which bridges come and go."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, listens=False)
        self.people = People(self.desk, self.chats)
        self.requests, self.comments = self.people.requests, self.people.comments
        self.folder = folder
        self.key = ""
        self.said: dict[str, list[str]] = {"customer": [], "agent": [], "note": []}
        self.others: list[subprocess.Popen[str]] = []

    def customer_says(self, text: str) -> None:
        """Let the customer write to the bot."""
        self.people.customer_says("telegram", text)

    def agent_says(self, issue: str, text: str, *, public: bool = True) -> None:
        """Let the agent comment on the request."""
        self.people.agent_says(issue, text, public=public)

    def shown(self, text: str) -> list[str]:
        """Return the bot's messages that hold a text."""
        return self.people.shown("telegram", text)

    def open(self) -> None:
        """Start a bridge and let the customer open a request."""
        self.start_bridge()
        self.customer_says("hello there")
        assert eventually(self.requests), "no request was opened"
        self.key = self.requests()[0]["key"]

    def talk(self, name: str, *, customer: int = 1, agent: int = 1) -> None:
        """Let both sides say something new; names must not be parts of each other."""
        for number in range(max(customer, agent)):
            if number < customer:
                self.said["customer"].append(f"c-{name}-{number}.")
                self.customer_says(f"c-{name}-{number}.")
            if number < agent:
                self.said["agent"].append(f"a-{name}-{number}.")
                self.agent_says(self.key, f"a-{name}-{number}.")
        self.said["note"].append(f"note-{name}.")
        self.agent_says(self.key, f"note-{name}.", public=False)

    def start_another(self) -> subprocess.Popen[str]:
        """Start one more bridge on the same database; it ends with the stage at the latest."""
        first, self._bridge = self._bridge, None
        self.start_bridge()
        other, self._bridge = self._bridge, first
        assert other is not None
        self.others.append(other)
        return other

    def settled(self, seconds: float = 90.0) -> bool:
        """Wait until everything is where it belongs; return whether it came to be."""
        return eventually(
            lambda: all(self.comments(text) for text in self.said["customer"]), seconds
        ) and eventually(lambda: all(self.shown(text) for text in self.said["agent"]), seconds)

    def check(self, most_doubled: int) -> int:
        """Check that all is there, once, and no note; return how many answers came again."""
        lost = [text for text in self.said["customer"] if not self.comments(text)]
        lost += [text for text in self.said["agent"] if not self.shown(text)]
        twice = [text for text in self.said["customer"] if len(self.comments(text)) > 1]
        doubled = sum(len(self.shown(text)) - 1 for text in self.said["agent"])
        leaked = [text for text in self.said["note"] if self.shown(text)]
        opened = [request["summary"] for request in self.requests()]
        assert ([], [], [], ["hello there"]) == (lost, twice, leaked, opened)
        assert doubled <= most_doubled
        words = [
            *self.said["agent"],
            *self.said["customer"],
            self.key,
            self.token("telegram").split(":")[1],
        ]
        assert [] == self.files_hold(words)
        return doubled

    def __exit__(self, *error: Any) -> None:
        for other in self.others:
            if other.poll() is None:
                os.kill(other.pid, signal.SIGCONT)
                other.kill()
            other.wait()
            if other.stdout is not None:
                other.stdout.close()
        super().__exit__(*error)


@pytest.fixture
def open_company(tmp_path: Path) -> Iterator[Callable[[str], Company]]:
    """Return what opens companies, each in a folder of its own; they are closed at the end."""
    opened: list[Company] = []

    def make(name: str) -> Company:
        folder = tmp_path / name
        folder.mkdir()
        company = Company(folder)
        company.__enter__()
        opened.append(company)
        company.set_up_project("telegram")
        return company

    yield make
    for company in opened:
        company.__exit__(None, None, None)


@pytest.fixture
def company(open_company: Callable[[str], Company]) -> Company:
    """A company with simulated services and a project, and no bridge running yet."""
    return open_company("company")
