"""The case of a storage starts the server that its records live in, and ends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from unittest import SkipTest

import pytest

from chatbridge.memory_storage import MemoryStorage
from chatbridge.storage import Storage
from chatbridge.testing import StorageCase
from chatbridge.testing.conformance.storage_processes import StorageProcessTests

_running: list[Path] = []


@contextmanager
def _serve(folder: Path) -> Iterator[None]:
    _running.append(folder)
    yield
    _running.remove(folder)


def _missing(_folder: Path) -> AbstractContextManager[object]:
    raise SkipTest("the server is not installed")


def _open(folder: Path) -> Storage:
    assert [folder] == _running
    return MemoryStorage()


def _folder(case: StorageCase, path: Path) -> Iterator[Path]:
    class Served(StorageProcessTests):
        pass

    Served.case = case
    # The suite's own fixture, called as pytest calls it.
    made: Iterator[Path] = Served.storage_folder.__wrapped__(Served(), path)  # type: ignore[attr-defined]
    return made


def test_it_runs_for_the_folder_and_is_ended(tmp_path: Path) -> None:
    """The server runs on the folder of a test for as long as the test, and no longer."""
    around = _folder(StorageCase(open=_open, service=_serve), tmp_path)
    folder = next(around)
    with _open(folder) as storage:
        assert None is storage.get("link:a")
    with pytest.raises(StopIteration):
        next(around)
    assert [] == _running


def test_a_missing_server_is_a_reason_to_skip(tmp_path: Path) -> None:
    """Where the server is not installed the test is skipped, by the case's own word."""
    with pytest.raises(SkipTest, match="not installed"):
        next(_folder(StorageCase(open=_open, service=_missing), tmp_path))
