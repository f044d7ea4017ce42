"""A Telegram and a Jira with one large file, as a process: hands it out, and throws it away.

It holds no more of a file than one piece, so that what is measured is the bridge's memory alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.benchmarks import canned_answers as canned

_PIECE = bytes(64 * 1024)
_TICKET = json.dumps({"temporaryAttachments": [{"temporaryAttachmentId": "t", "fileName": "f"}]})


class _FileCalls(BaseHTTPRequestHandler):
    """Answers each call by the end of its path."""

    protocol_version = "HTTP/1.1"
    size = 0
    taken = 0

    def do_GET(self) -> None:
        """Hand the file out, or say who asks and how many bytes were taken."""
        if self.path.endswith("/myself"):
            self._reply(canned.MYSELF)
            return
        if self.path == "/taken":
            self._reply(b"%d" % _FileCalls.taken)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/zip")
        self.send_header("Content-Length", str(self.size))
        self.end_headers()
        for _ in range(self.size // len(_PIECE)):
            self.wfile.write(_PIECE)

    def do_POST(self) -> None:
        """Read what comes, and say what the caller waits for."""
        left = int(self.headers.get("Content-Length", "0"))
        _FileCalls.taken += left
        while left > 0:
            left -= len(self.rfile.read(min(left, len(_PIECE))))
        if self.path.endswith("/getFile"):
            self._reply(b'{"ok":true,"result":{"file_id":"f","file_path":"files/f.zip"}}')
        else:
            self._reply(_TICKET.encode())

    def _reply(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is inherited
        """Say nothing."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, required=True)
    _FileCalls.size = parser.parse_args().size
    server = ThreadingHTTPServer(("127.0.0.1", 0), _FileCalls)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()
