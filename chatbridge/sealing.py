"""Seal and unseal records, and make the keyed hashes that stand for names.

Everything that is kept goes through `Sealer`: encrypted, bound to its place, padded. Nothing here
reads or writes a storage, and no key or plain value ever shows in a repr or an error.
"""

from __future__ import annotations

import hashlib
import os
import struct
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any, Final

from chatbridge.errors import SealedValueError, StorageError, ValueTooLargeError, WrongKeyError
from chatbridge.keyset import KEY_BYTES, Keyset, check_key_length

_NONCE_BYTES: Final = 24
_FORMAT: Final = 1
_HEADER: Final = struct.Struct(">BIH")  # format version, data key id, schema version
_OVERHEAD: Final = _HEADER.size + _NONCE_BYTES + 16  # 16: Poly1305 tag
# 256, 384, 512, 768 ... 98304, and as much as a storage takes (128 KiB).
_BUCKETS: Final = (
    *(half * 2**power for power in range(7, 16) for half in (2, 3)),
    128 * 1024 - _OVERHEAD,
)
_WRAP_FORMAT: Final = 1
_CHECK_BYTES: Final = 16
_SLOT: Final = struct.Struct(f">{_CHECK_BYTES}sH")  # key check value, length of what follows


def keyed_hash(key: bytes, *parts: str | bytes, size: int = 16) -> bytes:
    """Return the keyed BLAKE2b hash of the parts.

    Each part is preceded by its length (8 bytes, big-endian), so no two different lists of parts
    are hashed as the same bytes. Texts are UTF-8; a lone surrogate, which JSON may hold, is
    hashed as it is.

    Args:
        key: 1 to 64 bytes.
        parts: what is hashed, in order.
        size: bytes of the result, 1 to 64.
    """
    hashed = hashlib.blake2b(key=key, digest_size=size)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        hashed.update(len(raw).to_bytes(8, "big"))
        hashed.update(raw)
    return hashed.digest()


def wrap_keyset(keyset: Keyset, roots: Sequence[bytes]) -> bytes:
    """Return the keyset encrypted under each root key (32 bytes); any one of them opens it."""
    if not 0 < len(roots) < 256:
        raise ValueError("a keyset is wrapped under 1 to 255 root keys")
    plain = keyset.to_bytes()
    slots = []
    for root in roots:
        check, wrapping = _wrap_keys(root)
        sealed = bytes(_aead(wrapping).encrypt(plain, _wrap_binding(check)))
        slots.append(_SLOT.pack(check, len(sealed)) + sealed)
    body = bytes((_WRAP_FORMAT, len(slots))) + b"".join(slots)
    return body + _checksum(body)


def unwrap_keyset(blob: bytes, roots: Sequence[bytes]) -> Keyset:
    """Return the keyset that one of the root keys opens.

    Raises:
        WrongKeyError: the blob is whole, and none of the root keys belongs to it.
        SealedValueError: the blob is damaged.
        StorageError: a newer version of this library wrote it.
    """
    body, checksum = blob[:-_CHECK_BYTES], blob[-_CHECK_BYTES:]
    # The checksum has no secret: it only tells damage from a wrong key before any key is tried.
    if len(body) < 2 or checksum != _checksum(body):
        raise SealedValueError("the keyset record is damaged; restore the storage from a backup")
    if body[0] != _WRAP_FORMAT:
        raise StorageError("a newer chatbridge wrote the keyset; update this installation")
    slots = _slots(body)
    for root in roots:
        check, wrapping = _wrap_keys(root)
        if check in slots:
            return Keyset.from_bytes(_decrypt(_aead(wrapping), slots[check], _wrap_binding(check)))
    raise WrongKeyError(
        "the root key is not the one that this storage was set up with; nothing was written. "
        "Give the right root key, or name the storage that belongs to this one"
    )


def _slots(body: bytes) -> dict[bytes, bytes]:
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


def _wrap_keys(root: bytes) -> tuple[bytes, bytes]:
    check_key_length(root)
    check = keyed_hash(root, "chatbridge root check 1", size=_CHECK_BYTES)
    return check, keyed_hash(root, "chatbridge root wrap 1", size=KEY_BYTES)


