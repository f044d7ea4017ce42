"""A second account that reads as a customer: with it, not even a site that lies leaks a note."""

from __future__ import annotations

import pytest


@pytest.fixture
def reading(make_world):
    """Return a world with a reader account, and the key of its open request."""
    world = make_world(reader=True)
    world.says("My printer is on fire")
    world.run()
    return world, world.requests()[0]["key"]


@pytest.mark.parametrize("restricted", [None, "Administrators"])
@pytest.mark.parametrize("public", [True, False])
def test_a_site_that_lies_in_both_apis_leaks_nothing(reading, public, restricted):
    """(P1, I1) Both APIs call every comment public to agents; the reader never sees the notes."""
    world, key = reading
    world.desk.control("behaviour", {"lie_to_agents": True})
    world.agent(key, "what agents think", public=public, restricted=restricted)
    world.agent(key, "Have you tried water?")
    world.run()
    kept_back = not public or restricted is not None
    assert (0 if kept_back else 1) == world.shown("what agents think")
    assert 1 == world.shown("Have you tried water?")


def test_without_a_reader_the_same_lie_would_leak(world, opened):
    """The lie is one: with a single account nothing but Jira's word stands before a note."""
    world.desk.control("behaviour", {"lie_to_agents": True})
    world.agent(opened, "what agents think", public=False)
    world.run()
    assert 1 == world.shown("what agents think")


def test_the_reader_is_made_a_participant_once(reading):
    """It is let in where it sees nothing, and asked as a customer from then on."""
    world, key = reading
    for number in range(3):
        world.agent(key, f"answer {number}")
        world.run()
    added = [asked for asked, _ in world.calls if asked.url.endswith("/participant")]
    assert (1, 3) == (len(added), world.shown("answer "))


def test_nothing_is_lost_while_the_reader_is_not_let_in(reading, make_world):
    """An empty list of somebody who sees nothing is no empty list: answers wait."""
    world, key = reading
    world.desk.state.issues["10001"].participants.clear()
    from chatbridge.testing.simulator import Fault

    world.desk.switch_fault(Fault(kind="status", match="participant", status=403, times=None))
    world.agent(key, "an answer that waits")
    world.run()
    assert 0 == world.shown("an answer that waits")
    world.desk.clear_faults()
    world.clock.advance(900)
    world.run()
    assert 1 == world.shown("an answer that waits")


def test_the_writer_does_everything_else(reading):
    """Only lists of comments, and what it takes to see them, are asked for as the reader."""
    world, key = reading
    world.says("It is still burning")
    world.agent(key, "Have you tried water?")
    world.run()
    known = world.desk.credentials()
    from chatbridge.testing.desk_people import READER_HEADERS

    as_reader = [
        asked
        for asked, _ in world.calls
        if asked.headers.get("Authorization") == READER_HEADERS["cloud"]
    ]
    assert {"GET"} == {asked.method for asked in as_reader}
    asked_for = {asked.url.partition("?")[0].rsplit("/", 1)[1] for asked in as_reader}
    assert {"myself", "comment", "10001"} == asked_for
    lists = [
        asked for asked, _ in world.calls if "/comment?" in asked.url and "public=true" in asked.url
    ]
    assert lists and all(asked in as_reader for asked in lists)
    assert known["reader_token"] not in repr(world.bridge.engine.roster.desk("acme").desk.settings)
