"""What `new-adapter` writes carries a whole conversation, in words alone: it has no buttons."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define
from click.testing import CliRunner

from chatbridge import (
    Bridge,
    CloudDesk,
    MemoryStorage,
    NewBot,
    Plugins,
    ProjectSettings,
    Secret,
    SiteSettings,
    new_root_key,
    root_key_from_text,
)
from chatbridge.cli.main import chatbridge
from chatbridge.testing import DeskSimulator, SimulatedTransport, Simulator, VirtualClock

_WAITING = 11


@define
class Office:
    """A desk, Acme, and the bridge between them."""

    clock: VirtualClock
    desk: DeskSimulator
    acme: Simulator
    bridge: Bridge

    def says(self, text: str) -> list[int]:
        """Let a person write; return how the webhooks were answered."""
        self.acme.control("message", {"chat": "c1", "text": text})
        statuses = []
        for owed in self.acme.owed_webhooks():
            token = owed.url.rpartition("/")[2]
            answer = self.bridge.receive_webhook("acme", token, owed.received())
            self.acme.webhook_answered(owed.webhook_id, answer.status, answer.retry_after)
            statuses.append(answer.status)
        self.work()
        return statuses

    def agent(self, text: str) -> None:
        """Let an agent answer the first request."""
        (request, *_) = self.requests()
        self.desk.control("comment", {"issue": request["key"], "text": text})

    def work(self) -> None:
        """Do what is due."""
        self.bridge.run_once(30.0)
        self.clock.advance(11.0)
        self.bridge.run_once(30.0)

    def requests(self) -> list[Any]:
        """Return all requests with their comments."""
        return list(self.desk.control("requests", {}))

    def shown(self, word: str) -> int:
        """Return how many of the bot's messages hold a word."""
        seen = self.acme.control("transcript", {"chat": "c1"})
        return sum(word in each["text"] for each in seen if each["from"] == "bot")


@pytest.fixture
def office(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """The new adapter at work; the parameter is the texts of the project."""
    arguments = ["new-adapter", "acme", "--directory", str(tmp_path / "new")]
    done = CliRunner().invoke(chatbridge, arguments)
    assert 0 == done.exit_code, done.output
    monkeypatch.syspath_prepend(tmp_path / "new")
    for name in [name for name in sys.modules if name.startswith("chatbridge_acme")]:
        monkeypatch.delitem(sys.modules, name)
    plugins, clock = Plugins(), VirtualClock()
    plugins.register(importlib.import_module("chatbridge_acme"))
    desk, acme = DeskSimulator(clock=clock), plugins.simulator("acme")(clock=clock)
    places = {"https://desk.example": desk, "https://api.acme.example": acme}
    known = desk.credentials()
    site = SiteSettings(
        url="https://desk.example", account=known["account"], token=Secret(known["api_token"])
    )
    settings = ProjectSettings(
        name="support", service_desk="10", request_type="25", texts=getattr(request, "param", {})
    )
    with Bridge(
        storage=MemoryStorage(now=clock.time),
        root_keys=root_key_from_text(new_root_key()),
        sites=[CloudDesk(site)],
        public_url="https://bridge.example",
        plugins=plugins,
        transport=SimulatedTransport(places, clock),
        clock=clock,
    ) as bridge:
        bridge.admin.set_project(settings, [NewBot("acme", acme.credentials(), mode="webhook")])
        bridge.admin.set_webhook("support")
        yield Office(clock, desk, acme, bridge)


@pytest.fixture
def held(office: Office) -> Office:
    """A request of which many answers wait for a word."""
    office.says("Help me")
    for number in range(_WAITING):
        office.agent(f"answer {number}.")
    office.work()
    asked = office.shown("11 new answers") + office.shown("11 neue")
    assert (1, 0) == (asked, office.shown("answer 1."))
    return office


def test_a_new_adapter_carries_a_conversation(office: Office) -> None:
    """A bridge with the new adapter, between a desk and its simulator, works both ways."""
    assert [200] == office.says("Help me")
    office.agent("Here we are")
    office.work()
    (request,) = office.requests()
    shown = [each["text"] for each in office.acme.control("transcript", {"chat": "c1"})]
    assert ("Help me", f"{request['key']}\nAlice Agent: Here we are") == (
        request["summary"],
        shown[-1],
    )


@pytest.mark.parametrize("word", ["1", "/more", "more", " More. ", "Show them", "show them!"])
def test_a_word_lets_held_answers_be_shown(held: Office, word: str) -> None:
    """Where there is no button, a number, the command or its words do; agents do not read them."""
    held.says(word)
    for _ in range(3):
        held.work()
    assert _WAITING == held.shown("answer ")
    assert _WAITING == len(held.requests()[0]["comments"])


@pytest.mark.parametrize("office", [{
    "held": "{count} neue Antworten. Alle zeigen?", "held_choice": "Zeig sie mir",
    "held_in_words": "Mit 1 oder /more kommen sie.",
}], indirect=True)  # fmt: skip
@pytest.mark.parametrize("word", ["zeig sie mir", "1"])
def test_the_word_is_that_of_the_project(held: Office, word: str) -> None:
    """A project's own words for the question and the answer count."""
    assert 1 == held.shown("Mit 1 oder /more kommen sie")
    held.says(word)
    for _ in range(3):
        held.work()
    assert _WAITING == held.shown("answer ")


def test_other_words_stay_messages(held: Office) -> None:
    """Whatever else is written goes to the agents, and the answers wait on."""
    for word in ("no", "11", "show me them", "1 more"):
        held.says(word)
    comments = [each["text"] for each in held.requests()[0]["comments"]]
    assert 0 == held.shown("answer ")
    assert all(any(word in each for each in comments) for word in ("no", "show me", "1 more"))


def test_a_number_is_a_message_where_nothing_waits(office: Office) -> None:
    """The words mean something else while no answers are held; the command says so."""
    office.says("How many?")
    office.says("1")
    office.says("/more")
    assert any("1" in each["text"] for each in office.requests()[0]["comments"])
    assert 1 == office.shown("no more answers")
