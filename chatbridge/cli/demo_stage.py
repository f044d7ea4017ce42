"""The stage of the demo: simulators over HTTP, and the bridge as a process of its own.

Everything lies in one temporary folder that is removed at the end, and listens on loopback only.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from chatbridge import (
    ConfigurationError,
    NewBot,
    Plugins,
    ProjectSettings,
    UnknownPluginError,
    new_root_key,
)
from chatbridge.cli.new_files import write_new
from chatbridge.configuration import open_bridge, read_configuration
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.serving import SimulationServer
from chatbridge.testing.simulator import Fault

_MODES = {"telegram": "poll", "viber": "webhook"}
_PATIENCE = 30.0
_STARTUP = 30.0

_CONFIGURATION = """\
[site]
url = "{site_url}"
name = "demo"
account = "{account}"
token = "{token}"

[storage]
url = "sqlite:demo.db"

[keys]
file = "demo.key"

# Viber's webhooks come here, and it fetches files here.
[web]
host = "127.0.0.1"
port = {port}
public_url = "http://127.0.0.1:{port}"

# A real bridge keeps the defaults, which leave slow services more time.
[timings]
feed_every = 0.5
comment_settle = 2.0
request_settle = 3.0
lease = 1.0
burst = 100
poll_wait = 5.0
"""


class Stage:
    """Simulated services, and a bridge process that can be killed.

    Args:
        folder: holds everything that the bridge keeps.
        listens: whether the bridge takes webhooks and hands out files; one process can.
    """

    def __init__(self, folder: Path, *, listens: bool = True) -> None:
        self._listens = listens
        self._folder = folder
        self._config = folder / "chatbridge.toml"
        plugins = Plugins()
        self.desk = DeskSimulator()
        self.chats = {name: plugins.simulator(name)() for name in _platforms(plugins)}
        self._server = SimulationServer({"desk": self.desk, **self.chats})
        self._port = _free_port()
        self._bridge: subprocess.Popen[str] | None = None
        self.output = folder / "bridge.log"

    def __enter__(self) -> Self:
        self._server.start()
        known = self.desk.credentials()
        text = _CONFIGURATION.format(
            site_url=self._server.url("desk"),
            account=known["account"],
            token=known["api_token"],
            port=self._port,
        )
        write_new(self._config, text)
        write_new(self._folder / "demo.key", new_root_key() + "\n")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill_bridge()
        self._server.stop()

    def set_up_project(self, *platforms: str) -> list[str]:
        """Keep the project with its bots; return what the checks said.

        Args:
            platforms: whose bots the project has; Telegram's is polled, Viber's gets webhooks.
        """
        known = self.desk.credentials()
        settings = ProjectSettings(
            name="support",
            service_desk=known["service_desk"],
            request_type=known["request_type"],
            privacy_notice="Your messages are passed on to our support team's Jira.",
        )
        bots = [
            NewBot(
                name,
                self._bot_settings(name),
                mode=_MODES[name],
            )
            for name in platforms
        ]
        with open_bridge(read_configuration(self._config)) as bridge:
            findings = bridge.admin.set_project(settings, bots)
        return [f"{each.subject}: {each.text}" for each in findings]

    def _bot_settings(self, platform: str) -> dict[str, Any]:
        url = self._server.url(platform)
        settings: dict[str, Any] = {"token": self.token(platform), "api_url": url}
        if platform == "viber":
            # Files of people are handed out by the simulator as well.
            settings["media_urls"] = [url]
        return settings

    def token(self, platform: str) -> str:
        """Return a bot's token, which must not be found in any file of the bridge."""
        known = self.chats[platform].credentials()
        return str(known["bot_token"])

    def start_bridge(self) -> int:
        """Start `chatbridge run` and return its process id once it is ready."""
        command = [sys.executable, "-m", "chatbridge", "-c", str(self._config), "run"]
        command += [] if self._listens else ["--no-web"]
        log = self.output.open("a")
        self._bridge = subprocess.Popen(  # noqa: S603 - our own program
            command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=self._folder
        )
        log.close()
        if not _first_line(self._bridge).startswith("ready"):
            raise ConfigurationError(f"the bridge did not start: {self.output.read_text()[-500:]}")
        return self._bridge.pid

    def kill_bridge(self) -> None:
        """End the bridge as kill -9 does, in the middle of whatever it does."""
        bridge, self._bridge = self._bridge, None
        if bridge is not None:
            bridge.kill()
            bridge.wait()
            if bridge.stdout is not None:
                bridge.stdout.close()

    def stop_bridge(self) -> int:
        """End the bridge with SIGTERM and return its exit code."""
        if self._bridge is None:
            return 0
        self._bridge.terminate()
        code = self._bridge.wait(timeout=_PATIENCE)
        self.kill_bridge()
        return code

    def slow_down_comments(self) -> None:
        """Let Jira take the next comment, but keep its answer back."""
        self.desk.switch_fault(Fault(kind="slow", match="POST .*/issue/.*/comment$", seconds=20.0))

    def files_hold(self, words: list[str]) -> list[str]:
        """Return those of the words that stand readable in the bridge's database or log."""
        names = {self._config.name}
        kept = [p for p in self._folder.rglob("*") if p.is_file() and p.name not in names]
        raw = b"".join(path.read_bytes() for path in kept)
        return [word for word in words if word.encode() in raw]


def _platforms(plugins: Plugins) -> list[str]:
    """Return the platforms of the demo that are installed; Telegram must be."""
    found = ["telegram"]
    with suppress(UnknownPluginError):
        plugins.simulator("viber")
        found.append("viber")
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def eventually(ready: Callable[[], object], seconds: float = _PATIENCE) -> bool:
    """Wait until something is so; return whether it came to be."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _first_line(process: subprocess.Popen[str]) -> str:
    """Return the first line that a process prints, empty when none comes in time."""
    stream, lines = process.stdout, [""]
    if stream is None:
        return ""
    reader = threading.Thread(target=lambda: lines.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(_STARTUP)
    return lines[-1]
