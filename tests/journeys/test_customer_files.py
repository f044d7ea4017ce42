"""Files of customers: each reaches Jira whole, once and with its words, or its sender is told."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress
from typing import Any

import pytest

from chatbridge import RetryLaterError, UnknownOutcomeError
from chatbridge.filenames import marker_in

CHAT = 1001
BYTES = b"\xff\xd8\xff" + bytes(range(256)) * 40


def send(world, kind: str = "photo", data: bytes = BYTES, **more: Any) -> dict[str, Any]:
    """Let the customer send a file."""
    content = base64.b64encode(data).decode()
    said: dict[str, Any] = world.telegram.control(
        "file", {"chat": CHAT, "kind": kind, "content": content, **more}
    )
    return said


def comments_with_files(world, issue: str) -> list[dict[str, Any]]:
    """Return the comments of an issue that have a file, the oldest first."""
    return [each for each in world.desk.control("comments", {"issue": issue}) if each["files"]]


@pytest.mark.parametrize(
    "kind", ["photo", "document", "video", "audio", "voice", "video_note", "sticker", "animation"]
)
@pytest.mark.fault("F34")
def test_every_kind_of_file_arrives_whole(world, opened, kind):
    """The bytes are in Jira as they were, under a safe name with our marker and an ending."""
    send(world, kind)
    world.run()
    (comment,) = comments_with_files(world, opened)
    (file,) = comment["files"]
    assert hashlib.sha256(BYTES).hexdigest() == file["sha256"]
    assert (True, True) == (marker_in(file["name"]) is not None, "." in file["name"])
    assert ("Chat bot", True) == (comment["author"], comment["public"])


@pytest.mark.both_editions
def test_text_and_file_of_one_message_are_one_comment(world, opened):
    """The caption stands with the file, and who sent it before both; the sender is told nothing."""
    before = len(world.transcript())
    send(world, caption="Look at *this*!")
    world.run()
    (comment,) = comments_with_files(world, opened)
    assert "Look at *this*!" in comment["text"]
    assert "(Telegram)" in comment["text"].splitlines()[0]
    assert before == len(world.transcript())


@pytest.mark.both_editions
def test_a_file_alone_opens_a_request(world):
    """A first message that is only a photo opens a request with it."""
    send(world)
    world.run()
    (request,) = world.requests()
    assert "photo" in request["summary"]
    assert 1 == len(comments_with_files(world, request["key"]))
    assert 1 == world.shown("We have opened your request")


@pytest.mark.fault("F30")
@pytest.mark.both_editions
def test_our_own_files_do_not_come_back(world, opened):
    """A bridge that has just started knows the comments with customers' files for its own."""
    before = len(world.transcript())
    world.desk.control("behaviour", {"hide_properties": True})
    send(world, caption="only once")
    world.bridge.run_once(30.0)
    world.bridge.close()
    world.bridge = world.open_bridge()
    world.agent(opened, "an answer")
    world.run()
    assert (before + 1, 0) == (len(world.transcript()), world.shown("only once"))


def test_a_kind_that_the_project_does_not_want_is_left_out(world, opened):
    """What is switched off is named to both sides, its text goes on."""
    world.set_project(customer_files=("document",))
    send(world, caption="my house")
    send(world, "document", file_name="plan.pdf")
    world.run()
    (comment,) = comments_with_files(world, opened)
    assert comment["files"][0]["name"].startswith("plan-")
    texts = [each["text"] for each in world.desk.control("comments", {"issue": opened})]
    assert 1 == sum("my house" in each and "[not passed on: photo.jpg" in each for each in texts)
    assert 1 == world.shown("Not passed on: photo.jpg")


@pytest.mark.fault("F33")
def test_a_file_beyond_the_site_s_limit_is_left_out(world, opened):
    """A file that Jira does not want costs the message nothing else, and is named."""
    world.desk.control("behaviour", {"file_limit": 1000})
    send(world, "document", file_name="big.bin", caption="the log")
    world.run()
    assert [] == comments_with_files(world, opened)
    (text,) = [
        each["text"]
        for each in world.desk.control("comments", {"issue": opened})
        if "the log" in each["text"]
    ]
    assert "[not passed on: big.bin" in text
    assert 1 == world.shown("Not passed on: big.bin")


@pytest.mark.fault("F33")
def test_a_file_that_the_platform_does_not_hand_out_is_left_out(world, opened):
    """A file beyond what bots may read is named instead of blocking the chat."""
    send(world, "document", file_name="huge.iso", size=30_000_000)
    world.says("and some words")
    world.run()
    assert 1 == world.shown("Not passed on: huge.iso")
    texts = [each["text"] for each in world.desk.control("comments", {"issue": opened})]
    assert 1 == sum("and some words" in each for each in texts)


@pytest.mark.fault("F57")
@pytest.mark.parametrize("name", ["../../x.sh", "a\r\nb: c.txt", "\u202egpj.exe", "", "nul"])
def test_hostile_names_stay_names(world, opened, name):
    """Whatever a file is called, Jira gets a plain name."""
    send(world, "document", file_name=name)
    world.run()
    (comment,) = comments_with_files(world, opened)
    kept = comment["files"][0]["name"]
    assert set() == set(kept) & set('/\\\r\n:\u202e"')


@pytest.mark.fault("F36", "F37")
@pytest.mark.invariant("I1", "I2")
@pytest.mark.parametrize("opens", [False, True])
@pytest.mark.parametrize("how", ["lost", "crash before", "crash after"])
def test_a_file_comes_once_whatever_breaks(make_world, opens, how):
    """Each call of the way breaks once; the file is in Jira once and its sender hears nothing."""
    for at in range(1, 40):
        world = make_world()
        if not opens:
            world.says("My printer is on fire")
            world.run()
        hit = _break_once(world, at, how, lambda world=world: send(world, caption="words"))
        world.run(12)
        (issue,) = world.requests()
        assert (at, 1) == (at, len(comments_with_files(world, issue["key"])))
        assert (0, 0) == (world.shown("could not be passed on"), world.shown("Not passed on"))
        world.bridge.close()
        if not hit:
            return
    pytest.fail("the way of a file has no end")


class Crash(BaseException):
    """The process dies here."""


def _break_once(world, at: int, how: str, act) -> bool:
    """Let the n-th call from now break; return whether there was one."""
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

    act()
    world.transport.send = breaking
    with suppress(Crash):
        world.bridge.run_once(30.0)
    hit = count >= at
    world.transport.send = send_call
    if how != "lost":
        with suppress(Crash):
            world.bridge.close()
        world.bridge = world.open_bridge()
    return hit
