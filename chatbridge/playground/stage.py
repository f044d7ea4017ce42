"""The stage: simulators, the real bridge between them, and time that passes when it is told to.

One thread at a time. The storage is in memory and outlives the bridge, which may be killed and
started again like a process.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from chatbridge.adapter import RegistersWebhooks
from chatbridge.administration import NewBot
from chatbridge.bridge import Bridge
from chatbridge.errors import ChatbridgeError
from chatbridge.http_types import WebhookAnswer
from chatbridge.jira.jira_desk import CloudDesk
from chatbridge.jira.site import SiteSettings
from chatbridge.keys import new_root_key, root_key_from_text
from chatbridge.memory_storage import MemoryStorage
from chatbridge.playground.calls import Calls, Crash
from chatbridge.playground.phones import Phones
from chatbridge.playground.platforms import platforms
from chatbridge.playground.rounds import Rounds
from chatbridge.plugins import Plugins
from chatbridge.project import ProjectSettings
from chatbridge.secret import Secret
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.simulator import FetchedFile, OwedFetch, OwedWebhook, Simulator
from chatbridge.testing.virtual_clock import VirtualClock

SITE: Final = "acme"
DESK: Final = "desk"
_SITE_URL: Final = "https://acme.atlassian.net"
_PUBLIC_URL: Final = "https://bridge.example"
_MOST_TURNS: Final = 20
_STEPS: Final = 120
_SHORTEST_STEP: Final = 2.0


class Stage:
    """Everything that happens, before anybody looks at it.

    Args:
        wanted: names of platforms; without them all that are installed.
        start: the Unix seconds at which the clock starts; None: now.

    Raises:
        ConfigurationError: no platform can be played with.
    """

    def __init__(self, wanted: Sequence[str] = (), *, start: float | None = None) -> None:
        self.clock = VirtualClock(time.time() if start is None else start)
        self.plugins = Plugins()
        self.desk = DeskSimulator(clock=self.clock, base=_SITE_URL)
        self.platforms = {each.name: each for each in platforms(self.plugins, self.clock, wanted)}
        self.phones = Phones(self.platforms.values())
        simulators = {name: each.simulator for name, each in self.platforms.items()}
        self.simulators: dict[str, Simulator] = {DESK: self.desk, **simulators}
        addresses = {_SITE_URL: DESK}
        for name, each in self.platforms.items():
            addresses |= dict.fromkeys(each.adapter.urls(), name)
            each.simulator.deliver_now = self._deliver_all
        idempotent = {
            name for name, each in self.platforms.items() if each.adapter.capabilities.idempotent
        }
        self.calls = Calls(self.simulators, addresses, self.clock, idempotent)
        self.storage = MemoryStorage(now=self.clock.time)
        self.root = root_key_from_text(new_root_key())
        self.bridge: Bridge | None = None
        self.starts = 0
        self._rounds: Rounds | None = None
        self._set_up()

    def start_bridge(self) -> None:
        """Start a bridge on the storage, as another process; nothing where one runs."""
        if self.bridge is None:
            self.starts += 1
            self.calls.restart()
            self.bridge = self._new_bridge()
            self._rounds = Rounds(self.bridge, self.clock)
            self.turn()

    def kill_bridge(self) -> None:
        """End the bridge as kill -9 does: nothing is finished or let go."""
        self.bridge = self._rounds = None

    def problems(self) -> list[str]:
        """Return what the bridge complains about now."""
        return self._rounds.problems() if self._rounds is not None else []

    def turn(self) -> None:
        """Bring what waits and let the bridge work, until nothing is due at this moment."""
        for _ in range(_MOST_TURNS):
            brought = self._deliver_all()
            worked = self._work()
            fetched = self._fetch_all()
            if not (brought or worked or fetched):
                break

    def pass_time(self, seconds: float) -> None:
        """Let time pass, the bridge working all along; a long time in larger steps."""
        until = self.clock.monotonic() + seconds
        step = max(_SHORTEST_STEP, seconds / _STEPS)
        while (left := until - self.clock.monotonic()) > 0:
            self.clock.advance(min(step, left))
            self.turn()

    def _work(self) -> bool:
        if self._rounds is None:
            return False
        try:
            return self._rounds.turn()
        except Crash:
            self.kill_bridge()
            return True

    def _deliver_all(self) -> bool:
        owed = [
            (simulator, webhook)
            for simulator in self.simulators.values()
            for webhook in simulator.owed_webhooks()
        ]
        for simulator, webhook in owed:
            self._deliver(simulator, webhook)
        return bool(owed)

    def _deliver(self, simulator: Simulator, owed: OwedWebhook) -> None:
        answer: WebhookAnswer | None = None
        try:
            answer = self._received(owed) if self.bridge is not None else None
        except Crash:
            self.kill_bridge()
        except ChatbridgeError:
            answer = WebhookAnswer(503, retry_after=5)
        status = answer.status if answer is not None else None
        wait = answer.retry_after if answer is not None else None
        body = answer.body if answer is not None else b""
        simulator.webhook_answered(owed.webhook_id, status, wait, body)

    def _received(self, owed: OwedWebhook) -> WebhookAnswer:
        assert self.bridge is not None
        kind, name, *rest = urlsplit(owed.url).path.strip("/").split("/")
        if kind == "hints":
            return self.bridge.receive_hint(name, owed.received(at=self.clock.time()))
        token, *below = rest
        webhook = owed.received("".join(f"/{part}" for part in below), self.clock.time())
        return self.bridge.receive_webhook(name, token, webhook)

    def _fetch_all(self) -> bool:
        owed = [
            (simulator, fetch)
            for simulator in self.simulators.values()
            for fetch in simulator.owed_fetches()
        ]
        for simulator, fetch in owed:
            simulator.fetched(fetch.fetch_id, self._fetched(fetch))
        return bool(owed)

    def _fetched(self, fetch: OwedFetch) -> FetchedFile | None:
        """Return a file that the bridge hands out; None where no bridge answers."""
        if self.bridge is None:
            return None
        token = urlsplit(fetch.url).path.removeprefix("/files/").split("/")[0]
        with suppress(ChatbridgeError), self.bridge.open_file(token) as served:
            fields = {"Content-Type": served.media_type}
            if served.length is not None:
                fields["Content-Length"] = str(served.length)
            return FetchedFile(200, fields, b"".join(served))
        return FetchedFile(404)

    def _new_bridge(self) -> Bridge:
        known = self.desk.credentials()
        site = SiteSettings(
            url=_SITE_URL, name=SITE, account=known["account"], token=Secret(known["api_token"]),
            hint_secret=Secret(known["hint_secret"]),
        )  # fmt: skip
        return Bridge(
            storage=self.storage, root_keys=self.root, sites=[CloudDesk(site)],
            public_url=_PUBLIC_URL, plugins=self.plugins, transport=self.calls, clock=self.clock,
        )  # fmt: skip

    def _set_up(self) -> None:
        """Keep the project with its bots, and let Jira send hints."""
        known = self.desk.credentials()
        self.start_bridge()
        assert self.bridge is not None
        bots: list[NewBot] = [each.bot for each in self.platforms.values()]
        settings = ProjectSettings(
            name="support", service_desk=known["service_desk"],
            request_type=known["request_type"],
        )  # fmt: skip
        self.bridge.admin.set_project(settings, bots)
        self.desk.hints.register(f"{_PUBLIC_URL}/hints/{SITE}", secret=known["hint_secret"])
        self._tell_webhooks(self.bridge)
        self._rounds = Rounds(self.bridge, self.clock)
        self.calls.told.clear()
        self.turn()

    def _tell_webhooks(self, bridge: Bridge) -> None:
        """Do by hand what a platform has no call for: tell it where its webhooks go."""
        for project in bridge.engine.roster.refresh():
            for bot in project.bots:
                platform = self.platforms[bot.record.platform]
                by_hand = not isinstance(platform.adapter, RegistersWebhooks)
                if bot.record.mode == "webhook" and by_hand and platform.can("webhook"):
                    platform.simulator.control("webhook", {"url": bridge.webhook_url(bot)})
