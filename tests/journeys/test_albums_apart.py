"""Albums of which something is refused when part of them stands in Jira: no word comes twice."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest

from chatbridge import HttpResponse, RetryLaterError, UnknownOutcomeError

CHAT = 1001
CAPTIONS = ["the front side", "the back side", "the inside"]


class Crash(BaseException):
    """The process dies here."""


def send(world, captions=CAPTIONS):
    """Let the customer send an album of three, each with words of its own; return its messages."""
    said = world.telegram.control("album", {"chat": CHAT, "count": 3, "caption": list(captions)})
    messages = world.telegram.state.chats[CHAT].messages
    for number in said["message_ids"]:
        messages[number].file.data = f"bytes of {number}".encode()
    return [messages[number] for number in said["message_ids"]]


def in_jira(world, captions=CAPTIONS):
    """Return how often each caption stands in Jira, and how many files each comment has."""
    texts, files = [], []
    for issue in world.requests():
        texts.append(issue["description"])
        comments = world.desk.control("comments", {"issue": issue["key"]})
        texts += [each["text"] for each in comments]
        files += [len(each["files"]) for each in comments if each["files"]]
    return [sum(caption in text for text in texts) for caption in captions], files


class Rules:
    """Stands before the transport: refuses files together, and breaks the n-th call."""

    def __init__(self, world, at=0, how=""):
        self._send, self._at, self._how = world.transport.send, at, how
        self._count = 0
        world.transport.send = self

    def disarm(self):
        """Break nothing any more; return whether a call was broken."""
        at, self._at = self._at, 0
        return self._count >= at

    def __call__(self, request, party):
        several = len((request.json or {}).get("temporaryAttachmentIds", ())) > 1
        if several:
            return HttpResponse(400, {}, json.dumps({}).encode())
        self._count += 1
        if self._count != self._at:
            return self._send(request, party)
        if self._how != "crash before":
            self._send(request, party)
        if self._how == "lost":
            raise (RetryLaterError if request.is_repeatable else UnknownOutcomeError)("lost")
        raise Crash


@pytest.mark.fault("F54")
@pytest.mark.parametrize("opens", [False, True])
def test_words_of_an_album_taken_apart_come_once(make_world, opens):
    """A desk that takes one file a comment reads each caption once, wherever it stands."""
    world = make_world()
    if not opens:
        world.says("My printer is on fire")
        world.run()
    Rules(world)
    send(world)
    world.run()
    assert ([1, 1, 1], [1, 1, 1]) == in_jira(world)
    assert 0 == world.shown("could not be passed on") + world.shown("Not passed on")


@pytest.mark.fault("F36", "F37", "F54")
@pytest.mark.invariant("I7")
@pytest.mark.parametrize("how", ["lost", "crash before", "crash after"])
def test_an_album_that_is_taken_apart_and_fails_again_repeats_nothing(make_world, how):
    """Each call of the way breaks once: every word and every file is in Jira once in the end."""
    for at in range(1, 60):
        world = make_world()
        send(world)
        rules = Rules(world, at, how)
        with suppress(Crash):
            world.bridge.run_once(30.0)
        hit = rules.disarm()
        if how != "lost":
            with suppress(Crash):
                world.bridge.close()
            world.bridge = world.open_bridge()
        world.run(12)
        assert (at, [1, 1, 1], [1, 1, 1]) == (at, *in_jira(world))
        assert (0, 0) == (world.shown("could not be passed on"), world.shown("Not passed on"))
        world.bridge.close()
        if not hit:
            return
    pytest.fail("the way of an album has no end")


@pytest.mark.fault("F33", "F54")
def test_a_file_that_is_gone_when_its_album_is_tried_again_repeats_no_word(make_world):
    """The request stands with all captions; the files that can be had follow, one is named."""
    world = make_world()
    _, back, _ = send(world)
    send_call = world.transport.send

    def refuse_to_attach(request, party):
        if request.url.endswith("/attachment") and request.method == "POST":
            back.file.size = 30_000_000
            raise RetryLaterError("not now")
        return send_call(request, party)

    world.transport.send = refuse_to_attach
    world.bridge.run_once(30.0)
    world.transport.send = send_call
    world.run(12)
    assert ([1, 1, 1], [1, 1]) == in_jira(world)
    assert 1 == world.shown("Not passed on: photo.jpg")
    assert 1 == len(world.requests())
