"""The real bridge between a simulated homeserver and a simulated desk, under virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from attrs import define

import chatbridge_matrix
from chatbridge import (
    Bridge,
    CloudDesk,
    MemoryStorage,
    NewBot,
    Plugins,
    ProjectSettings,
    Secret,
    SiteSettings,
    Timings,
    WebhookAnswer,
    new_root_key,
    root_key_from_text,
)
from chatbridge.testing import DeskSimulator, SimulatedTransport, VirtualClock
from chatbridge.testing.simulator import OwedWebhook
from chatbridge_matrix.simulator import BOT, MatrixSimulator

HOME = "https://matrix.example.org"


@define
class Town:
    """A homeserver, a desk and one bridge after the other between them."""

    clock: VirtualClock
    desk: DeskSimulator
    matrix: MatrixSimulator
    make: Callable[[], Bridge]
    bridge: Bridge
    mode: str

    def set_up(self) -> None:
        """Make a project with one bot."""
        settings = ProjectSettings(
            name="support", service_desk="10", request_type="25", privacy_notice=""
        )
        known = self.matrix.credentials()
        place = {"homeserver": HOME, "access_token": known["access_token"]}
        bot = NewBot("matrix", {**place, "hs_token": known["hs_token"]}, mode=self.mode)
        self.bridge.admin.set_project(settings, [bot])

    def work(self) -> None:
        """Do what is due, and let time pass so that news can be seen."""
        for pause in (11.0, 0.0):
            for owed in self.matrix.owed_webhooks():
                self.matrix.webhook_answered(owed.webhook_id, self.taken(owed).status, None)
            self.bridge.run_once(30.0)
            self.clock.advance(pause)

    def taken(self, owed: OwedWebhook) -> WebhookAnswer:
        """Let the bridge answer a call of the homeserver."""
        place = self.bridge.webhook_url(("matrix", BOT))
        webhook = owed.received(owed.url.partition("?")[0].removeprefix(place))
        return self.bridge.receive_webhook("matrix", place.rpartition("/")[2], webhook)

    def restart(self) -> None:
        """End the process; another one goes on."""
        self.bridge.close()
        self.bridge = self.make()

    def says(self, text: str, chat: str = "c1", **more: str) -> str:
        """Let a person write; return the event's id."""
        return str(self.matrix.control("message", {"chat": chat, "text": text, **more}))

    def shown(self, chat: str = "c1") -> list[str]:
        """Return what the bot has shown in a room."""
        seen = self.matrix.control("transcript", {"chat": chat})
        return [each["text"] for each in seen if each["from"] == "bot"]

    def told(self) -> list[str]:
        """Return the summaries and comments of the desk, in their order."""
        texts = []
        for each in self.desk.control("requests", {}):
            texts += [each["summary"], *(comment["text"] for comment in each["comments"])]
        return [str(text) for text in texts]


@pytest.fixture(params=["poll", "webhook"])
def empty(request: pytest.FixtureRequest) -> Iterator[Town]:
    """A bridge without a project, for a bot that polls or is an application service."""
    clock, plugins = VirtualClock(), Plugins()
    plugins.register(chatbridge_matrix)
    desk, matrix = DeskSimulator(clock=clock), MatrixSimulator(clock=clock)
    transport = SimulatedTransport({"https://desk.example": desk, HOME: matrix}, clock)
    known, key = desk.credentials(), root_key_from_text(new_root_key())
    storage = MemoryStorage(now=clock.time)
    site = SiteSettings(
        url="https://desk.example", account=known["account"], token=Secret(known["api_token"])
    )

    def make() -> Bridge:
        return Bridge(
            storage=storage, root_keys=key, sites=[CloudDesk(site)], plugins=plugins,
            transport=transport, clock=clock, timings=Timings(lease=5.0),
            public_url="https://bridge.example/chat",
        )  # fmt: skip

    town = Town(clock, desk, matrix, make, make(), request.param)
    if town.mode == "webhook":
        matrix.control("webhook", {"url": town.bridge.webhook_url(("matrix", BOT))})
    yield town
    town.bridge.close()


@pytest.fixture
def town(empty: Town) -> Town:
    """A project with one bot, which has polled once."""
    empty.set_up()
    empty.work()
    return empty
