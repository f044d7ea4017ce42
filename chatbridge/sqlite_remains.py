"""What deleted rows leave behind in the files of an SQLite database: removes it, shows all bytes.

No connection of this process may be open meanwhile: to close a file anyhow drops all locks that
SQLite has on it in this process (https://sqlite.org/howtocorrupt.html, 2.2).
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from typing import Final

from chatbridge.errors import StorageUnavailableError
from chatbridge.sqlite_file import SqliteFile, explain, is_busy

_SUFFIXES: Final = ("", "-wal", "-shm", "-journal")
_RETRY_SECONDS: Final = (0.001, 0.01)


def write_anew(file: SqliteFile) -> None:
    """Write the whole database anew from the rows that it has, and empty its log.

    `secure_delete` overwrites a deleted row where it stands. Copies of it that SQLite made when it
    divided pages, and in the log, are only gone after this.

    Args:
        file: the database.

    Raises:
        StorageUnavailableError: another process was reading or writing all the time.
    """
    deadline = time.monotonic() + max(file.busy_seconds, 1.0)
    while True:
        try:
            connection = file.connect()
            try:
                connection.execute("vacuum")
                busy, *_ = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
            finally:
                connection.close()
            if not busy:
                return
            failure = None
        except sqlite3.Error as error:
            failure = None if is_busy(error) else explain(error)
        if failure is not None:
            raise failure.error()
        if time.monotonic() > deadline:
            raise StorageUnavailableError(
                "other processes use the database without a pause", retry_after=5.0
            )
        time.sleep(random.uniform(*_RETRY_SECONDS))  # noqa: S311 - no secret


def bytes_of(file: SqliteFile, size: int, overlap: int) -> Iterator[bytes]:
    """Yield what stands in the files of the database; see `ShowsRemains.raw_bytes`.

    Args:
        file: the database.
        size: bytes of a piece.
        overlap: bytes that come twice.

    Raises:
        StorageUnavailableError: a file cannot be read.
    """
    for suffix in _SUFFIXES:
        path = file.path.with_name(file.path.name + suffix)
        tail = b""
        try:
            with path.open("rb") as opened:
                while piece := opened.read(size):
                    yield tail + piece
                    tail = (tail + piece)[-overlap:] if overlap else b""
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StorageUnavailableError(
                f"the files of the database cannot be read: {error.strerror}"
            ) from None
