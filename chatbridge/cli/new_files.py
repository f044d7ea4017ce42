"""Writes new files that only their owner can read, whole or not at all; never over another one."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from chatbridge import ConfigurationError


def write_new(path: Path, text: str) -> None:
    """Write a file with mode 0600 that appears under its name only once it is complete.

    Raises:
        ConfigurationError: there is a file of this name, which stays as it is, or none can be
            written there.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            _appear(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError:
        raise ConfigurationError(
            f"{path} exists already and stays as it is; move it away to make a new one"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None


def _appear(draft: Path, path: Path) -> None:
    try:
        # A rename would silently replace a file that appeared meanwhile.
        path.hardlink_to(draft)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links.
        if path.exists():
            raise FileExistsError from None
        draft.rename(path)
