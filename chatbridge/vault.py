"""Typed access to sealed records: attrs values in, attrs values out.

Nothing reaches a storage unsealed, and a record that cannot be read hurts nobody but itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final, Generic

from attrs import frozen

from chatbridge.errors import ConflictError, SealedValueError, StorageError
from chatbridge.record_bytes import R, Record, from_bytes, to_bytes
from chatbridge.sealing import Sealer
from chatbridge.storage import ABSENT, Expected, PutsUnsynced, Row, Storage
from chatbridge.unsealed import Unsealed

_log = logging.getLogger("chatbridge.vault")

_TRIES: Final = 8


@frozen
class Kept(Generic[R]):
    """A record as it is in the storage.

    Args:
        key: its storage key.
        record: the value.
        version: of the storage; a conditional write names it.
    """

    key: str
    record: R
    version: str


class Vault:
    """Reads and writes records of any kind.

    Args:
        storage: where the sealed records are.
        sealer: seals and unseals them.
        on_damaged_kind: called with the kind of a record, each time that one cannot be read.
    """

    def __init__(
        self, storage: Storage, sealer: Sealer, on_damaged_kind: Callable[[str], None] | None = None
    ) -> None:
        self.storage = storage
        self.sealer = sealer
        self._on_damaged_kind = on_damaged_kind or (lambda _kind: None)
        self._unsynced = storage if isinstance(storage, PutsUnsynced) else None
        self._unsealed = Unsealed()

    def key(self, cls: type[R], *identity: str) -> str:
        """Return the storage key of a record, whether or not it is there."""
        return self.sealer.index(cls.kind, *identity)

    def refresh(self, kept: Kept[R]) -> Kept[R] | None:
        """Return the record as it is now: the same object if nobody changed it, None if it is gone.

        Errors as in `read`.
        """
        found = self._found(type(kept.record), kept.key)
        return kept if found is not None and found.version == kept.version else found

    def read(self, cls: type[R], *identity: str) -> Kept[R] | None:
        """Return the record as it is now, or None.

        Raises:
            SealedValueError: it is damaged, or belongs to another identity.
            StorageError: a newer version wrote it, or the storage failed.
        """
        kept = self._found(cls, self.key(cls, *identity))
        if kept is not None and kept.record.identity() != identity:
            raise SealedValueError(f"a {cls.kind} record belongs to another identity")
        return kept

    def holds(self, cls: type[R], *identity: str) -> bool:
        """Tell whether a record is there, even one that nobody can read; may raise StorageError."""
        return self.storage.get(self.key(cls, *identity)) is not None

    def read_key(self, cls: type[R], key: str) -> Kept[R] | None:
        """Return the record under a storage key, or None; errors as in `read`."""
        return self._found(cls, key)

    def create(self, record: R) -> Kept[R]:
        """Write a record that is not there yet.

        Args:
            record: the value.

        Raises:
            ConflictError: it is there already; nothing was written.
            StorageError: the storage failed.
        """
        return self._written(self.key(type(record), *record.identity()), record, ABSENT)

    def replace(self, kept: Kept[R], record: R, *, synced: bool = True) -> Kept[R]:
        """Write a record in place of the one that was read.

        Args:
            kept: what was read; it must still be there.
            record: the new value, of the same identity.
            synced: whether it must outlive a power failure, see `PutsUnsynced`.

        Raises:
            ConflictError: somebody else changed it; nothing was written.
            ValueError: the identity differs.
            StorageError: the storage failed.
        """
        if record.identity() != kept.record.identity():
            raise ValueError("a record keeps its identity; create another one instead")
        return self._written(kept.key, record, kept.version, synced=synced)

    def update(
        self, kept: Kept[R], change: Callable[[R], R | None], *, synced: bool = True
    ) -> Kept[R] | None:
        """Apply a change to the record, again on its newest value if somebody was quicker.

        Args:
            kept: the record as last read.
            change: pure; returns the new value, or None to stop without writing.
            synced: as in `replace`.

        Returns:
            The record as written; None if it is gone or the change stopped.

        Raises:
            ConflictError: somebody else was quicker 8 times in a row; nothing was written.
            StorageError: as in `read` and `replace`.
        """
        latest: Kept[R] | None = kept
        for _ in range(_TRIES):
            if latest is None:
                return None
            changed = change(latest.record)
            if changed is None:
                return None
            with suppress(ConflictError):
                return self.replace(latest, changed, synced=synced)
            latest = self.read_key(type(kept.record), kept.key)
        raise ConflictError(f"a {kept.record.kind} record changes too often; try again later")

    def delete(self, kept: Kept[R]) -> None:
        """Remove the record that was read.

        Raises:
            ConflictError: somebody else changed or removed it.
            StorageError: the storage failed.
        """
        self.storage.delete(kept.key, expect=kept.version)
        self._unsealed.drop(kept.key)

    def erase(self, key: str) -> bytes | None:
        """Remove whatever stands under a storage key now; return its sealed bytes, None if nothing.

        Raises:
            StorageError: the storage failed.
        """
        found = self.storage.get(key)
        self.storage.delete(key)
        self._unsealed.drop(key)
        return found.value if found is not None else None

    def forget_gone(self) -> None:
        """Drop from memory what another process has removed from the storage, which may fail."""
        for key in self._unsealed.places():
            if self.storage.get(key) is None:
                self._unsealed.drop(key)

    def scan(
        self, cls: type[R], on_damaged: Callable[[str], None] | None = None
    ) -> Iterator[Kept[R]]:
        """Yield all records of a kind; what was put lately may be missing.

        Args:
            cls: the kind.
            on_damaged: called with the storage key of each row that cannot be read; such rows
                are left out.

        Raises:
            StorageError: the storage failed.
        """
        damaged = 0
        cursor: str | None = None
        while True:
            page = self.storage.scan(cls.kind, cursor=cursor)
            for row in page.rows:
                try:
                    kept = self.opened(cls, row)
                except StorageError:
                    damaged += 1
                    if on_damaged is not None:
                        on_damaged(row.key)
                    continue
                yield kept
            if (cursor := page.cursor) is None:
                break
        if damaged:
            _log.warning("%d records of the kind %s cannot be read", damaged, cls.kind)

    def opened(self, cls: type[R], row: Row) -> Kept[R]:
        """Return what a row of the storage holds.

        Raises:
            SealedValueError: it is damaged, or does not belong where it stands.
            StorageError: a newer version wrote it.
        """
        record = self._unsealed.find(cls, row.key, row.value)
        if record is not None:
            return Kept(row.key, record, row.version)
        try:
            return self._unseal(cls, row)
        except SealedValueError:
            self._on_damaged_kind(cls.kind)
            raise

    def _found(self, cls: type[R], key: str) -> Kept[R] | None:
        if (found := self.storage.get(key)) is None:
            self._unsealed.drop(key)
            return None
        kept = self.opened(cls, Row(key, found.value, found.version))
        self._unsealed.add(key, found.value, kept.record)
        return kept

    def _written(self, key: str, record: R, expect: Expected, *, synced: bool = True) -> Kept[R]:
        sealed = self._seal(key, record)
        late = None if synced else self._unsynced
        put = late.put_unsynced if late else self.storage.put
        version = put(key, sealed, expect=expect, ttl=record.lifetime())
        with suppress(ConflictError):
            while expect is ABSENT and not self.sealer.is_current(sealed):
                # This process stood still before the write, and the key may be retired meanwhile.
                # Writes that expect a version need no such look: re-sealing has changed it.
                sealed = self._seal(key, record)
                version = self.storage.put(key, sealed, expect=version, ttl=record.lifetime())
        self._unsealed.add(key, sealed, record)
        return Kept(key, record, version)

    def _seal(self, key: str, record: Record) -> bytes:
        return self.sealer.seal(key, record.schema, to_bytes(record))

    def _unseal(self, cls: type[R], row: Row) -> Kept[R]:
        schema, plain = self.sealer.unseal(row.key, row.value)
        record = from_bytes(cls, schema, plain)
        # Nobody named the identity, so the key has to be the one that the record's own leads to.
        if self.key(cls, *record.identity()) != row.key:
            raise SealedValueError(f"a {cls.kind} record is kept under the key of another one")
        return Kept(row.key, record, row.version)
