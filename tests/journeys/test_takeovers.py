"""What others may do to a bot: revoke its token, take its webhook, or pass another bot off."""

from __future__ import annotations

import threading
import time

import pytest

from chatbridge import (
    Bridge,
    JiraDesk,
    NewBot,
    NoticeKind,
    Plugins,
    ProjectSettings,
    Secret,
    SiteSettings,
)
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.simulated_transport import SimulatedTransport
from chatbridge.testing.simulator import Fault


def _troubles(world) -> list[str]:
    return [each.reason for each in world.notices if each.kind is NoticeKind.BOT_TROUBLE]


@pytest.mark.fault("F28")
def test_a_revoked_token_is_told_and_answers_wait(world, opened):
    """The trouble is named with its mend; what agents write meanwhile arrives afterwards."""
    world.telegram.switch_fault(Fault(kind="status", status=401, times=None))
    world.agent(opened, "Have you tried water?")
    world.run()
    assert {"the platform refuses the bot's token; set a new one with 'project set'"} == set(
        _troubles(world)
    )
    world.telegram.clear_faults()
    world.clock.advance(120)
    world.run()
    assert 1 == world.shown("Have you tried water?")


@pytest.mark.fault("F51")
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://other.example/hook", "leads elsewhere"),
        ("", "has no webhook of this bot any more"),
    ],
)
def test_a_webhook_that_was_taken_over_is_told(make_world, url, said):
    """Nothing comes in any more, so the bridge asks by itself, and names nobody's address."""
    world = make_world(mode="webhook")
    watch = world.bridge.engine.webhook_watch()
    watch.step()
    assert ([], "") == (_troubles(world), watch.problem)
    world.telegram.state.webhook.url = url
    watch.step()
    (told,) = _troubles(world)
    assert said in told and told == watch.problem
    assert "other.example" not in told
    world.bridge.admin.set_webhook("support")
    watch.step()
    assert "" == watch.problem


def test_a_running_bridge_looks_by_itself(make_world):
    """Its health says what is wrong without anybody asking for it."""
    world = make_world(mode="webhook")
    world.telegram.state.webhook.url = "https://other.example/hook"
    told = threading.Event()
    world.notices = _Heard(told)
    bridge = world.open_bridge()
    bridge.start()
    try:
        assert told.wait(20)
        assert any("leads elsewhere" in problem for problem in _until_told(bridge))
    finally:
        bridge.close()


@pytest.mark.fault("F51")
def test_a_bridge_that_runs_once_looks_too(make_world, caplog):
    """A cron job tells of a webhook that was taken over, a long process every ten minutes."""
    world = make_world(mode="webhook")
    world.telegram.state.webhook.url = "https://other.example/hook"
    for _ in range(3):
        world.bridge.run_once(60)
    assert 1 == len(_troubles(world))
    assert 1 == caplog.text.count("leads elsewhere")
    world.clock.advance(600)
    world.bridge.run_once(60)
    assert 2 == caplog.text.count("leads elsewhere")


def test_a_run_without_time_left_leaves_webhooks_alone(make_world):
    """What was asked for comes first; the look waits for a run that has time."""
    world = make_world(mode="webhook")
    world.telegram.state.webhook.url = "https://other.example/hook"
    world.bridge.run_once(0)
    assert [] == _troubles(world)


class _Heard(list):
    """A list that says that something was put into it."""

    def __init__(self, told: threading.Event) -> None:
        super().__init__()
        self._told = told

    def append(self, notice) -> None:
        super().append(notice)
        self._told.set()


def _until_told(bridge) -> tuple[str, ...]:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        problems = bridge.health().problems
        if problems:
            return problems
    return ()


@pytest.mark.fault("F28")
def test_a_revoked_token_of_a_bot_with_a_webhook_is_told(make_world):
    """A bot that nobody writes through is asked about all the same."""
    world = make_world(mode="webhook")
    watch = world.bridge.engine.webhook_watch()
    world.telegram.switch_fault(Fault(kind="status", status=401, times=None))
    watch.step()
    assert "refuses the bot's token" in watch.problem
    world.telegram.clear_faults()
    world.telegram.switch_fault(Fault(kind="status", status=503, times=1))
    watch.step()
    assert "" == watch.problem


