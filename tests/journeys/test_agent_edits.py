"""Changes of public comments: the chat shows them, in place or as another message."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

CHAT = 1001


def bot_messages(world) -> list[dict[str, Any]]:
    """Return what the bot showed."""
    shown = world.telegram.control("transcript", {"chat": CHAT})
    return [each for each in shown if each["from"] == "bot"]


def said(world, issue: str, text: str) -> str:
    """Let an agent say something, and the chat show it; return the comment's id."""
    comment = world.agent(issue, text)["id"]
    world.run()
    return str(comment)


def edit(world, issue: str, comment: str, text: str) -> None:
    """Let an agent change a comment, and the bridge look."""
    world.desk.control("edit_comment", {"issue": issue, "comment": comment, "text": text})
    world.run()


@pytest.mark.fault("F14")
@pytest.mark.both_editions
def test_an_edit_is_shown_in_place(world, opened):
    """Telegram lets bots change a message: no second one is sent."""
    comment = said(world, opened, "It costs 5")
    before = len(bot_messages(world))
    edit(world, opened, comment, "It costs 6")
    assert before == len(bot_messages(world))
    assert (0, 1) == (world.shown("It costs 5"), world.shown("It costs 6"))


@pytest.mark.fault("F14")
def test_each_further_edit_is_shown_once(world, opened):
    """A comment that is changed twice ends as it reads; nothing is sent when nothing changes."""
    comment = said(world, opened, "one")
    edit(world, opened, comment, "two")
    edit(world, opened, comment, "three")
    calls = sum("editMessageText" in request.url for request, _ in world.calls)
    world.run()
    assert (1, 2) == (world.shown("three"), calls)
    assert calls == sum("editMessageText" in request.url for request, _ in world.calls)


@pytest.mark.fault("F14")
def test_a_message_that_is_gone_gets_a_notice(world, opened):
    """Where the message cannot be changed any more the new words come as another one."""
    comment = said(world, opened, "It costs 5")
    shown = bot_messages(world)[-1]["message_id"]
    del world.telegram.state.chats[CHAT].messages[shown]
    edit(world, opened, comment, "It costs 6")
    assert 1 == world.shown("Changed:\nIt costs 6")


@pytest.mark.fault("F14")
def test_an_edit_of_several_messages_gets_a_notice(world, opened):
    """What took several messages is not patched together."""
    comment = said(world, opened, "a" * 5000)
    edit(world, opened, comment, "Short now")
    assert (1, 1) == (world.shown("Changed:"), world.shown("Short now"))


@pytest.mark.fault("F14")
def test_edits_can_be_switched_off(world, opened):
    """A project that wants no edits shown keeps what was said first."""
    world.set_project(agent_edits=False)
    comment = said(world, opened, "It costs 5")
    edit(world, opened, comment, "It costs 6")
    assert (1, 0) == (world.shown("It costs 5"), world.shown("It costs 6"))


def test_switching_edits_off_later_counts_at_once(world, opened):
    """What was remembered before is not used any more."""
    comment = said(world, opened, "It costs 5")
    world.set_project(agent_edits=False)
    edit(world, opened, comment, "It costs 6")
    assert 0 == world.shown("It costs 6")


@pytest.mark.invariant("I5")
@pytest.mark.both_editions
def test_an_edit_of_what_became_internal_stays(world, opened):
    """A comment that is no longer public is not shown in any wording."""
    comment = said(world, opened, "It costs 5")
    world.desk.control("flip", {"issue": opened, "comment": comment, "public": False})
    edit(world, opened, comment, "the margin is 3")
    assert 0 == world.shown("margin")


@pytest.mark.fault("F14")
def test_old_comments_are_not_watched(world, opened):
    """The link remembers the last ten only; what is older stays as it was shown."""
    first = said(world, opened, "the first")
    for number in range(10):
        said(world, opened, f"number {number}")
    edit(world, opened, first, "changed late")
    (link,) = list(world.bridge.links.all())
    assert (10, 0) == (len(link.shown), world.shown("changed late"))


def test_a_restored_link_of_an_older_version_reads(world, opened):
    """A link that was kept before edits were remembered opens, and sends nothing again."""
    said(world, opened, "It costs 5")
    kept = world.bridge.links
    (link,) = list(kept.all())
    plain = link.to_plain()[:13]
    assert evolve(link, shown=()) == type(link).from_plain(plain, 1)
