"""Shares of the world's searches: a quick one on every run, a larger one with `--heavy`.

Releases run all of it by the command line, see docs/design/the-world.md.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import pytest

from chatbridge.testing.world import campaign
from chatbridge.testing.world.campaign import Runs
from chatbridge.testing.world.enumeration import SETTINGS
from chatbridge.testing.world.histories import run
from chatbridge.testing.world.interleaving import all_orders
from chatbridge.testing.world.operations import Step
from chatbridge.testing.world.random_histories import invited_history_of

Search = Callable[[Runs], list[str]]

ONE: tuple[Step, ...] = (("comments", 0),)
TWO: tuple[Step, ...] = (("comments", 0), ("comments", 0))


@pytest.mark.fault("F1", "F2", "F3", "F4", "F21", "F36", "F37", "F38", "F61", "F62", "F74")
@pytest.mark.invariant("I1", "I2", "I3", "I6", "I7", "I20", "I25")
@pytest.mark.parametrize("setting", SETTINGS)
def test_single_faults_break_nothing(setting: str, problems_in: Search) -> None:
    """Any one fault at any effect of some scenarios keeps every invariant."""
    runs = campaign.all_single_faults(setting, share=61, of=5)
    assert [] == problems_in(islice(runs, 200))


@pytest.mark.fault("F5", "F6")
@pytest.mark.invariant("I3", "I9")
def test_standing_still_breaks_nothing(problems_in: Search) -> None:
    """A process may stand still at any effect while another one works."""
    assert [] == problems_in(islice(campaign.all_pauses("poll", share=101, of=7), 150))


@pytest.mark.fault("F2", "F3", "F36", "F37")
@pytest.mark.invariant("I1", "I6", "I7")
def test_two_crashes_break_nothing(problems_in: Search) -> None:
    """A process may die twice."""
    assert [] == problems_in(campaign.double_crashes(0, 100))


@pytest.mark.fault(
    "F7",
    "F8",
    "F10",
    "F11",
    "F12",
    "F15",
    "F16",
    "F18",
    "F25",
    "F27",
    "F43",
    "F44",
    "F49",
    "F63",
    "F72",
)
@pytest.mark.invariant(
    "I1",
    "I2",
    "I3",
    "I4",
    "I5",
    "I6",
    "I7",
    "I15",
    "I16",
    "I19",
    "I20",
    "I21",
    "I22",
    "I24",
    "I27",
    "I28",
)
def test_random_histories_break_nothing(problems_in: Search) -> None:
    """Histories with all faults on keep every invariant."""
    assert [] == problems_in(campaign.random_runs(0, 50, 40))


@pytest.mark.fault("F59")
@pytest.mark.invariant("I22")
def test_random_histories_with_links_break_nothing() -> None:
    """Requests change hands by links while all faults are on, and every invariant holds."""
    assert [] == _problems_with_links(range(20))


@pytest.mark.fault("F5")
@pytest.mark.invariant("I9")
def test_every_order_of_two_workers_sends_a_comment_once() -> None:
    """Two workers on one link, in every order of their effects: one comment, no duplicate."""
    orders = list(all_orders(ONE))
    assert [] == [order for order in orders if order.problems]
    assert len(orders) > 50


@pytest.mark.fault("F5", "F6")
@pytest.mark.invariant("I3", "I9")
@pytest.mark.heavy
def test_a_share_of_all_pauses(problems_in: Search) -> None:
    """A process may stand still at any effect of every 29th scenario."""
    assert [] == problems_in(campaign.all_pauses("poll", share=29, of=3))


@pytest.mark.fault("F12", "F16", "F18", "F78")
@pytest.mark.invariant("I2")
@pytest.mark.heavy
def test_a_share_of_all_meanwhiles(problems_in: Search) -> None:
    """People may do anything at any effect of some scenarios."""
    assert [] == problems_in(campaign.all_meanwhiles("poll", share=6, of=0))


@pytest.mark.fault("F2", "F3", "F36", "F37")
@pytest.mark.invariant("I1", "I6", "I7")
@pytest.mark.heavy
def test_many_double_crashes(problems_in: Search) -> None:
    """A process may die twice, in many ways."""
    assert [] == problems_in(campaign.double_crashes(1000, 2000))


@pytest.mark.fault(
    "F7",
    "F8",
    "F10",
    "F11",
    "F12",
    "F15",
    "F16",
    "F18",
    "F25",
    "F27",
    "F43",
    "F44",
    "F49",
    "F63",
    "F72",
)
@pytest.mark.invariant(
    "I1",
    "I2",
    "I3",
    "I4",
    "I5",
    "I6",
    "I7",
    "I15",
    "I16",
    "I19",
    "I20",
    "I21",
    "I22",
    "I24",
    "I27",
    "I28",
)
@pytest.mark.heavy
def test_many_random_histories(problems_in: Search) -> None:
    """Many histories with all faults on keep every invariant."""
    assert [] == problems_in(campaign.random_runs(1000, 2200, 40))


@pytest.mark.fault("F59")
@pytest.mark.invariant("I22")
@pytest.mark.heavy
def test_many_random_histories_with_links() -> None:
    """Many such histories keep every invariant."""
    assert [] == _problems_with_links(range(1000, 1600))


@pytest.mark.fault("F5")
@pytest.mark.invariant("I9")
@pytest.mark.heavy
@pytest.mark.parametrize(("steps", "leases"), [(TWO, 0), (ONE, 1), (TWO, 1)])
def test_every_order_of_two_workers(steps: tuple[Step, ...], leases: int) -> None:
    """All orders of two workers on one link, up to two comments and one lease that passes."""
    assert [] == [order for order in all_orders(steps, leases=leases) if order.problems]


def _problems_with_links(seeds: range) -> list[tuple[int, tuple[str, ...]]]:
    found = ((seed, run(invited_history_of(seed)).problems) for seed in seeds)
    return [(seed, problems) for seed, problems in found if problems]