def test_without_an_address_nobody_can_tell(make_world):
    """A process that does not know the public address raises no alarm."""
    world = make_world(mode="webhook")
    watch = world.open_bridge(public_url=None).engine.webhook_watch()
    world.telegram.state.webhook.url = "https://other.example/hook"
    watch.step()
    assert "" == watch.problem


@pytest.fixture
def second_bot(world):
    """Return another bot on the same platform, reachable by its own token alone."""
    return Plugins().simulator("telegram")(
        clock=world.clock, token="987654:AAF-other-bot-other-bot-other-bot-xx", username="other_bot"
    )


@pytest.mark.fault("F28")
def test_links_are_not_sent_to_the_chats_of_another_bot(world, opened, second_bot):
    """A token of another bot makes it another bot: answers wait for the one of their chats."""
    world.transport = SimulatedTransport(
        {world.site_url: world.desk, "https://api.telegram.org": second_bot}, world.clock
    )
    other = world.open_bridge()
    settings = world.bridge.admin.project("support").settings
    token = second_bot.credentials()["bot_token"]
    other.admin.set_project(settings, [NewBot("telegram", {"token": token})])
    # On this platform a person has one number for all bots; here it is a stranger's.
    second_bot.control("message", {"chat": 1001, "text": "Who are you?"})
    world.agent(opened, "what only the first chat may see")
    for _ in range(3):
        other.run_once(30.0)
        world.clock.advance(60)
    shown = [each["text"] for each in second_bot.control("transcript", {"chat": 1001})]
    assert 0 == sum("what only the first chat may see" in text for text in shown)
    assert 0 == world.shown("what only the first chat may see")
    world.set_project()
    world.clock.advance(900)
    world.run()
    assert 1 == world.shown("what only the first chat may see")


def test_several_projects_bots_and_sites_in_one_process(world, opened, second_bot):
    """Each customer's answer comes from their own site by their own bot, and from no other."""
    desk = DeskSimulator(clock=world.clock, seed=1)
    transport = SimulatedTransport(
        {
            world.site_url: world.desk,
            "https://api.telegram.org": world.telegram,
            "https://beta.atlassian.net": desk,
            "https://api2.telegram.example": second_bot,
        },
        world.clock,
    )
    known = desk.credentials()
    first_site = world.bridge.engine.roster.desk("acme").desk.settings
    second_site = SiteSettings(
        url="https://beta.atlassian.net", account=known["account"], token=Secret(known["api_token"])
    )
    world.transport = transport
    bridge = Bridge(
        storage=world.storage,
        root_keys=world.root,
        sites=[JiraDesk(first_site), JiraDesk(second_site)],
        plugins=world.plugins,
        transport=transport,
        clock=world.clock,
    )
    settings = ProjectSettings(name="sales", site="beta", service_desk="10", request_type="25")
    token = second_bot.credentials()["bot_token"]
    values = {"token": token, "api_url": "https://api2.telegram.example"}
    bridge.admin.set_project(settings, [NewBot("telegram", values)])

    def run() -> None:
        for _ in range(3):
            bridge.run_once(30.0)
            world.clock.advance(11)

    second_bot.control("message", {"chat": 1001, "text": "I want to buy"})
    run()
    (bought,) = desk.control("requests", {})
    # Both sites number from one, and both chats have one number.
    assert opened == bought["key"]
    world.agent(opened, "answer of acme")
    desk.control("comment", {"issue": bought["key"], "text": "answer of beta"})
    run()
    shown = [each["text"] for each in second_bot.control("transcript", {"chat": 1001})]
    assert (1, 0) == (world.shown("answer of acme"), world.shown("answer of beta"))
    assert (1, 0) == (
        sum("answer of beta" in text for text in shown),
        sum("answer of acme" in text for text in shown),
    )
