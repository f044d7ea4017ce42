"""Carries out an adapter's exchanges against answers that a test decides on, and keeps each call.

It opens no socket. What an adapter does with an answer is the adapter's matter; that its calls stay
within bounds is checked here, at every call.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from attrs import evolve

from chatbridge.adapter import Adapter
from chatbridge.content import Content
from chatbridge.exchange import Exchange, Party, carry_out, origin
from chatbridge.http_types import HttpRequest, HttpResponse, Pace

Result = TypeVar("Result")
Answer = Callable[[HttpRequest], HttpResponse | Exception]

MOST_CALLS = 20
"""More calls than one part of a message ever needs."""


class Wire:
    """A transport that answers as it is told.

    Args:
        adapter: whose calls go over it.
        answer: returns the answer to a call, or the error that the transport would raise.
    """

    def __init__(self, adapter: Adapter, answer: Answer) -> None:
        self.adapter = adapter
        self.requests: list[HttpRequest] = []
        self.holds: list[float] = []
        self._answer = answer
        origins = frozenset(map(origin, adapter.urls()))
        secrets = tuple(secret.reveal() for secret in adapter.secrets())
        self._party = Party(f"{adapter.name} bot", origins, secrets)

    def talk(self, exchange: Exchange[Result]) -> Result:
        """Carry out an exchange and return its result."""
        return carry_out(exchange, self, self._party)

    def send(self, request: HttpRequest, party: Party) -> HttpResponse:
        """See `Transport.send`."""
        self.requests.append(request)
        check_request(request, party)
        assert len(self.requests) <= MOST_CALLS, (
            f"the exchange made {MOST_CALLS} calls and did not end; give up after a failure"
        )
        answer = self._answer(request)
        if isinstance(answer, Exception):
            raise answer
        answer = evolve(answer, repeatable=request.is_repeatable)
        return _as_stream(answer) if request.stream else answer

    def hold(self, paces: tuple[Pace, ...], scope: str | None, seconds: float) -> None:
        """See `Transport.hold`."""
        del paces, scope
        self.holds.append(seconds)


def check_request(request: HttpRequest, party: Party) -> None:
    """Fail where a call breaks a rule that the real transport would enforce, or forget."""
    assert isinstance(request, HttpRequest), "an exchange yields chatbridge.HttpRequest only"
    assert origin(request.url) in party.origins, (
        "a call goes to a host that urls() does not name; name a URL on each origin there"
    )
    parts = urlsplit(request.url)
    loopback = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    assert parts.scheme == "https" or loopback, "a call is not made by https"
    assert not (parts.username or parts.password), "a call's URL holds a user name or password"
    given = [name for name in ("json", "parts", "body") if getattr(request, name) is not None]
    assert len(given) <= 1, f"a call has more than one body: {', '.join(given)}"
    if request.json is not None:
        # What cannot be encoded would fail in the transport, long after this.
        json.dumps(request.json, allow_nan=False).encode()
    for name, value in request.headers.items():
        text = f"{name}{value}"
        assert not set(text) & set("\r\n\0"), "a header of a call holds a line break"


def words_of(request: HttpRequest) -> str:
    """Return everything that a call says, as one text: address, headers, and body decoded."""
    said = [unquote(request.url), *request.headers.values()]
    if request.json is not None:
        said.extend(_texts(request.json))
    if isinstance(request.body, bytes):
        said.append(_decoded(request.body))
    for part in request.parts or ():
        said.append(part.filename or "")
        value = part.value if not isinstance(part.value, Content) else b""
        said.append(value if isinstance(value, str) else _decoded(value))
    return "\n".join(said)


def contents_of(request: HttpRequest) -> list[Content]:
    """Return the streams that a call uploads."""
    found = [part.value for part in request.parts or () if isinstance(part.value, Content)]
    return [*found, request.body] if isinstance(request.body, Content) else found


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in _texts(each)]
    if isinstance(value, list | tuple):
        return [text for each in value for text in _texts(each)]
    return [str(value)]


def _decoded(body: bytes) -> str:
    """Return a body's text, whether JSON, a form or neither."""
    text = body.decode("utf-8", "replace")
    try:
        return "\n".join(_texts(json.loads(text)))
    except ValueError:
        return f"{text}\n{unquote(text.replace('+', ' '))}"


def _as_stream(answer: HttpResponse) -> HttpResponse:
    if answer.content is not None:
        return answer
    body = answer.body
    return evolve(answer, body=b"", content=Content(len(body), lambda: nullcontext(iter([body]))))
