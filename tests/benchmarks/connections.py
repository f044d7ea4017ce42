"""P7 and P10: 1,000 long polls over TLS in one process, and a new connection against a used one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
import trustme

from chatbridge import HttpRequest
from chatbridge.exchange import Party, origin
from chatbridge.transport import HttpTransport
from tests.benchmarks.far_control import FarControl
from tests.benchmarks.figures import Figure, at_most, interleaved
from tests.benchmarks.stage import TOKEN, unpaced

_BOTS = 1000
_CALLS = 200


def measure(*, quick: bool) -> list[Figure]:
    """Return the figures of P7 (not where it shall be quick) and P10."""
    with TemporaryDirectory(prefix="chatbridge-benchmark-") as folder:
        authority, certificate = Path(folder) / "authority.pem", Path(folder) / "server.pem"
        made = trustme.CA()
        made.cert_pem.write_to_path(str(authority))
        made.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
        with FarControl(str(certificate)) as far:
            new = new_connection(far, str(authority), rounds=3 if quick else 9)
            return new if quick else [*long_polls(far, str(authority)), *new]


def long_polls(far: FarControl, authority: str) -> list[Figure]:
    """Let a process of its own poll for many bots, and look at it."""
    command = [
        sys.executable, "-m", "tests.benchmarks.long_polls", "--url", far.url,
        "--control", str(far.control_port), "--authority", authority, "--bots", str(_BOTS),
    ]  # fmt: skip
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
    found = json.loads(answer.stdout)
    calls = f"{found['calls_a_second']:.0f} calls a second, {found['threads']} threads"
    at_start = (
        f"{found['start_cpu']:.1f} s of CPU until all polled; {found['before']:.0f} MB before"
    )
    share = found["cpu_share"] * 100
    return [
        at_most(f"P7 memory with {_BOTS:,} long polls", found["resident"], 140, at_start, " MB"),
        at_most(f"P7 CPU of {_BOTS:,} long polls", share, 1, calls, " % of a core"),
    ]


def new_connection(far: FarControl, authority: str, rounds: int) -> list[Figure]:
    """Compare a call that opens its TLS connection with one that finds it open."""
    party = Party("telegram bot", frozenset({origin(far.url)}))
    request = HttpRequest("POST", f"{far.url}/bot{TOKEN}/getMe", json={}, repeatable=True)
    with (
        unpaced(HttpTransport(ca_bundle=authority)) as keeping,
        # What has rested at all counts as closed by the server.
        unpaced(HttpTransport(ca_bundle=authority, idle_limit=-1.0)) as opening,
        requests.Session() as session,
    ):

        def call(transport: HttpTransport) -> None:
            for _ in range(_CALLS):
                assert transport.send(request, party).status == 200

        def plainly() -> None:
            for _ in range(_CALLS):
                session.post(request.url, json={}, verify=authority)

        used, new = interleaved(rounds, lambda: call(keeping), lambda: call(opening))
        plain, _ = interleaved(rounds, plainly, lambda: call(keeping))
    detail = (
        f"{new / _CALLS * 1e6:.0f} us; over the open one {used / _CALLS * 1e6:.0f} us, and "
        f"{plain / _CALLS * 1e6:.0f} us by Session.post"
    )
    name = "P10 call over a new TLS connection"
    return [
        at_most(name, new / plain, 3.5, detail, " x Session.post, reused"),
        Figure(name, f"{new / used:.2f} x our own call, reused"),
    ]
