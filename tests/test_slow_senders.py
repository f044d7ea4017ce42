"""The web server does not wait for who sends slowly."""

from __future__ import annotations

import http.client
import socket
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

from chatbridge.web.serving import WebServer

PATIENCE = 10.0


def _answering(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@pytest.mark.fault("F82")
def test_slow_senders_hold_no_thread() -> None:
    """Beside many who stop in the middle of header or body, one thread answers who does not."""
    server = WebServer(_answering, "127.0.0.1", 0, threads=1)
    server.start()
    place = urlsplit(server.url)
    half = b"POST /hints/acme HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n"
    with ExitStack() as stack:
        stack.callback(server.stop, 0.0)
        for sent in [half, half + b"\r\n{"] * 10:
            slow = stack.enter_context(socket.create_connection((place.hostname, place.port)))
            slow.sendall(sent)
        quick = http.client.HTTPConnection(str(place.hostname), place.port, timeout=PATIENCE)
        stack.callback(quick.close)
        quick.request("POST", "/hints/acme", b"{}")
        answer = quick.getresponse()
        assert (200, b"ok") == (answer.status, answer.read())
