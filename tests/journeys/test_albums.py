"""Albums of customers: one comment where they are polled, each file once whatever breaks."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest

from chatbridge import HttpResponse, RetryLaterError, UnknownOutcomeError

CHAT = 1001
CAPTION = "Three views"


class Crash(BaseException):
    """The process dies here."""


def send(world, count: int = 3) -> list[Any]:
    """Let the customer send an album; return its messages."""
    said = world.telegram.control("album", {"chat": CHAT, "count": count, "caption": CAPTION})
    messages = world.telegram.state.chats[CHAT].messages
    for number in said["message_ids"]:
        messages[number].file.data = f"bytes of {number}".encode()
    return [messages[number] for number in said["message_ids"]]


def arrived(world) -> list[tuple[bool, int]]:
    """Return for each comment with files whether the caption is there, and how many they are."""
    (issue,) = world.requests()
    comments = world.desk.control("comments", {"issue": issue["key"]})
    return [(CAPTION in each["text"], len(each["files"])) for each in comments if each["files"]]


def digests(world) -> list[str]:
    """Return the digests of all files of the request, as often as they are there."""
    (issue,) = world.requests()
    comments = world.desk.control("comments", {"issue": issue["key"]})
    return sorted(file["sha256"] for each in comments for file in each["files"])


def calls_around(world, breaks) -> None:
    """Let each call of the bridge go through a function of (number, call, request)."""
    send_call, count = world.transport.send, 0

    def counted(request, party):
        nonlocal count
        count += 1
        return breaks(count, lambda: send_call(request, party), request)

    world.transport.send = counted


@pytest.mark.fault("F54")
@pytest.mark.both_editions
def test_a_polled_album_is_one_comment(world, opened):
    """All files stand in one comment, with the caption once, and no part of it comes back."""
    before = len(world.transcript())
    send(world)
    world.run()
    assert [(True, 3)] == arrived(world)
    assert before == len(world.transcript())


@pytest.mark.fault("F54")
def test_an_album_opens_one_request(world):
    """The caption becomes the request, and all files come in one comment."""
    send(world)
    world.run()
    assert [(False, 3)] == arrived(world)
    assert CAPTION in world.requests()[0]["summary"]
    assert 1 == world.shown("We have opened your request")


@pytest.mark.fault("F54")
def test_two_albums_stay_two(world, opened):
    """What a person sent as two albums, with words between, is two comments."""
    send(world, 2)
    send(world, 3)
    world.says("and that")
    world.run()
    assert [(True, 2), (True, 3)] == arrived(world)


@pytest.mark.fault("F33", "F54")
@pytest.mark.parametrize("opens", [False, True])
def test_an_item_that_cannot_be_had_takes_no_other_with_it(make_world, opens):
    """The items go one by one then; the one that is missing is named to both sides, once."""
    world = make_world()
    if not opens:
        world.says("My printer is on fire")
        world.run()
    send(world)[1].file.size = 30_000_000
    world.run()
    assert [1, 1] == [count for _, count in arrived(world)]
    assert 1 == world.shown("Not passed on: photo.jpg")
    (issue,) = world.requests()
    texts = [each["text"] for each in world.desk.control("comments", {"issue": issue["key"]})]
    assert 1 == sum("not passed on: photo.jpg" in text for text in texts)
    assert 1 == opens + sum(CAPTION in text for text in texts)


@pytest.mark.fault("F54")
@pytest.mark.parametrize("opens", [False, True])
def test_files_that_are_refused_together_are_attached_one_by_one(make_world, opens):
    """A desk that takes one file a comment gets one file a comment."""
    world = make_world()
    if not opens:
        world.says("My printer is on fire")
        world.run()

    def refuse(_count, call, request):
        several = len((request.json or {}).get("temporaryAttachmentIds", ())) > 1
        return HttpResponse(400, {}, json.dumps({}).encode()) if several else call()

    calls_around(world, refuse)
    send(world)
    world.run()
    assert [1, 1, 1] == [count for _, count in arrived(world)]
    assert 0 == world.shown("could not be passed on") + world.shown("Not passed on")


@pytest.mark.fault("F36", "F37", "F54")
@pytest.mark.invariant("I1", "I2")
@pytest.mark.parametrize("opens", [False, True])
@pytest.mark.parametrize("how", ["lost", "crash before", "crash after"])
def test_an_album_comes_once_whatever_breaks(make_world, opens, how):
    """Each call of the way breaks once; each file is in Jira once and its sender hears nothing."""
    for at in range(1, 60):
        world = make_world()
        if not opens:
            world.says("My printer is on fire")
            world.run()
        send(world, 2)
        hit = _break_once(world, at, how)
        world.run(12)
        assert (at, 2, 2) == (at, len(digests(world)), len(set(digests(world))))
        assert (at, 1) == (at, len(arrived(world)))
        assert (0, 0) == (world.shown("could not be passed on"), world.shown("Not passed on"))
        world.bridge.close()
        if not hit:
            return
    pytest.fail("the way of an album has no end")


def _break_once(world, at: int, how: str) -> bool:
    """Let the n-th call from now break; return whether there was one."""
    send_call = world.transport.send
    hit = False

    def breaking(count, call, request):
        nonlocal hit
        if count != at:
            return call()
        hit = True
        if how == "crash before":
            raise Crash
        call()
        if how == "crash after":
            raise Crash
        raise (RetryLaterError if request.is_repeatable else UnknownOutcomeError)("lost")

    calls_around(world, breaking)
    with suppress(Crash):
        world.bridge.run_once(30.0)
    world.transport.send = send_call
    if how != "lost":
        with suppress(Crash):
            world.bridge.close()
        world.bridge = world.open_bridge()
    return hit
