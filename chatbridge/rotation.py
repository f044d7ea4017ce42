"""Replaces the data key: a new one, every record sealed anew, the old one retired.

It may be cut off anywhere and begun again, by anybody, while other processes work: at each moment
every record can be read with the keyset that is in the storage.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from enum import StrEnum
from typing import Final

from attrs import frozen

from chatbridge.clock import Clock
from chatbridge.errors import ConflictError, SealedValueError
from chatbridge.keys import RootKey
from chatbridge.keyset import Keyset
from chatbridge.keyset_record import RECORD_KINDS, check_roots, read_keyset, replace_keyset
from chatbridge.live_sealer import KEYSET_READ_EVERY
from chatbridge.sealing import Sealer, data_key_of
from chatbridge.storage import KEEP, Row, Storage

SETTLE: Final = KEYSET_READ_EVERY * 1.5
"""Seconds after which nobody seals with the key before, whenever the new one was read last."""


_TRIES: Final = 8


class Stage(StrEnum):
    """How far a rotation is."""

    BEGUN = "begun"
    RESUMED = "resumed"
    SEALING = "sealing"
    WAITING = "waiting"
    DONE = "done"


@frozen
class Progress:
    """What a rotation has done so far.

    Args:
        stage: where it is.
        seen: records looked at in this scan.
        resealed: records sealed anew, in all.
        unreadable: records of this scan that no key opens; they stay as they are.
    """

    stage: Stage
    seen: int = 0
    resealed: int = 0
    unreadable: int = 0


class Rotation:
    """One rotation of the data key; a rotation that was cut off is finished first.

    Args:
        storage: the records.
        roots: every root key that opens the storage, since the keyset is wrapped anew.
        clock: the time.
        kinds: the kinds of all sealed records.
        rows: records read at a time.
    """

    def __init__(
        self,
        storage: Storage,
        roots: Sequence[RootKey],
        clock: Clock,
        *,
        kinds: Sequence[str] = RECORD_KINDS,
        rows: int = 500,
    ) -> None:
        self._storage = storage
        self._roots = roots
        self._clock = clock
        self._kinds = kinds
        self._rows = rows
        self._resealed = self._seen = self._unreadable = 0

    def run(self) -> Iterator[Progress]:
        """Rotate, and tell how far it is again and again; whoever stops listening cuts it off.

        Raises:
            WrongKeyError: no root key opens the storage; nothing was written.
            ConfigurationError: a root key that opens the storage is not among those given.
            ConflictError: somebody else changed the keys at the same time; begin again.
            SealedValueError, StorageError: as in `read_keyset`.
        """
        kept = read_keyset(self._storage, self._roots)
        check_roots(kept, self._roots)
        if is_unfinished(kept.keyset):
            yield Progress(Stage.RESUMED)
        else:
            # Added and promoted at once: who meets the new key's id reads the keyset again.
            keyset = kept.keyset.with_new_data_key(int(self._clock.time()))
            kept = replace_keyset(self._storage, kept, self._roots, keyset)
            yield Progress(Stage.BEGUN)
        settled_at = self._clock.monotonic() + SETTLE
        sealer = Sealer(kept.keyset)
        clean, began = 0, 0.0
        while clean < 2 or began < settled_at:
            began = self._clock.monotonic()
            met_old = yield from self._scan(sealer, kept.keyset.current)
            clean = 0 if met_old else clean + 1
            if clean:
                # A process that has not met the new key may still write with the old one.
                yield from self._wait_until(settled_at)
        self._retire(kept.keyset)
        yield self._progress(Stage.DONE)

    def _scan(self, sealer: Sealer, current: int) -> Generator[Progress, None, bool]:
        """Look at every record and seal anew what is not under the current key.

        Returns:
            Whether any was not.
        """
        self._seen = self._unreadable = 0
        met_old = False
        for kind in self._kinds:
            cursor: str | None = None
            while True:
                page = self._storage.scan(kind, limit=self._rows, cursor=cursor)
                for row in page.rows:
                    self._seen += 1
                    if data_key_of(row.value) != current:
                        met_old = self._reseal(sealer, row) or met_old
                yield self._progress(Stage.SEALING)
                cursor = page.cursor
                if cursor is None:
                    break
        return met_old

    def _reseal(self, sealer: Sealer, row: Row) -> bool:
        """Seal a record with the current key, unless none opens it; return whether one does."""
        try:
            schema, plain = sealer.unseal(row.key, row.value)
        except SealedValueError:
            self._unreadable += 1
            return False
        sealed = sealer.seal(row.key, schema, plain)
        try:
            self._storage.put(row.key, sealed, expect=row.version, ttl=KEEP)
        except ConflictError:
            # Whoever was quicker wrote something newer; the next scan looks at that.
            return True
        self._resealed += 1
        return True

    def _wait_until(self, moment: float) -> Iterator[Progress]:
        while (left := moment - self._clock.monotonic()) > 0:
            yield self._progress(Stage.WAITING)
            self._clock.sleep(min(1.0, left))

    def _retire(self, done: Keyset) -> None:
        """Drop every key but the current one, if the keys are still those that were scanned for."""
        for _ in range(_TRIES):
            kept = read_keyset(self._storage, self._roots)
            if kept.keyset.current == done.current and not is_unfinished(kept.keyset):
                return  # another process carried out the same rotation
            if kept.keyset.data_keys != done.data_keys or kept.keyset.current != done.current:
                break
            try:
                replace_keyset(self._storage, kept, self._roots, kept.keyset.with_current_only())
                return
            except ConflictError:
                continue
        raise ConflictError(
            "somebody else changes the keys at the same time; look at chatbridge keys status, and "
            "run chatbridge keys rotate again if a rotation is unfinished"
        )

    def _progress(self, stage: Stage) -> Progress:
        return Progress(stage, self._seen, self._resealed, self._unreadable)


def is_unfinished(keyset: Keyset) -> bool:
    """Tell whether a rotation began that has not retired the key before."""
    return len(keyset.data_keys) > 1


def rotate_token_key(
    storage: Storage, roots: Sequence[RootKey], clock: Clock
) -> Iterator[Progress]:
    """Make tokens with a new key from now on; those of the key before are still taken.

    Tokens of the key before that one are taken no more. Cut off, it has changed nothing that
    matters and is begun again.

    Raises:
        WrongKeyError, ConfigurationError, ConflictError, StorageError: as in `Rotation.run`.
    """
    kept = read_keyset(storage, roots)
    check_roots(kept, roots)
    kept = replace_keyset(storage, kept, roots, kept.keyset.with_next_token_key())
    yield Progress(Stage.BEGUN)
    # Everybody has to take the new tokens before anybody makes one.
    settled_at = clock.monotonic() + SETTLE
    while (left := settled_at - clock.monotonic()) > 0:
        yield Progress(Stage.WAITING)
        clock.sleep(min(1.0, left))
    replace_keyset(storage, kept, roots, kept.keyset.with_token_keys_exchanged())
    yield Progress(Stage.DONE)
