"""Delivers the webhooks that simulators owe, and fetches the files that they want, over HTTP.

It reaches loopback addresses only and follows no redirect, so a simulation can never send anything
to the outside. Addresses and bodies are in no log.
"""

from __future__ import annotations

import http.client
import logging
import socket
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from chatbridge.http_types import Headers
from chatbridge.testing.simulator import FetchedFile, OwedFetch, OwedWebhook, Simulator

_LONGEST_ANSWER = 2**20
_LONGEST_FILE = 2**26

logger = logging.getLogger("chatbridge.simulation")

_CONNECTIONS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}

LOOK_AGAIN = 0.1
"""Seconds between two looks at a simulator that announces nothing: webhooks may become due."""


class WebhookCourier:
    """Carries webhooks between `start` and `stop`, several at once.

    Args:
        simulators: whose webhooks.
        timeout: seconds for each step of a delivery.
        workers: how many deliveries at once.
    """

    def __init__(
        self, simulators: Iterable[Simulator], *, timeout: float = 60.0, workers: int = 16
    ) -> None:
        self._simulators = list(simulators)
        self._timeout = timeout
        self._pool = ThreadPoolExecutor(workers, "webhook-courier")
        self._stopped = threading.Event()
        self._connections: set[http.client.HTTPConnection] = set()
        self._lock = threading.Lock()
        self._watchers = [
            threading.Thread(target=self._watch, args=[it], name="webhook-watch", daemon=True)
            for it in self._simulators
        ]

    def start(self) -> None:
        """Begin; a courier is started once."""
        for watcher in self._watchers:
            watcher.start()

    def stop(self) -> None:
        """End within moments: what is under way is cut off and reported as not answered."""
        self._stopped.set()
        for simulator in self._simulators:
            with simulator.changed:
                simulator.changed.notify_all()
        for watcher in self._watchers:
            watcher.join()
        with self._lock:
            for connection in self._connections:
                _cut(connection)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _watch(self, simulator: Simulator) -> None:
        while not self._stopped.is_set():
            with simulator.changed:
                owed, wanted = simulator.owed_webhooks(), simulator.owed_fetches()
                if not owed and not wanted and not self._stopped.is_set():
                    simulator.changed.wait(LOOK_AGAIN)
            for webhook in owed:
                self._pool.submit(self._deliver, simulator, webhook)
            for fetch in wanted:
                self._pool.submit(self._fetch, simulator, fetch)

    def _deliver(self, simulator: Simulator, webhook: OwedWebhook) -> None:
        answer = self._call(webhook.method, webhook.url, webhook.body, webhook.headers)
        status, headers, body = answer or (None, Headers(), b"")
        retry_after = _seconds(headers.get("Retry-After"))
        simulator.webhook_answered(webhook.webhook_id, status, retry_after, body[:_LONGEST_ANSWER])

    def _fetch(self, simulator: Simulator, fetch: OwedFetch) -> None:
        answer = self._call("GET", fetch.url)
        simulator.fetched(fetch.fetch_id, None if answer is None else FetchedFile(*answer))

    def _call(
        self, method: str, url: str, body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Headers, bytes] | None:  # fmt: skip
        """Return status, header fields and body of the answer, None where none came."""
        try:
            return self._exchange(method, url, body, headers or {})
        except (OSError, http.client.HTTPException, ValueError) as error:
            logger.info("a call got no answer: %s", type(error).__name__)
            return None

    def _exchange(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, Headers, bytes] | None:
        parts = urlsplit(url)
        if not is_loopback(parts):
            logger.warning("a call to an address outside of this machine was not made")
            return None
        connect = _CONNECTIONS[parts.scheme]
        connection = connect(parts.hostname or "", parts.port, timeout=self._timeout)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            with self._lock:
                if self._stopped.is_set():
                    return None
                self._connections.add(connection)
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            received = response.read(_LONGEST_FILE)
            return response.status, Headers(response.getheaders()), received
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()


def is_loopback(parts: SplitResult) -> bool:
    """Tell whether this is an http or https URL on this very machine, without asking a DNS."""
    if parts.scheme not in _CONNECTIONS:
        return False
    if parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def _cut(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _seconds(value: str | None) -> int | None:
    return int(value) if value is not None and value.isascii() and value.isdigit() else None
