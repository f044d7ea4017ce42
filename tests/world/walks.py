"""Walks through the world as a state machine of Hypothesis: people, faults, processes and time.

    python tests/world/walks.py --walks 500 --steps 200 --seed 3 [--platform viber]

Each rule is one step; what must always hold is judged after each of them, what must hold in the end
when the walk is over. What fails is cut short by Hypothesis and printed with what replays it.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from chatbridge.testing.world.enumeration import FAULTS
from chatbridge.testing.world.histories import History, heard, judged, ready
from chatbridge.testing.world.operations import perform

WALKED: Counter[str] = Counter()
"""How many walks ended, and how many steps they had."""

FEW = st.integers(0, 2)
COMMENT = st.integers(-2, 3)
COUNTDOWN = st.integers(1, 24)
KINDS = st.sampled_from((
    "public", "restricted", "internal", "long", "file", "files", "bare file", "internal file",
    "restricted file", "by account",
))  # fmt: skip


def _step(name: str, *values: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(name), *values)


def _among(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


CUSTOMERS = st.one_of(
    _step("says", FEW), _step("replies", FEW), _step("edits", FEW), _step("presses", FEW),
    _step("sends", FEW, _among("photo", "bare photo", "document", "album")),
    _step("commands", FEW, _among("/start", "/status", "/new", "/help", "/more")),
    _step("blocks", FEW), _step("unblocks", FEW), _step("migrates"),
)  # fmt: skip
ON_VIBER = st.one_of(
    _step("says", FEW), _step("says", FEW), _step("commands", FEW, _among("/start", "/new")),
    _step("sends", FEW, _among("photo", "document", "sticker")), _step("presses", FEW),
    _step("blocks", FEW), _step("unblocks", FEW), _step("opens", FEW), _step("follows", FEW, FEW),
    _step("borrows", FEW, FEW), _step("reads", FEW), _step("fails", FEW), _step("strange", FEW),
    _step("refuses", _among(12, 13, 99)), _step("loses_webhook"), _step("registers", FEW),
    _step("carries_on", FEW, _among(90, 600, 4000)),
)  # fmt: skip
AGENTS = st.one_of(
    _step("comments", FEW, KINDS), _step("comments", FEW, KINDS), _step("flips", FEW, COMMENT),
    _step("changes", FEW, COMMENT), _step("restricts", FEW, COMMENT),
    _step("deletes_comment", FEW, COMMENT), _step("many_comments", FEW, _among(5, 11, 14)),
    _step("sets_status", FEW, _among("In progress", "Waiting for customer", "Resolved")),
    _step("fetches", FEW, FEW, st.integers(0, 3)), _step("moves", FEW), _step("deletes", FEW),
)  # fmt: skip
SITES = st.one_of(
    *[
        _step("behaves", st.just(name), _among(*values))
        for name, values in (
            ("index_lag", (0.0, 60.0)), ("commit_lag", (0.0, 30.0)), ("banks", (True,)),
            ("lie_in_webhooks", (True,)), ("access", (True, False)), ("page_cap", (50, 2)),
            ("hide_properties", (True, False)), ("refuse_adf", (True, False)),
            ("automation", ("thank you", "")), ("file_limit", (20_000_000, 20)),
        )
    ],
    _step("drops_hints"),
    _step("forges", _among("", "{}", "[1]", '{"issue":{"id":"10001"}}')),
)  # fmt: skip
ADMINISTRATORS = st.one_of(
    _step("pauses_project"), _step("resumes_project"), _step("backs_up"), _step("restores")
)
FAULTY = st.one_of(
    _step("arms", _among(*FAULTS, "aside", "pause"), COUNTDOWN),
    _step("arms", st.just("meanwhile"), COUNTDOWN, st.one_of(CUSTOMERS, AGENTS)),
    _step("crash", FEW), _step("stop", FEW),
    _step("jump", FEW, _among(60, -4000, 90_000, 3e8, -3e8)),
)  # fmt: skip
THEN = _among((("run", 0),), (), (("delivers", 0), ("run", 0)), (("run", 1),))
"""What the processes do after somebody did something."""


class Walk(RuleBasedStateMachine):
    """One walk."""

    platform = "telegram"

    @initialize(
        start=st.sampled_from(("opened", "nothing", "two", "group")),
        mode=st.sampled_from(("poll", "webhook")), processes=st.integers(1, 3), hints=st.booleans(),
        edition=st.sampled_from(("cloud", "data_center")),
    )  # fmt: skip
    def begins(self, start: str, mode: str, processes: int, hints: bool, edition: str) -> None:
        """Start somewhere, in some setting."""
        where = (edition, self.platform)
        self.history = History((), start, mode, processes, hints, *where)
        self.heard = heard()
        self.surprises = self.heard.__enter__()
        self.world = ready(self.history)

    def happen(self, *steps: tuple[Any, ...]) -> None:
        """Let steps happen."""
        for step in steps:
            self.history = self.history.with_steps((*self.history.steps, step))
            perform(self.world, step)

    @rule(what=CUSTOMERS, then=THEN)
    def a_customer(self, what: tuple[Any, ...], then: tuple[tuple[Any, ...], ...]) -> None:
        """A customer does something."""
        self.happen(what, *then)

    @rule(what=AGENTS, then=THEN)
    def an_agent(self, what: tuple[Any, ...], then: tuple[tuple[Any, ...], ...]) -> None:
        """An agent does something."""
        self.happen(what, *then)

    @rule(what=SITES, then=THEN)
    def the_site(self, what: tuple[Any, ...], then: tuple[tuple[Any, ...], ...]) -> None:
        """The site behaves in another way, or a stranger tries something."""
        self.happen(what, *then)

    @rule(what=ADMINISTRATORS, then=THEN)
    def the_administrator(self, what: tuple[Any, ...], then: tuple[tuple[Any, ...], ...]) -> None:
        """The administrator does something."""
        self.happen(what, *then)

    @rule(what=FAULTY, then=THEN)
    def a_fault(self, what: tuple[Any, ...], then: tuple[tuple[Any, ...], ...]) -> None:
        """Something goes wrong, or will."""
        self.happen(what, *then)

    @rule(seconds=_among(11, 0.5, 3, 30, 61, 130, 700), then=THEN)
    def time(self, seconds: float, then: tuple[tuple[Any, ...], ...]) -> None:
        """Time passes."""
        self.happen(("pass", seconds), *then)

    @invariant()
    def holds(self) -> None:
        """What must hold at every effect held in each of them so far."""
        if hasattr(self, "world"):
            self.judge(self.world.truth.violations)

    def teardown(self) -> None:
        """Let all come to its place, and judge."""
        if not hasattr(self, "world"):
            return
        violated = bool(self.world.truth.violations)
        problems = judged(self.world, self.surprises).problems
        self.heard.__exit__(None, None, None)
        WALKED.update(walks=1, steps=len(self.history.steps))
        if not violated:
            self.judge(list(problems))

    def judge(self, problems: list[str]) -> None:
        """Fail with what replays it."""
        again = f"python -m chatbridge.testing.world --history '{self.history.as_text()}'"
        assert [] == problems, f"{problems[0]}; again: {again}"


class OnViber(Walk):
    """One walk where chats are Viber's."""

    platform = "viber"

    @rule(what=ON_VIBER, then=THEN)
    def a_customer(self, what: tuple[Any, ...], then: tuple[tuple[Any, ...], ...]) -> None:
        """A customer does something, or Viber does."""
        self.happen(what, *then)


