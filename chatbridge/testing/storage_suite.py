"""The conformance suite for storages: inherit `StorageSuite`, give a storage, done.

It checks every promise of `chatbridge.storage` and nothing beyond it, so a storage that passes can
carry the bridge. It needs pytest (`pip install chatbridge-jsm[testing]`).
"""

# ruff: noqa: SIM300 - what is expected stands left, in every test of this project

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatbridge.errors import (
    ConflictError,
)
from chatbridge.storage import (
    ABSENT,
    ANY,
    Row,
    Storage,
    Versioned,
)
from chatbridge.testing.conformance.storage_limits import StorageLimitTests
from chatbridge.testing.conformance.storage_processes import StorageProcessTests
from chatbridge.testing.shared_storage_tests import SharedStorageTests, present
from chatbridge.testing.storage_life_tests import StorageLifeTests


class StorageSuite(StorageLimitTests, SharedStorageTests, StorageLifeTests, StorageProcessTests):
    """Every test that a storage must pass.

    Give `case`, a `StorageCase`. What it cannot say, the fixtures `storage`, `reopen` and
    `pass_time` can: give them instead. Without `pass_time` the suite waits for 4.5 real seconds.

    Example::

        def open_acme(folder):
            return AcmeStorage(folder / "records")

        class TestAcmeStorage(StorageSuite):
            case = StorageCase(open=open_acme)
    """

    @pytest.fixture
    def storage(self, storage_folder: Path) -> Iterator[Storage]:
        """Yield an empty storage, and close it afterwards."""
        assert self.case is not None, "give `case`, or the fixture `storage`"
        with self.case.open(storage_folder) as storage:
            yield storage

    @pytest.fixture
    def reopen(self, storage_folder: Path) -> Callable[[], Storage] | None:
        """Return a function that opens the same records once more; None if nothing outlives it.

        The suite closes what the function returns.
        """
        case = self.case
        if case is None or not case.outlives:
            return None
        return lambda: case.open(storage_folder)

    @pytest.fixture
    def pass_time(self) -> Callable[[float], None]:
        """Return a function that lets that many seconds pass for the storage."""
        given = None if self.case is None else self.case.pass_time
        return given or time.sleep

    # --- get and put ----------------------------------------------------------------------------

    def test_absent_is_none(self, storage: Storage) -> None:
        """A key that was never written is absent."""
        assert None is storage.get("link:never")

    @pytest.mark.parametrize("value", [b"", b"\0", bytes(range(256))])
    def test_put_then_get(self, storage: Storage, value: bytes) -> None:
        """What was put is there at once, byte for byte, with the version that put returned."""
        version = storage.put("link:a", value)
        found = present(storage, "link:a")
        assert (value, version, bytes) == (found.value, found.version, type(found.value))

    def test_put_any_overwrites(self, storage: Storage) -> None:
        """A put that expects nothing replaces what is there, under a new version."""
        first = storage.put("link:a", b"1")
        second = storage.put("link:a", b"2", expect=ANY)
        assert Versioned(b"2", second) == storage.get("link:a")
        assert first != second

    def test_keys_are_told_apart_by_case(self, storage: Storage) -> None:
        """Keys that differ in case only are two keys."""
        storage.put("link:a", b"small")
        storage.put("link:A", b"large")
        found = [present(storage, key).value for key in ("link:a", "link:A")]
        assert [b"small", b"large"] == found

    # --- conditional writes ---------------------------------------------------------------------

    def test_absent_creates_once(self, storage: Storage) -> None:
        """ABSENT writes where nothing is, and refuses where something is."""
        version = storage.put("link:a", b"1", expect=ABSENT)
        with pytest.raises(ConflictError):
            storage.put("link:a", b"2", expect=ABSENT)
        assert Versioned(b"1", version) == storage.get("link:a")

    def test_version_replaces_its_own(self, storage: Storage) -> None:
        """The version that is there allows the write, and is over with it."""
        first = storage.put("link:a", b"1")
        second = storage.put("link:a", b"2", expect=first)
        with pytest.raises(ConflictError):
            storage.put("link:a", b"3", expect=first)
        assert Versioned(b"2", second) == storage.get("link:a")

    def test_version_of_nothing_is_a_conflict(self, storage: Storage) -> None:
        """A version is never there where nothing is; nothing is created."""
        with pytest.raises(ConflictError):
            storage.put("link:a", b"1", expect="no-such-version")
        assert None is storage.get("link:a")

    def test_equal_values_have_new_versions(self, storage: Storage) -> None:
        """Writing the same bytes again makes a new version, so that a lost race shows."""
        first = storage.put("link:a", b"same")
        storage.put("link:a", b"same", expect=first)
        with pytest.raises(ConflictError):
            storage.put("link:a", b"same", expect=first)

    def test_version_is_not_reused_after_delete(self, storage: Storage) -> None:
        """A record that was deleted and made again does not look like the old one."""
        old = [storage.put("link:a", b"1")]
        for _ in range(20):
            storage.delete("link:a")
            new = storage.put("link:a", b"1", expect=ABSENT)
            assert new not in old
            old.append(new)
        with pytest.raises(ConflictError):
            storage.put("link:a", b"2", expect=old[0])

    def test_versions_of_one_key_say_nothing_of_another(self, storage: Storage) -> None:
        """A version allows a write to its own key only."""
        version = storage.put("link:a", b"a")
        storage.put("link:b", b"b")
        with pytest.raises(ConflictError):
            storage.put("link:b", b"x", expect=version)

    # --- delete ---------------------------------------------------------------------------------

    def test_delete(self, storage: Storage) -> None:
        """What was deleted is absent for get, for scan and for ABSENT."""
        storage.put("link:a", b"1")
        storage.delete("link:a")
        assert None is storage.get("link:a")
        assert () == storage.scan("link").rows
        storage.put("link:a", b"2", expect=ABSENT)

    def test_delete_of_nothing(self, storage: Storage) -> None:
        """Deleting what is absent succeeds, unless a version was expected."""
        storage.delete("link:a")
        with pytest.raises(ConflictError):
            storage.delete("link:a", expect="no-such-version")

    def test_delete_by_version(self, storage: Storage) -> None:
        """A delete that expects an old version deletes nothing; with the present one it does."""
        old = storage.put("link:a", b"1")
        new = storage.put("link:a", b"2")
        with pytest.raises(ConflictError):
            storage.delete("link:a", expect=old)
        assert None is not storage.get("link:a")
        storage.delete("link:a", expect=new)
        assert None is storage.get("link:a")

    # --- scan -----------------------------------------------------------------------------------

    def test_scan_returns_one_kind_in_order(self, storage: Storage) -> None:
        """A scan returns the whole kind sorted by key, and nothing of another kind."""
        names = ["b", "a", "B", "1", "a-b", "a.b", "a:b", "ab", "-"]
        versions = {f"link:{name}": storage.put(f"link:{name}", name.encode()) for name in names}
        for other in ("lin:a", "links:a", "link-a:a", "project:a"):
            storage.put(other, b"other")
        expected = [
            Row(key, key.partition(":")[2].encode(), versions[key]) for key in sorted(versions)
        ]
        page = storage.scan("link")
        assert expected == list(page.rows)
        assert None is page.cursor

    def test_scan_pages(self, storage: Storage) -> None:
        """Pages hold at most `limit` rows and together every row once; the last has no cursor."""
        keys = [f"link:{number:03d}" for number in range(25)]
        for key in keys:
            storage.put(key, b"x")
        for limit in (1, 7, 24, 25, 26):
            assert keys == _scanned(storage, "link", limit)

    def test_scan_of_nothing(self, storage: Storage) -> None:
        """A kind without records is an empty page that ends."""
        page = storage.scan("link")
        assert ((), None) == (page.rows, page.cursor)

    def test_scan_goes_on_while_rows_come_and_go(self, storage: Storage) -> None:
        """Rows that stay are returned once, whatever is put and deleted between two pages."""
        for number in range(10):
            storage.put(f"link:{number}", b"x")
        first = storage.scan("link", limit=4)
        assert first.cursor is not None
        storage.delete(first.rows[-1].key)
        storage.delete("link:5")
        storage.put("link:00", b"x")
        rest = storage.scan("link", limit=100, cursor=first.cursor)
        seen = [row.key for row in (*first.rows, *rest.rows)]
        assert [f"link:{number}" for number in range(10) if number != 5] == seen


def _scanned(storage: Storage, kind: str, limit: int) -> list[str]:
    keys: list[str] = []
    cursor: str | None = None
    while True:
        page = storage.scan(kind, limit=limit, cursor=cursor)
        assert len(page.rows) <= limit
        keys += [row.key for row in page.rows]
        cursor = page.cursor
        if cursor is None:
            return keys
