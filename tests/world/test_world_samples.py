"""Heavy shares of what seeds choose: three operations, and pairs of crashes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatbridge.testing.world import sampling
from chatbridge.testing.world.enumeration import SETTINGS

Search = Callable[..., list[str]]

PAIRS = 120


@pytest.mark.fault("F1", "F2", "F3", "F4", "F36", "F37")
@pytest.mark.invariant("I1", "I2", "I3", "I6", "I7", "I20")
@pytest.mark.heavy
def test_single_faults_of_three_operations_break_nothing(problems_in: Search) -> None:
    """Any one fault at any effect of eight scenarios of three operations (M1)."""
    assert [] == problems_in(sampling.faults_of_threes(0, 8))


@pytest.mark.fault("F2", "F3", "F36", "F37")
@pytest.mark.invariant("I1", "I6", "I7")
@pytest.mark.heavy
@pytest.mark.parametrize("chunk", range(8))
@pytest.mark.parametrize("setting", SETTINGS)
def test_every_pair_of_crashes_breaks_nothing(
    setting: str, chunk: int, problems_in: Search
) -> None:
    """Every two crashes of every scenario of one operation (M2)."""
    assert [] == problems_in(sampling.all_crash_pairs(setting, 8, chunk), least=PAIRS)


@pytest.mark.fault("F2", "F3", "F36", "F37")
@pytest.mark.invariant("I1", "I6", "I7")
@pytest.mark.heavy
@pytest.mark.parametrize("first", range(0, 1200, 100))
def test_pairs_of_crashes_break_nothing(first: int, problems_in: Search) -> None:
    """Of more operations, twelve hundred first crashes, each with every later one (M2)."""
    assert [] == problems_in(sampling.crash_pairs(first, first + 100), least=400)
