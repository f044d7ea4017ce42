"""A storage that fails, a pause at any moment, a clock that jumps, an administrator in between."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

import pytest

from chatbridge import ConflictError, StorageUnavailableError
from chatbridge.http_types import WebhookRequest
from chatbridge.sqlite_storage import SqliteStorage

CHAT = 1001
OPERATIONS = ("get", "put", "delete", "scan")


class Faulty:
    """Lets operations of a world's storage fail, from the nth one on."""

    def __init__(self, world, error):
        self.world = world
        self.error = error
        self.count = 0
        self.first = self.last = 0
        self.usual = {name: getattr(world.storage, name) for name in OPERATIONS}
        for name in OPERATIONS:
            setattr(world.storage, name, self._wrapped(name))

    def _wrapped(self, name):
        def operation(*args, **kwargs):
            self.count += 1
            if self.first <= self.count < self.last:
                raise self.error
            return self.usual[name](*args, **kwargs)

        return operation

    def fail(self, nth, times):
        """Let the nth operation from now on fail, and those after it."""
        self.first = self.count + nth
        self.last = self.first + times

    def mend(self):
        """Let everything work again; return whether anything failed."""
        hit = self.count >= self.first > 0
        self.first = self.last = 0
        return hit


def settle(world):
    """Let enough time pass for everything that was in doubt."""
    for _ in range(8):
        world.run(1)
        world.clock.advance(60)


def carried(world, number):
    """Return how often what was said in a round is on the other side, and the note in the chat."""
    requests = world.requests()
    public = [one["text"] for each in requests for one in each["comments"] if one["public"]]
    public += [each["summary"] for each in requests]
    return (
        sum(f"question {number}." in text for text in public),
        world.shown(f"answer {number}."),
        world.shown(f"note {number}."),
    )


@pytest.mark.parametrize(
    "times", [pytest.param(1, marks=pytest.mark.heavy), 10_000], ids=["once", "for a while"]
)
def test_any_operation_of_the_storage_may_fail(world, opened, times):
    """(F62, I9) Whichever operation fails, once or until it is mended, all is carried just once."""
    faulty = Faulty(world, StorageUnavailableError("the disk is full"))
    nth = 0
    while True:
        nth += 1
        world.says(f"question {nth}.")
        world.agent(opened, f"answer {nth}.")
        world.agent(opened, f"note {nth}.", public=False)
        faulty.fail(nth, times)
        with suppress(StorageUnavailableError):
            world.bridge.run_once(20)
        hit = faulty.mend()
        settle(world)
        assert (1, 1, 0) == carried(world, nth), nth
        if not hit:
            break
    assert nth > 15


def test_a_storm_of_conflicts_ends_and_sends_nothing_unclaimed(world, opened):
    """(F61) While every write conflicts nothing is sent and no loop is endless; then all is."""
    put = world.storage.put
    world.says("question 1.")
    world.agent(opened, "answer 1.")
    writes = []

    def conflicting(*args, **kwargs):
        writes.append(args)
        if len(writes) < 2_000:
            raise ConflictError("somebody else")
        return put(*args, **kwargs)

    world.storage.put = conflicting
    with suppress(ConflictError):
        world.bridge.run_once(20)
    assert len(writes) < 2_000
    assert (0, 0, 0) == carried(world, 1)
    world.storage.put = put
    settle(world)
    assert (1, 1, 0) == carried(world, 1)


@pytest.mark.parametrize("after", [1, 2])
def test_a_storm_of_conflicts_in_the_middle_of_a_delivery_ends(world, opened, after):
    """(F61) The same where the storm begins after a claim was won: at most one repeat, no loop."""
    put, writes = world.storage.put, []
    world.agent(opened, "answer 1." + " word" * 1500)

    def conflicting(*args, **kwargs):
        writes.extend([args] * args[0].startswith("link:"))
        if args[0].startswith("link:") and after < len(writes) < 2_000:
            raise ConflictError("somebody else")
        return put(*args, **kwargs)

    world.storage.put = conflicting
    with suppress(ConflictError):
        world.bridge.run_once(20)
    world.storage.put = put
    assert after < len(writes) < 2_000
    settle(world)
    assert 1 <= world.shown("answer 1.") <= 2


class Pausing:
    """Stops one process before its nth effect, while another one works and time passes."""

    def __init__(self, world, nth, during):
        self.nth = nth
        self.count = 0
        self.during = during
        self.hit = ""
        self._send, self._put = world.transport.send, world.storage.put
        world.transport.send = lambda *args: self._around("call", self._send, *args)
        world.storage.put = lambda *a, **k: self._around("put", self._put, *a, **k)

    def _around(self, name, effect, *args, **kwargs):
        self.count += 1
        if self.count == self.nth:
            self.hit = name
            self.during()
        return effect(*args, **kwargs)

    def end(self, world):
        """Let nothing pause any more; return at which kind of effect it did."""
        world.transport.send, world.storage.put = self._send, self._put
        return self.hit


