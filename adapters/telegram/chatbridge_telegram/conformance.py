"""What the conformance suite needs to know of Telegram; see `chatbridge conformance telegram`."""

from __future__ import annotations

from pathlib import Path

from chatbridge import Address, BotIdentity
from chatbridge.testing import AdapterCase

from .adapter import TelegramAdapter
from .simulator import TelegramSimulator

_TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"  # noqa: S105 - opens nothing real
_SECRET = "secret-of-tests"  # noqa: S105 - opens nothing real

CASE = AdapterCase(
    adapter=TelegramAdapter,
    settings={"token": _TOKEN, "webhook_secret": _SECRET},
    payloads=Path(__file__).parent / "recorded",
    prove=lambda _body: {"X-Telegram-Bot-Api-Secret-Token": _SECRET},
    identity=BotIdentity("110201543", "simulated_bot", "Simulated bot"),
    address=Address("1001"),
    message_id="4711",
    simulator=lambda clock: TelegramSimulator(clock=clock, token=_TOKEN),
    chat=1001,
)
