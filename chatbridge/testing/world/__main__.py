"""`python -m chatbridge.testing.world`: replay a history, or search for one that fails."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path

from chatbridge.testing.world import campaign, sampling
from chatbridge.testing.world.enumeration import SETTINGS
from chatbridge.testing.world.histories import History, run
from chatbridge.testing.world.interleaving import all_orders
from chatbridge.testing.world.random_histories import DEFAULT_STEPS, double_crash_of, history_of
from chatbridge.testing.world.shrinking import shrink
from chatbridge.testing.world.stage import PLATFORMS

_COMMAND = "python -m chatbridge.testing.world"


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; return 1 where something failed."""
    logging.disable(logging.ERROR - 1)
    given = _parser().parse_args(arguments)
    if given.history is not None:
        return _replay(History.from_text(given.history), given)
    if given.seed is not None:
        platform = given.platform
        history = history_of(given.seed, given.steps, platform)
        if given.double:
            history = double_crash_of(given.seed, platform)
        return _replay(history, given)
    if given.orders:
        return _try_orders()
    return _search(given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_COMMAND, description=__doc__)
    one = parser.add_argument_group("replay")
    one.add_argument("--seed", type=int, help="run the history of this seed")
    one.add_argument("--steps", type=int, default=DEFAULT_STEPS, help="how many steps it has")
    one.add_argument("--history", help="run this history, as it was printed")
    one.add_argument("--trace", action="store_true", help="print every effect")
    one.add_argument("--no-shrink", action="store_true", help="leave what fails as it is")
    many = parser.add_argument_group("search")
    many.add_argument("--seeds", type=int, help="run so many seeds")
    many.add_argument("--start", type=int, default=0, help="the first seed")
    many.add_argument("--double", action="store_true", help="seeds of double crashes")
    many.add_argument("--pairs", action="store_true", help="seeds of crashes, each with a second")
    many.add_argument("--threes", action="store_true", help="seeds of three operations, all faults")
    many.add_argument("--faults", choices=SETTINGS, help="every single fault of every scenario")
    many.add_argument("--pauses", choices=SETTINGS, help="every place for another to work")
    many.add_argument("--meanwhiles", choices=SETTINGS, help="people act at every effect")
    many.add_argument("--orders", action="store_true", help="every order of two workers")
    many.add_argument("--edition", choices=("cloud", "data_center"), default="cloud",
                      help="which Jira it is, with --faults, --pauses, --meanwhiles")  # fmt: skip
    parser.add_argument("--platform", choices=sorted(PLATFORMS), default="telegram",
                        help="which chats they are")  # fmt: skip
    many.add_argument("--share", default="1/1", help="the k-th of n shares of scenarios, as k/n")
    many.add_argument("--minutes", type=float, help="stop after so long")
    many.add_argument("--state", type=Path, help="file to remember the place in, and to go on from")
    return parser


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
    _say(f"again: {_COMMAND} --history '{shortest.as_text()}'")
    return 1


def _try_orders() -> int:
    failed = total = 0
    begun = time.monotonic()
    one, two = (("comments", 0),), (("comments", 0), ("comments", 0))
    for steps, leases in ((one, 0), (two, 0), (one, 1), (two, 1)):
        count = 0
        for order in all_orders(steps, leases=leases):
            count += 1
            total += 1
            if order.problems:
                failed += 1
                _say(f"FAILED {order.choices}: {order.problems[0]}")
        _say(f"{len(steps)} comments, {leases} leases: all {count} orders")
    _say(f"{total:,} runs in {time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


def _search(given: argparse.Namespace) -> int:
    done = campaign.Campaign(_say, given.state)
    which, _, shares = given.share.partition("/")
    share, of = int(shares or 1), int(which) - 1
    platform = given.platform
    where = {"edition": given.edition, "platform": platform}
    if given.faults:
        runs = campaign.all_single_faults(given.faults, share, of, **where)
    elif given.pauses:
        runs = campaign.all_pauses(given.pauses, share, of, **where)
    elif given.meanwhiles:
        runs = campaign.all_meanwhiles(given.meanwhiles, share, of, **where)
    elif given.seeds and (given.threes or given.pairs):
        search = sampling.faults_of_threes if given.threes else sampling.crash_pairs
        runs = search(given.start, given.start + given.seeds)
    elif given.seeds:
        name = "double crash" if given.double else "seed"
        first = done.resumed_at(name, given.start)
        last = given.start + given.seeds
        runs = (
            campaign.double_crashes(first, last, platform)
            if given.double
            else campaign.random_runs(first, last, given.steps, platform)
        )
    else:
        _parser().print_help()
        return 2
    done.go(runs, minutes=given.minutes)
    for name, _, outcome in done.failures:
        _say(f"failed: {name}: {outcome.problems[0]}")
        if name.startswith("seed"):
            told = f"--seed {name.split()[1]} --steps {given.steps} --platform {platform}"
            _say(f"again: {_COMMAND} {told}")
    return 1 if done.failures else 0


if __name__ == "__main__":
    sys.exit(main())
