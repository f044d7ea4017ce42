"""One that is stuck delays no other: latencies of the others, measured in virtual time."""

from __future__ import annotations

import queue
import re
import threading
from functools import partial

import pytest

from chatbridge import RetryLaterError, UnknownOutcomeError
from chatbridge.workqueue import work_once

STUCK, WELL = 1001, 2002
_ROUNDS = 8
STUCK_CHAT = re.compile(rf"'chat_id': '?{STUCK}\b")


def latencies(look, keys, before_round):
    """Return how long the well chat waits for answers and its words for Jira, in turns."""
    world, waits = look.world, []
    for number in range(_ROUNDS):
        before_round(number)
        word = f"w{world.clock.monotonic()}."
        world.agent(keys[WELL], f"answer {word}")
        world.says(f"question {word}", chat=WELL)
        waits.append(
            look.until(
                lambda word=word: (
                    world.shown(f"answer {word}", WELL) and look.passed_on(f"question {word}")
                ),
                900,
            )
        )
        world.clock.advance(17)
    return waits


def fail_for(world, ids, how):
    """Let every call that concerns one of these ids fail."""
    send = world.transport.send
    concerned = re.compile("|".join(rf"(?<!\d){each}(?!\d)" for each in ids))

    def failing(request, party):
        chat = request.json.get("chat_id") if isinstance(request.json, dict) else ""
        if concerned.search(f"{request.url} {chat}"):
            if how == "status":
                response = send(request, party)
                return type(response)(500, repeatable=request.is_repeatable)
            if how == "unknown" and not request.is_repeatable:
                raise UnknownOutcomeError("lost")
            raise RetryLaterError("refused")
        return send(request, party)

    world.transport.send = failing


@pytest.fixture(params=["asking", "told"])
def pair(request, make_world, looks):
    """Return what makes a world with two chats, which asks for news or is told of them."""

    def make():
        mode = "poll" if request.param == "asking" else "webhook"
        world = make_world(mode=mode)
        look = looks(world)
        if mode == "webhook":
            secret = world.desk.credentials()["hint_secret"]
            url = world.bridge.hint_url("acme")
            world.desk.control("register_hint", {"url": url, "secret": secret})
            look.rounds.hinted = True
        return look, look.opens([STUCK, WELL])

    return make


@pytest.mark.parametrize("how", ["status", "unknown", "refused"])
@pytest.mark.parametrize("whose", ["issue", "chat", "both"])
def test_a_chat_that_fails_for_ever_delays_no_other(pair, how, whose):
    """(I8) Whatever of one chat fails for ever, another one waits at most twice as long."""
    measured = []
    for broken in (False, True):
        look, keys = pair()
        world = look.world
        issue = world.desk.control("request", {"issue": keys[STUCK]})["id"]
        if broken:
            ids = {"issue": [issue], "chat": [STUCK], "both": [issue, STUCK]}[whose]
            fail_for(world, ids, how)

        def disturb(number, world=world, key=keys[STUCK]):
            for part in range(3):
                world.agent(key, f"never {number}.{part}")
                world.says(f"nor this {number}.{part}", chat=STUCK)

        measured.append(latencies(look, keys, disturb))
    assert world.shown("never 0.0", STUCK) == 0 or how == "status"
    assert max(measured[1]) <= 2 * max(measured[0])


def test_a_request_that_fails_alone_leaves_the_site_usable(pair):
    """(I8) Where one chat alone talks and fails, the first word of another goes through at once."""
    look, keys = pair()
    world = look.world
    issue = world.desk.control("request", {"issue": keys[STUCK]})["id"]
    fail_for(world, [issue], "status")
    for number in range(30):
        world.agent(keys[STUCK], f"never {number}")
        world.says(f"nor this {number}", chat=STUCK)
        look.pass_by(10)
    world.says("am I alone?", chat=WELL)
    assert look.until(lambda: look.passed_on("am I alone?"), 600) <= 4


