"""A company whose bridge reaches every service through a toxic proxy."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from chatbridge.cli.demo_people import People
from chatbridge.cli.demo_stage import Stage, eventually
from chatbridge.testing.serving import SimulationServer
from tests.soak.toxic_proxy import Toxic, ToxicProxy

SERVICES = ("telegram", "viber", "jira", "jsm")
PLATFORMS = ("telegram", "viber")


def service_of(path: str) -> str:
    """Return the service that a path of the simulators belongs to."""
    first = path.lstrip("/").partition("/")[0]
    if first != "desk":
        return first
    return "jsm" if "/rest/servicedeskapi/" in path else "jira"


class _Spoilt:
    """The simulators' server, as it is reached through the proxy."""

    def __init__(self, server: SimulationServer) -> None:
        self._server = server
        self.proxy: ToxicProxy | None = None

    def start(self) -> None:
        self._server.start()
        self.proxy = ToxicProxy(urlsplit(self._server.url("desk")).port or 0, service_of)
        self.proxy.start()

    def stop(self) -> None:
        if self.proxy is not None:
            self.proxy.stop()
        self._server.stop()

    def url(self, name: str) -> str:
        assert self.proxy is not None
        return f"http://127.0.0.1:{self.proxy.port}/{name}"


class SoakStage(Stage):
    """A stage with one bridge, two platforms and what was said on them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._spoilt = _Spoilt(self._server)
        self._server = self._spoilt  # type: ignore[assignment]
        self.people = People(self.desk, self.chats)
        self.pid = 0
        self.keys: dict[str, str] = {}

    def __enter__(self) -> Self:
        super().__enter__()
        self.set_up_project("telegram")
        self.pid = self.start_bridge()
        # Viber asks the address of its webhooks for an answer before it takes it.
        self.set_up_project(*PLATFORMS)
        return self

    @property
    def proxy(self) -> ToxicProxy:
        """What stands before all services."""
        assert self._spoilt.proxy is not None
        return self._spoilt.proxy

    def spoil(self, toxic: Toxic | None) -> None:
        """Let something go wrong from now on, or nothing."""
        self.proxy.toxic = toxic

    def open_requests(self, name: str) -> None:
        """Let a customer of each platform open a request."""
        for platform in PLATFORMS:
            word = f"hello-{name}-{platform}."
            self.people.customer_says(platform, word)
            assert eventually(partial(self._key, word), 90), "no request was opened"
            self.keys[platform] = self._key(word)

    def close_requests(self) -> None:
        """Let the agent close what is open, so that the next word opens another request."""
        for platform, key in self.keys.items():
            self.people.agent_moves(key, "Closed")
            told = partial(self._is_told, platform, key)
            assert eventually(told, 90), "nobody was told that a request was closed"

    def _is_told(self, platform: str, key: str) -> bool:
        return any(key in text for text in self.people.shown(platform, "was closed"))

    def measure(self) -> tuple[float, int]:
        """Return the resident size of the bridge in MiB, and its open files."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        size = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(size.split()[1]) / 1024, len(os.listdir(f"/proc/{self.pid}/fd"))

    def _key(self, word: str) -> str:
        found: list[dict[str, Any]] = self.people.requests()
        return next((each["key"] for each in reversed(found) if word in each["summary"]), "")
