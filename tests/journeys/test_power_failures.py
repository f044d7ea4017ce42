"""A power failure undoes what was not synced yet; by that nothing is lost or comes twice."""

from __future__ import annotations

from contextlib import suppress

import pytest

from chatbridge import ANY, MemoryStorage


class PowerFailureError(BaseException):
    """The machine goes off here."""


class HastyStorage(MemoryStorage):
    """A storage that loses every unsynced put when the power fails, which it may do after any."""

    def __init__(self):
        super().__init__()
        self._before = {}
        self.puts_left = None
        self.unsynced = 0

    def put(self, key, value, *, expect=ANY, ttl=None):
        version = super().put(key, value, expect=expect, ttl=ttl)
        self._before.pop(key, None)
        self._count()
        return version

    def put_unsynced(self, key, value, *, expect=ANY, ttl=None):
        self.unsynced += 1
        self._before.setdefault(key, self.get(key))
        version = super().put(key, value, expect=expect, ttl=ttl)
        self._count()
        return version

    def lose_unsynced(self):
        """Let every record be what it was when it was last synced; return how many that were."""
        lost, self._before = self._before, {}
        for key, before in lost.items():
            assert before is not None, "a record was made that need not outlive a power failure"
            super().put(key, before.value)
        return len(lost)

    def _count(self):
        if self.puts_left is not None:
            self.puts_left -= 1
            if self.puts_left == 0:
                self.puts_left = None
                raise PowerFailureError


def arrive(world):
    """Let what was written come to the bridge."""
    if world.mode == "poll":
        world.run(1)
    else:
        world.deliver_webhooks()


@pytest.mark.fault("F37", "F41")
@pytest.mark.invariant("I6", "I7")
@pytest.mark.parametrize("mode", ["poll", "webhook"])
def test_nothing_is_lost_or_doubled_by_a_power_failure(make_world, mode):
    """Whenever the power fails, each message is there once, also if its webhook was answered."""
    at, lost, hit = 0, 0, True
    while hit:
        at += 1
        storage = HastyStorage()
        world = make_world(storage, mode)
        world.says("first words")
        arrive(world)
        storage.puts_left = at
        world.says("second words")
        with suppress(PowerFailureError):
            arrive(world)
            arrive(world)
        hit, storage.puts_left = storage.puts_left is None, None
        lost += storage.lose_unsynced()
        world.bridge = world.open_bridge()
        for _ in range(8):
            arrive(world)
            world.run(1)
            world.clock.advance(60)
        world.says("third words")
        arrive(world)
        [request] = world.requests()
        texts = [comment["text"] for comment in request["comments"] if comment["public"]]
        for words in ("second words", "third words"):
            assert 1 == sum(words in text for text in texts), (at, texts)
        assert 0 == world.shown("could not be passed on"), at
    assert at >= 3
    assert lost >= 2


@pytest.mark.invariant("I9")
def test_only_the_end_of_a_comment_is_not_synced(make_world):
    """Only that a comment is there is written without a wait for the disk."""
    storage = HastyStorage()
    world = make_world(storage, "webhook")
    unsynced = []
    for words in ("first words", "second words", "/help"):
        world.says(words)
        world.deliver_webhooks()
        unsynced.append(storage.unsynced)
        storage.unsynced = 0
    assert [0, 1, 0] == unsynced
