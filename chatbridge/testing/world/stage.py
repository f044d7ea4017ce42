"""The stage: simulators, a storage, a clock and the processes, made cheaply from a kept beginning.

Whatever happens on it is told by steps (see `operations`); nothing is random here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeAlias

from chatbridge.bridge import Bridge
from chatbridge.desk import CommentFile, Desk
from chatbridge.jira.jira_desk import JiraDesk
from chatbridge.jira.site import SiteSettings
from chatbridge.keyset import Keyset
from chatbridge.keyset_record import open_sealer
from chatbridge.keyset_wrapping import wrap_keyset
from chatbridge.links import Link
from chatbridge.memory_storage import MemoryStorage
from chatbridge.project import ProjectSettings, Timings
from chatbridge.records import Project
from chatbridge.secret import Secret
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.virtual_clock import VirtualClock
from chatbridge.testing.world.chats import PUBLIC_URL, Chats, installed
from chatbridge.testing.world.damage import Damage, GenuineStorage
from chatbridge.testing.world.faults import Effect, Gate
from chatbridge.testing.world.freezing import Beginning, freeze, thaw
from chatbridge.testing.world.host_clock import HostClock
from chatbridge.testing.world.key_changes import ROOTS
from chatbridge.testing.world.overheard import JudgesVault
from chatbridge.testing.world.ports import GatedStorage, GatedTransport
from chatbridge.testing.world.processes import Process
from chatbridge.testing.world.telegram_chats import TelegramChats
from chatbridge.testing.world.truth import Truth
from chatbridge.testing.world.viber_chats import ViberChats
from chatbridge.vault import Vault

SITE = "acme"
_SITE_URL = "https://acme.atlassian.net"
_KEYSET = Keyset(
    generation=1, instance_id="world", current=1, data_keys={1: b"d" * 32},
    index_key=b"i" * 32, marker_key=b"m" * 32, token_key=b"t" * 32,
)  # fmt: skip
PLATFORMS: dict[str, type[Chats]] = {"telegram": TelegramChats, "viber": ViberChats}
"""Every platform that the world knows, by its name."""
_KINDS = ("keyset", "project", "conversation", "link", "claim", "receipt", "invitation")


MakeDesk: TypeAlias = Callable[[SiteSettings], Desk]


class World:
    """One world.

    Args:
        beginning: where it starts; None: nothing has happened yet.
        mode: how Telegram's updates come: "poll" or "webhook".
        processes: how many.
        hints: whether Jira sends webhooks.
        edition: which Jira it is: "cloud" or "data_center".
        platform: one of PLATFORMS.
        make_desk: makes the desk of each bridge that starts.
    """

    site = SITE
    project = "support"

    def __init__(
        self, beginning: Beginning | None = None, *, mode: str = "poll", processes: int = 1,
        hints: bool = False, edition: str = "cloud", platform: str = "telegram",
        make_desk: MakeDesk = JiraDesk,
    ) -> None:  # fmt: skip
        self.edition = edition
        self.make_desk = make_desk
        self.clock = VirtualClock()
        self.skews: dict[str, float] = {}
        self.desk = DeskSimulator(clock=self.clock, kind=edition)
        self.chats: Chats = PLATFORMS[platform](self)
        self.mode = mode = mode if mode in self.chats.modes else self.chats.modes[0]
        self.places = {_SITE_URL: self.desk, **dict.fromkeys(self.chats.urls, self.chats.simulator)}
        self.storage = MemoryStorage(now=self.clock.time)
        self.damage = Damage(self)
        self.roots = [ROOTS[0]]
        self.truth = Truth(self)
        self.gate = Gate(self)
        self.units: dict[str, int] = {}
        self.surprises: list[str] = []
        self._still: list[str] = []
        self.snapshot: tuple[tuple[str, bytes], ...] = ()
        self.rights: Any = None
        self.excused: set[str] = set()
        self.marks: set[str] = set()
        self.timings = Timings()
        self.act: Any = None
        self.at_rest: Callable[[], None] | None = None
        if beginning is None:
            self._set_up(mode)
        else:
            self._thaw(beginning)
        self.vault = self.judges_vault()
        bot = self.chats.bot(mode)
        self.bot_key = (bot.platform, bot.bot_id)
        if mode == "webhook":
            self.set_webhook()
        if hints:
            secret = self.desk.credentials()["hint_secret"]
            self.desk.hints.register(f"{PUBLIC_URL}/hints/{SITE}", secret=secret)
        self.processes = [Process(self, f"p{number}") for number in range(processes)]

    def open_bridge(self, process: str) -> Bridge:
        """Start a bridge as a process does."""
        return Bridge(
            storage=GatedStorage(self, process),
            root_keys=list(self.roots),
            sites=[self.make_desk(_site_settings(self.edition))],
            public_url=PUBLIC_URL,
            plugins=installed(),
            transport=GatedTransport(self, process),
            clock=HostClock(self.clock, self.skews, process),
            timings=self.timings,
        )

    def judges_vault(self) -> JudgesVault:
        """Return the vault of the judges, with the keys that the storage has now."""
        sealer = open_sealer(self.storage, ROOTS, now=self.clock.monotonic)
        return JudgesVault(GenuineStorage(self.storage, self.damage), sealer)

    def carry(self, process: Process) -> None:
        """Bring all webhooks that are due to a process, and fetch the files that are wanted."""
        for simulator in (self.desk, self.chats.simulator):
            for owed in simulator.owed_webhooks():
                process.deliver(simulator, owed)
            for wanted in simulator.owed_fetches():
                process.hand_out(simulator, wanted)

    def token_of(self, bridge: Bridge, issue_id: str, comment_id: str, file: Any) -> str:
        """Return the token of an address that a bridge has given out for a file at some time."""
        link = Link(SITE, issue_id, *self.bot_key, "")
        named = CommentFile(file.file_id, file.name, file.media_type)
        url = bridge.engine.file_urls.url(link, comment_id, named)
        return str(url).split("/")[-2]

    def owner_of(self, name: str) -> str:
        """Return the word by which a process signs its claims."""
        for process in self.processes:
            if process.name == name and process.bridge is not None:
                return process.bridge.engine.owner
        return ""

    def freeze(self) -> Beginning:
        """Return this world as a beginning of others; its processes end."""
        for process in self.processes:
            process.stop()
        return Beginning(freeze(self), self.rows())

    def rows(self) -> tuple[tuple[str, bytes], ...]:
        """Return everything that the storage holds."""
        return tuple(
            (row.key, row.value) for kind in _KINDS for row in self.storage.scan(kind).rows
        )

    def restore(self, rows: tuple[tuple[str, bytes], ...]) -> None:
        """Put a backup back in place of what the storage holds."""
        for key, _ in self.rows():
            self.storage.delete(key)
        for key, value in rows:
            self.storage.put(key, value)
        self.damage.records.clear()

    def rests(self) -> None:
        """Let somebody look at the world while no process is in the middle of anything."""
        if self.at_rest is not None:
            self.at_rest()

    def pause(self, effect: Effect) -> None:
        """Let a process stand still for longer than a lease while another one works."""
        self.truth.forget(effect.process)
        if effect.kind == "write" and effect.place == "desk":
            # A call that stands still after its last check may be made when others gave it up.
            self.marks.add("late write")
        with self._standing(effect.process) as others:
            for _ in range(3):
                for other in others:
                    # Who repeats a webhook that is not answered in time comes to another process.
                    self.carry(other)
                    other.run()
                self.clock.advance(self.timings.lease / 2 + 1)

    def step_aside(self, effect: Effect) -> None:
        """Let the other processes work before an effect; no time passes."""
        with self._standing(effect.process) as others:
            for other in others:
                other.run()

    @contextmanager
    def _standing(self, process: str) -> Iterator[list[Process]]:
        """Let a process stand where it is; yield those that can work meanwhile."""
        if len(self.processes) == 1:
            self.processes.append(Process(self, "p9"))
        self._still.append(process)
        try:
            yield [each for each in self.processes if each.name not in self._still]
        finally:
            self._still.pop()

    def touch(self, key: str) -> None:
        """Write a record as it is, so that its version changes."""
        found = self.storage.get(key)
        if found is not None:
            self.storage.put(key, found.value)

    def edited_between(self, issue_id: str, comment_id: str) -> None:
        """Note that a comment is edited; the files of a begun one may come once more with it."""
        kept = self.vault.read(Link, SITE, issue_id)
        if kept is None or kept.record.inflight is None:
            return
        link, inflight = kept.record, kept.record.inflight
        if inflight.item == comment_id and inflight.sent:
            own = [each for each in self.truth.words.values() if each.comment_id == comment_id]
            number = self.chats.number(link.chat)
            self.truth.doubts.update(f"{number} {word}" for word in own if word.file)

    def doubt(self, effect: Effect) -> None:
        """See `Surroundings.doubt`."""
        self.truth.doubt(effect)

    def _set_up(self, mode: str) -> None:
        self.storage.put("keyset:1", wrap_keyset(_KEYSET, [ROOTS[0].reveal()]))
        known = self.desk.credentials()
        settings = ProjectSettings(
            name=self.project, site=SITE, service_desk=known["service_desk"],
            request_type=known["request_type"],
        )  # fmt: skip
        sealer = open_sealer(self.storage, ROOTS, now=self.clock.monotonic)
        vault = Vault(self.storage, sealer)
        vault.create(Project(settings, (self.chats.bot(mode),)))

    def set_webhook(self) -> None:
        """Let the platform bring its news to the bridge, by an address of today's tokens."""
        bridge = self.open_bridge("setup")
        project = bridge.engine.roster.refresh()[0]
        self.chats.set_webhook(bridge.webhook_url(project.bots[0]))

    def _thaw(self, beginning: Beginning) -> None:
        desk, hints, chats, truth, times = thaw(beginning.frozen, self)
        self.desk.state.__dict__.update(desk)
        self.desk.hints.__dict__.update(hints)
        self.chats.simulator.state = chats
        for name, value in truth.items():
            setattr(self.truth, name, value)
        self.clock.__dict__.update(times)
        self.restore(beginning.rows)


@cache
def _site_settings(edition: str) -> SiteSettings:
    known = DeskSimulator(kind=edition).credentials()
    return SiteSettings(
        url=_SITE_URL,
        name=SITE,
        kind=edition,
        account=known.get("account"),
        token=Secret(known.get("personal_token") or known["api_token"]),
        hint_secret=Secret(known["hint_secret"]),
    )
