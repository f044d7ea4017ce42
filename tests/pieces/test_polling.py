"""The position at the platform passes only what is done, and one stuck chat stops nobody."""

from __future__ import annotations

import json

import pytest
from attrs import evolve

from chatbridge.errors import Refusal, RefusedError, RetryLaterError
from chatbridge.http_types import HttpResponse
from chatbridge.polling import CROWD, OVERTAKE_BEHIND, Poller
from chatbridge.records import Project

BOT = ("acme", "7")


class Platform:
    """Keeps updates until a position passes them, as Telegram does."""

    def __init__(self):
        self.waiting = []
        self.page = 100

    def put(self, number, chat="c1"):
        """Let something happen in a chat."""
        self.waiting.append([str(number), chat])

    def __call__(self, request):
        """Answer a poll."""
        numbers = [number for number, _ in self.waiting]
        if request.json["position"] in numbers:
            self.waiting = self.waiting[numbers.index(request.json["position"]) + 1 :]
        full = len(self.waiting) >= self.page
        body = json.dumps({"updates": self.waiting[: self.page], "full": full}).encode()
        return HttpResponse(200, {}, body)


@pytest.fixture
def platform(stage):
    """Return the platform that answers all polls."""
    made = Platform()
    stage.transport.then("poll", *[made] * 999)
    return made


def poller_of(stage, owns_url=lambda url: url == "https://ours.example", *, lasting=True):
    """Return a poller of the bot."""
    claim = stage.claim(("poll", *BOT))
    return Poller(
        BOT, stage.roster, stage.lanes, claim, stage.clock, stage.timings, owns_url,
        stage.observer, lasting=lasting,
    )  # fmt: skip


def polls(stage):
    """Return the arguments of the polls so far."""
    return [arguments for name, arguments in stage.transport.calls if name == "poll"]


def test_position_passes_what_is_done(stage, platform):
    """The next poll gives up exactly the finished updates."""
    stage.link()
    platform.put(5)
    platform.put(6)
    poller = poller_of(stage)
    poller.step(wait=0)
    assert not poller.finished()
    stage.work()
    poller.step(wait=0)
    assert ([None, "6"], True) == ([poll["position"] for poll in polls(stage)], poller.finished())
    assert [] == platform.waiting


@pytest.mark.fault("F36")
def test_position_stays_before_what_is_not_done(stage, platform):
    """An update that waits keeps its place, and so do those behind it."""
    stage.link()
    stage.link("2", "c2")
    stage.desk.then("add_comment", RetryLaterError("down", retry_after=500))
    platform.put(5)
    platform.put(6, "c2")
    poller = poller_of(stage)
    poller.step(wait=0)
    stage.work(1.0)
    poller.step(wait=0)
    assert None is polls(stage)[-1]["position"]
    assert 1 == len(stage.desk.issues["2"].public)


@pytest.mark.fault("F43")
def test_order_is_that_of_arrival_and_not_of_numbers(stage, platform):
    """Numbers may start anew anywhere; the position follows the order received."""
    stage.link()
    for number in (900, 3, 901):
        platform.put(number)
    poller = poller_of(stage)
    poller.step(wait=0)
    stage.work()
    poller.step(wait=0)
    assert ("901", []) == (polls(stage)[-1]["position"], platform.waiting)


@pytest.mark.fault("F41")
def test_page_that_comes_again_is_not_taken_twice(stage, platform):
    """While something is open the same page comes back and makes no new work."""
    stage.link()
    stage.desk.then("add_comment", *[RetryLaterError("down", retry_after=9)] * 3)
    platform.put(5)
    poller = poller_of(stage)
    for _ in range(3):
        poller.step(wait=0)
    assert 1 == len(stage.lanes)


def test_poll_does_not_wait_while_something_is_open(stage, platform):
    """A long poll would return the same page at once for ever, so there is a pause instead."""
    stage.link()
    poller = poller_of(stage)
    poller.step()
    platform.put(5)
    poller.step()
    before = stage.clock.monotonic()
    poller.step()
    assert [45.0, 45.0, 0.0] == [poll["wait"] for poll in polls(stage)]
    assert before + 3.0 == stage.clock.monotonic()


