"""Exchanges: conversations over HTTP written as generators that yield requests.

An exchange makes no call itself. `carry_out` drives one with a transport, on one thread from start
to end; a failure of the transport is thrown into the generator, so that an exchange can fall back.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Protocol, TypeAlias, TypeVar
from urllib.parse import urlsplit

from attrs import field, frozen

from chatbridge.errors import ConfigurationError, DeliveryError, RetryLaterError
from chatbridge.http_types import HttpRequest, HttpResponse, Pace

Result = TypeVar("Result")
Exchange: TypeAlias = Generator[HttpRequest, HttpResponse, Result]

_TOO_MANY = 429


def origin(url: str) -> str:
    """Return scheme, host and port of a URL, the port always written out.

    Raises:
        ConfigurationError: it is no absolute http or https URL.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    default = {"https": 443, "http": 80}.get(parts.scheme)
    if default is None or not host:
        raise ConfigurationError("a URL must start with https:// and name a host")
    return f"{parts.scheme}://{host.lower()}:{port or default}"


@frozen
class Party:
    """One far side of the bridge and what may be said to it.

    Args:
        name: for logs, such as "telegram bot" or "site"; holds no id.
        origins: the only origins (see `origin`) that requests may go to.
        secrets: texts that are cut out of anything shown; hidden.
    """

    name: str
    origins: frozenset[str] = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


class Transport(Protocol):
    """Carries single requests; the real one speaks HTTP, a simulated one answers in memory."""

    def send(self, request: HttpRequest, party: Party) -> HttpResponse:
        """Make the call and return the answer, whatever its status.

        Raises:
            RetryLaterError: it certainly did not happen, or may be repeated; see the table of
                outcomes in the adapter guide.
            UnknownOutcomeError: an unrepeatable request may have happened.
            ConfigurationError: TLS failed, or the request's origin is not one of the party's.
        """
        ...

    def hold(self, paces: tuple[Pace, ...], scope: str | None, seconds: float) -> None:
        """Let nothing pass for so long that counts against the pace of this scope.

        Args:
            paces: of the request that was told to wait.
            scope: which of them must wait; None: the most specific, which is the first.
            seconds: how long.
        """
        ...


def carry_out(
    exchange: Exchange[Result], transport: Transport, party: Party,
    before: Callable[[HttpRequest], None] | None = None,
) -> Result:  # fmt: skip
    """Run an exchange to its end and return what it returns.

    Args:
        exchange: a fresh generator.
        transport: what makes the calls.
        party: whom the calls may reach.
        before: asked right before each request is made; what it raises ends the exchange.

    Raises:
        DeliveryError: as the exchange decided.
    """
    request: HttpRequest | None = None
    step: HttpResponse | None = None
    failure: Exception | None = None
    try:
        while True:
            try:
                request = (
                    exchange.throw(failure) if failure is not None else _advance(exchange, step)
                )
            except StopIteration as stop:
                if request is not None and step is not None and step.status == _TOO_MANY:
                    # Whatever the exchange makes of a refusal, the wait that it names is kept.
                    transport.hold(request.paces, None, step.retry_after or 0.0)
                result: Result = stop.value
                return result
            step = failure = None
            if before is not None:
                before(request)
            try:
                step = transport.send(request, party)
            except (DeliveryError, ConfigurationError) as error:
                failure = error
    except RetryLaterError as error:
        if request is not None and error.retry_after:
            transport.hold(request.paces, error.scope, error.retry_after)
        raise
    finally:
        exchange.close()


def _advance(exchange: Exchange[Any], step: HttpResponse | None) -> HttpRequest:
    return next(exchange) if step is None else exchange.send(step)
