"""Remembers what sealed records hold that were met lately, in this process's memory only."""

from __future__ import annotations

import threading
from typing import Any, Final, TypeVar

T = TypeVar("T")

_REMEMBERED: Final = 2048


class Unsealed:
    """What sealed records hold that were met lately, so that they need no key again.

    A record counts as met only if every byte of it is the same: every read still asks the storage.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._met: dict[str, tuple[bytes, Any]] = {}

    def find(self, cls: type[T], key: str, sealed: bytes) -> T | None:
        """Return what these sealed bytes hold, None if that is not known."""
        met, record = self._met.get(key, (b"", None))
        return record if met == sealed and type(record) is cls else None

    def add(self, key: str, sealed: bytes, record: object) -> None:
        """Remember what was just sealed or unsealed, and forget what was met longest ago."""
        with self._lock:
            self._met.pop(key, None)
            self._met[key] = (sealed, record)
            if len(self._met) > _REMEMBERED:
                del self._met[next(iter(self._met))]

    def places(self) -> list[str]:
        """Return where what is remembered was met."""
        with self._lock:
            return list(self._met)

    def drop(self, key: str) -> None:
        """Forget a record that is gone."""
        with self._lock:
            self._met.pop(key, None)
