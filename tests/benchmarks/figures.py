"""What a measurement finds, and statistics that stand noise: medians over interleaved rounds."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence

from attrs import frozen


@frozen
class Figure:
    """One measured number beside its goal.

    Args:
        name: of the measure, with its number in the list of goals.
        value: what was measured, to be shown.
        goal: what it should be, to be shown; empty where there is no goal.
        reached: whether it is; None where there is no goal.
        detail: what it is made of.
    """

    name: str
    value: str
    goal: str = ""
    reached: bool | None = None
    detail: str = ""


def at_most(name: str, value: float, goal: float, detail: str = "", unit: str = "") -> Figure:
    """Return a figure that should not be above its goal."""
    shown = f"{value:.2f}{unit}" if value < 100 else f"{value:.0f}{unit}"
    return Figure(name, shown, f"<= {goal:g}{unit}", value <= goal, detail)


def at_least(name: str, value: float, goal: float, detail: str = "") -> Figure:
    """Return a figure that should not be below its goal."""
    return Figure(name, f"{value:.2f}", f">= {goal:g}", value >= goal, detail)


def cpu_seconds(work: Callable[[], None]) -> float:
    """Return the CPU time that this process, with all of its threads, takes for the work."""
    gc.collect()
    before = time.process_time()
    work()
    return time.process_time() - before


def interleaved(
    rounds: int, bare: Callable[[], None], ours: Callable[[], None]
) -> tuple[float, float]:
    """Return the median CPU seconds of both, measured in turn so that noise hits both alike.

    The first round of each warms up and does not count.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for at in range(rounds + 1):
        for found, work in zip(times, (bare, ours), strict=True):
            spent = cpu_seconds(work)
            if at:
                found.append(spent)
    return statistics.median(times[0]), statistics.median(times[1])


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
