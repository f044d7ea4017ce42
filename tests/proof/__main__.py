"""Runs towards what a release wants, in blocks: stop it and go on at any time.

Which blocks are done stands in `.proof/progress.json`. A block that fails is printed with its
command, ends the run, and is done again first. Sums go to the scoreboard.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.proof import telling
from tests.proof.blocks import ROOT
from tests.proof.board import keep_all
from tests.proof.progress import Progress
from tests.proof.proof import Proof
from tests.proof.shares import SHARES, Share


def main(
    arguments: list[str] | None = None,
    shares: Sequence[Share] = SHARES,
    folder: Path = ROOT / ".proof",
) -> int:
    """Do what the command line says; return the status to end with.

    Args:
        arguments: without the program's name; None: those of this process.
        shares: of what a release wants.
        folder: where progress is kept.

    Returns:
        0 where all that was asked for is done or people stopped it, 1 where a block failed, 2 where
        it cannot begin.
    """
    given = _parser().parse_args(arguments)
    chosen = [each for each in shares if _is_meant(each, given.only)]
    if not chosen:
        return _cannot(f"--only {given.only}: no share; there are {_names(shares)}")
    if given.jobs < 1 or given.blocks < 0 or given.minutes < 0:
        return _cannot("--jobs is 1 or more, --blocks and --minutes are 0 (no end) or more")
    try:
        progress = Progress(folder, looks=given.status)
    except BlockingIOError:
        return _cannot(f"another run works in {folder}: stop that one first")
    except ValueError as error:
        return _cannot(str(error))
    try:
        if given.status:
            _say(telling.table(chosen, progress, given.jobs))
            return 0
        keeps = (lambda: keep_all(shares, progress)) if given.keep else (lambda: None)
        proof = Proof(chosen, progress, folder, given.jobs, _say, keeps)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: proof.stop())
        # Blocks that are cut off, and searches, leave files there.
        with tempfile.TemporaryDirectory(prefix="chatbridge-proof-") as scratch:
            os.environ["TMPDIR"] = scratch
            return proof.go(blocks=given.blocks, minutes=given.minutes)
    finally:
        progress.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("--only", default="", help="a figure, or the beginning of shares' names")
    parser.add_argument("--jobs", type=int, default=_cores(), help="blocks at a time; all cores")
    parser.add_argument("--blocks", type=int, default=0, help="end after so many; 0: when all is")
    parser.add_argument(
        "--minutes", type=float, default=0, help="begin no block later; 0: any time"
    )
    parser.add_argument("--status", action="store_true", help="tell what is done, run nothing")
    parser.add_argument("--no-keep", dest="keep", action="store_false",
                        help="leave the scoreboard as it is")  # fmt: skip
    return parser


def _is_meant(share: Share, only: str) -> bool:
    return share.figure == only or share.name.startswith(only)


def _names(shares: Sequence[Share]) -> str:
    return ", ".join(dict.fromkeys(each.figure for each in shares)) + ", " + ", ".join(
        each.name for each in shares
    )  # fmt: skip


def _cores() -> int:
    # Those that this process may use, which are not all in a container.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cannot(why: str) -> int:
    sys.stderr.write(f"python -m tests.proof: {why}\n")
    return 2


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
