"""Where the platform leaves the position to us, it is kept, and passes only what is done."""

from __future__ import annotations

import json

import pytest
from attrs import evolve

from chatbridge.errors import RetryLaterError
from chatbridge.http_types import HttpResponse
from chatbridge.polling import Poller
from chatbridge.records import Claim

BOT = ("acme", "7")
SUBJECT = ("poll", *BOT)


class Platform:
    """Forgets nothing, and returns what came after any position, as a log does."""

    def __init__(self):
        self.log = []
        self.first = 0
        self.noise = 0

    def put(self, number, chat="c1"):
        """Let something happen in a chat."""
        self.log.append([str(number), chat])

    def __call__(self, request):
        """Answer a poll; the very first one returns nothing but where the log ends."""
        position = request.json["position"]
        end = f"{len(self.log)}.{self.noise}"
        if position is None:
            return HttpResponse(200, {}, json.dumps({"next": end}).encode())
        numbers = [number for number, _ in self.log]
        start = numbers.index(position) + 1 if position in numbers else int(position.split(".")[0])
        body = {"updates": self.log[start:], "next": end}
        return HttpResponse(200, {}, json.dumps(body).encode())


@pytest.fixture
def platform(stage, monkeypatch):
    """Return the platform that answers all polls."""
    adapter = type(stage.roster.bot(*BOT)[1].adapter)
    monkeypatch.setattr(adapter, "capabilities", evolve(adapter.capabilities, position="ours"))
    made = Platform()
    stage.transport.then("poll", *[made] * 999)
    return made


@pytest.fixture
def poller(stage, platform):
    """Return a poller that has polled once, so that it knows where the log ends."""
    return started(stage)


def started(stage):
    """Return a poller, as after a start of the process."""
    made = Poller(
        BOT, stage.roster, stage.lanes, stage.claim(SUBJECT), stage.clock, stage.timings,
        lambda url: False, stage.observer,
    )  # fmt: skip
    made.step(wait=0)
    return made


def kept(stage):
    """Return the position that would outlive the process."""
    return stage.vault.read(Claim, *SUBJECT).record.position


def asked(stage):
    """Return the positions that polls named so far."""
    return [given["position"] for name, given in stage.transport.calls if name == "poll"]


def test_the_first_place_is_kept_at_once(stage, poller):
    """What is written after the very first poll is not left out, even if the process dies now."""
    assert ("0.0", True) == (kept(stage), poller.finished())


def test_it_goes_on_where_it_stopped(stage, platform, poller):
    """Another process asks from the kept position, and what came between is carried."""
    stage.link()
    poller.release()
    platform.put(5)
    later = started(stage)
    stage.work()
    later.step(wait=0)
    assert ([None, "0.0", "1.0"], 1) == (asked(stage), stage.desk.calls.count("add_comment"))
    assert ("1.0", True) == (kept(stage), later.finished())


def test_it_stays_before_what_is_not_done(stage, platform, poller):
    """An update that waits holds the kept position, while what follows is asked for and carried."""
    stage.link()
    stage.link("2", "c2")
    stage.desk.then("add_comment", RetryLaterError("down", retry_after=500))
    platform.put(5)
    poller.step(wait=0)
    stage.work(1.0)
    platform.put(6, "c2")
    poller.step(wait=0)
    stage.work(1.0)
    poller.step(wait=0)
    assert ("0.0", False) == (kept(stage), poller.finished())
    assert ["1.0", "2.0"] == asked(stage)[-2:]
    stage.work(600.0)
    poller.step(wait=0)
    assert ("2.0", True) == (kept(stage), poller.finished())


@pytest.mark.fault("F36")
def test_after_a_crash_everything_unfinished_comes_again(make_stage, stage, platform, poller):
    """What was polled and not done is polled again by the next process, and done once."""
    stage.link()
    platform.put(5)
    poller.step(wait=0)
    assert not poller.finished()
    later = make_stage()
    later.transport.then("poll", *[platform] * 9)
    later.roster.refresh()
    taking = started(later)
    stage.clock.advance(stage.timings.lease + 1)
    for _ in range(2):
        taking.step(wait=0)
        later.work()
    taking.step(wait=0)
    assert ["0.0", "1.0", "1.0"] == asked(later)
    assert (1, "1.0") == (stage.desk.calls.count("add_comment"), kept(stage))


def test_mere_noise_is_kept_once_a_minute(stage, platform, poller):
    """A place that moves without a word for us costs no write at each poll."""
    writes = []
    for _ in range(10):
        platform.noise += 1
        poller.step(wait=0)
        writes.append(kept(stage))
    assert ["0.0"] * 10 == writes
    assert "0.9" == asked(stage)[-1]
    stage.clock.advance(61)
    poller.step(wait=0)
    assert "0.10" == kept(stage)


@pytest.mark.fault("F82")
def test_it_asks_for_no_more_while_much_waits(stage, platform, poller):
    """With 1,000 updates in memory nothing is asked for until some are done."""
    stage.link()
    stage.desk.then("add_comment", *[RetryLaterError("down", retry_after=500)] * 9)
    for number in range(1000):
        platform.put(number)
    poller.step(wait=0)
    before = len(asked(stage))
    poller.step(wait=0)
    assert before == len(asked(stage))


def test_who_lost_the_claim_keeps_nothing(stage, platform, poller, monkeypatch):
    """A process whose claim was taken over writes no position, and forgets what it polled."""
    stage.link()
    platform.put(5)
    poller.step(wait=0)
    claim = stage.vault.read(Claim, *SUBJECT)
    stage.vault.replace(claim, evolve(claim.record, owner="somebody", beat="new"))
    stage.work()
    poller.step(wait=0)
    poller.step(wait=0)
    assert "0.0" == kept(stage)
    assert poller.finished()
