"""A desk and Telegram behind a real server, and the command line in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner, Result

from chatbridge.cli.main import chatbridge
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.serving import SimulationServer
from chatbridge_telegram.simulator import TelegramSimulator

PATIENCE = 20.0
SITE_TOKENS = {"cloud": "classic-api-token", "data_center": "personal-access-token"}


class World:
    """The simulated outside."""

    def __init__(self, edition: str) -> None:
        self.desk = DeskSimulator(kind=edition)
        self.chat = TelegramSimulator(flood_limits=False)
        self.server = SimulationServer({"desk": self.desk, "telegram": self.chat})

    @property
    def site_url(self) -> str:
        return self.server.url("desk")

    @property
    def api_url(self) -> str:
        return self.server.url("telegram")

    @property
    def bot_token(self) -> str:
        return self.chat.credentials()["bot_token"]

    def shown(self, chat: int = 7) -> list[str]:
        """Return what the bot wrote in a chat."""
        messages = self.chat.control("transcript", {"chat": chat})
        return [each["text"] for each in messages if each["from"] == "bot"]


class Shell:
    """Runs commands in this process, in a folder with its own environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._runner = CliRunner()

    def __call__(self, *arguments: str, **given: Any) -> Result:
        return self._runner.invoke(chatbridge, list(arguments), prog_name="chatbridge", **given)

    def good(self, *arguments: str, **given: Any) -> str:
        """Run a command that must succeed and return what it printed."""
        result = self(*arguments, **given)
        assert 0 == result.exit_code, result.output
        return result.stdout

    def bad(self, *arguments: str, status: int = 1, **given: Any) -> str:
        """Run a command that must fail without a traceback and return its complaint."""
        result = self(*arguments, **given)
        assert status == result.exit_code, result.output
        assert isinstance(result.exception, SystemExit)
        assert "Traceback" not in result.output
        return result.stderr


@pytest.fixture
def world(edition: str) -> Iterator[World]:
    """Return a running simulation of a desk and Telegram."""
    made = World(edition)
    with made.server:
        yield made


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Return the command line in an empty folder, with no variable of this project set."""
    for name in [name for name in os.environ if name.startswith("CHATBRIDGE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    # Nobody else is there to be heard, but where a test says so.
    monkeypatch.setattr("chatbridge.cli.bot_checks.LISTEN", 0.0)
    return Shell(tmp_path)


@pytest.fixture
def site_token(edition: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put the site's token into the environment and return it."""
    token = SITE_TOKENS[edition]
    monkeypatch.setenv("CHATBRIDGE_SITE_TOKEN", token)
    return token


@pytest.fixture
def initialised(world: World, shell: Shell, site_token: str, edition: str) -> Shell:
    """Return the command line after `init`."""
    account = ["--account", "bot@example.com"] if edition == "cloud" else []
    shell.good("init", "--site-url", world.site_url, *account)
    return shell


@pytest.fixture
def set_up(world: World, initialised: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Return the command line after a project with a polled bot was set."""
    monkeypatch.setenv("BOT_TOKEN", world.bot_token)
    initialised.good(
        "project", "set", "support", "--service-desk", "10", "--request-type", "25",
        "--bot", "telegram", "--bot-token-env", "BOT_TOKEN",
        "--bot-setting", f"api_url={world.api_url}",
    )  # fmt: skip
    return initialised


@pytest.fixture
def linked(world: World, set_up: Shell) -> Shell:
    """Return the command line after a customer's message opened request 10001, HELP-1."""
    world.chat.control("message", {"chat": 7, "text": "The printer smokes", "name": "Cora"})
    set_up.good("run", "--once")
    assert ["HELP-1"] == [each["key"] for each in world.desk.control("requests", {})]
    return set_up


@pytest.fixture
def program(shell: Shell) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return what starts the command line as a process of its own; ended by the fixture."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        log = (shell.folder / f"stderr-{len(started)}").open("w")
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "chatbridge", *arguments],
            stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True,
            cwd=shell.folder,
        )  # fmt: skip
        log.close()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    """Return what asks until the answer is true, and fails after a while."""

    def ask(question: Callable[[], Any]) -> Any:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            answer = question()
            if answer:
                return answer
            time.sleep(0.05)
        pytest.fail("it did not come about")

    return ask


@pytest.fixture
def control() -> Callable[..., Any]:
    """Return what carries out an action of a simulation by its control URL."""

    def act(control_url: str, path: str, **arguments: Any) -> Any:
        body = json.dumps(arguments).encode()
        with urlopen(Request(f"{control_url}/{path}", body), timeout=PATIENCE) as answer:
            return json.load(answer)

    return act
