"""Floods from one chat and from many, of messages, commands, hints and forged webhooks."""

from __future__ import annotations

import re

import pytest

from chatbridge.http_types import WebhookRequest

CHAT, OTHER = 1001, 2002


@pytest.mark.parametrize("mode", ["webhook", "poll"])
def test_a_flood_from_one_chat_becomes_one_request(make_world, looks, mode):
    """(F52) 200 messages of one chat are one request with 199 comments; another chat goes on."""
    world = make_world(mode=mode)
    look = looks(world)
    look.opens([OTHER])
    for number in range(200):
        world.says(f"spam {number}.", chat=CHAT)
    world.says("me too, please", chat=OTHER)
    waited = look.until(lambda: look.passed_on("me too, please"), 900)
    look.until(lambda: look.passed_on("spam 199."), 3600)
    assert waited < 3
    assert 2 == len(world.requests())
    texts = [each["text"] for each in world.requests()[1]["comments"]]
    assert [True] * 199 == [f"spam {at}." in text for at, text in enumerate(texts, start=1)]


def test_a_flood_that_a_process_dies_of_is_told_of_shortly(world, look):
    """(F52, I6, I27) What only its memory held is told in two texts at most; the rest arrives."""
    look.opens([CHAT])
    look.pass_by(60)
    for number in range(350):
        world.says(f"spam {number}.", chat=CHAT)
    look.pass_by(10)
    world.bridge = world.open_bridge()
    look.until(lambda: world.shown("of your messages could not", CHAT), 1800)
    look.until(lambda: look.passed_on("spam 349."), 600)
    look.pass_by(1800)
    arrived = [number for number in range(350) if look.passed_on(f"spam {number}.")]
    told = [text for text in world.transcript(CHAT) if "could not be passed on" in text]
    # One for all that nothing was done about, and one for that which was under way.
    assert len(told) in {1, 2}
    lost = sum(int(found[0]) if (found := re.search(r"\d+", text)) else 1 for text in told)
    assert (350, len(arrived)) == (len(arrived) + lost, look.passed_on("spam"))


def test_a_flood_of_new_requests_from_one_chat_ends_at_its_limit(world, look):
    """(F52) However often a chat asks for another request, it has no more open than is allowed."""
    for number in range(40):
        world.says("/new")
        world.says(f"another {number}.")
    look.until(lambda: look.passed_on("another 39."), 900)
    assert 5 == len(world.requests())
    assert [1] * 40 == [look.passed_on(f"another {number}.") for number in range(40)]


def test_a_flood_from_many_chats_opens_so_many_requests_a_minute(world, look):
    """(F53) Of 1000 strangers some get a request and the others are told; nobody else waits."""
    key = look.opens([OTHER])[OTHER]
    look.pass_by(120)
    strangers = range(10_000, 11_000)
    for chat in strangers:
        world.says(f"flood {chat}.", chat=chat)
    world.says("I was here before", chat=OTHER)
    world.agent(key, "so was I")
    waited = look.until(
        lambda: look.passed_on("I was here before") and world.shown("so was I", OTHER), 300
    )
    look.pass_by(60)
    opened = {chat for chat in strangers if look.passed_on(f"flood {chat}.")}
    told = {chat for chat in strangers if world.shown("in some minutes", chat)}
    assert (True, True) == (waited < 60, 60 <= len(opened) <= 240)
    assert (set(strangers), set()) == (opened | told, opened & told)
    assert len(told) == look.kinds().count("message_not_delivered")
    late = min(told)
    world.says("now then", chat=late)
    look.until(lambda: look.passed_on("now then"), 30)


def test_a_flood_of_hints_costs_no_more_than_one(world, look, opened):
    """(F7, I18, I21) Ten thousand genuine hints of one issue are worth one look at it."""
    issue = world.desk.control("request", {"issue": opened})["id"]
    look.pass_by(60)
    before = look.calls(f"/request/{issue}$|/request/{issue}\\?")
    secret = world.desk.credentials()["hint_secret"]
    world.desk.control(
        "register_hint", {"url": "https://bridge.example/hints/acme", "secret": secret}
    )
    world.agent(opened, "once")
    (owed,) = world.desk.owed_webhooks()
    hint = WebhookRequest(owed.headers, owed.body)
    answers = {world.bridge.receive_hint("acme", hint).status for _ in range(2_000)}
    look.pass_by(60)
    looked = look.calls(f"/request/{issue}$|/request/{issue}\\?") - before
    assert ({200}, 1, True) == (answers, world.shown("once"), looked <= 3)


@pytest.mark.parametrize("target", ["webhook", "hint"])
def test_a_flood_of_forged_webhooks_costs_no_call_and_one_notice(make_world, looks, target):
    """(F49, I21) Forgeries are refused without a call or a record, and the host is told once."""
    world = make_world(mode="webhook")
    look = looks(world)
    platform, token = world.telegram.control("state", {})["webhook"]["url"].rsplit("/", 2)[1:]
    world.bridge.run_once(1)
    calls, rows = len(world.calls), len(world.storage.scan("conversation").rows)
    for number in range(500):
        forged = WebhookRequest(
            {"X-Telegram-Bot-Api-Secret-Token": f"guess{number}", "X-Hub-Signature": f"{number}"},
            b'{"update_id": 1, "message": {}, "issue": {"id": "10001"}}',
        )
        if target == "hint":
            status = world.bridge.receive_hint("acme", forged).status
        else:
            status = world.bridge.receive_webhook(platform, token, forged).status
        assert 403 == status
    world.bridge.run_once(1)
    assert (rows, ["webhook_refused"]) == (
        len(world.storage.scan("conversation").rows),
        look.kinds(),
    )
    assert [] == [url for url in (r.url for r, _ in world.calls[calls:]) if "search" not in url]
