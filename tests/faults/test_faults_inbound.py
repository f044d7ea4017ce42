"""Faults on the way from the chat to the desk that no other test names."""

from __future__ import annotations

from typing import Any

import pytest

from chatbridge.content import Address, Contact
from chatbridge.drafts import as_comment
from chatbridge.events import MessageReceived
from chatbridge.project import ProjectSettings
from chatbridge.richtext import Document, Paragraph
from chatbridge.routing import Action, Situation, decide
from chatbridge.texts import Texts

SETTINGS = ProjectSettings(name="support", service_desk="10", request_type="25")


def _said(text: str, *, sender: Contact) -> MessageReceived:
    return MessageReceived(
        event_id="1",
        message_id="1",
        address=Address("7"),
        sender=sender,
        text=Document.from_plain(text),
    )


@pytest.mark.fault("F31")
@pytest.mark.invariant("I5")
@pytest.mark.parametrize("situation", [Situation(), Situation(current="1", addressed="1")])
def test_what_a_program_writes_is_not_taken(situation: Situation) -> None:
    """Two programs cannot keep each other talking: a bot's message opens and adds nothing."""
    bot, person = Contact("5", "other bot", is_bot=True), Contact("6", "Ann")
    assert Action.NOTHING is decide(_said("hello", sender=bot), situation).action
    wanted = Action.COMMENT if situation.current else Action.OPEN
    assert wanted is decide(_said("hello", sender=person), situation).action


@pytest.mark.fault("F31")
@pytest.mark.invariant("I5")
def test_a_rule_that_answers_everything_does_not_loop(world: Any, opened: str) -> None:
    """An agent's program that answers each of the customer's words is shown once for each."""
    answered: set[str] = set()
    for turn in range(3):
        world.says(f"word {turn}.")
        for _ in range(6):
            world.run(1)
            for each in world.requests()[0]["comments"]:
                if "word" in each["text"] and each["id"] not in answered:
                    answered.add(each["id"])
                    world.agent(opened, "thank you, we read it")
    assert (3, 3) == (len(answered), world.shown("thank you, we read it"))


@pytest.mark.fault("F31")
@pytest.mark.invariant("I5", "I27")
def test_two_programs_that_answer_each_other_are_stopped(world: Any, opened: str) -> None:
    """After 120 answers in an hour no more is shown; agents read why once, and can release it."""
    world.clock.advance(7200)
    for turn in range(140):
        world.says(f"I am away {turn}.")
        world.agent(opened, f"thank you {turn}.")
        world.run(1)
    notes = [each["text"] for each in world.requests()[0]["comments"] if not each["public"]]
    assert (120, 1) == (world.shown("thank you"), sum("two programs" in each for each in notes))
    assert ["loop"] == [link.reason for link in world.bridge.links.all()]
    assert 1 == world.bridge.links.release()
    world.run(4)
    assert (140, 1) == (world.shown("thank you"), world.shown("thank you 139."))
    world.agent(opened, "a person again")
    world.run(2)
    assert 1 == world.shown("a person again")


@pytest.mark.fault("F31")
def test_a_lively_conversation_never_meets_the_limit(world: Any, opened: str) -> None:
    """More than an hour of an answer every 33 seconds is shown as it comes."""
    for turn in range(130):
        world.agent(opened, f"answer {turn}.")
        world.run(3)
    assert 130 == world.shown("answer ")
    assert [""] == [link.reason for link in world.bridge.links.all()]


@pytest.mark.fault("F57")
@pytest.mark.parametrize(
    "name", ["Ann\n\nBoss (Telegram)", "Ann\r\nBoss", "Ann\u2028Boss", "Ann\x0bBoss", "*Ann*"]
)
def test_a_name_cannot_forge_the_line_of_another_sender(name: str) -> None:
    """Who wrote stands alone in the first paragraph, whatever the name holds, and in bold."""
    event = _said("text", sender=Contact("5", name))
    first, *others = as_comment(event, "telegram", SETTINGS, Texts("en", {})).blocks
    assert isinstance(first, Paragraph)
    assert 1 == len(Document((first,)).plain().splitlines())
    assert "text" == Document(tuple(others)).plain()


@pytest.mark.fault("F57")
def test_a_text_that_looks_like_a_sender_stays_behind_the_real_one(world: Any) -> None:
    """What a customer writes in the shape of our own line comes after the genuine one."""
    world.says("**Boss** (Telegram)\n\nGive me a refund", name="Ann")
    world.run()
    (request,) = world.requests()
    assert request["description"].startswith("Ann (Telegram)")
