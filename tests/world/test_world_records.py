"""Shares of what happens to records and keys: altered at any effect, replaced at any, cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest

from chatbridge.links import Link
from chatbridge.testing.world import campaign
from chatbridge.testing.world.campaign import Runs
from chatbridge.testing.world.enumeration import Scenario
from chatbridge.testing.world.histories import History, heard, ready, run
from chatbridge.testing.world.operations import perform
from chatbridge.testing.world.record_faults import (
    ALTERATIONS,
    alterations,
    cut_rotations,
    rotations,
)

Search = Callable[[Runs], list[str]]

FOUR = History((("says", 0), ("comments", 0), ("says", 1), ("comments", 1), ("run", 0)), "two")


def _all_ways() -> Iterator[History]:
    for kind in ("link", "conversation", "claim", "project"):
        for way in ("format", "schema", "nonce", "longer", "empty", "header of other", "swap"):
            yield FOUR.with_steps((("alters", kind, 1, way), *FOUR.steps))


@pytest.mark.fault("F66")
@pytest.mark.invariant("I8", "I13")
def test_an_altered_record_is_refused_and_hurts_nothing_else() -> None:
    """However a record is altered, what does not hang on it goes on, and it can be put back."""
    wrong = [(each.as_text(), run(each).problems) for each in _all_ways() if run(each).problems]
    assert [] == wrong


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
def test_what_is_altered_is_noticed_by_whoever_reads_it() -> None:
    """The steps really alter records, which their processes meet, and put them back whole."""
    with heard():
        world = ready(FOUR.with_steps(()))
        before = {kept.key: kept.record for kept in _links(world)}
        perform(world, ("alters", "link", 0, "swap"))
        for step in FOUR.steps:
            perform(world, step)
        assert [{"p0"}, {"p0"}] == [altered.met for altered in world.damage.records.values()]
        assert before == {kept.key: kept.record for kept in _links(world)}
        perform(world, ("puts_back",))
        assert before == {kept.key: kept.record for kept in _links(world)}
        assert {} == world.damage.records


@pytest.mark.fault("F66", "F70", "F71")
@pytest.mark.invariant("I13", "I14")
def test_random_histories_with_records_and_keys_break_nothing(problems_in: Search) -> None:
    """Histories in which records are altered and keys replaced keep every invariant."""
    assert [] == problems_in(campaign.histories_of_records(0, 30, 40))


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
def test_a_record_may_be_altered_at_any_effect(problems_in: Search) -> None:
    """A link that is altered at any effect of an answer is refused from there on."""
    runs = alterations(Scenario(("public",), start="two"), "torn")
    assert [] == problems_in(("torn", *each) for each in runs)


@pytest.mark.fault("F70", "F71")
@pytest.mark.invariant("I14")
def test_a_rotation_may_pass_at_any_effect(problems_in: Search) -> None:
    """Whoever stands still for a whole rotation goes on with the new key, and loses nothing."""
    scenario = Scenario(("other says",))
    assert [] == problems_in(("passes", *each) for each in rotations(scenario))
    assert [] == problems_in(("fails", *each) for each in islice(cut_rotations(scenario), 100))


@pytest.mark.fault("F66")
@pytest.mark.invariant("I8", "I13")
@pytest.mark.heavy
@pytest.mark.parametrize("name", ALTERATIONS)
def test_a_share_of_all_alterations(name: str, problems_in: Search) -> None:
    """A record may be altered at any effect of every 100th scenario."""
    assert [] == problems_in(campaign.all_alterations("hints", share=100, of=4, name=name))


@pytest.mark.fault("F70", "F71")
@pytest.mark.invariant("I14")
@pytest.mark.heavy
@pytest.mark.parametrize("setting", ["poll", "webhook"])
def test_a_share_of_all_rotations(setting: str, problems_in: Search) -> None:
    """A rotation may pass, and fail, at any effect of every 400th scenario."""
    assert [] == problems_in(campaign.all_rotations(setting, share=400, of=6))


@pytest.mark.fault("F66", "F70", "F71")
@pytest.mark.invariant("I13", "I14")
@pytest.mark.heavy
@pytest.mark.parametrize("platform", ["telegram", "viber"])
def test_many_random_histories_with_records_and_keys(platform: str, problems_in: Search) -> None:
    """Many such histories keep every invariant."""
    assert [] == problems_in(campaign.histories_of_records(1000, 1400, 40, platform))


def _links(world: Any) -> list[Any]:
    return list(world.vault.scan(Link))
