"""Keep records in this process's memory: for tests, demonstrations, and as the storage to read.

Nothing survives the process, so a real installation never uses it.
"""

from __future__ import annotations

import secrets
import threading
import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator

from attrs import field, frozen

from chatbridge.errors import ConflictError, StorageUnavailableError
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

_SWEEP_AT_LEAST = 64


@frozen
class _Entry:
    value: bytes = field(repr=False)
    version: str
    expires: float | None


class MemoryStorage(Storage):
    """A storage in a dict.

    Args:
        now: the wall clock in Unix seconds, for times to live.
    """

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        self._names: dict[str, list[str]] = {}  # the keys of each kind, sorted
        self._puts = 0
        self._closed = False

    def get(self, key: str) -> Versioned | None:
        """See `Storage.get`."""
        check_key(key)
        with self._lock:
            self._check_open()
            entry = self._alive(key)
            return None if entry is None else Versioned(entry.value, entry.version)

    def put(self, key: str, value: bytes, *, expect: Expected = ANY, ttl: TimeToLive = None) -> str:
        """See `Storage.put`."""
        check_key(key)
        check_value(value, ttl, expect)
        with self._lock:
            self._check_open()
            self._check_expected(key, expect)
            self._sweep_sometimes()
            if key not in self._entries:
                insort(self._names.setdefault(_kind(key), []), key)
            if ttl is KEEP:
                expires = self._entries[key].expires
            else:
                expires = None if ttl is None else self._now() + ttl
            entry = _Entry(bytes(value), secrets.token_hex(8), expires)
            self._entries[key] = entry
            return entry.version

    def delete(self, key: str, *, expect: Expected = ANY) -> None:
        """See `Storage.delete`."""
        check_key(key)
        with self._lock:
            self._check_open()
            self._check_expected(key, expect)
            self._remove(key)

    def scan(self, kind: str, *, limit: int = 500, cursor: str | None = None) -> Page:
        """See `Storage.scan`."""
        check_scan(kind, limit, cursor)
        with self._lock:
            self._check_open()
            names = self._names.get(kind, [])
            start = 0 if cursor is None else bisect_right(names, cursor)
            rows: list[Row] = []
            for place in range(start, len(names)):
                key = names[place]
                entry = self._alive(key)
                if entry is None:
                    continue
                if len(rows) == limit:
                    return Page(tuple(rows), rows[-1].key)
                rows.append(Row(key, entry.value, entry.version))
            return Page(tuple(rows), None)

    def kinds(self) -> dict[str, int]:
        """See `ShowsRemains.kinds`."""
        with self._lock:
            self._check_open()
            return {kind: len(names) for kind, names in self._names.items() if names}

    def drop_remains(self) -> None:
        """See `ShowsRemains.drop_remains`; rows whose time is over go."""
        with self._lock:
            self._check_open()
            self._sweep()

    def raw_bytes(self, size: int, overlap: int) -> Iterator[bytes]:
        """See `ShowsRemains.raw_bytes`; a row a piece."""
        del size, overlap
        with self._lock:
            self._check_open()
            rows = [key.encode() + entry.value for key, entry in self._entries.items()]
        yield from rows

    def close(self) -> None:
        """See `Storage.close`."""
        with self._lock:
            self._closed = True
            self._entries.clear()
            self._names.clear()

    def _check_open(self) -> None:
        if self._closed:
            raise StorageUnavailableError("the storage is closed")

    def _alive(self, key: str) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is None or (entry.expires is not None and entry.expires <= self._now()):
            return None
        return entry

    def _check_expected(self, key: str, expect: Expected) -> None:
        if expect is ANY:
            return
        entry = self._alive(key)
        if expect is ABSENT:
            if entry is not None:
                raise ConflictError("the record is there already")
        elif entry is None or entry.version != expect:
            raise ConflictError("the record has changed, or is gone")

    def _sweep_sometimes(self) -> None:
        # Once per as many puts as there are records: its cost per put stays the same.
        self._puts += 1
        if self._puts <= len(self._entries) + _SWEEP_AT_LEAST:
            return
        self._puts = 0
        self._sweep()

    def _sweep(self) -> None:
        for key in [key for key in self._entries if self._alive(key) is None]:
            self._remove(key)

    def _remove(self, key: str) -> None:
        if self._entries.pop(key, None) is not None:
            names = self._names[_kind(key)]
            del names[bisect_left(names, key)]


def _kind(key: str) -> str:
    return key.partition(":")[0]
