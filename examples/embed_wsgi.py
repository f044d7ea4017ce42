"""A web service that carries the bridge in its own process; nothing but the standard library.

The service's own pages stay where they are, the bridge takes what is below /chat. Set the project
up in this folder first (`chatbridge init`, `chatbridge project set`); then, with the variables
CHATBRIDGE_SITE_URL, CHATBRIDGE_SITE_ACCOUNT and CHATBRIDGE_SITE_TOKEN set:

    PORT=8000 CHATBRIDGE_PUBLIC_URL=https://support.example/chat python embed_wsgi.py

CHATBRIDGE_PUBLIC_URL is only needed for webhooks; a reverse proxy in front does TLS.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.util import shift_path_info

from chatbridge import Bridge, CloudDesk, Secret, SiteSettings, root_key_from_file
from chatbridge.web import web_app

StartResponse = Callable[..., Any]
WsgiApp = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def open_bridge() -> Bridge:
    """Return the bridge on the records in this folder."""
    secret = os.environ.get("CHATBRIDGE_HINT_SECRET")
    site = SiteSettings(
        url=os.environ["CHATBRIDGE_SITE_URL"],
        account=os.environ["CHATBRIDGE_SITE_ACCOUNT"],
        token=Secret(os.environ["CHATBRIDGE_SITE_TOKEN"]),
        hint_secret=Secret(secret) if secret else None,
    )
    return Bridge(
        storage="sqlite:chatbridge.db",
        root_keys=root_key_from_file("chatbridge.key"),
        sites=[CloudDesk(site)],
        public_url=os.environ.get("CHATBRIDGE_PUBLIC_URL"),
    )


def service(chat: WsgiApp) -> WsgiApp:
    """Return the service: pages of its own, and the bridge below /chat."""

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/chat/"):
            shift_path_info(environ)
            return chat(environ, start_response)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"A page of the service itself.\n"]

    return app


class Server(ThreadingMixIn, WSGIServer):
    """One thread a call: a chat webhook waits until Jira has the message."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no access log: the path of a webhook holds a secret."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it has there
        """Say nothing."""


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = int(os.environ.get("PORT", "8000"))
    with (
        open_bridge() as bridge,
        make_server("127.0.0.1", port, service(web_app(bridge)), Server, Quiet) as server,
    ):
        bridge.start()
        print(f"ready: http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
