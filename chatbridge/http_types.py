"""HTTP as values: what goes out, what comes back, and webhooks that came in.

Nothing here touches a network. Addresses, headers and bodies stay out of every repr, since a token
may be in any of them.
"""

from __future__ import annotations

import json as json_codec
from collections.abc import Iterable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import field, frozen

from chatbridge.content import Content
from chatbridge.errors import (
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
    WebhookPayloadError,
)

_SAFE_METHODS = frozenset({"GET", "HEAD"})


class Headers(Mapping[str, str]):
    """Header fields; names are compared without regard to case, the last of equals wins.

    Args:
        fields: a mapping or pairs.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        pairs = fields.items() if isinstance(fields, Mapping) else fields
        self._fields = {name.lower(): (name, value) for name, value in pairs}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        return {k: v[1] for k, v in self._fields.items()} == {
            k: v[1] for k, v in other._fields.items()
        }

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Headers({', '.join(self)})"


def as_headers(fields: Headers | Mapping[str, str] | None) -> Headers:
    """Return the fields as `Headers`."""
    return fields if isinstance(fields, Headers) else Headers(fields or {})


@frozen
class Pace:
    """A limit that a request counts against.

    Args:
        scope: what the limit is about ("chat", "bot", "issue", "endpoint", "site").
        key: which one of that scope; opaque and hidden from repr.
        per_second: how many requests a second may go on average.
        burst: how many may go at once after a quiet time.
    """

    scope: str
    key: str = field(repr=False)
    per_second: float = 1.0
    burst: int = 1


@frozen
class FormPart:
    """One part of a multipart body.

    Args:
        name: the form field.
        value: text, bytes or a stream.
        filename: set for files; must be safe already.
        media_type: the part's content type, or None.
    """

    name: str
    value: str | bytes | Content = field(repr=False)
    filename: str | None = field(default=None, repr=False)
    media_type: str | None = None


@frozen(repr=False)
class HttpRequest:
    """A call that shall be made.

    Args:
        method: the verb in capitals.
        url: absolute; https, or http on a loopback address.
        headers: fields to send.
        json: a value to send as a JSON body; excludes `parts` and `body`.
        parts: multipart parts; excludes `json` and `body`.
        body: a raw body; excludes `json` and `parts`.
        stream: hand the answer's body over as `HttpResponse.content` instead of reading it.
        repeatable: whether doing it twice does no harm. None: only for GET and HEAD.
        timeout: seconds for the whole call, or None for the transport's own limit.
        paces: the limits it counts against, the most specific first.
        about: what of the far side it concerns, such as one issue; while calls about it fail, those
            about others go on. Opaque and hidden; empty: what the most specific pace is about.
    """

    method: str
    url: str
    headers: Headers = field(factory=Headers, converter=as_headers, kw_only=True)
    json: Any = field(default=None, kw_only=True)
    parts: tuple[FormPart, ...] | None = field(default=None, kw_only=True)
    body: bytes | Content | None = field(default=None, kw_only=True)
    stream: bool = field(default=False, kw_only=True)
    repeatable: bool | None = field(default=None, kw_only=True)
    timeout: float | None = field(default=None, kw_only=True)
    paces: tuple[Pace, ...] = field(default=(), kw_only=True)
    about: str = field(default="", kw_only=True)

    @property
    def is_repeatable(self) -> bool:
        """Whether doing it twice does no harm."""
        return self.method in _SAFE_METHODS if self.repeatable is None else self.repeatable

    def __repr__(self) -> str:
        return f"<HttpRequest {self.method} to {urlsplit(self.url).hostname}>"


@frozen(repr=False)
class HttpResponse:
    """What came back.

    Args:
        status: the HTTP status.
        headers: its header fields.
        body: its body; empty where the request asked for a stream.
        content: the body as a stream, where the request asked for one.
        repeatable: copied from the request; decides what a 5xx means.
    """

    status: int
    headers: Headers = field(factory=Headers, converter=as_headers)
    body: bytes = b""
    content: Content | None = field(default=None, eq=False)
    repeatable: bool = True

    def json(self) -> Any:
        """Return the body read as JSON.

        Raises:
            RetryLaterError: the body of an answer to a repeatable request is no JSON.
            UnknownOutcomeError: the same for an unrepeatable one, which may have happened.
        """
        try:
            return json_codec.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            message = f"the answer ({self.status}) is not JSON"
        if self.repeatable:
            raise RetryLaterError(message)
        raise UnknownOutcomeError(message)

    def json_object(self, *members: str) -> dict[str, Any]:
        """Return the body read as a JSON object that has at least these members.

        Raises:
            RetryLaterError: it is none, in an answer to a repeatable request.
            UnknownOutcomeError: the same for an unrepeatable one, which may have happened.
        """
        found = self.json()
        if isinstance(found, dict) and all(found.get(name) is not None for name in members):
            return found
        message = f"the answer ({self.status}) has another shape than was expected"
        raise RetryLaterError(message) if self.repeatable else UnknownOutcomeError(message)

    @property
    def retry_after(self) -> float | None:
        """The seconds of a Retry-After header, or None where it is absent or unreadable."""
        value = self.headers.get("Retry-After", "").strip()
        if value.isascii() and value.isdigit() and len(value) < 10:
            return float(value)
        try:
            until = parsedate_to_datetime(value)
            since = parsedate_to_datetime(self.headers.get("Date", ""))
            return max(0.0, (until - since).total_seconds())
        except (ValueError, TypeError, OverflowError):
            return None

    def check(self) -> HttpResponse:
        """Return this response if it is a 2xx, else raise what the status means.

        Raises:
            RetryLaterError: 429, or a 5xx on a repeatable request.
            UnknownOutcomeError: a 5xx on an unrepeatable request.
            RefusedError: any other status.
        """
        if 200 <= self.status < 300:
            return self
        if self.status == 429:
            raise RetryLaterError("answered 429", retry_after=self.retry_after)
        if self.status >= 500:
            if self.repeatable:
                raise RetryLaterError(f"answered {self.status}", retry_after=self.retry_after)
            raise UnknownOutcomeError(f"answered {self.status}")
        raise RefusedError(_REFUSALS.get(self.status, Refusal.INVALID), status=self.status)

    def __repr__(self) -> str:
        return f"<HttpResponse {self.status}, {len(self.body)} bytes>"


_REFUSALS = {
    401: Refusal.UNAUTHORISED,
    403: Refusal.FORBIDDEN,
    404: Refusal.NOT_FOUND,
    409: Refusal.CONFLICT,
    410: Refusal.GONE,
}


MAX_WEBHOOK: Final = 1024 * 1024
"""Bytes of the largest webhook body that is taken; platforms and Jira send far less."""


@frozen(repr=False)
class WebhookRequest:
    """A webhook that came in; the host makes it from whatever its web framework has.

    Args:
        headers: its header fields.
        body: the raw bytes, untouched: signatures are over them.
        query: the query string without its question mark.
        received_at: Unix seconds, for signed timestamps; 0 where unknown.
        path_secret: what its path ends with where that is a secret of a sender who cannot sign.
        method: the verb in capitals.
        path: what follows the webhook's own URL, decoded, such as "/ping"; empty as a rule.
    """

    headers: Headers = field(converter=as_headers)
    body: bytes
    query: str = ""
    received_at: float = 0.0
    path_secret: str = ""
    method: str = "POST"
    path: str = ""

    def json(self) -> Any:
        """Return the body read as JSON.

        Raises:
            WebhookPayloadError: it is none.
        """
        try:
            return json_codec.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            pass
        raise WebhookPayloadError("the webhook's body is not JSON")

    def __repr__(self) -> str:
        return f"<WebhookRequest, {len(self.body)} bytes>"


@frozen(repr=False)
class WebhookAnswer:
    """What to answer a webhook with.

    Args:
        status: the HTTP status.
        body: the body; empty as a rule.
        media_type: of the body.
        retry_after: seconds for a Retry-After header, or None.
        headers: further header fields.
    """

    status: int = 200
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    retry_after: int | None = None
    headers: Headers = field(factory=Headers, converter=as_headers, kw_only=True)

    def __repr__(self) -> str:
        return f"<WebhookAnswer {self.status}>"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
