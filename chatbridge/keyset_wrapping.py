"""Wraps the keyset under root keys: one slot for each, any of which opens it.

Whoever lacks every root key learns how many there are and a fingerprint of each, nothing else.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from typing import Final

from chatbridge.errors import SealedValueError, StorageError, WrongKeyError
from chatbridge.keyset import KEY_BYTES, Keyset, check_key_length
from chatbridge.sealing import aead, decrypt, keyed_hash

_WRAP_FORMAT: Final = 1
_CHECK_BYTES: Final = 16
_FINGERPRINT_BYTES: Final = 4
_MOST_SLOTS: Final = 255
_SLOT: Final = struct.Struct(f">{_CHECK_BYTES}sH")  # key check value, length of what follows


def fingerprint_of(root: bytes) -> str:
    """Return 8 hex digits that name a root key; they stand in the storage, too, and tell nothing.

    Args:
        root: its 32 bytes.
    """
    return _named(_wrap_keys(root)[0])


def wrap_keyset(keyset: Keyset, roots: Sequence[bytes]) -> bytes:
    """Return the keyset encrypted under each root key (32 bytes); any one of them opens it."""
    return _joined(dict(_sealed(keyset, roots)))


def with_root(blob: bytes, keyset: Keyset, root: bytes) -> bytes:
    """Return the blob with one more root key; the slots of others stay as they are.

    Args:
        blob: a wrapped keyset.
        keyset: what it holds.
        root: the root key's 32 bytes.
    """
    return _joined({**_slots(blob), **dict(_sealed(keyset, [root]))})


def without_root(blob: bytes, fingerprint: str) -> bytes:
    """Return the blob without the slot of a root key; nobody needs that key for it.

    Raises:
        LookupError: no slot has this fingerprint.
        ValueError: it is the only one.
    """
    slots = _slots(blob)
    left = {check: sealed for check, sealed in slots.items() if _named(check) != fingerprint}
    if len(left) == len(slots):
        raise LookupError("no slot has this fingerprint")
    return _joined(left)


def fingerprints(blob: bytes) -> list[str]:
    """Return the fingerprints of the root keys that open the blob.

    Raises:
        SealedValueError, StorageError: as in `unwrap_keyset`.
    """
    return [_named(check) for check in _slots(blob)]


def unwrap_keyset(blob: bytes, roots: Sequence[bytes]) -> Keyset:
    """Return the keyset that one of the root keys opens.

    Raises:
        WrongKeyError: the blob is whole, and none of the root keys belongs to it.
        SealedValueError: the blob is damaged.
        StorageError: a newer version of this library wrote it.
    """
    slots = _slots(blob)
    for root in roots:
        check, wrapping = _wrap_keys(root)
        if check in slots:
            return Keyset.from_bytes(decrypt(aead(wrapping), slots[check], _wrap_binding(check)))
    raise WrongKeyError(
        "the root key is not the one that this storage was set up with; nothing was written. "
        "Give the right root key, or name the storage that belongs to this one"
    )


def _sealed(keyset: Keyset, roots: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    plain = keyset.to_bytes()
    made = []
    for root in roots:
        check, wrapping = _wrap_keys(root)
        made.append((check, bytes(aead(wrapping).encrypt(plain, _wrap_binding(check)))))
    return made


def _joined(slots: Mapping[bytes, bytes]) -> bytes:
    if not 0 < len(slots) <= _MOST_SLOTS:
        raise ValueError(f"a keyset is wrapped under 1 to {_MOST_SLOTS} root keys")
    packed = [_SLOT.pack(check, len(sealed)) + sealed for check, sealed in slots.items()]
    body = bytes((_WRAP_FORMAT, len(packed))) + b"".join(packed)
    return body + _checksum(body)


def _slots(blob: bytes) -> dict[bytes, bytes]:
    """Return what stands in each slot, by key check value."""
    body, checksum = blob[:-_CHECK_BYTES], blob[-_CHECK_BYTES:]
    # The checksum has no secret: it only tells damage from a wrong key before any key is tried.
    if len(body) < 2 or checksum != _checksum(body):
        raise SealedValueError("the keyset record is damaged; restore the storage from a backup")
    if body[0] != _WRAP_FORMAT:
        raise StorageError("a newer chatbridge wrote the keyset; update this installation")
    slots = {}
    position = 2
    for _ in range(body[1]):
        if len(body) < position + _SLOT.size:
            raise SealedValueError("the keyset record is damaged")
        check, length = _SLOT.unpack_from(body, position)
        position += _SLOT.size
        slots[check] = body[position : position + length]
        position += length
    if position != len(body):
        raise SealedValueError("the keyset record is damaged")
    return slots


def _named(check: bytes) -> str:
    return check[:_FINGERPRINT_BYTES].hex()


def _wrap_keys(root: bytes) -> tuple[bytes, bytes]:
    check_key_length(root)
    check = keyed_hash(root, "chatbridge root check 1", size=_CHECK_BYTES)
    return check, keyed_hash(root, "chatbridge root wrap 1", size=KEY_BYTES)


def _wrap_binding(check: bytes) -> bytes:
    return b"chatbridge keyset" + bytes((_WRAP_FORMAT,)) + check


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_CHECK_BYTES).digest()
