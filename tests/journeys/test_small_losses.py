"""What may fail beside a message without stopping it: goodbyes, taps, limits of files."""

from __future__ import annotations

import base64

import pytest

from chatbridge import RetryLaterError, UnknownOutcomeError
from chatbridge.testing.simulator import Fault

CHAT, NEW = 1001, 1002


def _photo(world):
    content = base64.b64encode(b"\xff\xd8\xff" * 50).decode()
    world.telegram.control("file", {"chat": CHAT, "kind": "photo", "content": content})


def _files(world, issue):
    return [file for each in world.desk.control("comments", {"issue": issue})
            for file in each["files"]]  # fmt: skip


def _fails_once(world, error, way, text=""):
    """Let the next call of this way that holds this text end so."""
    send, waiting = world.transport.send, [error]

    def failing(request, party):
        if waiting and way in request.url and text in str(request.json or ""):
            raise waiting.pop()
        return send(request, party)

    world.transport.send = failing
    return waiting


@pytest.mark.fault("F58")
def test_a_tap_that_the_platform_does_not_want_answered_counts(world, opened):
    """The answers come all the same; only the button's own sign of life is missing."""
    for number in range(11):
        world.agent(opened, f"answer {number}.")
    world.run()
    fault = Fault(kind="status", status=400, match="answerCallbackQuery", times=None)
    world.telegram.switch_fault(fault)
    world.telegram.control("press", {"chat": CHAT, "choice": 0})
    world.run(6)
    assert 11 == world.shown("answer ")


@pytest.mark.fault("F33")
def test_a_site_that_does_not_say_its_limit_gets_the_file(world, opened):
    """The project's own limit holds then."""
    fault = Fault(kind="status", status=403, match="attachment/meta", times=None)
    world.desk.switch_fault(fault)
    _photo(world)
    world.run()
    assert 1 == len(_files(world, opened))


@pytest.mark.fault("F33")
@pytest.mark.invariant("I3", "I6")
def test_a_file_whose_address_was_not_heard_is_asked_for_again(world, opened):
    """Asking changes nothing, so its lost answer is no doubt: the file comes once."""
    waiting = _fails_once(world, UnknownOutcomeError("lost"), "getFile")
    _photo(world)
    world.run()
    world.clock.advance(120)
    world.run()
    assert ([], 1) == (waiting, len(_files(world, opened)))


@pytest.mark.fault("F25", "F59")
def test_a_chat_that_cannot_be_told_keeps_no_request_back(world, opened):
    """The goodbye fails: the request goes on in the chat that joins, and in that one only."""
    waiting = _fails_once(world, RetryLaterError("down"), "sendMessage", "goes on in another chat")
    (link,) = world.bridge.links.invite(opened)
    word = link.url.partition("?start=")[2]
    world.says(f"/start {word}", chat=NEW)
    world.run()
    world.agent(opened, "Only for the new chat")
    world.run()
    shown = (world.shown("Only for the new chat"), world.shown("Only for the new chat", NEW))
    assert ([], (0, 1)) == (waiting, shown)
