"""Simulators behind a real HTTP server on 127.0.0.1, with their webhooks delivered.

For the demo, the playground and other people's clients. It listens on loopback and nowhere else,
and keeps everything in memory.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from chatbridge.errors import ConfigurationError
from chatbridge.redaction import with_pathless_log
from chatbridge.testing.simulation_app import SimulationApp
from chatbridge.testing.simulator import Simulator
from chatbridge.testing.webhook_courier import WebhookCourier

HOST = "127.0.0.1"
_ALL_IN_MEMORY = 2**31
_LAST_CALLS = 0.5
"""Seconds to wait for calls under way when the server stops; a long poll may take longer."""


class SimulationServer:
    """Serves simulators from `start` to `stop`, or as a context manager; once.

    `/<name>/...` is the simulator's own interface, `/control` lists what can be done to it,
    `/control/<name>/<action>` does it, `/control/<name>/fault` lets things go wrong.

    Args:
        simulators: by the name under which each is reached.
        port: to listen on; 0 takes a free one.
        threads: how many calls are worked on at once; each long poll holds one.
        webhook_timeout: seconds for each step of delivering a webhook.
        webhook_workers: how many webhooks are delivered at once.

    Raises:
        ValueError: a simulator's name cannot stand in a path, or is "control".
    """

    def __init__(
        self,
        simulators: Mapping[str, Simulator],
        port: int = 0,
        *,
        threads: int = 96,
        webhook_timeout: float = 60.0,
        webhook_workers: int = 16,
    ) -> None:
        self._app = SimulationApp(simulators)
        self._simulators = dict(simulators)
        self._port = port
        self._threads = threads
        self._courier = WebhookCourier(
            self._simulators.values(), timeout=webhook_timeout, workers=webhook_workers
        )
        self._sockets: dict[int, Any] = {}
        self._server: Any = None
        self._loop = threading.Thread(target=self._serve, name="simulation-server", daemon=True)
        self._stopping = False
        self._ending = threading.Lock()

    def start(self) -> None:
        """Listen and begin to deliver webhooks.

        Raises:
            ConfigurationError: the port is taken, or the `server` extra is not installed.
        """
        try:
            from waitress import create_server
        except ImportError:
            raise ConfigurationError(
                "simulators need a web server: pip install 'chatbridge-jsm[server]'"
            ) from None
        try:
            # Bound before waitress starts its threads, so that a failure leaves none behind.
            listening = socket.create_server((HOST, self._port), backlog=1024)
        except OSError:
            raise ConfigurationError(
                f"cannot listen on {HOST}:{self._port}; take another port, or 0 for a free one"
            ) from None
        self._server = create_server(
            self._app,
            map=self._sockets,
            sockets=[listening],
            threads=self._threads,
            # A lost connection leaves the application as an OSError and is no mishap.
            log_socket_errors=False,
            connection_limit=2000,
            # Waitress moves larger bodies into temporary files; nothing belongs on a disk.
            inbuf_overflow=_ALL_IN_MEMORY,
            outbuf_overflow=_ALL_IN_MEMORY,
            ident=None,
        )
        for name, simulator in self._simulators.items():
            simulator.served_at(self.url(name))
        self._server.channel_class = with_pathless_log(self._server.channel_class)
        self._loop.start()
        self._courier.start()

    def stop(self) -> None:
        """End within moments: calls under way are cut off, nothing listens any more."""
        if self._server is None or self._stopping:
            return
        self._courier.stop()
        with self._ending:
            self._stopping = True
            self._server.pull_trigger()
        self._loop.join()

    def url(self, name: str) -> str:
        """Return the base URL of a simulator, or of "control".

        Raises:
            LookupError: there is no such simulator.
            RuntimeError: the server has not been started.
        """
        if name != "control" and name not in self._simulators:
            raise LookupError(f"there is no simulator named {name!r}")
        if self._server is None:
            raise RuntimeError("the server has not been started, so it has no port yet")
        return f"http://{HOST}:{self._server.effective_port}/{name}"

    def ready_line(self) -> dict[str, Any]:
        """Return what a program needs to use the simulation, as JSON can carry it.

        The base URLs are "site_url" for the desk and "<name>_api_url" for the others; the
        credentials of each simulator stand under its name.
        """
        line: dict[str, Any] = {"control_url": self.url("control")}
        for name, simulator in self._simulators.items():
            line["site_url" if name == "desk" else f"{name}_api_url"] = self.url(name)
            line[name] = simulator.credentials()
        return line

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _serve(self) -> None:
        # Waitress' own loop cannot be ended from another thread, so its steps are taken here.
        wasyncore, workers = self._server.asyncore, self._server.task_dispatcher
        while not self._stopping:
            wasyncore.loop(timeout=1.0, use_poll=True, map=self._sockets, count=1)
        with self._ending:
            # Whoever ends the loop has pulled the trigger by now, which is about to be closed.
            channels = list(self._server.active_channels.values())
        for channel in channels:
            channel.handle_close()
        workers.set_thread_count(0)
        with workers.lock:
            workers.thread_exit_cv.wait_for(lambda: not workers.threads, _LAST_CALLS)
        wasyncore.close_all(self._sockets)
