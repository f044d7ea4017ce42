"""The contract of storages: a small key-value store with versions and conditional writes.

SQLite, memory, PostgreSQL, Redis or a hosted key-value service can all meet it. Values arrive
sealed: a storage never sees what they mean. Every method may be called from any thread.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from enum import Enum
from types import TracebackType
from typing import Final, Literal, Protocol, Self, TypeAlias, runtime_checkable

from attrs import field, frozen

from chatbridge.errors import InvalidKeyError, ValueTooLargeError

MAX_VALUE_BYTES: Final = 128 * 1024
MAX_TTL_SECONDS: Final = 365 * 24 * 3600
MAX_KEY_LENGTH: Final = 160
_KEY = re.compile(r"[a-z][a-z0-9-]{0,23}:[A-Za-z0-9:.-]{1,135}")


class Expect(Enum):
    """What a conditional write may find."""

    ANY = "any"
    ABSENT = "absent"


class Life(Enum):
    """How long a written value lives, where that is no number."""

    KEEP = "keep"


ANY: Final = Expect.ANY
ABSENT: Final = Expect.ABSENT
KEEP: Final = Life.KEEP
Expected: TypeAlias = Literal[Expect.ANY, Expect.ABSENT] | str
"""ANY, ABSENT, or the version that must be there."""
TimeToLive: TypeAlias = int | Literal[Life.KEEP] | None
"""Seconds, None for ever, or KEEP: it ends when the version that is replaced would have ended."""


@frozen
class Versioned:
    """A value and the version it has.

    Args:
        value: the sealed bytes.
        version: opaque; never the same again for this key, not even after delete and re-create.
    """

    value: bytes = field(repr=False)
    version: str


@frozen
class Row:
    """One entry of a scan."""

    key: str
    value: bytes = field(repr=False)
    version: str


@frozen
class Page:
    """A piece of a scan; `cursor` continues it, None at the end."""

    rows: tuple[Row, ...]
    cursor: str | None


class Storage(ABC):
    """Keeps values by key.

    Keys are `<kind>:<name>`, at most 160 characters of A-Z a-z 0-9 : . -. Values are at most 128
    KiB. A key whose time to live is over is absent for every method.
    """

    @abstractmethod
    def get(self, key: str) -> Versioned | None:
        """Return what is there now (a strict read), or None.

        Raises:
            InvalidKeyError: the key is outside the contract.
            StorageUnavailableError: the storage cannot answer.
        """

    @abstractmethod
    def put(self, key: str, value: bytes, *, expect: Expected = ANY, ttl: TimeToLive = None) -> str:
        """Write a value durably and return its new version.

        Args:
            key: where.
            value: the sealed bytes.
            expect: what must be there for the write to happen.
            ttl: seconds until it counts as absent, up to 365 days; None for ever; KEEP, which
                needs a version in `expect`, leaves the end of the value's life where it is.

        Raises:
            ConflictError: something else is there; nothing was written.
            ValueTooLargeError: more than 128 KiB.
            StorageUnavailableError: nothing was written, or nobody can know.
        """

    @abstractmethod
    def delete(self, key: str, *, expect: Expected = ANY) -> None:
        """Remove a value; absent already is success with ANY.

        Raises:
            ConflictError: a version was expected and is not there.
        """

    @abstractmethod
    def scan(self, kind: str, *, limit: int = 500, cursor: str | None = None) -> Page:
        """Return the rows of a kind in the order of their keys.

        It may lag behind puts, so nothing that must be unique may rest on it.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of everything that is open; further calls fail."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@runtime_checkable
class PutsUnsynced(Protocol):
    """What a storage offers that need not wait for the disk, found by being implemented."""

    def put_unsynced(
        self, key: str, value: bytes, *, expect: Expected = ANY, ttl: TimeToLive = None
    ) -> str:
        """Write a value as `Storage.put` does, and return before it is safe from a power failure.

        Everybody reads it at once, and a crash of the process leaves it there. After a power
        failure the version before may stand there again.
        """
        ...


@runtime_checkable
class ShowsRemains(Protocol):
    """What a storage offers that can prove an erasure, found by being implemented."""

    def kinds(self) -> dict[str, int]:
        """Return how many rows there are of each kind, those whose time is over included.

        Raises:
            StorageUnavailableError: the storage cannot answer.
        """
        ...

    def drop_remains(self) -> None:
        """Remove what deleted and replaced rows have left behind in files and logs.

        Raises:
            StorageUnavailableError: somebody else uses it; nothing is lost, try again.
        """
        ...

    def raw_bytes(self, size: int, overlap: int) -> Iterator[bytes]:
        """Yield every byte that the storage has written anywhere, as it stands there.

        Args:
            size: bytes of a piece, about.
            overlap: how many bytes of a piece come again at the start of the next one.

        Raises:
            StorageUnavailableError: the files cannot be read.
        """
        ...


def check_key(key: str) -> None:
    """Return if the key fits the contract.

    Raises:
        InvalidKeyError: it does not.
    """
    if len(key) > MAX_KEY_LENGTH or not _KEY.fullmatch(key):
        raise InvalidKeyError("a key is <kind>:<name> of A-Z a-z 0-9 : . -, at most 160 characters")


def check_value(value: bytes, ttl: TimeToLive, expect: Expected = ANY) -> None:
    """Return if value and time to live fit the contract.

    Raises:
        ValueTooLargeError: the value is too large.
        ValueError: the time to live is no whole number of seconds up to 365 days, or KEEP without
            a version.
    """
    if len(value) > MAX_VALUE_BYTES:
        raise ValueTooLargeError(f"a value has at most {MAX_VALUE_BYTES} bytes")
    if ttl is KEEP:
        if isinstance(expect, Expect):
            raise ValueError("KEEP needs the version whose life it keeps")
    elif ttl is not None and (type(ttl) is not int or not 0 < ttl <= MAX_TTL_SECONDS):
        raise ValueError("ttl is a whole number of seconds between 1 and 31536000")


def check_scan(kind: str, limit: int, cursor: str | None) -> None:
    """Return if the arguments of a scan fit the contract.

    Raises:
        InvalidKeyError: the kind is none, or the cursor does not belong to it.
        ValueError: the limit is below 1.
    """
    check_key(f"{kind}:x")
    if ":" in kind:
        raise InvalidKeyError("a kind is a-z 0-9 -, starts with a letter and has no colon")
    if cursor is not None and not cursor.startswith(f"{kind}:"):
        raise InvalidKeyError("the cursor is not one that a scan of this kind returned")
    if limit < 1:
        raise ValueError("a scan returns at least 1 row a page")