@pytest.mark.invariant("I8")
def test_stuck_chat_is_overtaken_and_all_others_are_done(stage, platform):
    """One conversation that fails for ever costs the others nothing, and is noted durably."""
    stage.link()
    stage.link("2", "c2")
    platform.page = 30
    platform.put(0)
    for number in range(1, 200):
        platform.put(number, "c2")
    adds = stage.desk.add_comment

    def stuck(issue_id, body, marker):
        if issue_id == "1":
            raise RetryLaterError("down", retry_after=900)
        return adds(issue_id, body, marker)

    stage.desk.add_comment = stuck
    platform.page = 100
    poller = poller_of(stage)
    for _ in range(12):
        poller.step(wait=0)
        stage.work(1.0)
    assert 199 == len(stage.desk.issues["2"].public)
    assert [True] == [intent.overtaken for intent in stage.talk("c1").pending]
    assert [] == platform.waiting


def test_few_finished_ones_overtake_nobody(stage, platform):
    """Up to sixty finished updates the stuck one keeps its place at the platform."""
    stage.link()
    stage.link("2", "c2")
    stage.desk.then("add_comment", RetryLaterError("down", retry_after=900))
    platform.put(0)
    for number in range(1, OVERTAKE_BEHIND):
        platform.put(number, "c2")
    poller = poller_of(stage)
    for _ in range(4):
        poller.step(wait=0)
        stage.work(1.0)
    assert None is polls(stage)[-1]["position"]
    assert OVERTAKE_BEHIND == len(platform.waiting)


@pytest.mark.fault("F52")
@pytest.mark.invariant("I8")
def test_chat_that_fills_the_page_is_passed_at_once(stage, platform):
    """What waits behind a flood is seen without waiting for it; the flood is noted, and done."""
    stage.link()
    stage.link("2", "c2")
    for number in range(250):
        platform.put(number)
    platform.put(250, "c2")
    poller, before = poller_of(stage), stage.clock.monotonic()
    for _ in range(3):
        poller.step(wait=0)
    assert before == stage.clock.monotonic() - 0.6
    assert [200, 0] == [len(stage.talk(chat).pending) for chat in ("c1", "c2")]
    stage.work()
    poller.step(wait=0)
    assert [250, 1] == [len(stage.desk.issues[issue].public) for issue in ("1", "2")]
    assert ([], (), True) == (platform.waiting, stage.talk("c1").pending, poller.finished())


