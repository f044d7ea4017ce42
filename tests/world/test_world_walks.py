"""Walks of a state machine through the world: a quick share, a larger one with `--heavy` (M7)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import Phase

from chatbridge.records import Conversation
from chatbridge.testing.world.histories import beginning
from tests.loading import module_at

STARTS = ("opened", "nothing", "two", "group")


@pytest.fixture
def walks() -> Iterator[ModuleType]:
    """The state machine; the library's log is silent meanwhile."""
    module = module_at(Path(__file__).with_name("walks.py"), "world_walks")
    logging.disable(logging.ERROR - 1)
    yield module
    logging.disable(logging.NOTSET)


@pytest.mark.invariant("I1", "I2", "I3", "I4", "I5", "I6", "I7", "I9", "I20", "I22")
def test_walks_break_nothing(walks: ModuleType) -> None:
    """The same few walks, each time: every rule may come at every moment."""
    walks.walk(20, 30)
    assert walks.WALKED["walks"] >= 20
    assert walks.WALKED["steps"] > 300


def test_a_walk_finds_what_is_wrong(walks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bridge that writes without an intent is caught, with a history that replays it."""
    for start, mode, edition in product(STARTS, ("poll", "webhook"), ("cloud", "data_center")):
        beginning(start, mode, edition, "telegram")
    monkeypatch.setattr(Conversation, "with_intent", lambda self, _: self)
    with pytest.raises(AssertionError, match=r"I9: .*; again: python -m chatbridge.testing.world"):
        walks.walk(60, 30, phases=(Phase.generate,))


@pytest.mark.invariant("I1", "I2", "I3", "I6", "I7", "I9", "I20", "I22", "I27")
def test_walks_on_viber_break_nothing(walks: ModuleType) -> None:
    """The same where chats are Viber's."""
    walks.walk(10, 30, platform="viber")
    assert walks.WALKED["walks"] >= 10


@pytest.mark.invariant("I1", "I2", "I3", "I4", "I5", "I6", "I7", "I9", "I20", "I22")
@pytest.mark.heavy
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_many_walks(walks: ModuleType, seed: int) -> None:
    """Walks of up to fifty steps, of the seed that the test is named after."""
    walks.walk(500, 50, seed)
    assert walks.WALKED["walks"] >= 500
