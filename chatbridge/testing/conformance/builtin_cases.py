"""The cases of the storages that come with the library; third parties ship theirs likewise."""

from __future__ import annotations

from pathlib import Path

from chatbridge.memory_storage import MemoryStorage
from chatbridge.sqlite_storage import SqliteStorage
from chatbridge.storage import Storage
from chatbridge.testing.conformance.cases import StorageCase


def _memory(_folder: Path) -> Storage:
    return MemoryStorage()


def _sqlite(folder: Path) -> Storage:
    return SqliteStorage(folder / "records.db")


CASES = {
    "memory": StorageCase(open=_memory, outlives=False, shared=False),
    "sqlite": StorageCase(open=_sqlite),
}
"""Scheme -> case."""
