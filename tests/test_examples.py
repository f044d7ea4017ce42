"""The examples do what they say: each one is run, between simulators on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from chatbridge import (
    Bridge,
    CloudDesk,
    NewBot,
    Plugins,
    ProjectSettings,
    Secret,
    SiteSettings,
    new_root_key,
    root_key_from_file,
)
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.serving import SimulationServer
from chatbridge.testing.simulator import Simulator

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PATIENCE = 30.0
SECRET = "secret-of-hints"


@define
class Town:
    """Simulators behind a loopback server, and a folder in which a project was set up."""

    desk: Simulator
    telegram: Simulator
    folder: Path
    environment: dict[str, str] = field(factory=dict)

    def run(self, name: str, **more: str) -> subprocess.Popen[str]:
        """Start an example in the folder."""
        return subprocess.Popen(
            [sys.executable, str(EXAMPLES / name)],
            cwd=self.folder,
            env={**os.environ, **self.environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def says(self, text: str) -> None:
        """Let a customer write."""
        self.telegram.control("message", {"chat": 1001, "text": text})

    def requests(self) -> list[dict[str, Any]]:
        """Return the customer requests."""
        found: list[dict[str, Any]] = self.desk.control("requests", {})
        return found

    def shown(self, text: str) -> bool:
        """Tell whether the bot has shown this text."""
        chat = self.telegram.control("transcript", {"chat": 1001})
        return any(each["from"] == "bot" and text in each["text"] for each in chat)


def _wait(simulator: Simulator, ready: Callable[[], bool]) -> bool:
    with simulator.changed:
        return simulator.changed.wait_for(ready, PATIENCE)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Serve simulators and set a project up as `chatbridge init` and `project set` would."""
    desk, telegram = DeskSimulator(), Plugins().simulator("telegram")()
    with SimulationServer({"desk": desk, "telegram": telegram}) as server:
        known = desk.credentials()
        site_url = server.url("desk")
        key = tmp_path / "chatbridge.key"
        key.touch(mode=0o600)
        key.write_text(new_root_key())
        site = SiteSettings(
            url=site_url, account=known["account"], token=Secret(known["api_token"])
        )
        bot = NewBot(
            "telegram",
            {
                "token": telegram.credentials()["bot_token"],
                "api_url": server.url("telegram"),
            },
        )
        settings = ProjectSettings(
            name="support",
            service_desk=known["service_desk"],
            request_type=known["request_type"],
        )
        with Bridge(
            storage=f"sqlite:{tmp_path / 'chatbridge.db'}",
            root_keys=root_key_from_file(key),
            sites=[CloudDesk(site)],
        ) as bridge:
            bridge.admin.set_project(settings, [bot])
        environment = {
            "CHATBRIDGE_SITE_URL": site_url,
            "CHATBRIDGE_SITE_ACCOUNT": known["account"],
            "CHATBRIDGE_SITE_TOKEN": known["api_token"],
        }
        yield Town(desk, telegram, tmp_path, environment)


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


def test_cron_worker_does_what_is_due_and_ends(town: Town) -> None:
    """One run takes a waiting message into the desk and tells the chat."""
    town.says("My printer is on fire")
    program = town.run("cron_worker.py")
    output = program.communicate(timeout=60)
    assert (0, ("", "")) == (program.returncode, output)
    (request,) = town.requests()
    assert ("My printer is on fire", True) == (request["summary"], town.shown(request["key"]))


def _status(url: str, body: bytes | None = None) -> int:
    try:
        with urllib.request.urlopen(url, body, timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_embedded_bridge_works_beside_the_service(town: Town) -> None:
    """The service's pages answer, hints of Jira arrive below /chat, and both ways work."""
    program = town.run("embed_wsgi.py", PORT="0", CHATBRIDGE_HINT_SECRET=SECRET)
    try:
        assert program.stdout is not None
        url = program.stdout.readline().removeprefix("ready: ").strip()
        statuses = [_status(f"{url}/"), _status(f"{url}/chat/health")]
        statuses += [_status(f"{url}/chat/hints/127.0.0.1", b"{}")]
        town.desk.control("register_hint", {"url": f"{url}/chat/hints/127.0.0.1", "secret": SECRET})
        town.says("My printer is on fire")
        opened = _wait(town.desk, lambda: bool(town.requests()))
        key = town.requests()[0]["key"]
        told = _wait(town.telegram, lambda: town.shown(key))
        town.desk.control("comment", {"issue": key, "text": "Have you tried water?"})
        answered = _wait(town.telegram, lambda: town.shown("Have you tried water?"))
        assert ([200, 200, 403], True, True, True) == (statuses, opened, told, answered)
    finally:
        program.send_signal(signal.SIGTERM)
        _, complaints = program.communicate(timeout=60)
    assert (0, False) == (program.returncode, "Traceback" in complaints)
