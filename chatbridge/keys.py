"""Root keys: their text form, where they come from, and how they open a storage.

A root key opens the keyset record, and nothing else is ever encrypted with it. A wrong root key
ends in an error before anything is written; no error shows any part of a key.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

from attrs import field, frozen

from chatbridge.errors import (
    ChatbridgeError,
    ConfigurationError,
    ConflictError,
    SealedValueError,
    StorageUnavailableError,
)
from chatbridge.keyset import KEY_BYTES, Keyset, check_key_length
from chatbridge.sealing import Sealer, unwrap_keyset, wrap_keyset
from chatbridge.secret import Secret
from chatbridge.storage import ABSENT, Storage

ROOT_KEY_VARIABLE: Final = "CHATBRIDGE_ROOT_KEY"
KEYSET_KEY: Final = "keyset:1"
RECORD_KINDS: Final = ("project", "link", "conversation", "claim", "receipt")
_PREFIX: Final = "chatbridge-root-1"
_LONGEST_FILE: Final = 4096


@frozen(eq=False)
class RootKey:
    """A root key, hidden from repr and pickle; `reveal` is the only way to its bytes."""

    _raw: bytes = field(repr=False)

    def __attrs_post_init__(self) -> None:
        check_key_length(self._raw)

    def reveal(self) -> bytes:
        """Return the 32 bytes."""
        return self._raw

    def __reduce__(self) -> NoReturn:
        raise TypeError("a RootKey does not pickle")


def new_root_key() -> str:
    """Return a fresh root key as text: `chatbridge-root-1.<base64url>.<checksum>`.

    Keep it outside the storage and outside its backups: without it the records are lost, with it
    they can be read.
    """
    return _as_text(secrets.token_bytes(KEY_BYTES))


def root_key_from_text(text: str | Secret, *, where: str = "the root key") -> RootKey:
    """Return the root key that the text stands for; blanks around it do not matter.

    Args:
        text: as `new_root_key` returned it.
        where: what errors call the place that the text came from.

    Raises:
        ConfigurationError: it is no root key, or has a typing error.
    """
    given = (text.reveal() if isinstance(text, Secret) else text).strip()
    if not given:
        raise ConfigurationError(f"{where} is empty; `chatbridge keys new` makes a root key")
    prefix, _, rest = given.partition(".")
    if prefix != _PREFIX:
        raise ConfigurationError(
            f"{where} is no root key: it must start with {_PREFIX}. "
            "(`chatbridge keys new` makes one; take it over whole)"
        )
    raw = _decode(rest.partition(".")[0])
    # Compared as text, so that a key has exactly one spelling.
    if raw is None or _as_text(raw) != given:
        raise ConfigurationError(
            f"{where} is mistyped or cut short: its checksum does not fit; copy it again, whole"
        )
    return RootKey(raw)


def root_key_from_environment(
    name: str = ROOT_KEY_VARIABLE, environment: Mapping[str, str] = os.environ
) -> RootKey:
    """Return the root key in an environment variable.

    Raises:
        ConfigurationError: the variable is not set, or holds no root key.
    """
    text = environment.get(name)
    if text is None:
        raise ConfigurationError(
            f"the environment variable {name} is not set; put the root key there"
        )
    return root_key_from_text(text, where=f"the environment variable {name}")


def root_key_from_file(path: str | os.PathLike[str]) -> RootKey:
    """Return the root key in a file that only its owner can read.

    Raises:
        ConfigurationError: no such file, not a plain file, others can read it, or no root key.
    """
    where = f"the root key file {Path(path)}"
    try:
        # Not blocking: somebody's named pipe must not stop the start.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigurationError(f"{where} cannot be opened: {error.strerror}") from None
    try:
        # Asked of the open file, so that it cannot be exchanged between the check and the read.
        facts = os.fstat(number)
        if not stat.S_ISREG(facts.st_mode):
            raise ConfigurationError(f"{where} is not a plain file; name the file with the key")
        if facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigurationError(
                f"{where} is open to others than its owner; run: chmod 600 {Path(path)}"
            )
        content = os.read(number, _LONGEST_FILE)
    finally:
        os.close(number)
    return root_key_from_text(content.decode("ascii", "replace"), where=where)


def root_key_from_callable(
    fetch: Callable[[], str | bytes | Secret | None], *, where: str = "the root key source"
) -> RootKey:
    """Return the root key that a function of the host fetches (a KMS, a vault, `keyring`).

    Args:
        fetch: returns the text form, or the 32 bytes; None where there is no key.
        where: what errors call it.

    Raises:
        ConfigurationError: it failed, or returned no root key. Its own error stays out of ours,
            since it may show the key.
    """
    given: str | bytes | Secret | None = None
    failure = ""
    try:
        given = fetch()
    except ChatbridgeError:
        raise
    except Exception as error:  # noqa: BLE001 - it is the host's code, and may raise anything
        failure = type(error).__name__
    if failure:
        raise ConfigurationError(f"{where} failed with {failure}; see to it, then start again")
    if isinstance(given, bytes) and len(given) == KEY_BYTES:
        return RootKey(given)
    if isinstance(given, (str, Secret)):
        return root_key_from_text(given, where=where)
    raise ConfigurationError(f"{where} must return the root key's text, or its {KEY_BYTES} bytes")


def open_sealer(
    storage: Storage, roots: Sequence[RootKey], *, kinds: Sequence[str] = RECORD_KINDS
) -> Sealer:
    """Return the sealer of this storage; an empty storage gets a new keyset.

    Two processes that start on one empty storage end with the same keyset.

    Args:
        storage: where the keyset record is.
        roots: the root keys, the one for new records first; several while one is replaced.
        kinds: the kinds whose records prove that the storage is not empty.

    Raises:
        WrongKeyError: none of the root keys belongs to this storage; nothing was written.
        ConfigurationError: no root key, or there are records but no keyset.
        SealedValueError: the keyset record is damaged.
        StorageError: the storage failed.
    """
    if not roots:
        raise ConfigurationError("no root key is given; `chatbridge keys new` makes one")
    raw = [root.reveal() for root in roots]
    found = storage.get(KEYSET_KEY)
    if found is None and any(storage.scan(kind, limit=1).rows for kind in kinds):
        # Another process may have set the storage up since the first look.
        found = storage.get(KEYSET_KEY)
        if found is None:
            raise ConfigurationError(
                "the storage holds records but not their keyset, so nobody can read them; "
                "restore the whole storage from a backup, or start with an empty one"
            )
    if found is not None:
        return Sealer(unwrap_keyset(found.value, raw))
    keyset = Keyset.new()
    try:
        storage.put(KEYSET_KEY, wrap_keyset(keyset, raw), expect=ABSENT)
        return Sealer(keyset)
    except ConflictError:
        found = storage.get(KEYSET_KEY)
    if found is None:
        raise StorageUnavailableError("the keyset record comes and goes; start again")
    return Sealer(unwrap_keyset(found.value, raw))


def change_roots(storage: Storage, roots: Sequence[RootKey], wanted: Sequence[RootKey]) -> None:
    """Wrap the keyset anew; from then on exactly the wanted root keys open the storage.

    To replace a root key without a gap: change to [new, old], give every process the new key,
    change to [new].

    Raises:
        WrongKeyError: none of `roots` opens the storage; nothing was written.
        ConfigurationError: no root key is wanted.
        SealedValueError: there is no keyset record, or it is damaged.
        ConflictError: somebody else changed it at the same time; nothing was written.
    """
    if not wanted:
        raise ConfigurationError("name at least one root key that shall open the storage")
    found = storage.get(KEYSET_KEY)
    if found is None:
        raise SealedValueError("the storage has no keyset record")
    keyset = unwrap_keyset(found.value, [root.reveal() for root in roots])
    blob = wrap_keyset(keyset, [root.reveal() for root in wanted])
    storage.put(KEYSET_KEY, blob, expect=found.version)


def _as_text(raw: bytes) -> str:
    checksum = hashlib.blake2b(raw, digest_size=4, person=b"chatbridge-root").hexdigest()
    return f"{_PREFIX}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}.{checksum}"


def _decode(text: str) -> bytes | None:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if len(raw) == KEY_BYTES else None
