"""What the conformance suite needs to know; `chatbridge conformance matrix` finds it here."""

from __future__ import annotations

from pathlib import Path

from chatbridge import Address, BotIdentity
from chatbridge.testing import AdapterCase

from .adapter import MatrixAdapter
from .simulator import BOT, HS_TOKEN, TOKEN, MatrixSimulator

CASE = AdapterCase(
    adapter=MatrixAdapter,
    settings={
        "homeserver": "https://matrix.example.org",
        "access_token": TOKEN,
        "hs_token": HS_TOKEN,
    },
    payloads=Path(__file__).parent / "recorded",
    polled=Path(__file__).parent / "recorded_polls",
    prove=lambda _body: {"Authorization": f"Bearer {HS_TOKEN}"},
    position="s1",
    identity=BotIdentity(BOT, BOT),
    address=Address("!1001:simulated.example"),
    message_id="$event4711",
    simulator=lambda clock: MatrixSimulator(clock=clock),
    chat=1001,
)
