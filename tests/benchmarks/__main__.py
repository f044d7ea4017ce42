"""Runs the measurements and prints one line a figure: `python -m tests.benchmarks [--quick]`."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import sys
import time
from types import ModuleType

from tests.benchmarks import (
    connections,
    cpu_per_message,
    growth,
    hint_latency,
    import_cost,
    large_files,
    under_latency,
)
from tests.benchmarks.figures import Figure

_MEASURES: dict[str, ModuleType] = {
    "cpu": cpu_per_message,
    "latency": under_latency,
    "hints": hint_latency,
    "imports": import_cost,
    "growth": growth,
    "connections": connections,
    "files": large_files,
}


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute instead of six; noisier")
    parser.add_argument("measure", nargs="*", help=f"of {', '.join(_MEASURES)}; none: all")
    given = parser.parse_args()
    unknown = set(given.measure) - set(_MEASURES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    # Waitress and the bridge tell of a load that is meant.
    logging.disable(logging.ERROR)
    started = time.monotonic()
    _say(f"# Python {platform.python_version()}, {os.cpu_count()} cores, load {_load()}")
    _say("| measure | goal | measured | |")
    _say("| --- | --- | --- | --- |")
    for name in given.measure or _MEASURES:
        for figure in _MEASURES[name].measure(quick=given.quick):
            _say(_row(figure))
    _say(f"# {time.monotonic() - started:.0f} s, load {_load()} at the end")


def _row(figure: Figure) -> str:
    mark = {True: "", False: " (missed)", None: ""}[figure.reached]
    return f"| {figure.name} | {figure.goal} | {figure.value}{mark} | {figure.detail} |"


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
