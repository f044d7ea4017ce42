"""Seal and unseal records, and make the keyed hashes that stand for names.

Everything that is kept goes through `Sealer`: encrypted, bound to its place, padded. Nothing here
reads or writes a storage, and no key or plain value ever shows in a repr or an error.
"""

from __future__ import annotations

import hashlib
import os
import struct
from bisect import bisect_left
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from attrs import field, frozen

from chatbridge.errors import SealedValueError, ValueTooLargeError
from chatbridge.keyset import KEY_BYTES, Keyset

_NONCE_BYTES: Final = 24
_FORMAT: Final = 1
_HEADER: Final = struct.Struct(">BIH")  # format version, data key id, schema version
_OVERHEAD: Final = _HEADER.size + _NONCE_BYTES + 16  # 16: Poly1305 tag
# 256, 384, 512, 768 ... 98304, and as much as a storage takes (128 KiB).
_BUCKETS: Final = (
    *(half * 2**power for power in range(7, 16) for half in (2, 3)),
    128 * 1024 - _OVERHEAD,
)


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


@frozen
class OpenKeys:
    """A keyset made ready for work; replaced as a whole, so that no thread sees half of two.

    Args:
        keyset: the keys.
        aeads: what encrypts and decrypts, by the id of the data key.
        instance: the installation's name as bytes.
        version: of the keyset record, where there is one.
        read_at: when it was read, in seconds of a monotonic clock.
    """

    keyset: Keyset
    aeads: Mapping[int, Any] = field(repr=False)
    instance: bytes
    version: str
    read_at: float

    @classmethod
    def of(cls, keyset: Keyset, version: str = "", read_at: float = 0.0) -> OpenKeys:
        """Return the keys of a keyset, ready for work."""
        aeads = {key_id: aead(key) for key_id, key in keyset.data_keys.items()}
        return cls(keyset, aeads, keyset.instance_id.encode(), version, read_at)


