"""Shares of the world's searches where chats are Viber's, and on the other edition of Jira."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import pytest

from chatbridge.testing.world import campaign
from chatbridge.testing.world.campaign import Runs
from chatbridge.testing.world.histories import History, run
from chatbridge.testing.world.interleaving import all_orders
from chatbridge.testing.world.operations import perform, prepare
from chatbridge.testing.world.random_histories import history_of
from chatbridge.testing.world.stage import World

Search = Callable[[Runs], list[str]]

PLATFORMS = ("telegram", "viber")


@pytest.mark.fault("F1", "F2", "F3", "F4", "F21", "F36", "F37", "F38", "F61", "F62", "F74")
@pytest.mark.invariant("I1", "I2", "I3", "I6", "I7", "I20", "I25", "I27")
@pytest.mark.parametrize("setting", ["webhook", "hints"])
def test_single_faults_on_viber_break_nothing(setting: str, problems_in: Search) -> None:
    """Any one fault at any effect of some scenarios on Viber keeps every invariant."""
    runs = campaign.all_single_faults(setting, share=83, of=34, platform="viber")
    assert [] == problems_in(islice(runs, 200))


@pytest.mark.invariant("I1", "I2", "I3", "I6", "I7", "I20")
@pytest.mark.parametrize("platform", PLATFORMS)
def test_single_faults_on_data_center_break_nothing(platform: str, problems_in: Search) -> None:
    """The same on Data Center, on either platform."""
    runs = campaign.all_single_faults(
        "webhook", share=97, of=17, edition="data_center", platform=platform
    )
    assert [] == problems_in(islice(runs, 80))


@pytest.mark.fault("F5", "F6")
@pytest.mark.invariant("I3", "I9")
def test_standing_still_on_viber_breaks_nothing(problems_in: Search) -> None:
    """A process may stand still while another one gets Viber's repeats."""
    runs = campaign.all_pauses("webhook", share=89, of=1, platform="viber")
    assert [] == problems_in(islice(runs, 80))


@pytest.mark.invariant("I1", "I2", "I3", "I6", "I7", "I16", "I20", "I22", "I27", "I28")
def test_random_histories_on_viber_break_nothing(problems_in: Search) -> None:
    """Histories with all faults on keep every invariant on Viber."""
    assert [] == problems_in(campaign.random_runs(0, 15, 40, "viber"))
    assert [] == problems_in(campaign.double_crashes(0, 20, "viber"))


def test_histories_of_viber_survive_being_printed() -> None:
    """Which chats they are stands in the text, and is not there where they are Telegram's."""
    history = history_of(7, platform="viber")
    assert history == History.from_text(history.as_text())
    assert '"viber"' not in history_of(7).as_text()


def test_an_hour_of_trouble_is_told() -> None:
    """Who writes on Viber while the site is away for its whole hour is told, and twice is no harm.

    Viber repeats a callback for an hour and then forgets it.
    """
    steps = (("behaves", "access", False), ("says", 1), ("says", 1), ("carries_on", 0, 4000))
    assert () == run(History(steps, platform="viber")).problems


@pytest.mark.invariant("I28")
def test_receipts_end_with_their_two_days() -> None:
    """What messages were about is forgotten; one of Viber's keeps a receipt until then."""
    world = prepare(World(platform="viber"))
    for step in (("says", 0), ("carries_on", 0, 30), ("comments", 0), ("carries_on", 0, 30)):
        perform(world, step)
    kept = len(world.storage.scan("receipt").rows)
    perform(world, ("pass", 2 * 24 * 3600.0))
    assert (2, 0) == (kept, len(world.storage.scan("receipt").rows))
    assert [] == world.truth.violations


@pytest.mark.fault("F5", "F6", "F12", "F16", "F18", "F78")
@pytest.mark.heavy
def test_a_share_of_all_pauses_and_meanwhiles_on_viber(problems_in: Search) -> None:
    """A process may stand still, or people act, at any effect of some scenarios on Viber."""
    pauses = campaign.all_pauses("webhook", share=41, of=3, platform="viber")
    assert [] == problems_in(islice(pauses, 300))
    meanwhiles = campaign.all_meanwhiles("webhook", share=7, of=0, platform="viber")
    assert [] == problems_in(islice(meanwhiles, 300))


@pytest.mark.heavy
def test_many_random_histories_on_viber(problems_in: Search) -> None:
    """Many histories with all faults on keep every invariant on Viber."""
    assert [] == problems_in(campaign.random_runs(1000, 1060, 40, "viber"))
    assert [] == problems_in(campaign.double_crashes(1000, 1200, "viber"))


@pytest.mark.fault("F5")
@pytest.mark.heavy
def test_every_order_of_two_workers_on_viber() -> None:
    """Two workers on one link, in every order of their effects: one comment, no duplicate."""
    orders = list(all_orders(platform="viber"))
    assert [] == [order for order in orders if order.problems]
    assert len(orders) > 50
