"""What an agent's comment answers shows in the chat, where customers may see that as well."""

from __future__ import annotations

from typing import Any

import pytest

CHAT = 1001


def last(world) -> dict[str, Any]:
    """Return the newest message of the bot."""
    shown = world.telegram.control("transcript", {"chat": CHAT})
    return [each for each in shown if each["from"] == "bot"][-1]


def comments(world, issue: str) -> list[dict[str, Any]]:
    """Return the comments of an issue."""
    found: list[dict[str, Any]] = world.desk.control("comments", {"issue": issue})
    return found


@pytest.fixture
def asked(world, opened) -> tuple[int, str]:
    """Return the ids of a customer's message and of the comment that it became."""
    message = world.says("It smells of smoke")["message_id"]
    world.run()
    return message, comments(world, opened)[-1]["id"]


def test_an_answer_to_a_message_is_a_reply_to_it(world, opened, asked):
    """The chat shows which of the customer's messages is answered, without its words again."""
    message, comment = asked
    world.agent(opened, "Open the window", parent=comment)
    world.run()
    assert (message, False) == (last(world)["reply_to"], "smoke" in last(world)["text"])


def test_an_answer_to_an_answer_is_a_reply_to_that(world, opened):
    """What agents add to an answer of theirs points at the message that showed it."""
    first = world.agent(opened, "Open the window")
    world.run()
    shown = last(world)["message_id"]
    world.agent(opened, "And the door", parent=first["id"])
    world.run()
    assert shown == last(world)["reply_to"]


def test_it_is_remembered_across_a_restart(world, opened, asked):
    """Another process knows the message as well."""
    world.bridge.close()
    world.bridge = world.open_bridge()
    world.agent(opened, "Open the window", parent=asked[1])
    world.run()
    assert asked[0] == last(world)["reply_to"]


@pytest.mark.fault("F54")
def test_an_answer_to_an_album_is_a_reply_to_its_first_item(world, opened):
    """What became one comment is answered at its first message."""
    said = world.telegram.control("album", {"chat": CHAT, "count": 2, "caption": "two views"})
    world.run()
    world.agent(opened, "I see", parent=comments(world, opened)[-1]["id"])
    world.run()
    assert said["message_ids"][0] == last(world)["reply_to"]


def test_a_message_that_is_gone_is_answered_all_the_same(world, opened, asked):
    """Where the customer has removed the message, the answer stands by itself."""
    del world.telegram.state.chats[CHAT].messages[asked[0]]
    world.agent(opened, "Open the window", parent=asked[1])
    world.run()
    assert 1 == world.shown("Open the window")
    assert last(world)["reply_to"] is None


def test_what_is_too_long_ago_is_quoted(world, opened, asked):
    """Of a message that is not remembered any more, one line stands before the answer."""
    for number in range(12):
        world.says(f"more {number}")
        world.run()
    world.agent(opened, "Open the window", parent=asked[1])
    world.run()
    assert "It smells of smoke\n" in last(world)["text"]
    assert ("Telegram" in last(world)["text"], None) == (False, last(world)["reply_to"])


@pytest.mark.invariant("I1", "I2")
@pytest.mark.parametrize("how", ["internal", "restricted", "turned internal"])
def test_what_is_not_public_is_neither_quoted_nor_pointed_at(world, opened, how):
    """An answer to a note shows nothing of the note; nor does one to what became a note."""
    made = world.agent(
        opened, "a word among us", public=how != "internal", restricted=how == "restricted"
    )
    world.run()
    if how == "turned internal":
        assert 1 == world.shown("a word among us")
        world.desk.control("flip", {"issue": opened, "comment": made["id"], "public": False})
    before = world.shown("a word among us")
    world.agent(opened, "Open the window", parent=made["id"])
    world.run()
    assert (1, before) == (world.shown("Open the window"), world.shown("a word among us"))
    assert last(world)["reply_to"] is None


@pytest.mark.invariant("I1", "I2")
def test_the_first_witness_alone_proves_nothing(world, opened):
    """A comment that the customer API shows and the platform API restricts is not quoted."""
    made = world.agent(opened, "a word among us", restricted=True)
    answer = world.agent(opened, "Open the window", parent=made["id"])
    world.run()
    assert (1, 0) == (world.shown("Open the window"), world.shown("a word among us"))
    assert answer["id"] != made["id"]


@pytest.mark.both_editions
def test_a_site_that_names_no_parents_is_answered_as_before(world, opened):
    """Where Jira says nothing of what a comment answers, nothing is missing."""
    world.says("It smells of smoke")
    world.run()
    world.agent(opened, "Open the window", parent=comments(world, opened)[-1]["id"])
    world.run()
    assert 1 == world.shown("Open the window")


def test_nothing_is_asked_for_where_nothing_is_answered(world, opened, monkeypatch):
    """Comments that answer nothing cost no call more than before."""
    asked = []
    send_call = world.transport.send

    def counted(request, party):
        asked.append(request.url)
        return send_call(request, party)

    monkeypatch.setattr(world.transport, "send", counted)
    world.agent(opened, "Open the window")
    world.run()
    assert 1 == sum("/comment/list" in url for url in asked)
