"""Polls for many bots over TLS in a process of its own, and prints what that takes."""

from __future__ import annotations

import argparse
import json
import re
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from chatbridge import (
    Bridge,
    CloudDesk,
    ProjectSettings,
    Secret,
    SiteSettings,
    new_root_key,
    root_key_from_text,
)
from chatbridge.records import BotRecord, Project
from chatbridge.transport import HttpTransport
from tests.benchmarks.far_control import call_control

_PROJECTS = 10


def main() -> None:
    """Run as told on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--authority", required=True)
    parser.add_argument("--bots", type=int, required=True)
    given = parser.parse_args()
    transport = HttpTransport(pool_size=given.bots + 32, ca_bundle=given.authority)
    with TemporaryDirectory(prefix="chatbridge-benchmark-") as folder:
        bridge = Bridge(
            storage=f"sqlite:{Path(folder) / 'bridge.db'}",
            root_keys=root_key_from_text(new_root_key()),
            sites=[_desk(given.url)],
            transport=transport,
        )
        _set_up(bridge, given.url, given.bots)
        before = _resident()
        bridge.start()
        call_control(given.control, "wait", kind="poll", count=given.bots)
        start_cpu = time.process_time()
        # Every bot has polled; from the second time on each only waits and polls again.
        call_control(given.control, "wait", kind="poll", count=2 * given.bots)
        cpu, started = time.process_time(), time.monotonic()
        call_control(given.control, "wait", kind="poll", count=3 * given.bots)
        seconds = time.monotonic() - started
        found = {
            "before": before,
            "start_cpu": start_cpu,
            "resident": _resident(),
            "cpu_share": (time.process_time() - cpu) / seconds,
            "calls_a_second": given.bots / seconds,
            "threads": threading.active_count(),
        }
        sys.stdout.write(json.dumps(found))
        sys.stdout.flush()
        bridge.stop(grace=0.1)
    transport.close()


def _desk(url: str) -> CloudDesk:
    return CloudDesk(SiteSettings(url=url, name="acme", account="bot@acme", token=Secret("token")))


def _set_up(bridge: Bridge, url: str, bots: int) -> None:
    records = [
        BotRecord(
            "telegram", str(number), f"bot{number}_bot", "poll",
            {"token": f"{number}:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "api_url": url},
        )
        for number in range(100_000, 100_000 + bots)
    ]  # fmt: skip
    share = bots // _PROJECTS
    for at in range(_PROJECTS):
        settings = ProjectSettings(
            name=f"project{at}", site="acme", service_desk="1", request_type="25"
        )
        own = tuple(records[at * share : (at + 1) * share])
        bridge.engine.vault.create(Project(settings, own))


def _resident() -> float:
    """Return the resident memory in MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


if __name__ == "__main__":
    main()
