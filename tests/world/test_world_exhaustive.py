"""Every single fault at every effect of every scenario of up to two operations, in chunks.

All of it with `--heavy` only. Chunks are even, so that cores can share them: `-n 2 --dist
worksteal`. Each has a least number of runs, so that none shrinks unseen.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatbridge.testing.world import campaign
from chatbridge.testing.world.enumeration import FAULTS, SETTINGS, WAYS

Search = Callable[..., list[str]]

CHUNKS = 40
OTHER_WAYS = tuple(way for way in FAULTS if way not in WAYS)


@pytest.mark.fault("F1", "F2", "F3", "F4", "F21", "F36", "F37", "F38", "F61", "F62", "F74")
@pytest.mark.invariant("I1", "I2", "I3", "I6", "I7", "I20", "I25")
@pytest.mark.heavy
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_single_fault_of_every_scenario(chunk: int, problems_in: Search) -> None:
    """Crashes, lost replies, errors and outages at every effect of every scenario (M1)."""
    runs = campaign.all_single_faults("poll", CHUNKS, chunk, ways=WAYS)
    assert [] == problems_in(runs, least=1_400)


@pytest.mark.fault("F1", "F2", "F3", "F4", "F21", "F36", "F37", "F38", "F61", "F62", "F74")
@pytest.mark.invariant("I1", "I2", "I3", "I6", "I7", "I20", "I25")
@pytest.mark.heavy
@pytest.mark.parametrize("chunk", range(0, CHUNKS, 2))
def test_every_single_fault_of_each_second_scenario_by_webhook(
    chunk: int, problems_in: Search
) -> None:
    """The same of every second scenario where Telegram's news comes by webhook (M1)."""
    runs = campaign.all_single_faults("webhook", CHUNKS, chunk, ways=WAYS)
    assert [] == problems_in(runs, least=1_200)


@pytest.mark.fault("F1", "F2", "F3", "F4", "F21", "F36", "F37", "F38", "F61", "F62", "F74")
@pytest.mark.invariant("I1", "I2", "I3", "I6", "I7", "I20", "I25")
@pytest.mark.heavy
@pytest.mark.parametrize(
    ("setting", "edition", "platform", "share"),
    [
        ("hints", "cloud", "telegram", 8),
        ("poll", "data_center", "telegram", 16),
        ("webhook", "cloud", "viber", 20),
        ("hints", "data_center", "viber", 40),
    ],
)
def test_single_faults_where_news_comes_otherwise(
    setting: str, edition: str, platform: str, share: int, problems_in: Search
) -> None:
    """The same for some scenarios of each other setting, edition and platform."""
    for of in range(2):
        runs = campaign.all_single_faults(
            setting, 2 * share, 2 * of + 1, edition=edition, platform=platform, ways=WAYS
        )
        assert [] == problems_in(runs, least=1_800)


@pytest.mark.fault("F1", "F3", "F4", "F21", "F36", "F38", "F61", "F62", "F74")
@pytest.mark.invariant("I1", "I2", "I3", "I6", "I7", "I20", "I25")
@pytest.mark.heavy
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_share_of_the_other_ways_to_fail(setting: str, problems_in: Search) -> None:
    """Conflicts, late writes, 429s, answers that are no JSON, work cut off: some scenarios."""
    runs = campaign.all_single_faults(setting, 23, 3, ways=OTHER_WAYS)
    assert [] == problems_in(runs, least=700)
