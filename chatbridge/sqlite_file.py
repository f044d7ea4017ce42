"""The file of an SQLite database: its path, its mode, its owner, its connections and its failures.

It opens nothing that belongs to another program or to a newer version, and words what `sqlite3`
raises, so that no error of it has to leave.
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Final

from attrs import frozen

from chatbridge.errors import ConfigurationError, StorageUnavailableError

_SET_UP_RETRY_SECONDS: Final = 0.01
_WAL_BYTES_KEPT: Final = 4 * 1024 * 1024
_CACHE_KIB: Final = 1024  # per connection


@frozen
class Failure:
    """Why a database did not do it; every waiting thread raises an error of its own."""

    reason: str
    retry_after: float | None = None

    def error(self) -> StorageUnavailableError:
        """Return a new error."""
        return StorageUnavailableError(self.reason, retry_after=self.retry_after)


_FAILURES: Final[dict[int | None, Failure]] = {
    sqlite3.SQLITE_BUSY: Failure("another process holds the database locked", 1.0),
    sqlite3.SQLITE_LOCKED: Failure("the database is locked", 1.0),
    sqlite3.SQLITE_FULL: Failure("the disk of the database is full; free some space", 30.0),
    sqlite3.SQLITE_IOERR: Failure("the disk of the database fails or is full; see to it", 30.0),
    sqlite3.SQLITE_READONLY: Failure(
        "the database is read-only; let this process write the file and its directory", 60.0
    ),
    sqlite3.SQLITE_CANTOPEN: Failure(
        "the database file cannot be opened; is it there, and may this process write it?", 60.0
    ),
    sqlite3.SQLITE_CORRUPT: Failure("the database is damaged; restore it from a backup"),
    sqlite3.SQLITE_NOTADB: Failure("the database is damaged; restore it from a backup"),
    sqlite3.SQLITE_NOMEM: Failure("the process is out of memory", 10.0),
}


def explain(error: sqlite3.Error) -> Failure:
    """Return what the error means to a person; its own text is not used."""
    return _FAILURES.get(_code(error), Failure("the database failed", 10.0))


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether somebody else held the database, so that nothing happened."""
    return _code(error) == sqlite3.SQLITE_BUSY


@frozen
class SqliteFile:
    """A database file and how it is used.

    Args:
        path: where it is; absolute.
        application_id: marks the file as ours.
        version: of its tables.
        tables: the statements that create them.
        durable: whether a commit survives a power failure (`synchronous = full`).
        busy_seconds: how long to wait for another process that writes.
    """

    path: Path
    application_id: int
    version: int
    tables: tuple[str, ...]
    durable: bool
    busy_seconds: float

    def connect(self) -> sqlite3.Connection:
        """Return a new connection, which never waits for a lock.

        The caller waits, closes it, and takes care of threads and forks.

        Raises:
            sqlite3.Error: see `explain`.
        """
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode=rw",  # a file that went away is not made anew, empty
            uri=True,
            timeout=0,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            for pragma in (
                f"synchronous = {'full' if self.durable else 'normal'}",
                f"fullfsync = {'on' if self.durable else 'off'}",  # macOS: fsync is not enough
                "secure_delete = on",
                "temp_store = memory",
                "trusted_schema = off",
                f"journal_size_limit = {_WAL_BYTES_KEPT}",
                f"cache_size = -{_CACHE_KIB}",
            ):
                connection.execute(f"pragma {pragma}")
        except BaseException:
            connection.close()
            raise
        return connection

    def set_up(self) -> None:
        """Create the file and its tables if they are not there, and check that they are ours.

        Raises:
            ConfigurationError: the path cannot be used, or the file belongs to another program or
                to a newer version.
            StorageUnavailableError: the file cannot be used now.
        """
        self._check_path()
        deadline = time.monotonic() + self.busy_seconds
        while True:
            try:
                self._create_private()
                connection = self.connect()
                try:
                    self._prepare(connection)
                finally:
                    connection.close()
                return
            except sqlite3.Error as error:
                busy, failure = is_busy(error), explain(error)
                foreign = _code(error) == sqlite3.SQLITE_NOTADB
            if foreign:
                raise ConfigurationError(f"{self.path} is no SQLite database; name another file")
            if not busy or time.monotonic() > deadline:
                raise failure.error()
            time.sleep(_SET_UP_RETRY_SECONDS)

    def _check_path(self) -> None:
        directory = self.path.parent
        try:
            there, taken = directory.is_dir(), self.path.is_dir()
        except OSError as error:
            raise ConfigurationError(
                f"the database {self.path} cannot be reached: {error.strerror}"
            ) from None
        if not there:
            raise ConfigurationError(
                f"the directory {directory} of the database does not exist; "
                f"run: mkdir -p -m 700 {directory}"
            )
        if taken:
            raise ConfigurationError(f"{self.path} is a directory; name a file in it")

    def _create_private(self) -> None:
        # SQLite gives its -wal and -shm files the mode of the database.
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC
        try:
            os.close(os.open(self.path, flags, 0o600))
        except FileExistsError:
            return
        except OSError as error:
            raise StorageUnavailableError(
                f"the database {self.path} cannot be created: {error.strerror}"
            ) from None

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # One transaction: what is asked one by one could be from before and after a set-up.
        connection.execute("begin")
        new = self._is_new(connection)
        connection.execute("commit")
        (mode,) = connection.execute("pragma journal_mode = wal").fetchone()
        if mode != "wal":
            raise ConfigurationError(
                f"{self.path} cannot use SQLite's WAL mode; put it on a local disk, not on a "
                "network share"
            )
        if not new:
            return
        connection.execute("begin immediate")
        # Asked again, now that nobody else can be setting it up.
        if self._is_new(connection):
            for statement in self.tables:
                connection.execute(statement)
            connection.execute(f"pragma application_id = {self.application_id}")
            connection.execute(f"pragma user_version = {self.version}")
        connection.execute("commit")

    def _is_new(self, connection: sqlite3.Connection) -> bool:
        found = _number(connection, "pragma application_id")
        version = _number(connection, "pragma user_version")
        if found == self.application_id:
            if version > self.version:
                raise ConfigurationError(
                    f"{self.path} was written by a newer chatbridge; update this installation"
                )
            return False
        if found or version or _number(connection, "select count(*) from sqlite_schema"):
            raise ConfigurationError(
                f"{self.path} is the database of another program; name another file"
            )
        return True


def _number(connection: sqlite3.Connection, statement: str) -> int:
    (number,) = connection.execute(statement).fetchone()
    return int(number)


def _code(error: sqlite3.Error) -> int | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF  # the primary code
