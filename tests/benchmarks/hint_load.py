"""Brings hints over many connections at once, from a process of its own, and times the answers.

Prints one JSON line: the seconds of every answer, and how many were no 200 or did not come.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time

from tests.benchmarks.stage import SITE, hint_about


def _call(issue: str) -> bytes:
    webhook = hint_about(issue, None)
    head = (
        f"POST /hints/{SITE} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-Hub-Signature: {webhook.headers['X-Hub-Signature']}\r\n"
        f"Content-Length: {len(webhook.body)}\r\n\r\n"
    )
    return head.encode() + webhook.body


class Load:
    """What one run brings, and what came back.

    Args:
        port: of the bridge's web server, on loopback.
        issues: what the hints are about, in turn.
    """

    def __init__(self, port: int, issues: list[str]) -> None:
        self._port = port
        self._calls = [_call(issue) for issue in issues]
        self._next = 0
        self.times: list[float] = []
        self.lost = 0

    async def connect(self, number: int, pause: float, offset: float) -> None:
        """Bring so many hints over one connection, with a pause from start to start."""
        await asyncio.sleep(offset)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            for _ in range(number):
                started = time.monotonic()
                await self._bring(reader, writer)
                self.times.append(time.monotonic() - started)
                await asyncio.sleep(max(0.0, started + pause - time.monotonic()))
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            self.lost += 1

    async def _bring(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._next += 1
        writer.write(self._calls[self._next % len(self._calls)])
        head = await reader.readuntil(b"\r\n\r\n")
        # Answers to hints have no body.
        if not head.startswith(b"HTTP/1.1 200"):
            self.lost += 1


async def main() -> None:
    """Run as told on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--hints", type=int, required=True, help="on each connection")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds from start to start")
    parser.add_argument("--issues", nargs="+", required=True)
    given = parser.parse_args()
    load = Load(given.port, given.issues)
    offsets = [given.pause * at / given.connections for at in range(given.connections)]
    await asyncio.gather(*(load.connect(given.hints, given.pause, at) for at in offsets))
    sys.stdout.write(json.dumps({"times": load.times, "lost": load.lost}))


if __name__ == "__main__":
    asyncio.run(main())