class Sealer:
    """Seals records under the current data key, unseals them under any known one.

    A sealed record is `format version (1) | data key id (4) | schema version (2) | nonce (24) |
    ciphertext and tag`, numbers big-endian. Docs: docs/reference/record-format.md.

    Args:
        keyset: the keys.
        nonce: returns that many random bytes; replaced only to make test vectors.
    """

    def __init__(self, keyset: Keyset, *, nonce: Callable[[int], bytes] = os.urandom) -> None:
        self._keys = OpenKeys.of(keyset)
        self._nonce = nonce

    @property
    def instance_id(self) -> str:
        """The random text that names this installation."""
        return self._keys.keyset.instance_id

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
        keys = self._fresh()
        current = keys.keyset.current
        header = _HEADER.pack(_FORMAT, current, schema)
        binding = _binding(header, key, keys.instance)
        sealed = keys.aeads[current].encrypt(padded, binding, self._nonce(_NONCE_BYTES))
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
        keys = self._knowing(key_id)
        opener = keys.aeads.get(key_id)
        if opener is None:
            raise SealedValueError("a record is sealed with a data key that is not in the keyset")
        binding = _binding(sealed[: _HEADER.size], key, keys.instance)
        padded = decrypt(opener, sealed[_HEADER.size :], binding)
        plain = padded.rstrip(b"\0")
        if not plain.endswith(b"\x80"):
            raise SealedValueError("a sealed record has no end")
        return schema, plain[:-1]

    def index(self, kind: str, *identity: str) -> str:
        """Return the storage key of a record: its kind and 32 hex digits that say nothing."""
        return f"{kind}:{keyed_hash(self._keys.keyset.index_key, kind, *identity).hex()}"

    def mark(self, *parts: str | bytes, size: int = 16) -> bytes:
        """Return the marker of these parts; see `keyed_hash`."""
        return keyed_hash(self._keys.keyset.marker_key, *parts, size=size)

    def token(self, *parts: str | bytes, size: int = 16) -> bytes:
        """Return the token of these parts; see `keyed_hash`."""
        return keyed_hash(self._fresh().keyset.token_key, *parts, size=size)

    def tokens(self, *parts: str | bytes, size: int = 16) -> list[bytes]:
        """Return every token of these parts that is taken, the one of `token` first."""
        keyset = self._fresh().keyset
        keys = [key for key in (keyset.token_key, keyset.other_token_key) if key is not None]
        return [keyed_hash(key, *parts, size=size) for key in keys]

    def seal_token(self, purpose: str, plain: bytes) -> bytes:
        """Return bytes that say nothing, for `unseal_token`; they outlive a change of data keys.

        Args:
            purpose: what they are for; they open for nothing else.
            plain: at most a few hundred bytes; their number shows.
        """
        keys = self._fresh()
        opener = aead(_token_sealing_key(keys.keyset.token_key, purpose))
        return bytes(opener.encrypt(plain, keys.instance, self._nonce(_NONCE_BYTES)))

    def unseal_token(self, purpose: str, sealed: bytes) -> bytes:
        """Return what `seal_token` was given; the token key before is taken, too.

        Raises:
            SealedValueError: damaged, forged, or for another purpose.
        """
        keys = self._fresh()
        for key in (keys.keyset.token_key, keys.keyset.other_token_key):
            if key is not None:
                with suppress(SealedValueError):
                    return decrypt(aead(_token_sealing_key(key, purpose)), sealed, keys.instance)
        raise SealedValueError("a sealed token is damaged, or not one of this bridge")

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether a record that was written just now is sealed with the newest key."""
        return data_key_of(sealed) == self._fresh().keyset.current

    def _fresh(self) -> OpenKeys:
        """Return the keys to make something with."""
        return self._keys

    def _knowing(self, key_id: int) -> OpenKeys:  # noqa: ARG002 - for those who can look it up
        """Return the keys to open something with."""
        return self._keys


def data_key_of(sealed: bytes) -> int | None:
    """Return the id of the data key that a record names, None if it is no record; needs no key."""
    if len(sealed) < _OVERHEAD or sealed[0] != _FORMAT:
        return None
    key_id: int = _HEADER.unpack_from(sealed)[1]
    return key_id


def aead(key: bytes) -> Any:
    """Return what encrypts and decrypts with a key: XChaCha20-Poly1305 of libsodium."""
    from nacl.secret import Aead

    return Aead(key)


def decrypt(opener: Any, sealed: bytes, binding: bytes) -> bytes:
    """Return the plain bytes.

    Args:
        opener: from `aead`.
        sealed: nonce, ciphertext, tag.
        binding: the associated data.

    Raises:
        SealedValueError: they do not belong together.
    """
    from nacl.exceptions import CryptoError

    try:
        plain: bytes = opener.decrypt(sealed, binding)
        return plain
    except (CryptoError, ValueError):
        pass
    raise SealedValueError("a sealed record is damaged, moved, or sealed with another key")


def new_key_pair() -> tuple[bytes, bytes]:
    """Return a private key and the public key that belongs to it, for `seal_to`; 32 bytes each."""
    from nacl.public import PrivateKey

    private = PrivateKey.generate()
    return bytes(private), bytes(private.public_key)


def seal_to(public: bytes, plain: bytes) -> bytes:
    """Return the bytes sealed so that only the owner of the private key can read them.

    A sealed box of libsodium: it does not say who made it.

    Args:
        public: a public key of 32 bytes.
        plain: what to seal.
    """
    from nacl.public import PublicKey, SealedBox

    return bytes(SealedBox(PublicKey(public)).encrypt(plain))


def unseal_with(private: bytes, sealed: bytes) -> bytes:
    """Return what was sealed to the public key of this private key.

    Raises:
        SealedValueError: damaged, or sealed to another key.
    """
    from nacl.exceptions import CryptoError
    from nacl.public import PrivateKey, SealedBox

    try:
        return bytes(SealedBox(PrivateKey(private)).decrypt(sealed))
    except (CryptoError, ValueError):
        pass
    raise SealedValueError("it is damaged, or sealed to another key")


def _token_sealing_key(key: bytes, purpose: str) -> bytes:
    return keyed_hash(key, "sealed token", purpose, size=KEY_BYTES)


def _binding(header: bytes, key: str, instance: bytes) -> bytes:
    place = key.encode()
    return b"%b%b%b%b" % (header, len(place).to_bytes(2, "big"), place, instance)
