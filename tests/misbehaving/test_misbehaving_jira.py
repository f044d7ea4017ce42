"""Jira that asks to wait, fails, refuses, talks nonsense or stays away, in virtual time."""

from __future__ import annotations

import json
import re

import pytest

from chatbridge import NoticeKind
from chatbridge.http_types import HttpResponse
from chatbridge.testing.simulator import Fault

CHAT, OTHER = 1001, 2002


def sent_at(world, pattern):
    """Return the moments of the calls that match from now on, as a list that grows."""
    moments, send = [], world.transport.send

    def noting(request, party):
        before = len(world.desk.arrived)
        try:
            return send(request, party)
        finally:
            if re.search(pattern, f"{request.method} {request.url}"):
                moments.extend([world.clock.monotonic()] * (len(world.desk.arrived) - before))

    answer = world.desk.answer
    world.desk.arrived = []

    def arriving(call):
        world.desk.arrived.append(call)
        return answer(call)

    world.desk.answer = arriving
    world.transport.send = noting
    return moments


@pytest.mark.parametrize(
    ("reason", "match", "others_wait"),
    [
        ("jira-per-issue-on-write", "POST .*/comment$", False),
        ("jira-burst-based", "POST .*/comment$", True),
        ("jira-quota-global-based", "POST .*/comment$", True),
    ],
)
def test_retry_after_is_obeyed_exactly(world, look, reason, match, others_wait):
    """(F20, I18) No call goes out within a 429's window, by its reason, and it goes right after."""
    look.opens([CHAT, OTHER])
    seconds = 137
    moments = sent_at(world, r"POST .*/issue/\d+/comment$")
    world.desk.switch_fault(
        Fault(kind="status", status=429, match=match, reason=reason, retry_after=seconds)
    )
    world.says("please wait", chat=CHAT)
    look.until(lambda: moments, 10)
    start = moments[0]
    world.says("me too", chat=OTHER)
    other = look.until(lambda: look.passed_on("me too"), 400)
    look.until(lambda: look.passed_on("please wait"), 400)
    assert others_wait == (other > 100)
    window = [moment for moment in moments[1:] if moment < start + seconds]
    assert ([] if others_wait else [True]) == [True for _ in window]
    assert moments[-1] - start - seconds < 6


def test_a_quota_of_the_site_stops_every_call_to_it(world, look):
    """(F20, I18) A quota stops reads and writes until its very second; the bot goes on."""
    key = look.opens([CHAT])[CHAT]
    moments = sent_at(world, "atlassian")
    world.desk.switch_fault(
        Fault(kind="status", status=429, reason="jira-quota-tenant-based", retry_after=600)
    )
    look.until(lambda: moments, 60)
    start = moments[0]
    world.agent(key, "good morning")
    world.says("/help")
    look.pass_by(599)
    assert ([start], 1) == (moments, world.shown("/status"))
    look.until(lambda: world.shown("good morning"), 30)


@pytest.mark.parametrize("status", [500, 502, 503, 408])
@pytest.mark.parametrize("how", ["status", "lost_before", "lost_after", "slow"])
def test_failing_reads_send_nothing_and_recover(world, look, status, how):
    """(F21) While one read fails nothing is sent from the rest; afterwards all is, once."""
    key = look.opens([CHAT])[CHAT]
    for match in ("GET .*/request/\\d+$", "GET .*/comment$", "POST .*/comment/list|GET .*/issue"):
        text = f"answer past {match}"
        world.agent(key, text)
        world.agent(key, "between us", public=False)
        look.break_desk(kind=how, status=status, match=match, seconds=90.0)
        look.pass_by(120)
        world.desk.clear_faults()
        look.until(lambda text=text: world.shown(text), 400)
    assert ([1] * 3, 0) == (
        [world.shown(f"past {match}") for match in ("GET .*/request", "GET .*/comment$", "POST")],
        world.shown("between us"),
    )


@pytest.mark.parametrize("status", [401, 403])
def test_a_site_that_refuses_us_is_told_once_and_not_stormed(world, look, status):
    """(F22) Refused credentials cost few calls an hour and one notice; then all of it arrives."""
    keys = look.opens(range(3001, 3011))
    look.break_desk(kind="status", status=status)
    for chat, key in keys.items():
        world.agent(key, f"answer for {chat}")
        world.says(f"words of {chat}", chat=chat)
    moments = sent_at(world, "atlassian")
    look.pass_by(3600)
    assert len(moments) < 400
    trouble = [each for each in look.kinds() if each == "site_trouble"]
    assert 1 == len(trouble)
    world.desk.clear_faults()
    look.until(lambda: all(world.shown(f"answer for {chat}", chat) for chat in keys), 700)
    look.until(lambda: all(look.passed_on(f"words of {chat}") for chat in keys), 700)