def test_a_process_paused_past_its_lease_repeats_nothing_but_in_a_call(make_world):
    """(F6, I3) Paused before any effect while another process takes over: no loss, few repeats."""
    nth, repeats = 0, 0
    while True:
        nth += 1
        world = make_world()
        world.says("help")
        world.run()
        key = world.requests()[0]["key"]
        other = world.open_bridge()

        def take_over(world=world, other=other):
            world.clock.advance(100)
            other.run_once(5)
            world.clock.advance(100)
            other.run_once(5)

        world.agent(key, "answer 1.")
        world.agent(key, "note 1.", public=False)
        world.says("question 1.")
        pausing = Pausing(world, nth, take_over)
        world.bridge.run_once(20)
        hit = pausing.end(world)
        settle(world)
        assert (1, 0) == carried(world, 1)[::2], (nth, hit)
        # Twice only where the pause was in the call, or before the record of it.
        assert 1 <= world.shown("answer 1.") <= 2, (nth, hit)
        repeats += world.shown("answer 1.") - 1
        if not hit:
            break
    assert (True, True) == (nth > 10, repeats <= 2)


def test_a_comment_made_internal_while_it_is_on_its_way_is_not_sent(make_world):
    """(F12, I2) Made internal ten seconds before its send, a comment is not shown any more."""
    nth = 0
    while True:
        nth += 1
        world = make_world()
        world.says("help")
        world.run()
        key = world.requests()[0]["key"]
        comment = world.agent(key, "answer 1.")
        sends = []
        sending = world.transport.send

        def noting(request, party, world=world, sends=sends, sending=sending):
            if "sendMessage" in request.url and "answer 1." in str(request.json):
                sends.append(world.clock.monotonic())
            return sending(request, party)

        world.transport.send = noting
        flips = []

        def flip(world=world, key=key, comment=comment, flips=flips):
            flips.append(world.clock.monotonic())
            world.desk.control("flip", {"issue": key, "comment": comment["id"], "public": False})
            world.clock.advance(11)

        pausing = Pausing(world, nth, flip)
        world.bridge.run_once(20)
        hit = pausing.end(world)
        settle(world)
        # Within a call that was begun in time nobody can hold it back any more.
        late = [moment for moment in sends if flips and moment > flips[0] + 11]
        assert [] == late, (nth, hit)
        if not hit:
            break
    assert nth > 5


@pytest.mark.parametrize("years", [-10, 10])
def test_a_wall_clock_that_jumps_loses_and_repeats_nothing(make_world, years):
    """(F72, I24) Set by ten years at any effect, the clock makes nobody lose or repeat anything."""
    nth = 0
    while True:
        nth += 1
        world = make_world()
        world.says("help")
        world.run()
        key = world.requests()[0]["key"]
        world.agent(key, "answer 1.")
        world.agent(key, "note 1.", public=False)
        world.says("question 1.")
        pausing = Pausing(world, nth, lambda world=world: world.clock.jump_wall(years * 31536000))
        world.bridge.run_once(20)
        hit = pausing.end(world)
        settle(world)
        assert (1, 1, 0) == carried(world, 1), (nth, hit)
        assert 0 == world.shown("could not be passed on"), (nth, hit)
        if not hit:
            break
    assert nth > 10


def effects_of(world):
    """Return how much there is on both sides together."""
    requests = world.requests()
    return len(world.transcript()) + len(requests) + sum(len(each["comments"]) for each in requests)


def test_a_project_removed_in_the_middle_of_its_work_does_nothing_more(make_world):
    """(F78, I16) Removed at any effect: at most the call under way ends, and nothing is left."""
    nth = 0
    while True:
        nth += 1
        world = make_world()
        world.says("help")
        world.run()
        key = world.requests()[0]["key"]
        for number in range(3):
            world.agent(key, f"answer {number}.")
            world.says(f"question {number}.")
        other = world.open_bridge()
        before = []

        def remove(world=world, other=other, before=before):
            for _progress in other.admin.remove_project("support"):
                pass
            before.append(effects_of(world))

        pausing = Pausing(world, nth, remove)
        world.bridge.run_once(20)
        hit = pausing.end(world)
        if not hit:
            break
        settle(world)
        assert effects_of(world) <= before[0] + 1, (nth, hit)
        rows = [kind for kind in ("project", "link") if world.storage.scan(kind).rows]
        assert [] == rows, (nth, hit)
    assert nth > 10


def test_a_transaction_of_the_host_that_rolls_back_takes_nothing_of_ours_along(
    tmp_path, make_world
):
    """(F77) Around our call a host's transaction is its own: what was acknowledged stays."""
    storage = SqliteStorage(tmp_path / "bridge.db")
    world = make_world(storage=storage, mode="webhook")
    host = sqlite3.connect(tmp_path / "host.db", isolation_level=None)
    host.execute("create table orders (name text)")
    world.says("My printer is on fire")
    (owed,) = world.telegram.owed_webhooks()
    platform, token = owed.url.rsplit("/", 2)[1:]
    webhook = WebhookRequest(owed.headers, owed.body)
    host.execute("begin immediate")
    host.execute("insert into orders values ('one')")
    first = world.bridge.receive_webhook(platform, token, webhook).status
    host.execute("rollback")
    second = world.bridge.receive_webhook(platform, token, webhook).status
    host.close()
    try:
        assert (200, 200, 1) == (first, second, len(world.requests()))
    finally:
        world.bridge.close()
        storage.close()
