"""A real redis-server for tests: one process of its own, on a Unix socket, ended with the test.

It touches no server that runs on this machine, and listens on no address unless it is told to.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self
from unittest import SkipTest

from redis import Redis, RedisError
from redis.backoff import ConstantBackoff
from redis.retry import Retry

_TRIES, _PAUSE = 200, 0.05
_NOTE = "redis.socket"


class RedisServer:
    """A server whose records lie in a folder; use it as a context manager.

    Args:
        folder: for its records; a second server of the same folder finds them there.
        options: more of the server's own options, as on its command line.

    Raises:
        unittest.SkipTest: no redis-server is installed.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise SkipTest("redis-server is not installed (Debian: apt install redis-server)")
        self._program, self._folder, self._options = program, folder, options
        self._process: subprocess.Popen[bytes] | None = None
        # A socket's path may have some 100 characters only, so it cannot lie in any folder.
        self._place = tempfile.mkdtemp(prefix="redis-")
        (folder / _NOTE).write_text(f"{self._place}/socket", encoding="utf-8")

    @staticmethod
    def socket_of(folder: Path) -> str:
        """Return the path of the socket of the server that runs on a folder."""
        return (folder / _NOTE).read_text(encoding="utf-8")

    def start(self) -> None:
        """Start it, and return when it answers."""
        self._process = subprocess.Popen(  # noqa: S603 - the server that this is about
            [self._program, "--unixsocket", f"{self._place}/socket", "--port", "0",
             "--dir", str(self._folder), "--appendonly", "yes", "--appendfsync", "always",
             "--save", "", *self._options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        patient = Retry(ConstantBackoff(_PAUSE), _TRIES, (OSError, RedisError))
        try:
            with Redis(unix_socket_path=f"{self._place}/socket", retry=patient) as client:
                client.ping()
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End it at once, as a power failure would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self._place, ignore_errors=True)
