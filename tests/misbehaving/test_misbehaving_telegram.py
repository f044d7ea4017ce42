"""Telegram that asks to wait, refuses, moves, is taken by others or revokes, in virtual time."""

from __future__ import annotations

import json

import pytest

from chatbridge import NewBot, ProjectSettings
from chatbridge.http_types import HttpResponse
from chatbridge.links import LinkState
from chatbridge.testing.simulator import Fault, SimulatedCall

CHAT, OTHER = 1001, 2002
TELEGRAM = "api.telegram.org"


def refuse(world, code, description, match="/sendMessage", chat=CHAT):
    """Let Telegram refuse every message to a chat; return what lets it take them again."""
    usual = world.telegram.answer

    def answer(call):
        if match in call.path and str(chat).encode() in call.body:
            body = {"ok": False, "error_code": code, "description": description}
            return HttpResponse(code, {}, json.dumps(body).encode())
        return usual(call)

    world.telegram.answer = answer

    def relent():
        world.telegram.answer = usual

    return relent


def sends(world):
    """Return the moments at which sendMessage reached Telegram, as a list that grows."""
    moments, usual = [], world.telegram.answer

    def answer(call):
        if call.path.endswith("/sendMessage"):
            moments.append((json.loads(call.body)["chat_id"], world.clock.monotonic()))
        return usual(call)

    world.telegram.answer = answer
    return moments


@pytest.mark.parametrize("seconds", [1, 33, 3000])
def test_retry_after_holds_the_chat_and_keeps_the_order(world, look, seconds):
    """(F24, I18) After a 429 no message goes to the chat before its second, then all in order."""
    keys = look.opens([CHAT, OTHER])
    moments = sends(world)
    world.telegram.switch_fault(
        Fault(kind="status", status=429, match="sendMessage", retry_after=seconds)
    )
    for number in range(4):
        world.agent(keys[CHAT], f"answer {number}.")
    look.until(lambda: moments, 30)
    start = moments[0][1]
    world.agent(keys[OTHER], "for another")
    look.until(lambda: world.shown("for another", OTHER), 60)
    look.until(lambda: world.shown("answer 3."), seconds + 60)
    later = [moment for chat, moment in moments[1:] if str(chat) == str(CHAT)]
    assert start + seconds <= min(later) < start + seconds + 15
    shown = [text for text in world.transcript() if "answer" in text]
    assert [f"answer {number}." for number in range(4)] == [text[-9:] for text in shown]


REFUSALS = {
    "Forbidden: bot was blocked by the user": (403, "blocked"),
    "Forbidden: user is deactivated": (403, "blocked"),
    "Forbidden: bot was kicked from the group chat": (403, "blocked"),
    "Forbidden: bot was kicked from the supergroup chat": (403, "blocked"),
    "Forbidden: bot is not a member of the channel chat": (403, "blocked"),
    "Forbidden: bot can't initiate conversation with a user": (403, "blocked"),
    "Forbidden: the group chat was deleted": (403, "chat_gone"),
    "Bad Request: chat not found": (400, "chat_gone"),
    "Bad Request: not enough rights to send text messages to the chat": (400, "not_allowed"),
    "Bad Request: have no rights to send a message": (400, "not_allowed"),
    "Bad Request: CHAT_WRITE_FORBIDDEN": (400, "not_allowed"),
    "Forbidden: something new": (403, "not_allowed"),
}


@pytest.mark.parametrize(("text", "code", "reason"), [(t, *r) for t, r in REFUSALS.items()])
def test_a_chat_that_cannot_be_written_to_leaves_one_note_and_one_notice(
    world, look, text, code, reason
):
    """(F25, I27) One internal note, one notice; nothing is taken as seen, and a word resumes it."""
    key = look.opens([CHAT])[CHAT]
    relent = refuse(world, code, text)
    for number in range(3):
        world.agent(key, f"answer {number}.")
        look.pass_by(1800)
    assert (LinkState.SUSPENDED, reason) == (look.link(key).state, look.link(key).reason)
    assert (1, ["link_stopped"]) == (len(look.notes(key)), look.kinds())
    relent()
    world.says("I am back")
    look.until(lambda: world.shown("answer 2."), 60)
    assert [1, 1, 1] == [world.shown(f"answer {number}.") for number in range(3)]
    assert (1, 1) == (look.passed_on("I am back"), len(look.notes(key)))


@pytest.mark.parametrize(
    "description",
    [
        "Bad Request: can't parse entities: unsupported start tag",
        "Bad Request: message is too long",
        "Bad Request: message text is empty",
        "Bad Request: something that nobody has seen before",
    ],
)
def test_a_text_that_is_refused_in_every_form_stops_nothing(world, look, description):
    """(F26, F48, I27) A poison answer costs few calls, one note and one notice; others arrive."""
    key = look.opens([CHAT])[CHAT]
    usual = world.telegram.answer
    tried = []

    def answer(call):
        if call.path.endswith("/sendMessage") and b"poison" in call.body:
            tried.append(call)
            body = {"ok": False, "error_code": 400, "description": description}
            return HttpResponse(400, {}, json.dumps(body).encode())
        return usual(call)

    world.telegram.answer = answer
    world.agent(key, "this is poison, all of it")
    world.agent(key, "this is not")
    look.until(lambda: world.shown("this is not"), 60)
    look.pass_by(3600)
    assert (1, 0) == (world.shown("could not be shown"), world.shown("poison"))
    assert (1, ["answer_not_shown"]) == (len(look.notes(key)), look.kinds())
    assert 1 <= len(tried) <= 12


