"""A town in which each example is run: simulated services on loopback, and a project's folder."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
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

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PATIENCE = 30.0
SECRET = "secret-of-hints"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@define
class Town:
    """Simulators behind a loopback server, and a folder in which a project was set up."""

    desk: Simulator
    telegram: Simulator
    viber: Simulator
    server: SimulationServer
    folder: Path
    environment: dict[str, str] = field(factory=dict)
    port: int = field(factory=_free_port)
    running: list[subprocess.Popen[str]] = field(factory=list)

    @property
    def public_url(self) -> str:
        """Where the platforms and Jira find an example that takes webhooks."""
        return f"http://127.0.0.1:{self.port}/chat"

    def open_bridge(self) -> Bridge:
        """Return a bridge of the test's own on the example's records."""
        known = self.desk.credentials()
        site = SiteSettings(
            url=self.server.url("desk"),
            account=known["account"],
            token=Secret(known["api_token"]),
        )
        return Bridge(
            storage=f"sqlite:{self.folder / 'chatbridge.db'}",
            root_keys=root_key_from_file(self.folder / "chatbridge.key"),
            sites=[CloudDesk(site)],
            public_url=self.public_url,
        )

    def set_project(self, platform: str, mode: str) -> None:
        """Keep the project with one bot, as `chatbridge project set` would."""
        known = self.desk.credentials()
        settings = ProjectSettings(
            name="support",
            service_desk=known["service_desk"],
            request_type=known["request_type"],
        )
        simulator = {"telegram": self.telegram, "viber": self.viber}[platform]
        url = self.server.url(platform)
        given: dict[str, Any] = {"token": simulator.credentials()["bot_token"], "api_url": url}
        if platform == "viber":
            given["media_urls"] = [url]
        with self.open_bridge() as bridge:
            bridge.admin.set_project(settings, [NewBot(platform, given, mode=mode)])

    def set_hints(self) -> None:
        """Let Jira tell the example of changes."""
        url = f"{self.public_url}/hints/127.0.0.1"
        self.desk.control("register_hint", {"url": url, "secret": SECRET})

    def run(self, *command: str, **more: str) -> subprocess.Popen[str]:
        """Start an example in the folder; it is ended with the test at the latest."""
        program, *arguments = command
        if program.endswith(".py"):
            arguments = [str(EXAMPLES / program), *arguments]
        else:
            arguments = ["-m", program, *arguments]
        log = (self.folder.parent / "example.log").open("w")
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environment, **more},
            stdout=subprocess.PIPE if program.endswith(".py") else log,
            stderr=log,
            text=True,
        )
        log.close()
        self.running.append(process)
        return process

    def log(self) -> str:
        """Return what the example that was started last has written besides its output."""
        return (self.folder.parent / "example.log").read_text()

    def says(self, text: str) -> None:
        """Let a customer write on Telegram."""
        self.telegram.control("message", {"chat": 1001, "text": text})

    def writes(self, text: str) -> None:
        """Let a customer write on Viber."""
        self.viber.control("message", {"chat": "olena", "text": text})

    def answers(self, issue: str, text: str, file: bytes | None = None) -> None:
        """Let an agent answer in Jira, with a picture or without."""
        more: dict[str, Any] = {}
        if file is not None:
            content = base64.b64encode(file).decode()
            more["files"] = [{"name": "plan.jpg", "media_type": "image/jpeg", "base64": content}]
        self.desk.control("comment", {"issue": issue, "text": text, "public": True, **more})

    def requests(self) -> list[dict[str, Any]]:
        """Return the customer requests."""
        found: list[dict[str, Any]] = self.desk.control("requests", {})
        return found

    def shown(self, text: str) -> bool:
        """Tell whether the Telegram bot has shown this text."""
        return any(text in each["text"] for each in self._bot(self.telegram, 1001))

    def on_viber(self) -> list[dict[str, Any]]:
        """Return what the Viber bot has shown."""
        return self._bot(self.viber, "olena")

    @staticmethod
    def _bot(simulator: Simulator, chat: Any) -> list[dict[str, Any]]:
        shown = simulator.control("transcript", {"chat": chat})
        return [each for each in shown if each["from"] == "bot"]

    @staticmethod
    def wait(simulator: Simulator, ready: Callable[[], bool]) -> bool:
        """Wait until something is so at a simulator; return whether it came to be."""
        with simulator.changed:
            return simulator.changed.wait_for(ready, PATIENCE)


@pytest.fixture
def bare_town(tmp_path: Path) -> Iterator[Town]:
    """Serve simulators beside an empty folder with a key in it."""
    desk, plugins = DeskSimulator(), Plugins()
    telegram, viber = plugins.simulator("telegram")(), plugins.simulator("viber")()
    folder = tmp_path / "service"
    folder.mkdir()
    with SimulationServer({"desk": desk, "telegram": telegram, "viber": viber}) as server:
        known = desk.credentials()
        key = folder / "chatbridge.key"
        key.touch(mode=0o600)
        key.write_text(new_root_key())
        town = Town(desk, telegram, viber, server, folder)
        town.environment = {
            "PYTHONPATH": os.pathsep.join([str(EXAMPLES), os.environ.get("PYTHONPATH", "")]),
            "CHATBRIDGE_SITE_URL": server.url("desk"),
            "CHATBRIDGE_SITE_ACCOUNT": known["account"],
            "CHATBRIDGE_SITE_TOKEN": known["api_token"],
        }
        yield town
        for process in town.running:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@pytest.fixture
def town(bare_town: Town) -> Town:
    """The same with a project whose Telegram bot is polled."""
    bare_town.set_project("telegram", "poll")
    return bare_town
