"""`python -m chatbridge.testing.world`: replay a history, or search for one that fails."""

from __future__ import annotations

import argparse
import logging
import sys
import time

from attrs import evolve

from chatbridge.testing.world import campaign, sampling
from chatbridge.testing.world.arguments import COMMAND, given_by
from chatbridge.testing.world.crowds import crowd_of
from chatbridge.testing.world.histories import History, run
from chatbridge.testing.world.interleaving import all_orders
from chatbridge.testing.world.random_histories import (
    double_crash_of,
    history_of,
    kept_history_of,
)
from chatbridge.testing.world.shrinking import shrink

_EVERY = 10.0
"""Seconds between two lines of progress."""


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; return 1 where something failed.

    Args:
        arguments: without the program's name; None: those of this process.

    Raises:
        SystemExit: with status 2, where the command line makes no sense.
    """
    logging.disable(logging.ERROR - 1)
    given = given_by(arguments)
    if given.history is not None:
        return _replay(given.history, given)
    if given.seed is not None:
        return _replay(_history_of(given.seed, given), given)
    if given.orders:
        return _try_orders(given.platform)
    if given.workers:
        return _try_crowds(given)
    return _search(given)


def _history_of(seed: int, given: argparse.Namespace) -> History:
    if given.double:
        history = double_crash_of(seed, given.platform)
    elif given.records:
        history = kept_history_of(seed, given.steps, given.platform)
    else:
        history = history_of(seed, given.steps, given.platform)
    return history if given.edition is None else evolve(history, edition=given.edition)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _replay(history: History, given: argparse.Namespace) -> int:
    outcome = run(history, traced=given.trace)
    for line in outcome.trace:
        _say(line)
    if not outcome.problems:
        _say(f"all invariants hold ({outcome.effects} effects; faults: {list(outcome.hit)})")
        return 0
    for problem in outcome.problems:
        _say(problem)
    shortest = history if given.no_shrink else shrink(history, outcome.problems[0])
    _say(f"{len(shortest.steps)} of {len(history.steps)} steps are needed:")
    for step in shortest.steps:
        _say(f"  {step}")
    _say(f"again: {COMMAND} --history '{shortest.as_text()}'")
    return 1


def _try_orders(platform: str) -> int:
    failed = total = 0
    begun = time.monotonic()
    one, two = (("comments", 0),), (("comments", 0), ("comments", 0))
    for steps, leases in ((one, 0), (two, 0), (one, 1), (two, 1)):
        count = 0
        for order in all_orders(steps, leases=leases, platform=platform):
            count += 1
            total += 1
            if order.problems:
                failed += 1
                _say(f"FAILED {order.choices}: {order.problems[0]}")
        _say(f"{len(steps)} comments, {leases} leases: all {count} orders")
    _say(f"{total:,} runs in {time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


def _try_crowds(given: argparse.Namespace) -> int:
    failed = operations = 0
    begun = told = time.monotonic()
    for seed in range(given.start, given.start + given.seeds):
        crowd = crowd_of(seed, given.workers, given.platform)
        operations += crowd.operations
        if crowd.problems:
            failed += 1
            _say(f"FAILED {seed}: {crowd.problems[0]}")
            how = f"--workers {given.workers} --seeds 1 --start {seed} --platform {given.platform}"
            _say(f"again: {COMMAND} {how}")
        now = time.monotonic()
        if now - told > _EVERY:
            told = now
            _say(f"{operations:,} operations, {failed} seeds failed; at {seed}")
        if given.minutes is not None and now - begun > given.minutes * 60:
            break
    _say(f"{operations:,} operations in {time.monotonic() - begun:.0f} s, {failed} seeds failed")
    return 1 if failed else 0


def _search(given: argparse.Namespace) -> int:
    done = campaign.Campaign(_say, given.state)
    done.go(_runs(given, done), minutes=given.minutes)
    for name, _, outcome in done.failures:
        _say(f"failed: {name}: {outcome.problems[0]}")
        if name.startswith(("seed", "records")):
            edition = f" --edition {given.edition}" if given.edition else ""
            told = f"--seed {name.split()[1]} --steps {given.steps} --platform {given.platform}"
            more = " --records" if given.records else ""
            _say(f"again: {COMMAND} {told}{edition}{more}")
    return 1 if done.failures else 0


def _runs(given: argparse.Namespace, done: campaign.Campaign) -> campaign.Runs:
    where = {"edition": given.edition or "cloud", "platform": given.platform}
    share, of = given.share.of, given.share.which
    if given.faults:
        return campaign.all_single_faults(given.faults, share, of, **where)
    if given.pauses:
        return campaign.all_pauses(given.pauses, share, of, **where)
    if given.meanwhiles:
        return campaign.all_meanwhiles(given.meanwhiles, share, of, **where)
    if given.alterations:
        return campaign.all_alterations(given.alterations, share, of, **where)
    if given.rotations:
        return campaign.all_rotations(given.rotations, share, of, **where)
    return _seeds(given, done, where)


def _seeds(
    given: argparse.Namespace, done: campaign.Campaign, where: dict[str, str]
) -> campaign.Runs:
    last = given.start + given.seeds
    if given.threes:
        return sampling.faults_of_threes(given.start, last, **where)
    if given.pairs:
        return sampling.crash_pairs(given.start, last, **where)
    name = "double crash" if given.double else "records" if given.records else "seed"
    first = done.resumed_at(name, given.start)
    return _drawn(name, range(first, last), given)


def _drawn(name: str, seeds: range, given: argparse.Namespace) -> campaign.Runs:
    for seed in seeds:
        history = _history_of(seed, given)
        yield f"{name} {seed}", history, run(history)


if __name__ == "__main__":
    sys.exit(main())
