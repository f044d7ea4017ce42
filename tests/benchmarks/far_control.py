"""Starts the far side as a process, tells it what to do, and asks what it was asked."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from types import TracebackType
from typing import Any, Self


def call_control(port: int, name: str, **given: Any) -> Any:
    """Set or ask something; see the `_set_` methods of the far side."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("POST", f"/_/{name}", json.dumps(given))
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


class FarControl:
    """A running far side.

    Args:
        certificate: PEM file with key and chain; calls then come over TLS.
    """

    def __init__(self, certificate: str | None = None) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.far_side"]
        if certificate is not None:
            command += ["--certificate", certificate]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        port, control = self._process.stdout.readline().split()
        self.control_port = int(control)
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"

    def tell(self, name: str, **given: Any) -> Any:
        """Set or ask something; see `call_control`."""
        return call_control(self.control_port, name, **given)

    def counts(self) -> dict[str, int]:
        """Return how often each kind of call came."""
        found: dict[str, int] = self.tell("counts")
        return found

    def wait(self, kind: str, count: int) -> None:
        """Return once so many calls of a kind have come since the start."""
        self.tell("wait", kind=kind, count=count)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()
