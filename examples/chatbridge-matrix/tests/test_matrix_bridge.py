"""The real bridge between the simulated homeserver and a simulated desk, under virtual time."""

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
    new_root_key,
    root_key_from_text,
)
from chatbridge.testing import DeskSimulator, SimulatedTransport, VirtualClock
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

    def set_up(self) -> None:
        """Make a project with one bot."""
        settings = ProjectSettings(
            name="support", service_desk="10", request_type="25", privacy_notice=""
        )
        token = self.matrix.credentials()["access_token"]
        bot = NewBot("matrix", {"homeserver": HOME, "access_token": token})
        self.bridge.admin.set_project(settings, [bot])

    def work(self) -> None:
        """Do what is due, and let time pass so that news can be seen."""
        self.bridge.run_once(30.0)
        self.clock.advance(11.0)
        self.bridge.run_once(30.0)

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


@pytest.fixture
def empty() -> Iterator[Town]:
    """A bridge without a project."""
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
        )  # fmt: skip

    town = Town(clock, desk, matrix, make, make())
    yield town
    town.bridge.close()


@pytest.fixture
def town(empty: Town) -> Town:
    """A project with one bot, which has polled once."""
    empty.set_up()
    empty.work()
    return empty


def test_a_conversation_over_restarts(town: Town) -> None:
    """What is written while no process runs is carried by the next one, once."""
    town.says("My printer is on fire")
    town.work()
    (request,) = town.desk.control("requests", {})
    town.restart()
    town.says("It smokes")
    town.desk.control("comment", {"issue": request["key"], "text": "Have you tried water?"})
    town.desk.control("comment", {"issue": request["key"], "text": "odd customer", "public": False})
    town.work()
    town.restart()
    town.work()
    shown = town.shown()
    assert 1 == sum("tried water" in text for text in shown)
    assert not any("odd customer" in text for text in shown)
    assert [1, 1] == [sum(word in text for text in town.told()) for word in ("printer", "smokes")]


def test_a_long_gap_is_filled(town: Town) -> None:
    """More than one page of messages between two polls: each arrives once, in order."""
    town.says("opening")
    town.work()
    words = [f"word-{number:03d}." for number in range(60)]
    for word in words:
        town.says(word)
    while words[-1] not in "".join(town.told()):
        town.work()
    told = "\n".join(town.told())
    assert words == sorted(words, key=told.index)
    assert dict.fromkeys(words, 1) == {word: told.count(word) for word in words}


def test_what_was_before_the_invitation_stays_out(town: Town) -> None:
    """Of a room with a history, the bot carries what was written from its invitation on."""
    name = "!old:simulated.example"
    person = "@personold:simulated.example"
    town.matrix._member(name, {"chat": "old"}, person, "join")
    for number in range(130):
        town.says(f"private-{number}", chat="old")
    town.matrix._member(name, {"chat": "old"}, BOT, "invite")
    for number in range(55):
        town.says(f"public-{number:02d}.", chat="old")
    while "public-54." not in "".join(town.told()):
        town.work()
    told = "\n".join(town.told())
    assert 0 == told.count("private-")
    assert [1] * 55 == [told.count(f"public-{number:02d}.") for number in range(55)]


def test_an_invitation_from_before_the_first_poll_is_accepted(empty: Town) -> None:
    """Rooms that invited the bot before it was set up are joined, and nothing is lost."""
    empty.says("early")
    empty.set_up()
    for _ in range(2):
        empty.work()
    empty.says("in time")
    empty.work()
    told = "\n".join(empty.told())
    assert [1, 1] == [told.count(word) for word in ("early", "in time")]


def test_a_reply_reaches_its_request(town: Town) -> None:
    """Who answers a message of the bot means its request, though a newer one is open."""
    town.says("first printer")
    town.work()
    town.says("!new")
    town.work()
    town.says("second scanner")
    town.work()
    first = next(each for each in town.desk.control("requests", {}) if "first" in each["summary"])
    town.desk.control("comment", {"issue": first["key"], "text": "Which one?"})
    town.work()
    asked = next(
        each["message_id"]
        for each in town.matrix.control("transcript", {"chat": "c1"})
        if "Which one" in each["text"]
    )
    town.says("the blue one", reply_to=asked)
    town.work()
    comments = town.desk.control("request", {"issue": first["key"]})["comments"]
    assert any("the blue one" in comment["text"] for comment in comments)
