"""Long searches: seeds, enumerations and orders, with progress, and a place to go on from."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from attrs import define, field

from chatbridge.testing.world.enumeration import (
    FAULTS,
    OPERATIONS_OF,
    Scenario,
    asides,
    meanwhiles,
    pauses,
    scenarios,
    single_faults,
)
from chatbridge.testing.world.histories import History, Outcome, run
from chatbridge.testing.world.random_histories import (
    double_crash_of,
    history_of,
    kept_history_of,
)
from chatbridge.testing.world.record_faults import (
    ALTERATIONS,
    alterations,
    cut_rotations,
    rotations,
    worked_in,
)

Runs = Iterator[tuple[str, History, Outcome]]
"""The name of a run, by which it can be told apart, the history, and what came of it."""


def random_runs(first: int, last: int, steps: int, platform: str = "telegram") -> Runs:
    """Run the histories of seeds, the last one not included."""
    for seed in range(first, last):
        history = history_of(seed, steps, platform)
        yield f"seed {seed}", history, run(history)


def histories_of_records(first: int, last: int, steps: int, platform: str = "telegram") -> Runs:
    """Run the histories of seeds in which records are altered and keys replaced, too."""
    for seed in range(first, last):
        history = kept_history_of(seed, steps, platform)
        yield f"records {seed}", history, run(history)


def double_crashes(first: int, last: int, platform: str = "telegram") -> Runs:
    """Run scenarios in which the process dies twice."""
    for seed in range(first, last):
        history = double_crash_of(seed, platform)
        yield f"double crash {seed}", history, run(history)


def all_single_faults(
    setting: str, share: int = 1, of: int = 0, *, edition: str = "cloud",
    platform: str = "telegram", ways: tuple[str, ...] = FAULTS,
) -> Runs:  # fmt: skip
    """Run every single fault of every scenario, or one share of the scenarios.

    Args:
        setting: one of `enumeration.SETTINGS`.
        share: every how many-th scenario.
        of: which of them, from 0.
        edition: which Jira it is.
        platform: which chats they are.
        ways: to fail.
    """
    search = partial(single_faults, ways=ways)
    yield from _each(search, scenarios(setting, edition=edition, platform=platform), share, of)


def all_pauses(
    setting: str, share: int = 1, of: int = 0, *, edition: str = "cloud", platform: str = "telegram"
) -> Runs:
    """Run every place at which a process stands still or another one works meanwhile."""
    for search in (asides, pauses):
        yield from _each(search, scenarios(setting, edition=edition, platform=platform), share, of)


def all_meanwhiles(
    setting: str, share: int = 1, of: int = 0, *, edition: str = "cloud", platform: str = "telegram"
) -> Runs:
    """Let people do each thing at each effect of each other thing."""
    for name in OPERATIONS_OF[platform]:
        search = partial(meanwhiles, name=name)
        among = scenarios(setting, edition=edition, platform=platform)
        yield from _each(search, among, share, of, single=True)


def all_alterations(
    setting: str, share: int = 1, of: int = 0, *, edition: str = "cloud",
    platform: str = "telegram", name: str = "",
) -> Runs:  # fmt: skip
    """Alter a record before each scenario and at each of its effects; in all ways, or in one."""
    for each in [name] if name else ALTERATIONS:
        search = partial(alterations, name=each)
        yield from _each(search, scenarios(setting, edition=edition, platform=platform), share, of)


def all_rotations(
    setting: str, share: int = 1, of: int = 0, *, edition: str = "cloud", platform: str = "telegram"
) -> Runs:
    """Let a rotation pass at each effect of each scenario, and fail at each of its own."""
    for search in (rotations, worked_in, cut_rotations):
        yield from _each(search, scenarios(setting, edition=edition, platform=platform), share, of)


def _each(
    search: Callable[[Scenario], Iterator[tuple[History, Outcome]]],
    among: Iterator[Scenario], share: int, of: int, *, single: bool = False,
) -> Runs:  # fmt: skip
    for number, scenario in enumerate(among):
        if number % share != of or (single and len(scenario.names) > 1):
            continue
        for history, outcome in search(scenario):
            yield f"{scenario.setting} {' + '.join(scenario.names)}", history, outcome


@define
class Campaign:
    """Counts runs, tells how it goes, and remembers where it was.

    Args:
        tell: takes a line for people.
        state: a file in which the next seed is kept, or None.
        every: seconds between two lines of progress.
    """

    tell: Callable[[str], None]
    state: Path | None = None
    every: float = 10.0
    runs: int = 0
    failures: list[tuple[str, History, Outcome]] = field(factory=list)

    def go(self, runs: Runs, *, minutes: float | None = None, most_failures: int = 20) -> None:
        """Go through runs until they, the time or the patience end."""
        started = told = time.monotonic()
        for name, history, outcome in runs:
            self.runs += 1
            if outcome.problems:
                self.failures.append((name, history, outcome))
                self.tell(f"FAILED {name}: {outcome.problems[0]}")
                self.tell(f"  --history '{history.as_text()}'")
                if len(self.failures) >= most_failures:
                    return
            now = time.monotonic()
            if now - told >= self.every:
                told = now
                rate = self.runs / (now - started)
                self.tell(f"{self.runs} runs, {rate:.0f}/s, {len(self.failures)} failed; at {name}")
                self._remember(name)
            if minutes is not None and now - started > minutes * 60:
                break
        self._remember("end")
        seconds = max(time.monotonic() - started, 0.001)
        self.tell(
            f"{self.runs} runs in {seconds:.0f} s ({self.runs / seconds:.0f}/s), "
            f"{len(self.failures)} failed"
        )

    def resumed_at(self, name: str, default: int) -> int:
        """Return the seed to go on with, of runs of this name."""
        if self.state is None or not self.state.exists():
            return default
        at = str(json.loads(self.state.read_text()).get("at", ""))
        return int(at.rpartition(" ")[2]) + 1 if at.startswith(f"{name} ") else default

    def _remember(self, at: str) -> None:
        if self.state is not None:
            # Whoever is killed while writing keeps the place before.
            beside = self.state.with_name(self.state.name + ".new")
            beside.write_text(json.dumps({"at": at, "runs": self.runs}) + "\n")
            beside.replace(self.state)
