"""Whether the bridge's own web application answers under its public address, as seen from here.

One GET of its health, without any credential.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from chatbridge import ChatbridgeError, Finding, HttpRequest
from chatbridge.cli.way_checks import with_cause
from chatbridge.exchange import Party, origin
from chatbridge.transport import HttpTransport

_SUBJECT = "public_url"


def check_web(public_url: str | None) -> Iterator[Finding]:
    """Tell whether a running bridge answers there, and what it complains about."""
    if public_url is None:
        return
    try:
        status, told = read_health(public_url)
    except ChatbridgeError as error:
        mend = "let chatbridge run run, and a web server pass the address on to it"
        yield with_cause(Finding(_SUBJECT, False, f"from here: {error}", mend), public_url)
        return
    if told is None:
        yield Finding(
            _SUBJECT,
            False,
            f"something else answers there ({status}), and no bridge",
            "let the web server pass /health, /webhooks, /hints and /files on to chatbridge run",
        )
        return
    yield Finding(_SUBJECT, True, "a bridge answers there, as seen from here")
    for problem in told.get("problems", ()):
        yield Finding("running bridge", False, str(problem), "see to it; its log tells more")


def read_health(public_url: str) -> tuple[int, dict[str, Any] | None]:
    """Return the status under the public address, and a bridge's health; None for another program.

    Raises:
        ChatbridgeError: nothing answers.
    """
    url = f"{public_url.rstrip('/')}/health"
    with HttpTransport(pool_size=1) as transport:
        party = Party("public_url", frozenset({origin(url)}))
        answer = transport.send(HttpRequest("GET", url), party)
    try:
        told = json.loads(answer.body)
    except ValueError:
        told = None
    if isinstance(told, dict) and "running" in told and "problems" in told:
        return answer.status, told
    return answer.status, None