WALKS: dict[str, type[Walk]] = {"telegram": Walk, "viber": OnViber}


def walk(
    walks: int, steps: int, number: int | None = None, phases: Sequence[Phase] = tuple(Phase),
    platform: str = "telegram",
) -> None:  # fmt: skip
    """Walk.

    Args:
        walks: how many times.
        steps: how many steps each has at most.
        number: the seed; None: the walks that are always the same.
        phases: of Hypothesis.
        platform: which chats they are.
    """
    machine = WALKS[platform]
    machine = machine if number is None else seed(number)(machine)
    how = settings(
        max_examples=walks, stateful_step_count=steps, derandomize=number is None, database=None,
        deadline=None, suppress_health_check=list(HealthCheck), print_blob=False, phases=phases,
    )  # fmt: skip
    run_state_machine_as_test(machine, settings=how)


def main() -> None:
    """Walk as often as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--walks", type=int, default=500)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--platform", choices=sorted(WALKS), default="telegram")
    given = parser.parse_args()
    logging.disable(logging.ERROR - 1)
    begun = time.monotonic()
    walk(given.walks, given.steps, given.seed, platform=given.platform)
    took = time.monotonic() - begun
    sys.stdout.write(
        f"{WALKED['walks']} walks, {WALKED['steps']} steps in {took:.0f} s, seed {given.seed}\n"
    )


if __name__ == "__main__":
    main()
