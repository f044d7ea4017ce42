"""A crash before or after any effect, then a restart: nothing is lost, and little comes twice."""

from __future__ import annotations

from contextlib import suppress

import pytest

from chatbridge import RetryLaterError, StorageUnavailableError, UnknownOutcomeError


class Crash(BaseException):
    """The process dies here."""


class Effects:
    """Counts effects and lets one of them go wrong."""

    def __init__(self, at: int, how: str) -> None:
        self.count = 0
        self.at = at
        self.how = how
        self.hit = ""

    def around(self, name, effect, *args, lost=None, **kwargs):
        """Do an effect, unless it is the one that goes wrong."""
        self.count += 1
        if self.count != self.at:
            return effect(*args, **kwargs)
        self.hit = name
        if self.how == "before":
            raise Crash
        result = None
        if self.how != "error":
            result = effect(*args, **kwargs)
        if self.how == "after":
            raise Crash
        if lost is not None:
            raise lost
        return result


def wrap(world, effects):
    """Let every call and every write of the world count as an effect."""
    transport, storage = world.transport, world.storage
    send, put, delete = transport.send, storage.put, storage.delete

    def lossy_send(request, party):
        certain = request.is_repeatable or effects.how == "error"
        lost = RetryLaterError("lost") if certain else UnknownOutcomeError("lost")
        return effects.around("call", send, request, party, lost=lost)

    def lossy_put(*args, **kwargs):
        lost = StorageUnavailableError("full")
        return effects.around("put", put, *args, lost=lost, **kwargs)

    transport.send, storage.put = lossy_send, lossy_put
    storage.delete = lambda *args, **kwargs: effects.around("delete", delete, *args, **kwargs)

    def unwrap():
        transport.send, storage.put, storage.delete = send, put, delete

    return unwrap


def go(world):
    """Work once; a storage that fails now is tried again later, as a cron job would."""
    with suppress(StorageUnavailableError):
        world.bridge.run_once(30)


def talk(world):
    """Let both sides say the rest, once the request is there."""
    key = world.requests()[0]["key"]
    world.agent(key, "agent answers")
    world.agent(key, "between us", public=False)
    world.says("second words")


def settle(world):
    """Let enough time pass for everything that was in doubt."""
    for _ in range(8):
        world.run(1)
        world.clock.advance(60)


@pytest.mark.fault("F1", "F2", "F3", "F36", "F37")
@pytest.mark.invariant("I1", "I3", "I6", "I7", "I9")
@pytest.mark.parametrize("how", ["before", "after", "lost", "error"])
def test_any_single_fault_loses_nothing(make_world, how):
    """With one fault at any effect, all arrives, and twice only where nobody could know."""
    at, seen = 0, 0
    while True:
        at += 1
        world = make_world()
        effects = Effects(at, how)
        unwrap = wrap(world, effects)
        talked = False
        try:
            world.says("first words")
            go(world)
            world.clock.advance(11)
            if world.requests():
                talk(world)
                talked = True
                go(world)
        except Crash:
            pass
        unwrap()
        if not effects.hit:
            break
        seen += 1
        if how in {"before", "after"}:
            world.bridge = world.open_bridge()
        settle(world)
        if not talked:
            talk(world)
            settle(world)
        requests = world.requests()
        place = f"{how} {effects.hit} {at}"
        texts = [comment["text"] for comment in requests[0]["comments"] if comment["public"]]
        assert len(requests) == 1, place
        assert sum("second words" in text for text in texts) == 1, (place, texts)
        assert 1 <= world.shown("agent answers") <= 2, (place, world.transcript())
        assert 1 <= world.shown("We have opened") <= 2, place
        assert world.shown("between us") == 0, place
        assert world.shown("could not be passed on") == 0, place
    assert seen > 20
