"""Nothing but settings stays for ever: what is over is forgotten after its time (F85)."""

from __future__ import annotations

import pytest

from chatbridge import Project
from chatbridge.records import Claim

DAY = 86_400


def _kinds(world):
    kinds = ("project", "conversation", "link", "claim")
    return [kind for kind in kinds if world.storage.scan(kind).rows]


@pytest.mark.fault("F85")
@pytest.mark.invariant("I19")
def test_a_closed_request_is_forgotten_after_a_month(world, opened):
    """A month after its end the link is gone; an open one stays for good."""
    world.says("still open", chat=2002)
    world.run()
    world.desk.control("transition", {"issue": opened, "status": "Resolved"})
    world.run()
    world.clock.advance(31 * DAY)
    assert [link.chat for link in world.bridge.links.all()] == ["2002"]
    world.agent(world.requests()[1]["key"], "we are still at it")
    world.run()
    assert world.shown("we are still at it", chat=2002) == 1


@pytest.mark.fault("F85")
@pytest.mark.invariant("I19", "I28")
def test_after_a_year_only_settings_are_left(world, opened):
    """Of closed requests and silent chats nothing is left after a year."""
    world.desk.control("transition", {"issue": opened, "status": "Resolved"})
    world.run()
    world.clock.advance(400 * DAY)
    assert _kinds(world) == [Project.kind, Claim.kind]


def test_a_message_after_the_end_opens_anew(world, opened):
    """Somebody who writes long after the end gets a new request, as shortly after it."""
    world.desk.control("transition", {"issue": opened, "status": "Resolved"})
    world.run()
    world.clock.advance(60 * DAY)
    world.says("hello again")
    world.run()
    assert [request["summary"] for request in world.requests()][-1] == "hello again"
