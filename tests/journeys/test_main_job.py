"""The main job: a customer and an agent talk through the bridge."""

from __future__ import annotations

import pytest


@pytest.mark.both_editions
def test_first_message_opens_a_request_and_the_chat_learns_its_key(world):
    """The first message opens one customer request, and the bot answers with its key."""
    world.says("My printer is on fire")
    world.run()
    (request,) = world.requests()
    assert request["summary"] == "My printer is on fire"
    assert world.shown(request["key"]) == 1


@pytest.mark.both_editions
def test_further_messages_are_comments_on_the_current_request(world, opened):
    """Messages after the first become public comments of the same request, in order, once."""
    world.says("It is still burning")
    world.says("Help")
    world.run()
    (request,) = world.requests()
    texts = [comment["text"] for comment in request["comments"]]
    assert [True, True] == [comment["public"] for comment in request["comments"]]
    assert ["still burning" in texts[0], "Help" in texts[1], len(texts)] == [True, True, 2]


@pytest.mark.both_editions
@pytest.mark.fault("F8")
@pytest.mark.invariant("I1", "I2")
def test_public_comment_arrives_and_internal_note_does_not(world, opened):
    """An agent's public comment is shown once; an internal note never is."""
    world.agent(opened, "Have you tried water?")
    world.agent(opened, "The customer is odd", public=False)
    world.run()
    assert (world.shown("Have you tried water?"), world.shown("odd")) == (1, 0)


@pytest.mark.both_editions
@pytest.mark.fault("F30")
@pytest.mark.invariant("I5")
def test_own_comments_do_not_come_back(world, opened):
    """What a customer wrote is never echoed into the chat."""
    world.says("It is still burning")
    world.run()
    assert world.shown("still burning") == 0


@pytest.mark.both_editions
def test_status_changes_are_announced_and_the_end_opens_anew(world, opened):
    """Each new status is told once; after the end the next message opens another request."""
    world.desk.control("transition", {"issue": opened, "status": "In progress"})
    world.run()
    world.desk.control("transition", {"issue": opened, "status": "Resolved"})
    world.run()
    world.says("Another thing")
    world.run()
    assert (world.shown("In progress"), world.shown("Resolved")) == (1, 1)
    assert len(world.requests()) == 2
