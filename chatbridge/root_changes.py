"""Lets another root key open the storage, or one no more; records and their keys stay."""

from __future__ import annotations

from collections.abc import Sequence

from chatbridge.errors import ConfigurationError
from chatbridge.keys import RootKey
from chatbridge.keyset_record import KEYSET_KEY, read_keyset
from chatbridge.keyset_wrapping import fingerprints, with_root, without_root
from chatbridge.storage import Storage


def root_fingerprints(storage: Storage, roots: Sequence[RootKey]) -> list[str]:
    """Return the fingerprints of all root keys that open the storage.

    Raises:
        WrongKeyError, SealedValueError, StorageError: as in `read_keyset`.
    """
    return fingerprints(read_keyset(storage, roots).blob)


def add_root(storage: Storage, roots: Sequence[RootKey], new: RootKey) -> bool:
    """Let one more root key open the storage; return False if it does already.

    Args:
        storage: what it shall open.
        roots: a root key that opens the storage now is among them.
        new: the other one.

    Raises:
        WrongKeyError: none of `roots` opens the storage; nothing was written.
        ConfigurationError: so many root keys open it that no further one has room.
        ConflictError: somebody else changed the keyset at the same time; nothing was written.
        SealedValueError, StorageError: as in `read_keyset`.
    """
    kept = read_keyset(storage, roots)
    if new.fingerprint in fingerprints(kept.blob):
        return False
    try:
        blob = with_root(kept.blob, kept.keyset, new.reveal())
    except ValueError:
        raise ConfigurationError("255 root keys open the storage; retire some of them") from None
    storage.put(KEYSET_KEY, blob, expect=kept.version)
    return True


def retire_root(storage: Storage, roots: Sequence[RootKey], fingerprint: str) -> None:
    """Let a root key open the storage no more; the key itself is not needed.

    Args:
        storage: what it shall not open.
        roots: another root key that opens the storage, and stays, is among them.
        fingerprint: of the one to retire.

    Raises:
        WrongKeyError: none of `roots` opens the storage; nothing was written.
        ConfigurationError: no such root key opens it, or no other one of `roots` does.
        ConflictError: somebody else changed the keyset at the same time; nothing was written.
        SealedValueError, StorageError: as in `read_keyset`.
    """
    kept = read_keyset(storage, roots)
    known = fingerprints(kept.blob)
    if fingerprint not in known:
        raise ConfigurationError(
            f"no root key {fingerprint} opens this storage; these do: {', '.join(known)}"
        )
    if not {root.fingerprint for root in roots} & (set(known) - {fingerprint}):
        raise ConfigurationError(
            f"{fingerprint} is the only root key given here that opens the storage; give the one "
            "that shall stay, too, or add it first: chatbridge keys add-root"
        )
    storage.put(KEYSET_KEY, without_root(kept.blob, fingerprint), expect=kept.version)
