"""Keep records in one SQLite file, shared by the threads and processes of one host.

Values arrive sealed. Every conditional write is one statement, and a put returns only after it is
on the disk.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from chatbridge.errors import ConfigurationError, ConflictError, StorageUnavailableError
from chatbridge.sqlite_database import SqliteDatabase
from chatbridge.sqlite_file import SqliteFile
from chatbridge.sqlite_remains import bytes_of, write_anew
from chatbridge.storage import (
    ABSENT,
    ANY,
    KEEP,
    Expected,
    Page,
    Row,
    Storage,
    TimeToLive,
    Versioned,
    check_key,
    check_scan,
    check_value,
)

_log = logging.getLogger("chatbridge.sqlite_storage")

APPLICATION_ID: Final = 0x63627264  # "cbrd"
TABLES_VERSION: Final = 1
# Times to live are compared with a time that Python passes in (Unix milliseconds): SQLite's own
# unixepoch('subsec') is NULL before 3.42, and a comparison with NULL never expires anything.
_TABLES: Final = (
    """create table records (
        key text not null primary key,
        value blob not null,
        version text not null,
        expires integer
    ) without rowid""",
    "create index records_expires on records (expires) where expires is not null",
)
_ALIVE: Final = "(expires is null or expires > :now)"
_GET: Final = f"select value, version from records where key = :key and {_ALIVE}"  # noqa: S608
_INSERT: Final = (
    "insert into records (key, value, version, expires)"
    " values (:key, :value, :version, :expires) on conflict (key) do update set"
    " value = excluded.value, version = excluded.version, expires = excluded.expires"
)
_INSERT_ABSENT: Final = f"{_INSERT} where records.expires <= :now"
_REPLACE: Final = (
    "update records set value = :value, version = :version, expires = :expires"  # noqa: S608
    f" where key = :key and version = :expected and {_ALIVE}"
)
_REPLACE_VALUE: Final = _REPLACE.replace(", expires = :expires", "")
_DELETE: Final = "delete from records where key = :key"
_DELETE_VERSION: Final = f"{_DELETE} and version = :expected and {_ALIVE}"
_SCAN: Final = (
    f"select key, value, version from records where key > :after and key < :end and {_ALIVE}"  # noqa: S608
    " order by key limit :limit"
)
_PURGE: Final = (
    "delete from records where key in"
    " (select key from records where expires <= :now order by expires limit :limit)"
)
_KINDS: Final = (
    "select substr(key, 1, instr(key, ':') - 1) as kind, count(*) from records group by kind"
)
_PURGE_SECONDS: Final = 60.0
_PURGE_ROWS: Final = 200


class SqliteStorage(Storage):
    """A storage in a file on a local disk.

    Args:
        path: the file; it is created, readable by its owner only, in a directory that exists.
        durable: whether a put survives a power failure (`synchronous = full`). False saves the
            wait for the disk; then a power failure (not a crash of the process) may undo the
            last puts, so that a message may come twice. Measured on a small virtual machine: 0.3
            to 3 ms a put against 0.04 ms; puts that wait at the same time share one such wait.
        busy_seconds: how long to wait for another process that writes.
        now: the wall clock in Unix seconds, for times to live.

    Raises:
        ConfigurationError: the path cannot be used, or the file belongs to another program or to
            a newer version.
        StorageUnavailableError: the file cannot be used now.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        durable: bool = True,
        busy_seconds: float = 5.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._now = now
        self._purge_due = 0.0
        if os.fspath(path) in {"", ":memory:"}:
            raise ConfigurationError("SqliteStorage needs a file; MemoryStorage is for memory")
        file = SqliteFile(
            Path(path).absolute(), APPLICATION_ID, TABLES_VERSION, _TABLES, durable, busy_seconds
        )
        self._database = SqliteDatabase(file)

    def get(self, key: str) -> Versioned | None:
        """See `Storage.get`."""
        check_key(key)
        values = {"key": key, "now": self._milliseconds()}
        row = self._database.read(lambda found: found.execute(_GET, values).fetchone())
        return None if row is None else Versioned(row[0], row[1])

    def put(self, key: str, value: bytes, *, expect: Expected = ANY, ttl: TimeToLive = None) -> str:
        """See `Storage.put`."""
        return self._put(key, value, expect, ttl, synced=True)

    def put_unsynced(
        self, key: str, value: bytes, *, expect: Expected = ANY, ttl: TimeToLive = None
    ) -> str:
        """See `PutsUnsynced.put_unsynced`."""
        return self._put(key, value, expect, ttl, synced=False)

    def _put(
        self, key: str, value: bytes, expect: Expected, ttl: TimeToLive, *, synced: bool
    ) -> str:
        check_key(key)
        check_value(value, ttl, expect)
        now = self._milliseconds()
        version = secrets.token_hex(8)
        values = {
            "key": key,
            "value": value,
            "version": version,
            "expires": now + ttl * 1000 if isinstance(ttl, int) else None,
            "now": now,
            "expected": expect,
        }
        if expect is ANY:
            statement = _INSERT
        elif expect is ABSENT:
            statement = _INSERT_ABSENT
        else:
            statement = _REPLACE_VALUE if ttl is KEEP else _REPLACE
        if not self._change(statement, values, synced=synced):
            raise ConflictError("the record has changed, is gone, or is there already")
        self._purge_sometimes()
        return version

    def delete(self, key: str, *, expect: Expected = ANY) -> None:
        """See `Storage.delete`."""
        check_key(key)
        values = {"key": key, "expected": expect, "now": self._milliseconds()}
        if expect is ANY:
            self._change(_DELETE, values)
        elif expect is ABSENT:
            if self.get(key) is not None:
                raise ConflictError("the record is there")
        elif not self._change(_DELETE_VERSION, values):
            raise ConflictError("the record has changed, or is gone")

    def scan(self, kind: str, *, limit: int = 500, cursor: str | None = None) -> Page:
        """See `Storage.scan`."""
        check_scan(kind, limit, cursor)
        values = {
            "after": cursor or f"{kind}:",
            "end": f"{kind};",  # ";" comes right after ":"
            "now": self._milliseconds(),
            "limit": limit + 1,
        }
        found = self._database.read(lambda open_: open_.execute(_SCAN, values).fetchall())
        rows = tuple(Row(*row) for row in found[:limit])
        return Page(rows, rows[-1].key if len(found) > limit else None)

    def purge(self, limit: int = _PURGE_ROWS) -> int:
        """Erase rows whose time to live is over and return how many; puts do it, too, by and by.

        Args:
            limit: the most rows to erase, so that no other write waits long.

        Raises:
            StorageUnavailableError: nothing was erased.
        """
        return self._change(_PURGE, {"now": self._milliseconds(), "limit": limit})

    def kinds(self) -> dict[str, int]:
        """See `ShowsRemains.kinds`."""
        return dict(self._database.read(lambda open_: open_.execute(_KINDS).fetchall()))

    def drop_remains(self) -> None:
        """See `ShowsRemains.drop_remains`; rows whose time is over go, too."""
        while self.purge():
            pass
        with self._database.closed_meanwhile() as file:
            write_anew(file)

    def raw_bytes(self, size: int, overlap: int) -> Iterator[bytes]:
        """See `ShowsRemains.raw_bytes`; this process waits meanwhile."""
        with self._database.closed_meanwhile() as file:
            yield from bytes_of(file, size, overlap)

    def close(self) -> None:
        """See `Storage.close`."""
        self._database.close()

    def _change(self, statement: str, values: dict[str, Any], *, synced: bool = True) -> int:
        return self._database.write(
            lambda open_: open_.execute(statement, values).rowcount, synced=synced
        )

    def _purge_sometimes(self) -> None:
        if time.monotonic() < self._purge_due:
            return
        self._purge_due = time.monotonic() + _PURGE_SECONDS
        try:
            if self.purge(_PURGE_ROWS) == _PURGE_ROWS:
                self._purge_due = 0.0  # more may be left: go on at the next put
        except StorageUnavailableError:
            # The put before it succeeded, and is all that was asked for.
            _log.warning("expired records could not be erased; tried again later")

    def _milliseconds(self) -> int:
        return int(self._now() * 1000)
