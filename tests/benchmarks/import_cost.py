"""P5: what importing costs against importing requests, each in a fresh interpreter."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from tests.benchmarks.figures import Figure, at_most

_PROGRAM = """
import json, re, sys, time
before = time.process_time()
{statement}
spent = time.process_time() - before
names = ("chatbridge_telegram", "nacl", "pluggy", "requests", "sqlite3", "importlib.metadata")
resident = int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1])
print(json.dumps([spent, resident, [name for name in names if name in sys.modules]]))
"""
_STATEMENTS = {
    "requests": "import requests",
    "chatbridge": "import chatbridge",
    "Bridge": "import chatbridge; chatbridge.Bridge",
}


def measure(*, quick: bool) -> list[Figure]:
    """Return the figures of P5."""
    rounds = 5 if quick else 21
    times: dict[str, list[float]] = {name: [] for name in _STATEMENTS}
    sizes: dict[str, list[float]] = {name: [] for name in _STATEMENTS}
    loaded: dict[str, list[str]] = {}
    for _ in range(rounds):
        for name, statement in _STATEMENTS.items():
            spent, resident, loaded[name] = _run(statement)
            times[name].append(spent)
            sizes[name].append(resident)
    cpu = {name: statistics.median(found) for name, found in times.items()}
    memory = {name: statistics.median(found) for name, found in sizes.items()}
    found = []
    for name in ("chatbridge", "Bridge"):
        statement = _STATEMENTS[name]
        slower, larger = cpu[name] / cpu["requests"], memory[name] / memory["requests"]
        took = f"{cpu[name] * 1e3:.0f} ms against {cpu['requests'] * 1e3:.0f} ms"
        held = f"{memory[name] / 1024:.1f} MB against {memory['requests'] / 1024:.1f} MB"
        found += [
            at_most(f"P5 CPU of {statement}", slower, 1.2, took, " x requests"),
            at_most(f"P5 memory of {statement}", larger, 1.12, held, " x requests"),
        ]
    adapters = int("chatbridge_telegram" in loaded["Bridge"])
    also = f"loaded with Bridge: {', '.join(loaded['Bridge']) or 'none of the heavy ones'}"
    return [*found, at_most("P5 adapters imported before one is enabled", adapters, 0, also)]


def _run(statement: str) -> tuple[float, float, list[str]]:
    program = _PROGRAM.format(statement=statement)
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    spent, resident, loaded = json.loads(answer.stdout)
    return spent, resident, loaded
