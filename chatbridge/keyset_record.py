"""Reads and writes the keyset record, and opens a storage with it.

A wrong root key ends in an error before anything is written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from attrs import field, frozen

from chatbridge.errors import (
    ConfigurationError,
    ConflictError,
    SealedValueError,
    StorageUnavailableError,
)
from chatbridge.keys import RootKey
from chatbridge.keyset import Keyset
from chatbridge.keyset_wrapping import fingerprints, unwrap_keyset, wrap_keyset
from chatbridge.live_sealer import LiveSealer
from chatbridge.storage import ABSENT, Storage, Versioned

KEYSET_KEY: Final = "keyset:1"
RECORD_KINDS: Final = ("project", "link", "conversation", "claim", "receipt", "invitation")
"""Every kind of sealed record; what is missing here would not be re-sealed by a rotation."""


@frozen
class KeptKeyset:
    """The keyset as it is in the storage.

    Args:
        keyset: the keys.
        blob: the record.
        version: of the record.
    """

    keyset: Keyset
    blob: bytes = field(repr=False)
    version: str


def find_keyset(storage: Storage, roots: Sequence[RootKey]) -> KeptKeyset | None:
    """Return the keyset as it is now, None where the storage has none.

    Raises:
        WrongKeyError: none of the root keys belongs to this storage.
        ConfigurationError: no root key.
        SealedValueError: the record is damaged.
        StorageError: the storage failed, or a newer version wrote the record.
    """
    if not roots:
        raise ConfigurationError("no root key is given; `chatbridge keys new` makes one")
    found = storage.get(KEYSET_KEY)
    return None if found is None else _opened(found, roots)


def read_keyset(storage: Storage, roots: Sequence[RootKey]) -> KeptKeyset:
    """Return the keyset as it is now; errors as in `find_keyset`.

    Raises:
        SealedValueError: there is none.
    """
    found = find_keyset(storage, roots)
    if found is None:
        raise SealedValueError(
            "the storage has no keyset record; chatbridge keys init sets an empty storage up, a "
            "storage with records is restored from a backup"
        )
    return found


def open_sealer(
    storage: Storage,
    roots: Sequence[RootKey],
    *,
    kinds: Sequence[str] = RECORD_KINDS,
    now: Callable[[], float] = time.monotonic,
    wall: Callable[[], float] = time.time,
) -> LiveSealer:
    """Return the sealer of this storage; an empty storage gets a new keyset.

    Two processes that start on one empty storage end with the same keyset.

    Args:
        storage: where the keyset record is.
        roots: the root keys; several while one is replaced.
        kinds: the kinds whose records prove that the storage is not empty.
        now: a monotonic clock in seconds.
        wall: the time in Unix seconds, kept as the age of new keys.

    Raises:
        WrongKeyError: none of the root keys belongs to this storage; nothing was written.
        ConfigurationError: no root key, or there are records but no keyset.
        SealedValueError: the keyset record is damaged.
        StorageError: the storage failed.
    """
    at = now()
    kept = find_keyset(storage, roots)
    if kept is None and any(storage.scan(kind, limit=1).rows for kind in kinds):
        # Another process may have set the storage up since the first look.
        kept = find_keyset(storage, roots)
        if kept is None:
            raise ConfigurationError(
                "the storage holds records but not their keyset, so nobody can read them; "
                "restore the whole storage from a backup, or start with an empty one"
            )
    if kept is None:
        kept = _set_up(storage, roots, int(wall()))

    def look(known: str) -> tuple[Keyset, str] | None:
        found = storage.get(KEYSET_KEY)
        if found is None:
            raise SealedValueError("the keyset record is gone; restore the storage from a backup")
        return None if found.version == known else (_opened(found, roots).keyset, found.version)

    return LiveSealer(kept.keyset, kept.version, at, look=look, now=now)


def replace_keyset(
    storage: Storage, kept: KeptKeyset, roots: Sequence[RootKey], keyset: Keyset
) -> KeptKeyset:
    """Write a keyset in place of the one that was read, wrapped under the same root keys.

    Raises:
        ConfigurationError: a root key that opens the storage is not given; nothing was written.
        ConflictError: somebody else changed it; nothing was written.
        StorageError: the storage failed.
    """
    check_roots(kept, roots)
    known = fingerprints(kept.blob)
    blob = wrap_keyset(keyset, [root.reveal() for root in roots if root.fingerprint in known])
    return KeptKeyset(keyset, blob, storage.put(KEYSET_KEY, blob, expect=kept.version))


def check_roots(kept: KeptKeyset, roots: Sequence[RootKey]) -> None:
    """Return if all root keys that open the storage are given; the others would be dropped.

    Raises:
        ConfigurationError: one is missing.
    """
    missing = set(fingerprints(kept.blob)) - {root.fingerprint for root in roots}
    if missing:
        names = ", ".join(sorted(missing))
        raise ConfigurationError(
            f"the root key {names} opens this storage, too, and is not given here, so the keys "
            "cannot be wrapped for it; name it in [keys] files, or retire it first: "
            f"chatbridge keys retire-root {names.partition(',')[0]}"
        )


def _set_up(storage: Storage, roots: Sequence[RootKey], at: int) -> KeptKeyset:
    keyset = Keyset.new(at)
    blob = wrap_keyset(keyset, [root.reveal() for root in roots])
    try:
        return KeptKeyset(keyset, blob, storage.put(KEYSET_KEY, blob, expect=ABSENT))
    except ConflictError:
        kept = find_keyset(storage, roots)
    if kept is None:
        raise StorageUnavailableError("the keyset record comes and goes; start again")
    return kept


def _opened(found: Versioned, roots: Sequence[RootKey]) -> KeptKeyset:
    keyset = unwrap_keyset(found.value, [root.reveal() for root in roots])
    return KeptKeyset(keyset, found.value, found.version)
