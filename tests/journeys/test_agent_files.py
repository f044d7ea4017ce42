"""Files of agents: each public one reaches the chat whole and once, or its name does."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress
from typing import Any

import pytest

from chatbridge import RetryLaterError, UnknownOutcomeError

CHAT = 1001
PICTURE = b"\xff\xd8\xff" + b"x" * 900
PAGES = b"%PDF" + b"y" * 900


def a_file(name: str, media_type: str, data: bytes) -> dict[str, str]:
    """Return a file as an agent attaches it."""
    return {"name": name, "media_type": media_type, "base64": base64.b64encode(data).decode()}


JPEG = a_file("roof.jpg", "image/jpeg", PICTURE)
PDF = a_file("offer.pdf", "application/pdf", PAGES)


def bot_messages(world) -> list[dict[str, Any]]:
    """Return what the bot showed."""
    shown = world.telegram.control("transcript", {"chat": CHAT})
    return [each for each in shown if each["from"] == "bot"]


def files_of(world) -> list[tuple[str, str]]:
    """Return kind and digest of each file that the bot showed."""
    shown = [each["file"] for each in bot_messages(world) if each["file"]]
    return [(file["kind"], file["sha256"]) for file in shown]


def digest(data: bytes) -> str:
    """Return the digest of a file's bytes."""
    return hashlib.sha256(data).hexdigest()


def notes(world, issue: str) -> list[str]:
    """Return the internal notes of an issue."""
    comments = world.desk.control("comments", {"issue": issue})
    return [comment["text"] for comment in comments if not comment["public"]]


@pytest.mark.both_editions
def test_a_picture_and_its_words_are_one_message(world, opened):
    """A photo is a photo, and what was said with it stands under it."""
    world.agent(opened, "This is the roof", files=[JPEG])
    world.run()
    shown = bot_messages(world)[-1]
    assert [("photo", digest(PICTURE))] == files_of(world)
    assert ("This is the roof" in shown["text"], "[file" in shown["text"]) == (True, False)


@pytest.mark.both_editions
def test_files_without_words_need_none(world, opened):
    """A comment that is only a file is one message, the agent's name with it."""
    before = len(bot_messages(world))
    world.agent(opened, "", files=[PDF])
    world.run()
    (shown,) = bot_messages(world)[before:]
    assert ("document", digest(PAGES)) == (shown["file"]["kind"], shown["file"]["sha256"])
    assert "Alice Agent" in shown["text"]


def test_pictures_of_one_comment_are_an_album(world, opened):
    """Pictures that belong together stand together; other files follow."""
    more = [a_file(f"{at}.png", "image/png", PICTURE + bytes([at])) for at in range(3)]
    world.agent(opened, "Views", files=[*more, PDF])
    world.run()
    shown = [each for each in bot_messages(world) if each["file"]]
    groups = [each["group"] for each in shown]
    assert 3 == groups.count(groups[0]) and groups[0] is not None
    assert [None] == groups[3:]
    assert ["photo"] * 3 + ["document"] == [each["file"]["kind"] for each in shown]


@pytest.mark.invariant("I5")
@pytest.mark.both_editions
def test_files_of_internal_notes_stay(world, opened):
    """A file of a note that was never public is never asked for."""
    world.agent(opened, "secret", public=False, files=[JPEG])
    world.run()
    assert [] == files_of(world)
    asked = [request.url for request, _ in world.calls]
    # Cloud hands out a file in the one place, Data Center in the other.
    assert not any("/attachment/content/" in url or "/secure/attachment/" in url for url in asked)


@pytest.mark.fault("F33")
def test_a_file_that_is_too_large_is_named_to_both_sides(world, opened):
    """The customer sees its name, the words go on, and agents are told by one note."""
    world.set_project(max_file_megabytes=1)
    world.agent(opened, "The film", files=[a_file("film.mp4", "video/mp4", b"z" * 1_100_000)])
    world.run()
    assert [] == files_of(world)
    assert 1 == world.shown("film.mp4: this file cannot be shown here")
    assert 1 == sum("could not be shown in the chat" in each for each in notes(world, opened))


