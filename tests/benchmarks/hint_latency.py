"""P4: how long Jira waits until a hint is acknowledged, while the bridge works on what it is told.

The bridge's web application runs under waitress in the measuring process, the load in another one,
and Jira and Telegram take 200 ms for every call.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from chatbridge.web import web_app
from chatbridge.web.serving import WebServer
from tests.benchmarks.far_control import FarControl
from tests.benchmarks.figures import Figure, at_most, percentile
from tests.benchmarks.stage import Stage, staged
from tests.benchmarks.under_latency import LATENCY

_CONNECTIONS = 64
_CONNECTS = 512


def measure(*, quick: bool) -> list[Figure]:
    """Return the figures of P4."""
    number = 10 if quick else 40
    with FarControl() as far, staged(far, workers=64) as stage:
        far.tell("latency", seconds=LATENCY)
        server = WebServer(web_app(stage.bridge), "127.0.0.1", 0)
        server.start()
        try:
            paced = _load(stage, server, _CONNECTIONS, number, pause=LATENCY)
            pressed = _load(stage, server, _CONNECTIONS, number, pause=0.0)
            burst = _load(stage, server, _CONNECTS, 1, pause=0.0)
        finally:
            server.stop(5.0)
    at_rate = f"{_CONNECTIONS} connections, {_CONNECTIONS / LATENCY:.0f} hints a second"
    slowest = f"all within {max(burst['times']):.2f} s"
    return [
        *_answered("P4 hint acknowledged", paced, 0.1, 0.3, at_rate),
        *_answered("P4 the same, as fast as it goes", pressed, 0.1, 0.3, _speed(pressed)),
        at_most(f"P4 lost of {_CONNECTS} connects at once", burst["lost"], 0, slowest),
    ]


def _load(
    stage: Stage, server: WebServer, connections: int, number: int, pause: float
) -> dict[str, Any]:
    port = server.url.rpartition(":")[2]
    command = [
        sys.executable, "-m", "tests.benchmarks.hint_load", "--port", port,
        "--connections", str(connections), "--hints", str(number), "--pause", str(pause),
        "--issues", *stage.issues,
    ]  # fmt: skip
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def _answered(
    name: str, load: dict[str, Any], half: float, most: float, detail: str
) -> list[Figure]:
    return [
        at_most(
            f"{name}, {share}", percentile(load["times"], at) / LATENCY, goal, detail, " x latency"
        )
        for share, at, goal in (("p50", 0.5, half), ("p99", 0.99, most))
    ]


def _speed(load: dict[str, Any]) -> str:
    # Every connection waits for its answer before it brings the next hint.
    mean = sum(load["times"]) / len(load["times"])
    return f"{_CONNECTIONS} connections, {_CONNECTIONS / mean:.0f} hints a second"
