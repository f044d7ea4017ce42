"""Carries requests over HTTP: verified TLS, allowed hosts, limits of time and size, pacing.

Synchronous: the unit of work around a call (claim, send, record) runs on one thread from start to
end, also under an asynchronous host. It repeats nothing by itself, follows no redirect, and lets no
address, header or body into an exception; whether a failed request may have happened is said by
the kind of the error.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from chatbridge.clock import Clock, SystemClock
from chatbridge.connections import POOLS, Call, abandon_pool, enter, tls_context
from chatbridge.deadlines import Watchdog
from chatbridge.downloads import UnfinishedBody, as_content, read_whole
from chatbridge.errors import ChatbridgeError, RetryLaterError
from chatbridge.exchange import Party
from chatbridge.forks import renew_after_fork
from chatbridge.http_types import Headers, HttpRequest, HttpResponse, Pace
from chatbridge.outcomes import outcome_of
from chatbridge.pacing import Pacer
from chatbridge.redaction import install_log_redaction, speaking
from chatbridge.routes import Destination, Proxies, destination
from chatbridge.uploads import Body, Upload, body_of, headers_of, own_user_agent


class _Prepared(requests.PreparedRequest):
    """A request in its final form; requests would otherwise prepare it again at each layer."""

    def __init__(self, request: HttpRequest, place: Destination, headers: dict[str, str]) -> None:
        super().__init__()
        self.method = request.method
        self.url = request.url
        self.headers = headers  # type: ignore[assignment] # any mapping does
        self.place = place


class _Answer(requests.Response):
    """What the adapter returns, without the cookie jar and history of a `Response`."""

    def __init__(self, request: requests.PreparedRequest, raw: Any) -> None:
        self.request = request
        self.raw = raw
        self.status_code = raw.status
        self.headers = raw.headers


class _CarryingAdapter(HTTPAdapter):
    """Carries prepared requests through pools that are looked up by origin.

    What requests derives anew for each call (pool, certificate bundle, path, cookies) is known
    here: with it a call would cost about twice as much.
    """

    def __init__(self, pool_size: int, ca_bundle: str | None, proxies: Proxies) -> None:
        self._ca_bundle = ca_bundle or DEFAULT_CA_BUNDLE_PATH
        self._proxies = proxies
        self._lock = threading.Lock()
        self.pools: dict[str, urllib3.HTTPConnectionPool] = {}
        self._tls: ssl.SSLContext | None = None
        super().__init__(pool_maxsize=pool_size, max_retries=0)

    def pool_for(self, place: str) -> urllib3.HTTPConnectionPool:
        """Return the pool of an origin; the number of origins is that of the configured ones."""
        pool = self.pools.get(place)
        if pool is None:
            with self._lock:
                pool = self.pools.get(place) or self._open_pool(place)
                self.pools[place] = pool
        return pool

    def _open_pool(self, place: str) -> urllib3.HTTPConnectionPool:
        url = urllib3.util.parse_url(place)
        proxy = self._proxies.url_for(place)
        kwargs: dict[str, Any] = {}
        if url.scheme == "https" or proxy:
            # One context for all: requests would read the authorities for each new connection.
            self._tls = self._tls or tls_context(self._ca_bundle)
        if url.scheme == "https":
            kwargs["ssl_context"] = self._tls
        manager = self.poolmanager
        if proxy:
            manager = self.proxy_manager_for(proxy, proxy_ssl_context=self._tls)
        manager.pool_classes_by_scheme = POOLS
        pool: urllib3.HTTPConnectionPool = manager.connection_from_host(
            url.host, url.port, url.scheme, pool_kwargs=kwargs
        )
        return pool

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *_: Any, **__: Any
    ) -> urllib3.HTTPConnectionPool:
        assert isinstance(request, _Prepared)
        return self.pool_for(request.place.origin)

    def cert_verify(self, *_: Any) -> None:
        """Leave the pool alone: its context verifies, and must not be overruled per call."""

    def request_url(self, request: requests.PreparedRequest, *_: Any) -> str:
        assert isinstance(request, _Prepared)
        return request.place.target

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        return _Answer(req, resp)

    def close(self) -> None:
        super().close()
        for pool in list(self.pools.values()):
            pool.close()


class HttpTransport:
    """The `Transport` that speaks HTTP; one for the whole process, used by all its threads.

    Args:
        clock: the time, for deadlines and pacing.
        pool_size: how many connections to one origin are kept; the number of workers.
        connect_timeout: seconds for name look-up, connection and TLS handshake together.
        read_timeout: seconds without a byte after which an answer is given up.
        total_timeout: seconds for a whole call; `HttpRequest.timeout` overrides it (and
            `read_timeout`, as in long polling).
        stream_timeout: the same for calls that carry a `Content` up or down.
        max_body: the most bytes of an answer that is read into memory.
        max_stream: the most bytes of an answer that is handed over as a stream.
        idle_limit: seconds after which an unused connection is not used again; half of what
            servers usually allow.
        max_wait: the longest sleep for pacing; a longer one becomes a RetryLaterError.
        proxies: proxy URLs by scheme and "no"; None: the environment, read once, now.
        ca_bundle: a file or folder of trusted authorities; None: those that requests ships.
        user_agent: None: the name and version of this library.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        pool_size: int = 16,
        connect_timeout: float = 5.0,
        read_timeout: float = 20.0,
        total_timeout: float = 30.0,
        stream_timeout: float = 300.0,
        max_body: int = 16 * 2**20,
        max_stream: int = 512 * 2**20,
        idle_limit: float = 15.0,
        max_wait: float = 1.0,
        proxies: Mapping[str, str] | None = None,
        ca_bundle: str | None = None,
        user_agent: str | None = None,
    ) -> None:
        install_log_redaction()
        self._clock = clock or SystemClock()
        self._pool_size = pool_size
        self._ca_bundle = ca_bundle
        self._proxies = Proxies(proxies)
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._total_timeout = total_timeout
        self._stream_timeout = stream_timeout
        self._max_body = max_body
        self._max_stream = max_stream
        self._idle_limit = idle_limit
        self._max_wait = max_wait
        self._user_agent = user_agent or own_user_agent()
        self._pacer = Pacer(self._clock)
        self._dog = Watchdog(self._clock)
        self._adapter = _CarryingAdapter(pool_size, ca_bundle, self._proxies)
        self._abandoned: list[HTTPAdapter] = []
        renew_after_fork(self)

    def send(self, request: HttpRequest, party: Party) -> HttpResponse:
        """Make the call and return the answer, whatever its status; see `Transport.send`.

        Raises:
            RetryLaterError: it did not happen, or may be repeated; its text says which step failed.
            ContentError: the source of the upload failed.
            UnknownOutcomeError: an unrepeatable request was sent and no whole answer came.
            ConfigurationError: TLS failed, the origin is not allowed, the request cannot be
                written as HTTP, or the transport is closed.
        """
        try:
            return self._carry(request, party)
        except ChatbridgeError as error:
            failure = error.with_traceback(None)
            failure.__context__ = None
        # Raised anew, here: the frames below hold the address and the body in their locals.
        raise failure from None

    def hold(self, paces: tuple[Pace, ...], scope: str | None, seconds: float) -> None:
        """Let nothing pass for so long; see `Transport.hold` and `Pacer.hold`."""
        self._pacer.hold(paces, scope, seconds)

    def close(self) -> None:
        """Close all connections and end every call under way; no other can be made afterwards."""
        self._dog.close()
        self._adapter.close()

    def __enter__(self) -> HttpTransport:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _carry(self, request: HttpRequest, party: Party) -> HttpResponse:
        place = destination(request.url, party)
        body = body_of(request)
        prepared = _Prepared(request, place, headers_of(request, body, self._user_agent))
        prepared.body = body.data  # type: ignore[assignment] # any iterable does
        self._await_pace(request)
        total, read = self._limits(request, body)
        call = Call(
            clock=self._clock,
            dog=self._dog,
            watch=self._dog.watch(total),
            connect_timeout=self._connect_timeout,
            write_timeout=read,
            idle_limit=self._idle_limit,
        )
        timeout = urllib3.Timeout(connect=self._connect_timeout, read=read)
        failed: Exception | None = None
        answer: HttpResponse | None = None
        before = enter(call)
        try:
            with speaking(party.secrets):
                answer = self._exchange(prepared, timeout, request, call)
        except ChatbridgeError:
            raise
        except Exception as error:  # noqa: BLE001 - the step that was reached decides, not the type
            failed = error
        finally:
            enter(before)
            # A download goes on; it ends the watch itself.
            in_time = bool(answer and answer.content) or self._dog.finish(call.watch)
            if isinstance(body.data, Upload):
                body.data.close()
        if answer is not None and in_time:
            return answer
        raise outcome_of(call, name=party.name, repeatable=request.is_repeatable, error=failed)

    def _exchange(
        self, prepared: _Prepared, timeout: urllib3.Timeout, request: HttpRequest, call: Call
    ) -> HttpResponse:
        raw = self._adapter.send(prepared, stream=True, timeout=timeout).raw  # type: ignore[arg-type]
        whole, received, content = False, b"", None
        try:
            if call.watch.expired:
                raise UnfinishedBody
            if request.stream and 200 <= raw.status < 300:
                if request.timeout is None:
                    more = self._stream_timeout - self._total_timeout
                    self._dog.postpone(call.watch, max(0.0, more))
                content = as_content(raw, self._max_stream, dog=self._dog, watch=call.watch)
            else:
                received = read_whole(raw, self._max_body)
            whole = True
        finally:
            if not whole:
                raw.close()
        return HttpResponse(
            raw.status,
            Headers(raw.headers.items()),
            received,
            content=content,
            repeatable=request.is_repeatable,
        )

    def _await_pace(self, request: HttpRequest) -> None:
        wait, scope = self._pacer.wait_for(request.paces, self._max_wait)
        if wait > self._max_wait:
            raise RetryLaterError("not yet, by its pace", retry_after=wait, scope=scope)
        if wait > 0:
            self._clock.sleep(wait)

    def _limits(self, request: HttpRequest, body: Body) -> tuple[float, float]:
        """Return the seconds for the whole call and for one read."""
        if request.timeout is not None:
            return request.timeout, request.timeout
        if isinstance(body.data, Upload):
            return self._stream_timeout, self._read_timeout
        return self._total_timeout, self._read_timeout

    def forget_parent(self) -> None:
        """In the child of a fork: leave the parent's connections to it and begin anew."""
        for pool in list(self._adapter.pools.values()):
            abandon_pool(pool)
        self._dog.forget_parent()
        self._pacer.renew_lock()
        # The old pools are kept although nobody uses them: their finalizers take a lock that a
        # thread of the parent may have held at the moment of the fork.
        self._abandoned.append(self._adapter)
        self._adapter = _CarryingAdapter(self._pool_size, self._ca_bundle, self._proxies)
