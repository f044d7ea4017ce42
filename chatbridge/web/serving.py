"""Serves a WSGI application with waitress, on a thread of its own, until it is told to stop.

Bodies stay in memory: nothing that came in is ever written into a temporary file.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import Any, Final

from chatbridge import ConfigurationError
from chatbridge.redaction import with_pathless_log
from chatbridge.web.app import MAX_BODY, WsgiApp

_ALL_IN_MEMORY: Final = 2**31
_MOST_UNREAD: Final = 2**20


class WebServer:
    """Listens from the moment it is made, answers from `start` to `stop`; once.

    Args:
        app: what answers.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        threads: how many calls are worked on at once; a webhook may hold one until its effect
            has happened.

    Raises:
        ConfigurationError: it cannot listen there, or the `server` extra is not installed.
    """

    def __init__(self, app: WsgiApp, host: str, port: int, *, threads: int = 32) -> None:
        try:
            from waitress import create_server
        except ImportError:
            raise ConfigurationError(
                "taking webhooks needs a web server: pip install 'chatbridge-jsm[server]', mount "
                "chatbridge.web.web_app in a server of your own, or use polling with --no-web"
            ) from None
        self._sockets: dict[int, Any] = {}
        self._server: Any = create_server(
            app,
            map=self._sockets,
            sockets=[_listening(host, port)],
            threads=threads,
            log_socket_errors=False,
            # The application itself refuses what is larger, with an answer of its own.
            max_request_body_size=4 * MAX_BODY,
            inbuf_overflow=_ALL_IN_MEMORY,
            outbuf_overflow=_ALL_IN_MEMORY,
            # A file waits at its source while a slow reader takes what is here.
            outbuf_high_watermark=_MOST_UNREAD,
            ident=None,
        )
        self._server.channel_class = with_pathless_log(self._server.channel_class)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._server.effective_port}"
        self._stop_at: float | None = None
        self._ending = threading.Lock()
        self._ended = True
        self._loop = threading.Thread(target=self._serve, name="chatbridge-web", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._loop.start()

    def stop(self, grace: float) -> bool:
        """Let nobody in any more, finish what is under way; return whether it ended in time.

        Args:
            grace: seconds to wait for it; what is left is cut off.
        """
        if self._loop.ident is None:
            self._let_go()
            return True
        if self._loop.is_alive():
            with self._ending:
                self._stop_at = time.monotonic() + grace
                self._server.pull_trigger()
            self._loop.join()
        return self._ended

    def _serve(self) -> None:
        # Waitress' own loop cannot be ended from another thread, so its steps are taken here.
        while self._stop_at is None:
            self._step(1.0)
        with self._ending:
            # Whoever ends the loop has pulled the trigger by now, which is about to be closed.
            self._server.del_channel()
        self._server.socket.close()
        while self._busy() and time.monotonic() < self._stop_at:
            self._step(0.05)
        self._ended = not self._busy()
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()
        self._let_go()

    def _let_go(self) -> None:
        self._server.task_dispatcher.set_thread_count(0)
        self._server.asyncore.close_all(self._sockets)

    def _step(self, timeout: float) -> None:
        self._server.asyncore.loop(timeout=timeout, use_poll=True, map=self._sockets, count=1)

    def _busy(self) -> bool:
        channels = self._server.active_channels.values()
        return any(each.requests or each.total_outbufs_len for each in list(channels))


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # Bound before waitress starts its threads, so that a failure leaves none behind.
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host} port {port} ({error.strerror}); take another one with "
            "--port or [web] port, or --no-web where polling is enough"
        ) from None
