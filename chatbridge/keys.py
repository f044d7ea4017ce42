"""Root keys: their text form, and where they come from.

A root key opens the keyset record, and nothing else is ever encrypted with it. No error shows any
part of a key.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NoReturn

from attrs import field, frozen

from chatbridge.errors import (
    ChatbridgeError,
    ConfigurationError,
)
from chatbridge.keyset import KEY_BYTES, check_key_length
from chatbridge.keyset_wrapping import fingerprint_of
from chatbridge.secret import Secret

ROOT_KEY_VARIABLE: Final = "CHATBRIDGE_ROOT_KEY"
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

    @property
    def fingerprint(self) -> str:
        """8 hex digits that name it, as `chatbridge keys status` does; they tell nothing of it."""
        return fingerprint_of(self._raw)

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
    """Return the root key that a function of the host fetches (a KMS, a vault).

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


def root_key_from_keyring(service: str, username: str) -> RootKey:
    """Return the root key that the system's keyring keeps (macOS Keychain, Secret Service, ...).

    Args:
        service: the name it is kept under.
        username: the name within the service.

    Raises:
        ConfigurationError: the package `keyring` is missing, there is no such entry, or it is no
            root key.
    """
    where = f"the keyring entry {service}/{username}"
    try:
        import keyring
    except ImportError:
        raise ConfigurationError(
            f"{where} needs the package keyring; run: pip install 'chatbridge-jsm[keyring]'"
        ) from None

    def fetch() -> str:
        found = keyring.get_password(service, username)
        if found is None:
            raise ConfigurationError(
                f"{where} is not there; put the root key there with: "
                f"keyring set {service} {username}"
            )
        return found

    return root_key_from_callable(fetch, where=where)


def _as_text(raw: bytes) -> str:
    checksum = hashlib.blake2b(raw, digest_size=4, person=b"chatbridge-root").hexdigest()
    return f"{_PREFIX}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}.{checksum}"


def _decode(text: str) -> bytes | None:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if len(raw) == KEY_BYTES else None
