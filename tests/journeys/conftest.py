"""A whole bridge between simulators, in memory and under virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatbridge import (
    Bridge,
    CloudDesk,
    HttpRequest,
    HttpResponse,
    MemoryStorage,
    NewBot,
    Plugins,
    ProjectSettings,
    Secret,
    SiteSettings,
    Storage,
    Timings,
    new_root_key,
    root_key_from_text,
)
from chatbridge.http_types import WebhookRequest
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.simulated_transport import SimulatedTransport
from chatbridge.testing.virtual_clock import VirtualClock

SITE_URL = "https://acme.atlassian.net"
TELEGRAM_URL = "https://api.telegram.org"
PUBLIC_URL = "https://bridge.example"


class World:
    """A customer, agents, and the bridge between them."""

    def __init__(self, storage: Storage | None = None, mode: str = "poll") -> None:
        self.clock = VirtualClock()
        self.plugins = Plugins()
        self.desk = DeskSimulator(clock=self.clock)
        self.telegram = self.plugins.simulator("telegram")(clock=self.clock)
        self.calls: list[tuple[HttpRequest, HttpResponse]] = []
        self.transport = SimulatedTransport(
            {SITE_URL: self.desk, TELEGRAM_URL: self.telegram},
            self.clock,
            log=lambda request, response: self.calls.append((request, response)),
        )
        self.storage = storage or MemoryStorage(now=self.clock.time)
        self.root = root_key_from_text(new_root_key())
        self.mode = mode
        self.bridge = self.open_bridge()
        self.set_project()

    def open_bridge(self) -> Bridge:
        """Start another process, as it were, on the same storage."""
        known = self.desk.credentials()
        site = SiteSettings(
            url=SITE_URL,
            name="acme",
            account=known["account"],
            token=Secret(known["api_token"]),
            hint_secret=Secret(known["hint_secret"]),
        )
        return Bridge(
            storage=self.storage,
            root_keys=self.root,
            sites=[CloudDesk(site)],
            public_url=PUBLIC_URL,
            plugins=self.plugins,
            transport=self.transport,
            clock=self.clock,
            timings=Timings(),
        )

    def set_project(self, **changes: Any) -> None:
        """Keep the project, with some settings changed."""
        known = self.desk.credentials()
        settings = ProjectSettings(
            name="support",
            service_desk=known["service_desk"],
            request_type=known["request_type"],
            **changes,
        )
        token = self.telegram.credentials()["bot_token"]
        bot = NewBot("telegram", {"token": token, "webhook_secret": "s3cret"}, mode=self.mode)
        self.bridge.admin.set_project(settings, [bot])

    def run(self, rounds: int = 3) -> None:
        """Let the bridge do its work, some seconds apart."""
        for _ in range(rounds):
            self.bridge.run_once(30.0)
            self.clock.advance(11.0)

    def says(self, text: str, chat: int = 1001, **more: Any) -> dict[str, Any]:
        """Let a customer write."""
        said: dict[str, Any] = self.telegram.control(
            "message", {"chat": chat, "text": text, **more}
        )
        return said

    def agent(self, issue: str, text: str, *, public: bool = True, **more: Any) -> dict[str, Any]:
        """Let an agent comment."""
        arguments = {"issue": issue, "text": text, "public": public, **more}
        done: dict[str, Any] = self.desk.control("comment", arguments)
        return done

    def transcript(self, chat: int = 1001) -> list[str]:
        """Return what the bot showed in a chat."""
        shown = self.telegram.control("transcript", {"chat": chat})
        return [each["text"] for each in shown if each["from"] == "bot"]

    def shown(self, text: str, chat: int = 1001) -> int:
        """Return how many messages of the bot hold this text."""
        return sum(text in each for each in self.transcript(chat))

    def requests(self) -> list[dict[str, Any]]:
        """Return the customer requests, the oldest first."""
        found: list[dict[str, Any]] = self.desk.control("requests", {})
        return found

    def deliver_webhooks(self) -> list[int]:
        """Bring the webhooks that are owed now to the bridge; return what it answered."""
        answers = []
        for simulator in (self.desk, self.telegram):
            for owed in simulator.owed_webhooks():
                path = owed.url.removeprefix(PUBLIC_URL + "/").split("/")
                webhook = WebhookRequest(owed.headers, owed.body)
                if path[0] == "hints":
                    answer = self.bridge.receive_hint(path[1], webhook)
                else:
                    answer = self.bridge.receive_webhook(path[1], path[2], webhook)
                simulator.webhook_answered(owed.webhook_id, answer.status, answer.retry_after)
                answers.append(answer.status)
        return answers


@pytest.fixture
def world() -> World:
    """Return a world in which the bot is polled."""
    return World()


@pytest.fixture
def make_world() -> Callable[..., World]:
    """Return what makes a world."""
    return World


@pytest.fixture
def opened(world: World) -> Iterator[str]:
    """Return the key of a request that a customer has opened, its chat told so."""
    world.says("My printer is on fire")
    world.run()
    yield world.requests()[0]["key"]