def test_files_can_be_switched_off(world, opened):
    """A project that wants no agents' files shows their names; nobody needs a note for it."""
    world.set_project(agent_files=False)
    world.agent(opened, "See there", files=[PDF])
    world.run()
    assert [] == files_of(world)
    assert (1, 1) == (world.shown("See there"), world.shown("offer.pdf"))
    assert [] == notes(world, opened)


@pytest.mark.fault("F33")
@pytest.mark.both_editions
def test_a_file_that_is_gone_is_named_and_blocks_nothing(world, opened):
    """What was deleted between the read and the send is named; later answers go on."""
    send = world.transport.send

    def without_files(request, party):
        if "/attachment/content/" in request.url or "/secure/attachment/" in request.url:
            world.desk.control("behaviour", {"access": False})
            try:
                return send(request, party)
            finally:
                world.desk.control("behaviour", {"access": True})
        return send(request, party)

    world.transport.send = without_files
    world.agent(opened, "One", files=[PDF])
    world.agent(opened, "Two")
    world.run()
    assert (1, 1, 1) == (
        world.shown("One"), world.shown("offer.pdf: this file cannot"), world.shown("Two"),
    )  # fmt: skip
    assert 1 == sum("could not be shown in the chat" in each for each in notes(world, opened))


@pytest.mark.fault("F33")
def test_a_source_that_always_breaks_is_given_up(world, opened):
    """A download that never ends well does not hold back later answers for ever."""
    send = world.transport.send

    def broken(request, party):
        if "/attachment/content/" in request.url or "/secure/attachment/" in request.url:
            raise RetryLaterError("reset")
        return send(request, party)

    world.transport.send = broken
    world.agent(opened, "One", files=[PDF])
    world.agent(opened, "Two")
    for _ in range(12):
        world.run(1)
        world.clock.advance(60)
    assert (1, 1) == (world.shown("offer.pdf: this file cannot"), world.shown("Two"))


@pytest.mark.fault("F33")
def test_a_refused_picture_is_sent_as_a_file(world, opened):
    """What Telegram does not take for a photo is still delivered."""
    # Wider than 20 times its height, by its own header.
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (30000).to_bytes(4, "big") + b"\0\0\0\x01" + b"q" * 40
    world.agent(opened, "Long", files=[a_file("long.png", "image/png", png)])
    world.run()
    assert digest(png) in [sha for _, sha in files_of(world)]


class Crash(BaseException):
    """The process dies here."""


@pytest.mark.fault("F4")
@pytest.mark.invariant("I3", "I4")
@pytest.mark.parametrize("how", ["lost", "crash before", "crash after"])
def test_a_file_is_shown_whatever_breaks(make_world, how):
    """Each call of the way breaks once; every part comes, and one of them twice at most."""
    for at in range(1, 60):
        world = make_world()
        world.says("hello")
        world.run()
        world.agent(world.requests()[0]["key"], "w" * 1200, files=[JPEG, PDF])
        hit = _break_once(world, at, how)
        for _ in range(4):
            world.run(2)
            world.clock.advance(60)
        shown = files_of(world)
        counts = (
            world.shown("w" * 1000),
            shown.count(("photo", digest(PICTURE))),
            shown.count(("document", digest(PAGES))),
        )
        assert all(counts), (at, counts)
        assert sum(counts) <= 4, (at, counts)
        world.bridge.close()
        if not hit:
            assert (1, 1, 1) == counts
            return
    pytest.fail("the way of an answer has no end")


def _break_once(world, at: int, how: str) -> bool:
    send_call, count = world.transport.send, 0

    def breaking(request, party):
        nonlocal count
        count += 1
        if count != at:
            return send_call(request, party)
        if how == "crash before":
            raise Crash
        send_call(request, party)
        if how == "crash after":
            raise Crash
        raise (RetryLaterError if request.is_repeatable else UnknownOutcomeError)("lost")

    world.transport.send = breaking
    with suppress(Crash):
        world.bridge.run_once(30.0)
    world.transport.send = send_call
    if how != "lost":
        with suppress(Crash):
            world.bridge.close()
        world.bridge = world.open_bridge()
    return count >= at
