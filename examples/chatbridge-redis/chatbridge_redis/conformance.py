"""What the conformance suite needs to know; `chatbridge conformance redis` finds it here."""

from __future__ import annotations

from pathlib import Path

from chatbridge import Storage
from chatbridge.testing import StorageCase

from .place import Place
from .server import RedisServer
from .storage import RedisStorage


def _open(folder: Path) -> Storage:
    return RedisStorage(Place(socket=RedisServer.socket_of(folder)))


CASE = StorageCase(open=_open, service=RedisServer)
