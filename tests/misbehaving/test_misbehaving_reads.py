"""Comments that can hardly be read: a slow site, one that always fails, one that breaks us."""

from __future__ import annotations

import re

import pytest

from chatbridge.testing.desk_people import REQUEST_TYPES, SimulatedProject

_LIST = re.compile(r"/comment/list")
_COMMENTS = re.compile(r"/request/[^/]+/comment\?|/comment/list")


def slow_reads(world, seconds, switch=lambda: True):
    """Let each reading of comments take so long as `switch` says that it does."""
    send = world.transport.send

    def slow(request, party):
        response = send(request, party)
        if _COMMENTS.search(request.url) and request.is_repeatable and switch():
            world.clock.advance(seconds)
        return response

    world.transport.send = slow


def poison(world, concerned):
    """Let a call for which `concerned` is true be answered 500, for ever."""
    send = world.transport.send

    def failing(request, party):
        response = send(request, party)
        if concerned(request):
            return type(response)(500, repeatable=request.is_repeatable)
        return response

    world.transport.send = failing


def comment_id(world, opened, text):
    """Return the id of the comment with this text."""
    comments = world.desk.control("comments", {"issue": opened})
    (found,) = [each["id"] for each in comments if each["text"] == text]
    return int(found)


@pytest.mark.fault("F12", "F21")
@pytest.mark.invariant("I1", "I20")
@pytest.mark.parametrize("seconds", [4.0, 7.0, 20.0])
def test_a_slow_site_delivers(world, look, opened, seconds):
    """A site that takes longer to be read than a reading may be old delivers all the same."""
    slow_reads(world, seconds)
    for number in range(3):
        world.agent(opened, f"answer {number}")
    look.until(lambda: all(world.shown(f"answer {number}") for number in range(3)), 600)
    assert [1, 1, 1] == [world.shown(f"answer {number}") for number in range(3)]


@pytest.mark.fault("F12")
@pytest.mark.invariant("I2")
def test_a_process_that_stood_still_sends_nothing_old(world, look, opened):
    """One reading that took too long is read again, so that a note of meanwhile stays one."""
    late = []

    def first():
        late.append(1)
        if len(late) == 2:
            # Both witnesses have answered, and the agent thinks better of it.
            world.desk.control(
                "flip",
                {"issue": opened, "comment": comment_id(world, opened, "hush"), "public": False},
            )
        return len(late) <= 2

    world.agent(opened, "hush")
    slow_reads(world, 15.0, first)
    look.pass_by(120)
    assert 0 == world.shown("hush")


@pytest.mark.fault("F23")
@pytest.mark.invariant("I8", "I20", "I27")
def test_a_comment_that_can_never_be_read_stops_no_other(world, look, opened):
    """It is given up after ten minutes with one note for the agents; the others are shown."""
    world.agent(opened, "poison")
    bad = comment_id(world, opened, "poison")
    world.agent(opened, "before")
    poison(
        world, lambda request: _LIST.search(request.url) and bad in (request.json or {}).get("ids")
    )
    assert look.until(lambda: world.shown("before"), 600) < 120
    assert [] == look.notes(opened)
    look.until(lambda: look.notes(opened), 3600)
    world.agent(opened, "after")
    assert look.until(lambda: world.shown("after"), 600) < 60
    look.pass_by(1800)
    assert (0, 1) == (world.shown("poison"), len(look.notes(opened)))
    assert "could not be read" in look.notes(opened)[0]
    assert ["answer_not_shown"] == [kind for kind in look.kinds() if "answer" in kind]
    assert ("active", "") == (look.link(opened).state, look.link(opened).reason)


@pytest.mark.fault("F21", "F23")
@pytest.mark.invariant("I1")
def test_a_site_that_lets_nothing_be_read_gives_nothing_up(world, look, opened):
    """Where every comment fails none is to blame: all are shown when the site is well again."""
    ill = [True]
    world.agent(opened, "one")
    world.agent(opened, "two")
    poison(world, lambda request: ill and _LIST.search(request.url))
    look.pass_by(4 * 3600)
    assert (0, []) == (world.shown("one"), look.notes(opened))
    ill.clear()
    look.until(lambda: world.shown("one") and world.shown("two"), 900)


@pytest.mark.fault("F23", "F26")
@pytest.mark.invariant("I8", "I27")
def test_a_comment_that_breaks_us_stops_no_other(world, look, opened):
    """Where to show a comment fails in a way nobody foresaw, it is given up after five tries."""
    send, tries = world.transport.send, []

    def broken(request, party):
        if isinstance(request.json, dict) and "strange" in str(request.json.get("text", "")):
            tries.append(1)
            raise KeyError("nobody thought of this")
        return send(request, party)

    world.transport.send = broken
    world.agent(opened, "strange")
    world.agent(opened, "plain")
    look.until(lambda: world.shown("plain"), 600)
    look.pass_by(900)
    assert (5, 0, 1) == (len(tries), world.shown("strange"), len(look.notes(opened)))


@pytest.mark.fault("F16")
@pytest.mark.parametrize("named", ["id", "key"])
def test_a_move_is_seen_however_the_desk_is_named(make_world, looks, named):
    """A request in another desk is held, also where the project names its desk by the key."""
    world = make_world()
    if named == "key":
        world.set_project(service_desk=world.desk.credentials()["project"])
    look = looks(world)
    key = look.opens([1001])[1001]
    issue = world.requests()[0]["id"]
    world.agent(key, "here")
    look.until(lambda: world.shown("here"), 60)
    other = SimulatedProject("10003", "OTHER", "Another desk", "11", REQUEST_TYPES)
    world.desk.state.projects.append(other)
    world.desk.control("move", {"issue": issue, "project": "OTHER"})
    world.agent(issue, "elsewhere")
    # No look at the project's changes shows it: the weekly pass or a hint does.
    world.bridge.engine.upkeep.wake_all()
    look.pass_by(60)
    assert ("held", "moved", 0) == (
        look.link(issue).state, look.link(issue).reason, world.shown("elsewhere"),
    )  # fmt: skip