def test_a_chat_that_refuses_even_the_stand_in_is_told_to_the_agents(world, look):
    """(F26, I27) Where nothing at all can be shown the agents know, and the link goes on."""
    key = look.opens([CHAT])[CHAT]
    relent = refuse(world, 400, "Bad Request: nobody knows why")
    world.agent(key, "first")
    look.pass_by(600)
    assert (1, 1) == (len(look.notes(key)), look.kinds().count("answer_not_shown"))
    relent()
    world.agent(key, "second")
    look.until(lambda: world.shown("second"), 60)
    assert LinkState.ACTIVE == look.link(key).state


def test_an_outcome_that_is_never_known_ends_and_is_told(world, look):
    """(F3, I3, I27) A send that is always lost is tried five times, then agents and host know."""
    key = look.opens([CHAT])[CHAT]
    look.break_telegram(kind="lost_after", match="sendMessage")
    world.agent(key, "again and again")
    look.pass_by(3600)
    assert (5, 1) == (world.shown("again and again"), len(look.notes(key)))
    assert 1 == look.kinds().count("answer_not_shown")
    world.telegram.clear_faults()
    world.agent(key, "and on")
    look.until(lambda: world.shown("and on"), 400)


@pytest.mark.parametrize("status", [401, 404])
def test_a_revoked_token_is_told_once_and_a_new_one_goes_on(world, look, status):
    """(F28) Without a valid token nothing is lost and one notice is given; then all arrives."""
    key = look.opens([CHAT])[CHAT]
    look.break_telegram(kind="status", status=status)
    world.says("are you there?")
    world.agent(key, "here I am")
    look.pass_by(3600)
    assert ["bot_trouble"] == look.kinds()
    waiting = world.telegram.control("pending", {})["count"]
    world.telegram.clear_faults()
    world.telegram.state.token = "110201543:AAnew_token_of_the_same_bot_000000000"
    world.set_project()
    look.until(lambda: world.shown("here I am") and look.passed_on("are you there?"), 400)
    assert (1, True, []) == (world.shown("here I am"), waiting > 0, look.notes(key))


def test_a_token_of_another_bot_never_reaches_the_old_chats(world, look, make_world):
    """(F28) Answers of requests that another bot opened are not sent by the new one."""
    key = look.opens([CHAT])[CHAT]
    old = world.telegram
    other = type(old)(clock=world.clock, token="220202020:AAanother_bot_000000000000000000000")
    world.transport._routes = [
        (url, other if "telegram" in url else it) for url, it in world.transport._routes
    ]
    world.telegram = other
    known = world.desk.credentials()
    settings = ProjectSettings(
        name="support", service_desk=known["service_desk"], request_type=known["request_type"]
    )
    bot = NewBot("telegram", {"token": other.credentials()["bot_token"]}, mode="poll")
    world.bridge.admin.set_project(settings, [bot])
    world.agent(key, "not by a stranger")
    look.pass_by(900)
    asked = [request.url for request, _ in world.calls if "sendMessage" in request.url]
    token = other.credentials()["bot_token"]
    assert ([], []) == (other.control("state", {})["chats"], [u for u in asked if token in u])
    assert 0 == len([text for text in transcript_of(old) if "stranger" in text])


@pytest.mark.parametrize(
    "description",
    [
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance",
        "Conflict: can't use getUpdates method while webhook is active",
    ],
)
def test_a_second_poller_is_never_fought(world, look, description):
    """(F51) On a conflict the bridge stays away, tells the host once, and goes on later."""
    key = look.opens([CHAT])[CHAT]
    usual, polls = world.telegram.answer, []

    def answer(call):
        if call.path.endswith("/getUpdates"):
            polls.append(world.clock.monotonic())
            body = {"ok": False, "error_code": 409, "description": description}
            return HttpResponse(409, {}, json.dumps(body).encode())
        return usual(call)

    world.telegram.answer = answer
    world.telegram.control("state", {})
    world.says("do you hear me?")
    world.agent(key, "I can still talk")
    look.pass_by(3600)
    assert len(polls) <= 62
    assert ["bot_trouble"] == look.kinds()
    assert 1 == world.shown("I can still talk")
    world.telegram.answer = usual
    look.until(lambda: look.passed_on("do you hear me?"), 70)


def test_a_webhook_of_somebody_else_is_left_alone(world, look):
    """(F51) A webhook that is not ours is neither removed nor replaced; ours is, when we poll."""
    look.opens([CHAT])
    world.telegram.answer(_call(world, "setWebhook", {"url": "https://elsewhere.example/hook"}))
    look.pass_by(600)
    state = world.telegram.control("state", {})
    assert "https://elsewhere.example/hook" == state["webhook"]["url"]
    assert ["bot_trouble"] == look.kinds()


def transcript_of(telegram):
    """Return what was shown in the chat by a bot that is not the world's any more."""
    return [each["text"] for each in telegram.control("transcript", {"chat": CHAT})]


def _call(world, method, arguments):
    return SimulatedCall(
        method="POST",
        path=f"/bot{world.telegram.state.token}/{method}",
        headers={"Content-Type": "application/json"},
        body=json.dumps(arguments).encode(),
    )