def _wrap_binding(check: bytes) -> bytes:
    return b"chatbridge keyset" + bytes((_WRAP_FORMAT,)) + check


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_CHECK_BYTES).digest()


class Sealer:
    """Seals records under the current data key, unseals them under any known one.

    A sealed record is `format version (1) | data key id (4) | schema version (2) | nonce (24) |
    ciphertext and tag`, numbers big-endian. Docs: docs/reference/record-format.md.

    Args:
        keyset: the keys.
        nonce: returns that many random bytes; replaced only to make test vectors.
    """

    def __init__(self, keyset: Keyset, *, nonce: Callable[[int], bytes] = os.urandom) -> None:
        self._keyset = keyset
        self._nonce = nonce
        self._aeads = {key_id: _aead(key) for key_id, key in keyset.data_keys.items()}
        self._current = self._aeads[keyset.current]
        self._instance = keyset.instance_id.encode()

    @property
    def instance_id(self) -> str:
        """The random text that names this installation."""
        return self._keyset.instance_id

    def __repr__(self) -> str:
        return f"Sealer(instance_id={self.instance_id!r})"

    def seal(self, key: str, schema: int, plain: bytes) -> bytes:
        """Return the sealed record.

        Args:
            key: the storage key, with its kind; the record opens nowhere else.
            schema: the record's schema version, 0 to 65535; kept readable, and authenticated.
            plain: at most 131024 bytes.

        Raises:
            ValueTooLargeError: it would not fit into a storage.
        """
        bucket = bisect_left(_BUCKETS, len(plain) + 1)
        if bucket == len(_BUCKETS):
            raise ValueTooLargeError(f"a record has at most {_BUCKETS[-1] - 1} bytes")
        padded = (plain + b"\x80").ljust(_BUCKETS[bucket], b"\0")
        header = _HEADER.pack(_FORMAT, self._keyset.current, schema)
        sealed = self._current.encrypt(padded, self._binding(header, key), self._nonce(24))
        return header + bytes(sealed)

    def unseal(self, key: str, sealed: bytes) -> tuple[int, bytes]:
        """Return the schema version and the plain record.

        Args:
            key: the storage key that it was found under.
            sealed: what `seal` returned.

        Raises:
            SealedValueError: damaged, from another place, or sealed with an unknown key.
        """
        if len(sealed) < _OVERHEAD:
            raise SealedValueError("a sealed record is cut short")
        version, key_id, schema = _HEADER.unpack_from(sealed)
        if version != _FORMAT:
            raise SealedValueError("a sealed record has a format that this version does not know")
        aead = self._aeads.get(key_id)
        if aead is None:
            raise SealedValueError("a record is sealed with a data key that is not in the keyset")
        binding = self._binding(sealed[: _HEADER.size], key)
        padded = _decrypt(aead, sealed[_HEADER.size :], binding)
        plain = padded.rstrip(b"\0")
        if not plain.endswith(b"\x80"):
            raise SealedValueError("a sealed record has no end")
        return schema, plain[:-1]

    def index(self, kind: str, *identity: str) -> str:
        """Return the storage key of a record: its kind and 32 hex digits that say nothing."""
        return f"{kind}:{keyed_hash(self._keyset.index_key, kind, *identity).hex()}"

    def mark(self, *parts: str | bytes, size: int = 16) -> bytes:
        """Return the marker of these parts; see `keyed_hash`."""
        return keyed_hash(self._keyset.marker_key, *parts, size=size)

    def token(self, *parts: str | bytes, size: int = 16) -> bytes:
        """Return the token of these parts; see `keyed_hash`."""
        return keyed_hash(self._keyset.token_key, *parts, size=size)

    def _binding(self, header: bytes, key: str) -> bytes:
        place = key.encode()
        return b"%b%b%b%b" % (header, len(place).to_bytes(2, "big"), place, self._instance)


def _aead(key: bytes) -> Any:
    from nacl.secret import Aead

    return Aead(key)


def _decrypt(aead: Any, sealed: bytes, binding: bytes) -> bytes:
    from nacl.exceptions import CryptoError

    try:
        plain: bytes = aead.decrypt(sealed, binding)
        return plain
    except (CryptoError, ValueError):
        pass
    raise SealedValueError("a sealed record is damaged, moved, or sealed with another key")
