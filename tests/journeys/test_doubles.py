"""A write that Jira takes later than anybody waited for it: the double is removed, or linked."""

from __future__ import annotations

import pytest
from attrs import evolve

from chatbridge.doubled_requests import LOOKS
from chatbridge.drafts import as_request
from chatbridge.links import Link, LinkState, Opening
from chatbridge.richtext import EMPTY
from chatbridge.testing.simulator import Fault


@pytest.mark.both_editions
@pytest.mark.parametrize("restart", [False, True])
def test_a_comment_that_comes_very_late_is_repaired(world, opened, restart):
    """A comment taken long after the settle time stands there once in the end (F39)."""
    world.desk.control("behaviour", {"commit_lag": 300.0})
    world.desk.switch_fault(Fault(kind="lost_after", match="POST .*/comment$"))
    world.says("Late but there")
    world.run(1)
    world.desk.control("behaviour", {"commit_lag": 0.0})
    world.clock.advance(70)
    if restart:
        world.bridge = world.open_bridge()
        world.clock.advance(70)
    world.run(12)
    world.clock.advance(400)
    world.run(3)
    removals = [request for request, _ in world.calls if request.method == "DELETE"]
    assert (len(removals), _count(world)) == (1, 1)
    assert world.shown("Late but there") == 0


def _count(world):
    (request,) = world.requests()
    return sum("Late but there" in comment["text"] for comment in request["comments"])


def _opens_late(world, restart: bool = False):
    """Let Jira take an opening after the settle time, and the bridge have asked again by then."""
    world.desk.control("behaviour", {"commit_lag": 400.0})
    world.desk.switch_fault(Fault(kind="lost_after", match="POST .*/request$"))
    world.says("My printer is on fire")
    world.run(1)
    world.desk.control("behaviour", {"commit_lag": 0.0})
    world.clock.advance(130)
    if restart:
        world.bridge = world.open_bridge()
        world.run(1)
        world.clock.advance(130)
    world.run(3)


def _links(world):
    return {link.issue_id: link for link in world.bridge.links.all()}


@pytest.mark.both_editions
@pytest.mark.parametrize("restart", [False, True])
def test_a_request_that_comes_very_late_is_repaired(world, restart):
    """Of two requests of one message the linked one goes on; the other says so (F39, I7)."""
    _opens_late(world, restart)
    for _ in range(4):
        world.clock.advance(200)
        world.run(1)
    late, used = world.requests()
    assert [{"type": "Duplicate", "to": used["id"]}] == late["links"]
    notes = [each["text"] for each in late["comments"] if not each["public"]]
    assert [f"goes on in {used['key']}" in note for note in notes] == [True]
    assert [used["id"]] == list(_links(world))
    world.says("Still burning")
    world.agent(used["key"], "Firemen are on their way")
    world.run()
    assert [1, 0] == [_holds(each, "Still burning") for each in reversed(world.requests())]
    assert 1 == world.shown("Firemen are on their way")
    assert "DELETE" not in {request.method for request, _ in world.calls}


@pytest.mark.parametrize(
    ("given", "linked"),
    [
        ({"link_types": "Blocks,Relates"}, ["Relates"]),
        ({"link_types": "Blocks"}, []),
        ({"link_types": ""}, []),
        ({"lacks": "LINK_ISSUES"}, []),
    ],
)
def test_agents_are_told_of_a_double_however_it_can_be_linked(world, given, linked):
    """Without a kind of link that fits, or the right to link, the note alone has to do (F39)."""
    _opens_late(world)
    world.desk.control("behaviour", given)
    for _ in range(4):
        world.clock.advance(200)
        world.run(1)
    late, _used = world.requests()
    assert linked == [each["type"] for each in late["links"]]
    assert 1 == _holds(late, "a second time")


def test_of_two_linked_doubles_the_first_goes_on(world, opened):
    """Where a process died between two openings that are both linked, one link stops (F39)."""
    opening = Opening("0" * 20)
    marker = world.bridge.engine.marks.request_marker(opening.event)
    (first,) = world.requests()
    vault = world.bridge.engine.vault
    ids = [first["id"], _opened_again(world, marker)]
    world.desk.state.issues[ids[0]].description = world.desk.state.issues[ids[1]].description
    kept = vault.read(Link, "acme", ids[0])
    told = kept.record.told
    vault.replace(kept, evolve(kept.record, opening=opening))
    vault.create(evolve(kept.record, issue_id=ids[1], opening=opening, told=told))
    world.run(2)
    states = {issue: link.state for issue, link in _links(world).items()}
    assert {ids[0]: LinkState.ACTIVE, ids[1]: LinkState.GONE} == states
    assert [0, 1] == [_holds(each, "a second time") for each in world.requests()]


def test_a_double_is_looked_for_some_times_only(world):
    """After ten looks within about a day nothing is asked any more, nor remembered (F39, I18)."""
    _opens_late(world)
    for _ in range(60):
        world.clock.advance(3600)
        world.run(1)
    looks = sum("requestOwnership" in request.url for request, _ in world.calls)
    (link,) = [each for each in _links(world).values() if each.state is LinkState.ACTIVE]
    # One more was the look after the unknown outcome.
    assert (LOOKS + 1, None) == (looks, link.opening)


def test_without_doubt_no_double_is_looked_for(world, opened):
    """A request that was opened at once costs no look-up, ever (I18)."""
    for _ in range(3):
        world.clock.advance(3600)
        world.run(1)
    assert not any("requestOwnership" in request.url for request, _ in world.calls)


def _opened_again(world, marker):
    before = {each["id"] for each in world.requests()}
    desk = world.bridge.engine.roster.desk("acme")
    settings = world.bridge.admin.project("support").settings
    desk.call(desk.desk.open_request(as_request(EMPTY, "My printer is on fire", settings, marker)))
    return next(each["id"] for each in world.requests() if each["id"] not in before)


def _holds(request, text):
    return sum(text in comment["text"] for comment in request["comments"])