@pytest.mark.parametrize(
    ("chats", "page", "lasting"),
    [
        (1, 101, True),  # the page is not full: nobody waits behind it
        (100 // (CROWD - 1), 100, True),  # many chats with a few each
        (1, 100, False),  # this process ends soon, and its memory with it
    ],
)
def test_else_nothing_is_passed_that_is_not_done(stage, platform, chats, page, lasting):
    """A page that nobody waits behind, or that many share, keeps its place at the platform."""
    platform.page = page
    for number in range(100):
        platform.put(number, f"c{number % (chats + 1)}" if chats > 1 else "c0")
    poller = poller_of(stage, lasting=lasting)
    poller.step(wait=0)
    poller.step(wait=0)
    assert (None, 100) == (polls(stage)[-1]["position"], len(platform.waiting))


def test_a_flood_without_end_is_passed_so_far_and_no_further(stage, platform):
    """A thousand events of one chat live in memory only; the rest stays at the platform."""
    stage.link()
    for number in range(1500):
        platform.put(number)
    poller = poller_of(stage)
    for _ in range(20):
        poller.step(wait=0)
    assert (1000, 500) == (len(stage.talk("c1").pending), len(platform.waiting))
    stage.work()
    for _ in range(20):
        poller.step(wait=0)
        stage.work()
    assert (1500, []) == (len(stage.desk.issues["1"].public), platform.waiting)


def test_only_one_process_polls(stage, platform, make_stage):
    """A second process leaves the bot alone until the first one is dead."""
    other = make_stage()
    other.roster.refresh()
    first, second = poller_of(stage), poller_of(other)
    first.step(wait=0)
    assert stage.timings.lease / 3 == second.step(wait=0)
    stage.clock.advance(stage.timings.lease + 1)
    second.step(wait=0)
    assert 1 == len(polls(other))
    assert stage.timings.lease / 3 == first.step(wait=0)


@pytest.mark.fault("F76")
def test_released_claim_is_taken_at_once(stage, platform, make_stage):
    """A process that stops in order lets the next one poll without waiting."""
    other = make_stage()
    other.roster.refresh()
    first = poller_of(stage)
    first.step(wait=0)
    first.release()
    poller_of(other).step(wait=0)
    assert 1 == len(polls(other))


def test_failure_is_waited_out_longer_and_longer(stage):
    """A platform that is down is asked less and less, and its own word is heeded."""
    stage.transport.then(
        "poll", *[RetryLaterError("down")] * 8, RetryLaterError("flood", retry_after=77)
    )
    poller = poller_of(stage)
    pauses = [poller.step(wait=0) for _ in range(9)]
    assert [1, 2, 4, 8, 16, 32, 32, 32, 77] == pauses
    assert "does not answer" in poller.problem
    poller.step(wait=0)
    assert "" == poller.problem


@pytest.mark.fault("F51")
def test_conflict_with_our_own_webhook_is_mended(stage):
    """A webhook that this bridge set earlier is removed, and polling goes on soon."""
    stage.transport.then("poll", RefusedError(Refusal.CONFLICT))
    stage.transport.then("state", HttpResponse(200, {}, b'{"url": "https://ours.example"}'))
    assert 0.5 == poller_of(stage).step(wait=0)
    assert ("register", {"url": None}) == stage.transport.calls[-1]


@pytest.mark.fault("F51")
def test_webhook_that_is_set_while_a_poll_waits_stays(stage):
    """Who changes a bot to webhooks while it is polled keeps the webhook; the polling ends."""

    def changed(_request):
        (kept,) = stage.vault.scan(Project)
        bots = tuple(evolve(bot, mode="webhook") for bot in kept.record.bots)
        stage.vault.update(kept, lambda project: evolve(project, bots=bots))
        raise RefusedError(Refusal.CONFLICT)

    stage.transport.then("poll", changed)
    stage.transport.then("state", HttpResponse(200, {}, b'{"url": "https://ours.example"}'))
    poller = poller_of(stage)
    poller.step(wait=0)
    poller.step(wait=0)
    assert ["poll", "state"] == [name for name, _ in stage.transport.calls]
    assert "" == poller.problem


@pytest.mark.fault("F51")
@pytest.mark.parametrize("url", ["https://theirs.example", ""])
def test_conflict_with_somebody_else_is_never_fought(stage, url):
    """A foreign webhook or poller is left alone; the operator is told."""
    stage.transport.then("poll", RefusedError(Refusal.CONFLICT))
    stage.transport.then("state", HttpResponse(200, {}, f'{{"url": "{url}"}}'.encode()))
    poller = poller_of(stage)
    assert 60.0 == poller.step(wait=0)
    assert "another program polls this bot" in poller.problem
    assert "register" not in [name for name, _ in stage.transport.calls]


@pytest.mark.fault("F28")
def test_revoked_token_is_told_and_not_hammered(stage):
    """A dead token pauses the polling and says what to do."""
    stage.transport.then("poll", RefusedError(Refusal.UNAUTHORISED))
    poller = poller_of(stage)
    assert 60.0 == poller.step(wait=0)
    assert "set a new one" in poller.problem


def test_bot_that_may_not_act_is_not_polled(stage):
    """No project, no poll, and the claim is free for others."""
    (project,) = stage.roster.refresh()
    poller = poller_of(stage)
    poller.step(wait=0)
    stage.vault.delete(project.kept)
    stage.roster.refresh()
    poller.step(wait=0)
    assert 1 == len(polls(stage))
