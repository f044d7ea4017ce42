"""The main job on Viber: a customer and an agent talk through the whole bridge."""

from __future__ import annotations


def test_registration_calls_back_and_is_set(world):
    """Setting the project sets the webhook, which is answered while the call is under way."""
    state = world.does("state")
    assert state["account"]["webhook"].startswith("https://bridge.example/webhooks/viber/")
    assert {"message", "conversation_started", "failed"} <= set(state["account"]["event_types"])


def test_first_message_opens_a_request_and_the_chat_learns_its_key(world):
    """The first message opens one request, and the bot answers with its key."""
    world.says("Мій принтер горить")
    (request,) = world.requests()
    assert "Мій принтер горить" == request["summary"]
    assert 1 == world.shown(request["key"])


def test_answers_arrive_and_notes_do_not(world, opened):
    """An agent's public comment is shown once, under the agent's name; an internal note never."""
    world.agent(opened, "Have you tried water?", author="Bob Agent")
    world.agent(opened, "The customer is odd", public=False)
    assert (1, 0) == (world.shown("Have you tried water?"), world.shown("odd"))
