"""The part of the storage suite about several processes, and about one that is killed.

Each child process opens the storage by the case, so its `open` must be a function of a module that
can be imported by name.
"""

# ruff: noqa: SIM300 - what is expected stands left, in every test of this project

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import pytest

from chatbridge.errors import ConflictError
from chatbridge.storage import ABSENT, Storage
from chatbridge.testing.conformance.cases import StorageCase

_PROCESSES = 3
_ROUNDS = 8
_PATIENCE = 60.0

Opener = Callable[[Path], Storage]


class StorageProcessTests:
    """Inherited through `StorageSuite`."""

    case: ClassVar[StorageCase | None] = None

    @pytest.fixture
    def storage_folder(self, tmp_path: Path) -> Iterator[Path]:
        """Yield the folder that the storage lives in, with its service running."""
        folder = tmp_path / "storage"
        folder.mkdir()
        service = self.case.service if self.case is not None else None
        with service(folder) if service is not None else nullcontext():
            yield folder

    @pytest.fixture
    def opener(self) -> Opener:
        """Return what opens the storage in another process."""
        if self.case is None or not (self.case.shared and self.case.outlives):
            pytest.skip("the case says that processes do not share this storage")
        try:
            pickle.dumps(self.case.open)
        except (pickle.PicklingError, AttributeError, TypeError):
            pytest.fail("StorageCase.open must be a function of a module: no lambda, no method")
        return self.case.open

    def test_one_creator_wins_among_processes(self, opener: Opener, storage_folder: Path) -> None:
        """Of several processes that create one record exactly one succeeds, and it is there."""
        results = _together(_create, opener, storage_folder)
        with opener(storage_folder) as storage:
            for number in range(_ROUNDS):
                key = f"link:{number}"
                winners = [found[key] for found in results if key in found]
                there = storage.get(key)
                assert there is not None
                assert [(there.value, there.version)] == winners

    def test_no_update_is_lost_among_processes(self, opener: Opener, storage_folder: Path) -> None:
        """Read, add one, write on condition: with several processes the sum comes out right."""
        with opener(storage_folder) as storage:
            storage.put("link:a", b"0")
        _together(_add, opener, storage_folder)
        with opener(storage_folder) as storage:
            there = storage.get("link:a")
        assert there is not None
        assert b"%d" % (_PROCESSES * _ROUNDS) == there.value

    def test_what_was_put_survives_a_crash(self, opener: Opener, storage_folder: Path) -> None:
        """A process that ends without closing anything loses nothing that `put` returned from."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=_put_and_die, args=(opener, storage_folder, theirs))
        child.start()
        theirs.close()
        try:
            versions = ours.recv() if ours.poll(_PATIENCE) else {}
        finally:
            child.join(_PATIENCE)
            ours.close()
        assert _ROUNDS == len(versions), "the process that writes said nothing"
        with opener(storage_folder) as storage:
            for key, version in versions.items():
                there = storage.get(key)
                assert there is not None, "a record is gone that put had returned from"
                assert (key.encode(), version) == (there.value, there.version)
                storage.put(key, b"again", expect=version)


def _together(work: Callable[..., Any], opener: Opener, folder: Path) -> list[dict[str, Any]]:
    """Return what each of several processes found, which began at the same time."""
    context = multiprocessing.get_context("spawn")
    gate, found = context.Barrier(_PROCESSES), context.Queue()
    children = [
        context.Process(target=work, args=(opener, folder, str(number), gate, found))
        for number in range(_PROCESSES)
    ]
    for child in children:
        child.start()
    try:
        return [found.get(timeout=_PATIENCE) for _ in children]
    finally:
        for child in children:
            child.join(_PATIENCE)
            if child.is_alive():
                child.kill()
                child.join()


def _create(opener: Opener, folder: Path, name: str, gate: Any, found: Any) -> None:
    won = {}
    with opener(folder) as storage:
        for number in range(_ROUNDS):
            key, value = f"link:{number}", f"process {name}".encode()
            gate.wait(_PATIENCE)
            try:
                won[key] = (value, storage.put(key, value, expect=ABSENT))
            except ConflictError:
                continue
    found.put(won)


def _add(opener: Opener, folder: Path, _name: str, gate: Any, found: Any) -> None:
    left = _ROUNDS
    with opener(folder) as storage:
        gate.wait(_PATIENCE)
        while left:
            there = storage.get("link:a")
            assert there is not None
            try:
                storage.put("link:a", b"%d" % (int(there.value) + 1), expect=there.version)
                left -= 1
            except ConflictError:
                continue
    found.put({})


def _put_and_die(opener: Opener, folder: Path, told: Any) -> NoReturn:
    storage = opener(folder)
    versions = {}
    for number in range(_ROUNDS):
        key = f"link:{number}"
        versions[key] = storage.put(key, key.encode())
    told.send(versions)
    os._exit(9)
