"""Reports of Viber find the request that their message was about."""

from __future__ import annotations

import pytest


@pytest.fixture
def notes(world):
    """Return what lists the internal notes of a request."""

    def of(key: str) -> list[str]:
        comments = world.desk.control("comments", {"issue": key})
        return [comment["text"] for comment in comments if not comment["public"]]

    return of


def test_a_refused_message_is_told_on_its_own_request(world, opened, notes):
    """Agents read it where they answered, not on the request that is current by now."""
    world.says("/new")
    world.says("The window is broken")
    first, second = opened, world.requests()[-1]["key"]
    world.agent(first, "Have you tried water?")
    sent = world.does("transcript")[-1]["message_id"]
    world.agent(second, "And sand?")
    world.does("failed", message_id=sent)
    world.run()
    assert [1, 0] == [
        sum("was not shown" in note for note in notes(key)) for key in (first, second)
    ]
