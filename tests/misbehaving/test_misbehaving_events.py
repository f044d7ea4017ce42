"""Events that break us, webhooks that come again, and a second bridge on a copy of the storage."""

from __future__ import annotations

import pytest
from attrs import evolve

from chatbridge import MemoryStorage
from chatbridge.http_types import WebhookRequest

CHAT, OTHER = 1001, 2002
_OWN = "https://bridge.example"


def copied(storage):
    """Return a storage that holds the same records."""
    other = MemoryStorage()
    for kind in ("keyset", "project", "conversation", "link", "claim"):
        for row in storage.scan(kind).rows:
            other.put(row.key, row.value)
    return other


@pytest.mark.fault("F48")
@pytest.mark.invariant("I6", "I8", "I27")
@pytest.mark.parametrize("mode", ["poll", "webhook"])
def test_a_message_that_breaks_us_stops_no_other(make_world, looks, mode):
    """After five tries its sender is told; others, and the sender's next words, go through."""
    world = make_world(mode=mode)
    look = looks(world)
    look.opens([CHAT, OTHER])
    send, tries = world.transport.send, []

    def broken(request, party):
        if "strange" in str(request.json) and request.url.endswith("/comment"):
            tries.append(1)
            raise KeyError("nobody thought of this")
        return send(request, party)

    world.transport.send = broken
    world.says("strange words", chat=CHAT)
    world.says("plain words", chat=CHAT)
    world.says("somebody else", chat=OTHER)
    assert look.until(lambda: look.passed_on("somebody else"), 60) <= 10
    look.until(lambda: world.shown("could not be passed on", CHAT), 3600)
    look.until(lambda: look.passed_on("plain words"), 600)
    look.pass_by(600)
    assert (0, 1) == (look.passed_on("strange"), world.shown("could not be passed on", CHAT))
    assert 0 < len(tries) <= 5


@pytest.mark.fault("F41", "F50")
@pytest.mark.invariant("I7", "I21")
def test_webhooks_that_come_again_a_day_later_do_nothing(make_world, looks):
    """Whoever has recorded a conversation's webhooks and sends them anew changes nothing."""
    world = make_world(mode="webhook")
    look, receive, recorded = looks(world), world.bridge.receive_webhook, []

    def recording(platform, token, webhook):
        recorded.append((platform, token, webhook))
        return receive(platform, token, webhook)

    world.bridge.receive_webhook = recording
    look.opens([CHAT])
    for number in range(20):
        world.says(f"words {number}.", chat=CHAT)
    look.until(lambda: look.passed_on("words 19."), 300)
    world.clock.advance(86_400)
    before = (world.requests(), world.transcript(CHAT))
    answers = [receive(platform, token, WebhookRequest(webhook.headers, webhook.body)).status
               for platform, token, webhook in reversed(recorded)]  # fmt: skip
    look.pass_by(600)
    assert 21 <= len(recorded)
    assert ({200}, before) == (set(answers), (world.requests(), world.transcript(CHAT)))


@pytest.mark.fault("F51", "F64")
@pytest.mark.parametrize("address", [_OWN, "https://staging.example", None])
def test_a_copy_does_not_take_the_webhook_away(make_world, looks, address):
    """A bridge that polls removes a webhook at its own address only, and says what is wrong."""
    world = make_world(mode="webhook")
    look = looks(world)
    look.opens([CHAT])
    copy = world.open_bridge(copied(world.storage), address)
    (project,) = copy.engine.roster.refresh()
    polled = tuple(evolve(bot, mode="poll") for bot in project.kept.record.bots)
    copy.engine.vault.replace(project.kept, evolve(project.kept.record, bots=polled))
    ((bot,),) = (project.bots for project in copy.engine.roster.refresh())
    poller = copy.engine.poller(bot.key)
    poller.step(wait=0.0)
    hook = world.telegram.control("state", {})["webhook"]["url"]
    taken = address == _OWN
    assert (not taken, not taken) == (
        hook.startswith(_OWN),
        "copy of this storage" in poller.problem,
    )
