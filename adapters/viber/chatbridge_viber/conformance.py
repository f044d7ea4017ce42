"""What the conformance suite needs to know of Viber; see `chatbridge conformance viber`."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from chatbridge import Address
from chatbridge.testing import AdapterCase

from .adapter import ViberAdapter
from .simulator import ViberSimulator

_TOKEN = "0000000000000000-1111111111111111-2222222222222222"  # noqa: S105 - opens nothing real
_CHAT = "01234567890A="


def _signed(body: bytes) -> dict[str, str]:
    """Return the header by which a body proves itself."""
    made = hmac.new(_TOKEN.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Viber-Content-Signature": made, "Content-Type": "application/json"}


CASE = AdapterCase(
    adapter=ViberAdapter,
    settings={"token": _TOKEN, "sender_name": "Acme"},
    payloads=Path(__file__).parent / "recorded",
    prove=_signed,
    address=Address(_CHAT),
    simulator=lambda clock: ViberSimulator(clock=clock, token=_TOKEN),
    chat=_CHAT,
)