@pytest.mark.fault("F52")
def test_a_flood_from_one_chat_delays_no_other(pair):
    """(I8) While 1,000 messages of a chat wait, words and answers of another take no longer."""
    measured = []
    for flood in (0, 1000):
        look, keys = pair()
        world = look.world
        for number in range(flood):
            world.says(f"spam {number}.", chat=STUCK)
        for number in range(4):
            world.says(f"question {number}.", chat=WELL)
            asked = look.until(partial(look.has, keys[WELL], f"question {number}."), 300)
            world.agent(keys[WELL], f"answer {number}.")
            answered = look.until(partial(world.shown, f"answer {number}.", WELL), 300)
            measured.append((asked, answered))
    usual, flooded = measured[:4], measured[4:]
    for which in (0, 1):
        assert max(each[which] for each in flooded) <= 2 * max(each[which] for each in usual)
    assert 0 < len(world.desk.control("comments", {"issue": keys[STUCK]})) < 1000


class Hanging:
    """Calls that match hang until they are let go; each piece of work has a thread of its own."""

    def __init__(self, look, hangs):
        self.hangs = hangs
        self.let_go = threading.Event()
        self.hung = 0
        self._send = look.world.transport.send
        self._threads = []
        self._bringing = set()
        self._news = queue.SimpleQueue()
        self._bring = look.world.bring
        look.world.transport.send = self.send
        look.world.bring = self.bring
        look.rounds.work = self.work

    def send(self, request, party):
        """Make the call, later if it is one that hangs."""
        if self.hangs(request) and not self.let_go.is_set():
            self.hung += 1
            self._news.put("hung")
            assert self.let_go.wait(30)
        return self._send(request, party)

    def work(self, engine, handle):
        """Return when the work is done or hangs."""
        self._apart(lambda: work_once(engine.queue, engine.work, handle))

    def bring(self, simulator, owed):
        """Bring a webhook; return when it is answered or hangs.

        One that the platform sends again behind a hanging one is not answered either.
        """
        if owed.body not in self._bringing:
            self._bringing.add(owed.body)
            self._apart(lambda: self._answer(simulator, owed))

    def _answer(self, simulator, owed):
        self._bring(simulator, owed)
        self._bringing.discard(owed.body)

    def _apart(self, step):
        def run():
            step()
            self._news.put("done")

        thread = threading.Thread(target=run)
        self._threads.append(thread)
        thread.start()
        self._news.get(timeout=30)

    def end(self):
        """Let everything go and wait for it."""
        self.let_go.set()
        for thread in self._threads:
            thread.join(30)
        # What hung has told that it is done, which nobody waited for.
        self._news = queue.SimpleQueue()


@pytest.mark.parametrize("where", ["chat", "issue"])
def test_a_call_that_hangs_holds_one_worker_and_delays_no_other(pair, where):
    """(I8) While calls of one chat hang, others are not delayed; afterwards nothing is missing."""
    look, keys = pair()
    world = look.world
    issue = world.desk.control("request", {"issue": keys[STUCK]})["id"]
    usual = max(latencies(look, keys, lambda number: None))
    outgoing = {"chat": lambda request: STUCK_CHAT.search(str(request.json)),
                "issue": lambda request: f"/issue/{issue}/comment" in request.url}  # fmt: skip
    hanging = Hanging(look, outgoing[where])

    def disturb(number):
        world.agent(keys[STUCK], f"later {number}.")
        world.says(f"and this {number}.", chat=STUCK)

    try:
        waits = latencies(look, keys, disturb)
        held = hanging.hung
    finally:
        hanging.end()
    assert (True, True) == (max(waits) <= 2 * usual, 1 <= held <= 2)
    look.until(lambda: look.passed_on(f"and this {_ROUNDS - 1}."), 1200)
    look.pass_by(120)
    expected = [(1, 1)] * _ROUNDS
    assert expected == [
        (world.shown(f"later {number}.", STUCK), look.passed_on(f"and this {number}."))
        for number in range(_ROUNDS)
    ]
