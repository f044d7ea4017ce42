"""The part of the storage suite about threads, several objects and closing; see `storage_suite`."""

# ruff: noqa: SIM300 - what is expected stands left, in every test of this project

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatbridge.errors import ConflictError, StorageUnavailableError
from chatbridge.storage import ABSENT, PutsUnsynced, ShowsRemains, Storage, Versioned

THREADS = 8


class SharedStorageTests:
    """Inherited through `StorageSuite`, which has the fixtures."""

    # --- threads --------------------------------------------------------------------------------

    def test_one_creator_wins(self, storage: Storage) -> None:
        """Of many threads that create one record exactly one succeeds, and its value is there."""
        for number in range(10):
            key = f"link:{number}"
            winners = _race(lambda me, key=key: storage.put(key, me, expect=ABSENT))  # type: ignore[misc]
            found = present(storage, key)
            assert [(found.value, found.version)] == winners

    def test_one_replacer_wins(self, storage: Storage) -> None:
        """Of many threads that replace one version exactly one succeeds."""
        version = storage.put("link:a", b"start")
        for _ in range(10):
            expected = version
            winners = _race(lambda me, at=expected: storage.put("link:a", me, expect=at))  # type: ignore[misc]
            found = present(storage, "link:a")
            assert [(found.value, found.version)] == winners
            version = found.version

    def test_no_update_is_lost(self, storage: Storage) -> None:
        """Read, add one, write on condition: with many threads the sum comes out right."""
        storage.put("link:a", b"0")

        def add(times: int) -> None:
            while times:
                found = present(storage, "link:a")
                try:
                    storage.put("link:a", b"%d" % (int(found.value) + 1), expect=found.version)
                    times -= 1
                except ConflictError:
                    continue

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(add, [10] * THREADS))
        assert b"%d" % (10 * THREADS) == present(storage, "link:a").value

    # --- writes that do not wait for the disk ---------------------------------------------------

    def test_an_unsynced_put_is_a_put(self, storage: Storage) -> None:
        """Where a put need not wait for the disk, it is there at once and meets its condition."""
        if not isinstance(storage, PutsUnsynced):
            pytest.skip("every put waits for the disk")
        first = storage.put_unsynced("link:a", b"1", expect=ABSENT, ttl=60)
        second = storage.put_unsynced("link:a", b"2", expect=first)
        for wrong in (ABSENT, first):
            with pytest.raises(ConflictError):
                storage.put_unsynced("link:a", b"3", expect=wrong)
        assert Versioned(b"2", second) == storage.get("link:a")
        third = storage.put("link:a", b"3", expect=second)
        assert Versioned(b"3", third) == storage.get("link:a")

    # --- erasing --------------------------------------------------------------------------------

    def test_what_was_deleted_leaves_nothing(self, storage: Storage) -> None:
        """Where a storage can show its bytes: after `drop_remains` deleted values are in none."""
        if not isinstance(storage, ShowsRemains):
            pytest.skip("cannot show its bytes")
        gone, stays = (secrets.token_bytes(200) for _ in range(2))
        storage.put("link:gone", gone)
        storage.put("link:stays", gone)
        storage.put("link:stays", stays)
        storage.delete("link:gone")
        storage.drop_remains()
        pieces = list(storage.raw_bytes(1024, 400))
        assert {"link": 1} == storage.kinds()
        assert [True, False] == [any(each in piece for piece in pieces) for each in (stays, gone)]
        assert stays == present(storage, "link:stays").value

    # --- closing --------------------------------------------------------------------------------

    def test_closed_is_unavailable(self, storage: Storage) -> None:
        """After close every method says that the storage is unavailable; closing again is fine."""
        storage.close()
        storage.close()
        for call in (
            lambda: storage.get("link:a"),
            lambda: storage.put("link:a", b"1"),
            lambda: storage.delete("link:a"),
            lambda: storage.scan("link"),
        ):
            with pytest.raises(StorageUnavailableError):
                call()

    def test_records_outlive_the_object(
        self, storage: Storage, reopen: Callable[[], Storage] | None
    ) -> None:
        """What was put is there for whoever opens the storage next, with the same version."""
        if reopen is None:
            pytest.skip("nothing outlives this storage's object")
        version = storage.put("link:a", b"1")
        with reopen() as beside:
            assert Versioned(b"1", version) == beside.get("link:a")
        storage.close()
        with reopen() as later:
            later.put("link:a", b"2", expect=version)

    def test_two_objects_share_conditions(
        self, storage: Storage, reopen: Callable[[], Storage] | None
    ) -> None:
        """Two objects over the same records see each other's writes at once."""
        if reopen is None:
            pytest.skip("nothing outlives this storage's object")
        with reopen() as other:
            version = storage.put("link:a", b"1", expect=ABSENT)
            with pytest.raises(ConflictError):
                other.put("link:a", b"2", expect=ABSENT)
            other.put("link:a", b"2", expect=version)
            with pytest.raises(ConflictError):
                storage.delete("link:a", expect=version)


def _race(write: Callable[[bytes], str]) -> list[tuple[bytes, str]]:
    """Return value and version of each thread whose write succeeded, all started at once."""
    gate = threading.Barrier(THREADS)

    def run(number: int) -> tuple[bytes, str] | None:
        value = b"thread %d" % number
        gate.wait(timeout=10)
        try:
            return value, write(value)
        except ConflictError:
            return None

    with ThreadPoolExecutor(THREADS) as pool:
        return [won for won in pool.map(run, range(THREADS)) if won is not None]


def present(storage: Storage, key: str) -> Versioned:
    """Return what is there; fails if nothing is."""
    found = storage.get(key)
    assert found is not None
    return found
