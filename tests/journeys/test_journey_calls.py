"""Whole conversations, each call of which is held to the descriptions of both services."""

from __future__ import annotations

from urllib.parse import urlsplit


def _whole_conversation(world):
    """Let both sides do what people do."""
    world.says("/start")
    world.says("My printer is on fire")
    world.run()
    key = world.requests()[0]["key"]
    world.agent(key, "Have you tried water?")
    world.agent(key, "Odd customer", public=False)
    world.says("It is still burning")
    world.says("/status")
    world.desk.control("transition", {"issue": key, "status": "In progress"})
    world.run()
    for number in range(12):
        world.agent(key, f"answer {number}")
    world.run()
    world.telegram.control("press", {"chat": 1001, "choice": 0})
    world.run()
    world.telegram.control("block", {"chat": 1001})
    world.agent(key, "Are you there?")
    world.run()
    world.telegram.control("unblock", {"chat": 1001})
    world.run()
    world.desk.control("delete", {"issue": key})
    world.says("And now?")
    world.run(6)


def test_jira_calls_are_as_documented(world, judge):
    """Every call to Jira, and its answer, is as Atlassian's documents say."""
    _whole_conversation(world)
    jira = [call for call in world.calls if "atlassian" in call[0].url]
    for request, response in jira:
        judge(request, response)
    assert len(jira) > 40


def test_telegram_calls_are_as_documented(world, specification):
    """Every call to Telegram, and its result, is as the Bot API's description says."""
    _whole_conversation(world)
    telegram = [call for call in world.calls if "telegram" in call[0].url]
    problems = []
    for request, response in telegram:
        method = urlsplit(request.url).path.rpartition("/")[2]
        problems += specification.request_problems(method, request.json or {})
        if response.status == 200:
            problems += specification.result_problems(method, response.json()["result"])
    assert problems == []
    assert len(telegram) > 20
