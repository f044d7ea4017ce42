"""Replies and threads, both ways, between the simulated homeserver and a simulated desk."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_reply_reaches_its_request(town: Any) -> None:
    """Who answers a message of the bot means its request, though a newer one is open."""
    town.says("first printer")
    town.work()
    town.says("!new")
    town.work()
    town.says("second scanner")
    town.work()
    first = next(each for each in town.desk.control("requests", {}) if "first" in each["summary"])
    town.desk.control("comment", {"issue": first["key"], "text": "Which one?"})
    town.work()
    asked = next(
        each["message_id"]
        for each in town.matrix.control("transcript", {"chat": "c1"})
        if "Which one" in each["text"]
    )
    town.says("the blue one", reply_to=asked)
    town.work()
    comments = town.desk.control("request", {"issue": first["key"]})["comments"]
    assert any("the blue one" in comment["text"] for comment in comments)


def test_agents_read_what_a_reply_answers(town: Any) -> None:
    """Words of the bot, without the key before them, and of the person who replies; of no other."""
    mine = town.says("It smells")
    town.work()
    (request,) = town.desk.control("requests", {})
    town.desk.control("comment", {"issue": request["key"], "text": "Of what, please?"})
    town.work()
    asked = next(
        each["message_id"]
        for each in town.matrix.control("transcript", {"chat": "c1"})
        if "Of what" in each["text"]
    )
    for answered, text in ((asked, "smoke"), (mine, "a lot")):
        town.says(text, reply_to=answered)
        town.work()
    town.says("me too", reply_to=mine, name="Somebody")
    town.work()
    comments = town.desk.control("request", {"issue": request["key"]})["comments"]
    smoke, much, other = (str(each["text"]) for each in comments if "(Matrix)" in each["text"])
    assert "Of what, please?" in smoke
    assert request["key"] not in smoke
    assert ("It smells" in much, "It smells" in other) == (True, False)


@pytest.mark.parametrize("thread", [False, True])
def test_an_answer_to_a_message_is_a_reply_to_it(town: Any, thread: bool) -> None:
    """The room shows which message of the customer an agent answers, in its thread, too."""
    root = town.says("My printer is on fire")
    town.work()
    more = {"thread": root} if thread else {}
    if thread:
        town.says("!new", **more)
        town.work()
        town.says("My scanner, too", **more)
        town.work()
    smells = town.says("It smells", **more)
    town.work()
    request = town.desk.control("requests", {})[-1]
    comment = town.desk.control("request", {"issue": request["key"]})["comments"][-1]
    answer = {"issue": request["key"], "text": "Of what?", "parent": comment["id"]}
    town.desk.control("comment", answer)
    town.work()
    told = town.matrix.control("transcript", {"chat": "c1"})[-1]
    assert (True, smells) == ("Of what?" in told["text"], told.get("reply_to"))
    assert (root if thread else None) == told.get("thread")


def test_a_thread_is_kept(town: Any) -> None:
    """Who writes in a thread is answered in it."""
    root = town.says("See below")
    town.work()
    town.says("!new", thread=root)
    town.work()
    town.says("My scanner smokes", thread=root)
    town.work()
    (request,) = [each for each in town.desk.control("requests", {}) if "scanner" in str(each)]
    town.desk.control("comment", {"issue": request["key"], "text": "Pull the plug"})
    town.work()
    seen = town.matrix.control("transcript", {"chat": "c1"})
    (told,) = [each for each in seen if "Pull the plug" in each["text"]]
    assert root == told.get("thread")