HOSTILE = {
    "no json": b"<html>Sign in</html>",
    "nothing": b"",
    "a number": b"7",
    "null": b"null",
    "a list": b"[]",
    "an empty object": b"{}",
    "NaN": b'{"values": NaN}',
    "deep": b"[" * 200_000,
    "a huge number": b'{"values": ' + b"9" * 10_000 + b"}",
    "wrong types": json.dumps(
        {"values": [{"id": "1", "body": 3, "public": True, "created": []}], "isLastPage": 1}
    ).encode(),
    "not utf-8": b'{"values": "\xff\xfe"}',
    "lone surrogate": b'{"values": "\\ud800"}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_answers_send_nothing_and_stop_nothing(world, look, body):
    """(F23) Whatever a read brings, nothing of it is shown and it is asked again."""
    keys = look.opens([CHAT, OTHER])
    desk_answer = world.desk.answer
    for path in ("/request/\\d+$", "/comment$", "/comment/list", "search"):

        def answer(call, path=path):
            written = call.method == "POST" and path == "/comment$"
            if re.search(path, call.path) and not written:
                return HttpResponse(200, {"Content-Type": "application/json"}, body)
            return desk_answer(call)

        world.desk.answer = answer
        before = len(world.transcript())
        world.agent(keys[CHAT], f"answer {path}")
        look.pass_by(60)
        shown = world.transcript()[before:]
        assert all("answer" in text for text in shown)
        world.desk.answer = desk_answer
        look.until(lambda path=path: world.shown(f"answer {path}"), 700)
    world.says("still there?", chat=OTHER)
    look.until(lambda: look.passed_on("still there?"), 60)


def test_jira_down_beyond_the_horizon_ends_and_is_told(world, look):
    """(F46, I6, I27) The sender of each message is told once; nothing loops, and later words go."""
    look.opens([CHAT])
    look.break_desk(kind="lost_before")
    for number in range(5):
        world.says(f"lost {number}.", chat=CHAT)
    moments = sent_at(world, "atlassian")
    for _ in range(30):
        world.run(1)
        world.clock.advance(3600)
    assert 5 == world.shown("could not be passed on")
    assert 5 == look.kinds().count("message_not_delivered")
    assert 0 == world.telegram.control("pending", {})["count"]
    calls = len(moments)
    assert calls < 40 * 30
    world.desk.clear_faults()
    world.says("hello again", chat=CHAT)
    look.until(lambda: look.passed_on("hello again"), 700)
    assert [0] * 5 == [look.passed_on(f"lost {number}.") for number in range(5)]
    assert 5 == world.shown("could not be passed on")


def test_an_apology_that_has_to_wait_is_said_and_noticed_once(world, look):
    """(I27) Where the platform itself asks to wait, the sender is still told once, the host too."""
    look.opens([CHAT])
    look.break_desk(kind="lost_before")
    world.says("lost", chat=CHAT)
    world.run(1)
    look.break_telegram(kind="status", status=429, retry_after=7, match="sendMessage", times=4)
    for _ in range(20):
        world.run(1)
        world.clock.advance(3600)
    assert (1, 1) == (
        world.shown("could not be passed on"),
        look.kinds().count("message_not_delivered"),
    )


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_a_message_that_jira_refuses_is_not_repeated(world, look, status):
    """(F47) A refusal is tried once; sender and host are told, and the next message goes."""
    look.opens([CHAT])
    world.desk.switch_fault(Fault(kind="status", status=status, match="POST .*/comment$"))
    moments = sent_at(world, r"POST .*/issue/\d+/comment$")
    world.says("not this", chat=CHAT)
    world.says("but this", chat=CHAT)
    look.until(lambda: look.passed_on("but this"), 60)
    look.pass_by(600)
    assert (2, 0, 1) == (
        len(moments),
        look.passed_on("not this"),
        world.shown("could not be passed on"),
    )
    assert ["message_not_delivered"] == look.kinds()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (None, "the sender is told"),
        ("block", "the sender cannot be told (blocked)"),
        ("lost_after", "nobody knows whether the sender is told"),
    ],
)
def test_the_host_hears_whether_the_sender_could_be_told(world, look, fault, said):
    """(F47, I27) The notice of a lost message claims no apology that the platform refused."""
    look.opens([CHAT])
    look.break_desk(kind="status", status=400, match="POST .*/comment$")
    world.says("not this", chat=CHAT)
    if fault == "block":
        world.telegram.control("block", {"chat": CHAT})
    elif fault is not None:
        look.break_telegram(kind=fault, match="sendMessage", times=9)
    look.until(lambda: "message_not_delivered" in look.kinds(), 4000)
    look.pass_by(600)
    assert [said] == [
        notice.reason for notice in world.notices if notice.kind is NoticeKind.MESSAGE_NOT_DELIVERED
    ]


@pytest.mark.parametrize("lag", [20, 300])
def test_a_comment_that_one_of_two_apis_shows_later_is_not_lost(world, look, lag):
    """(F23, I1) A comment that the platform API lacks for a while is shown as soon as it has it."""
    key = look.opens([CHAT])[CHAT]
    desk_answer = world.desk.answer
    ready_at = world.clock.monotonic() + lag

    def answer(call):
        if "/comment/list" in call.path and world.clock.monotonic() < ready_at:
            return HttpResponse(200, {}, b'{"values": [], "isLast": true}')
        return desk_answer(call)

    world.desk.answer = answer
    world.agent(key, "seen by one")
    look.until(lambda: world.shown("seen by one"), 2 * lag + 30)


def test_a_comment_that_one_api_never_shows_costs_few_looks(world, look):
    """(F15, I18) Witnesses that never agree are asked ever more rarely, then left to the passes."""
    key = look.opens([CHAT])[CHAT]
    world.agent(key, "for a role only", restricted=True)
    look.pass_by(30)
    before = look.calls("/comment/list")
    look.pass_by(3600)
    assert (True, 0) == (look.calls("/comment/list") - before <= 10, world.shown("role only"))
