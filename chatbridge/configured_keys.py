"""Gets root keys from the places that the configuration names: variable, keyring, files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chatbridge.configuration_sections import KeySettings
from chatbridge.errors import ConfigurationError
from chatbridge.keys import (
    RootKey,
    root_key_from_file,
    root_key_from_keyring,
    root_key_from_text,
)
from chatbridge.secret import Secret


def lacks_root_key(settings: KeySettings, files: Sequence[Path]) -> bool:
    """Tell whether neither keyring nor files can hold a root key.

    Args:
        settings: the table `[keys]`.
        files: those of it, made absolute.
    """
    return not settings.keyring and not any(file.exists() for file in files)


def configured_root_keys(
    settings: KeySettings, text: Secret | None, files: Sequence[Path]
) -> list[tuple[str, RootKey]]:
    """Return the root keys, each with the name of the place that it came from.

    Args:
        settings: the table `[keys]`.
        text: of the environment variable, where it is set; then nothing else is looked at.
        files: those of the table, made absolute.

    Raises:
        ConfigurationError: there is none, or one is wrong.
    """
    if text is not None:
        where = f"the environment variable {settings.env}"
        words = text.reveal().split() or [""]
        return [(where, root_key_from_text(word, where=where)) for word in words]
    if lacks_root_key(settings, files):
        raise ConfigurationError(
            f"there is no root key: neither the file {files[0]} nor the environment variable "
            f"{settings.env} is there; put the key back, or, if this bridge keeps nothing "
            f"yet, run: chatbridge keys new --file {files[0]}"
        )
    return [
        *((f"the keyring entry {entry}", _from_keyring(entry)) for entry in settings.keyring),
        *((str(file), root_key_from_file(file)) for file in files),
    ]


def _from_keyring(entry: str) -> RootKey:
    service, separator, username = entry.rpartition("/")
    if not (separator and service and username):
        raise ConfigurationError(
            '[keys] keyring holds entries SERVICE/USERNAME, as in keyring = ["chatbridge/root"]'
        )
    return root_key_from_keyring(service, username)
