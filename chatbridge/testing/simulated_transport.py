"""A transport that carries every call to a simulator in memory, with the outcomes of the real one.

It never opens a socket. What it cannot route is an unreachable host, as it would be outside.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import evolve

from chatbridge.clock import Clock
from chatbridge.content import Content
from chatbridge.errors import (
    ConfigurationError,
    ContentError,
    DeliveryError,
    RetryLaterError,
    UnknownOutcomeError,
)
from chatbridge.exchange import Party, origin
from chatbridge.http_types import FormPart, Headers, HttpRequest, HttpResponse, Pace
from chatbridge.testing.simulator import ConnectionLost, SimulatedCall, Simulator

DEFAULT_TIMEOUT = 60.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

Log = Callable[[HttpRequest, HttpResponse], None]


class SimulatedTransport:
    """A `chatbridge.exchange.Transport` without a network.

    Args:
        simulators: by the base URL under which each is reached; the longest that fits wins.
        clock: tells how long an answer took and when a hold is over; the simulators' own.
        log: called with each request and its whole answer, before the exchange sees it; not
            called where no answer came.
    """

    def __init__(
        self, simulators: Mapping[str, Simulator], clock: Clock, *, log: Log | None = None
    ) -> None:
        routes = {origin(url) + _path(url).rstrip("/"): it for url, it in simulators.items()}
        self._routes = sorted(routes.items(), key=lambda route: len(route[0]), reverse=True)
        self._clock = clock
        self._log = log
        self._held: dict[tuple[str, str], float] = {}
        self.holds: list[tuple[Pace, float]] = []
        """Every hold so far, with its seconds."""

    def send(self, request: HttpRequest, party: Party) -> HttpResponse:
        """See `Transport.send`.

        Raises:
            RetryLaterError: the host is unknown, a hold is not over, the source of the upload
                failed (ContentError), or a repeatable call was lost or took too long.
            UnknownOutcomeError: an unrepeatable call was lost or took too long.
            ConfigurationError: the origin is not one of the party's, or not encrypted.
        """
        place = origin(request.url)
        _check_origin(place, request.url, party)
        self._check_holds(request.paces)
        simulator, path = self._route(place, request.url)
        call = _as_call(request, path)
        timeout = DEFAULT_TIMEOUT if request.timeout is None else request.timeout
        started = self._clock.monotonic()
        lost = ""
        try:
            response = _whole(simulator.answer(call), request)
        except (ConnectionLost, ContentError):
            lost = "the connection was lost"
        else:
            if self._clock.monotonic() - started > timeout:
                lost = "the answer took too long"
        if lost:
            raise _lost(request, lost)
        if self._log is not None:
            self._log(request, response)
        return _as_stream(response) if request.stream else response

    def hold(self, paces: tuple[Pace, ...], scope: str | None, seconds: float) -> None:
        """See `Transport.hold`; a scope that the request does not count against holds nothing."""
        fitting = [pace for pace in paces if scope is None or pace.scope == scope]
        for pace in fitting[:1]:
            until = self._clock.monotonic() + seconds
            place = (pace.scope, pace.key)
            self._held[place] = max(until, self._held.get(place, until))
            self.holds.append((pace, seconds))

    def _check_holds(self, paces: Iterable[Pace]) -> None:
        now = self._clock.monotonic()
        for pace in paces:
            left = self._held.get((pace.scope, pace.key), now) - now
            if left > 0:
                raise RetryLaterError("told to wait", retry_after=left, scope=pace.scope)

    def _route(self, place: str, url: str) -> tuple[Simulator, str]:
        whole = place + _path(url)
        for start, simulator in self._routes:
            if whole == start or whole.startswith(f"{start}/"):
                return simulator, unquote(whole[len(start) :]) or "/"
        raise RetryLaterError("the host cannot be reached")


def _check_origin(place: str, url: str, party: Party) -> None:
    if place not in party.origins:
        raise ConfigurationError(f"{party.name} may not reach this host")
    if not place.startswith("https:") and urlsplit(url).hostname not in _LOOPBACK:
        raise ConfigurationError(f"{party.name} must be reached by https")


def _path(url: str) -> str:
    return urlsplit(url).path or "/"


def _lost(request: HttpRequest, reason: str) -> DeliveryError:
    return RetryLaterError(reason) if request.is_repeatable else UnknownOutcomeError(reason)


def _as_call(request: HttpRequest, path: str) -> SimulatedCall:
    media_type, body = _encode(request)
    headers = dict(request.headers)
    if media_type and "Content-Type" not in request.headers:
        headers["Content-Type"] = media_type
    if body or request.method not in {"GET", "HEAD"}:
        headers["Content-Length"] = str(len(body))
    headers["Host"] = urlsplit(request.url).netloc
    query = tuple(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    return SimulatedCall(
        method=request.method,
        path=path,
        query=dict(query),
        query_all=query,
        headers=Headers(headers),
        body=body,
    )


def _encode(request: HttpRequest) -> tuple[str, bytes]:
    """Return the media type, empty where nothing says it, and the body."""
    if request.parts is not None:
        return _multipart(request.parts)
    if request.json is not None:
        return "application/json", json.dumps(request.json, allow_nan=False).encode()
    if isinstance(request.body, Content):
        return request.body.media_type, _read(request.body)
    return "", request.body or b""


def _multipart(parts: Iterable[FormPart]) -> tuple[str, bytes]:
    pieces = [_part(part) for part in parts]
    # Made of what it separates: reproducible, and in none of the parts.
    boundary = hashlib.blake2b(b"".join(pieces), digest_size=16).hexdigest()
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), piece) for piece in pieces)
    return f"multipart/form-data; boundary={boundary}", body + b"--%s--\r\n" % boundary.encode()


def _part(part: FormPart) -> bytes:
    head = f'Content-Disposition: form-data; name="{_quoted(part.name)}"'
    if part.filename is not None:
        head += f'; filename="{_quoted(part.filename)}"'
    if part.media_type is not None:
        head += f"\r\nContent-Type: {part.media_type}"
    value = part.value
    if isinstance(value, Content):
        value = _read(value)
    elif isinstance(value, str):
        value = value.encode()
    return head.encode() + b"\r\n\r\n" + value


def _quoted(text: str) -> str:
    """Return the text as browsers put it into a form's header (WHATWG HTML, 4.10.21.8)."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _whole(response: HttpResponse, request: HttpRequest) -> HttpResponse:
    body = response.body if response.content is None else _read(response.content)
    return HttpResponse(response.status, response.headers, body, None, request.is_repeatable)


def _as_stream(response: HttpResponse) -> HttpResponse:
    media_type = response.headers.get("Content-Type", "application/octet-stream")
    return evolve(response, body=b"", content=_as_content(response.body, media_type))


def _read(content: Content) -> bytes:
    with content.open() as pieces:
        body = b"".join(pieces)
    if content.length is not None and content.length != len(body):
        raise ContentError("the source had another length than it said")
    return body


def _as_content(body: bytes, media_type: str) -> Content:
    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        yield (body[start : start + 65536] for start in range(0, len(body), 65536))

    return Content(len(body), opened, media_type)
