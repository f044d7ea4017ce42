"""The part of the storage suite about how long values live; see `storage_suite`."""

# ruff: noqa: SIM300 - what is expected stands left, in every test of this project

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatbridge.errors import ConflictError
from chatbridge.storage import (
    ABSENT,
    ANY,
    KEEP,
    MAX_TTL_SECONDS,
    Expected,
    Storage,
    Versioned,
)
from chatbridge.testing.shared_storage_tests import present


class StorageLifeTests:
    """Inherited through `StorageSuite`, which has the fixtures."""

    def test_expired_is_absent(self, storage: Storage, pass_time: Callable[[float], None]) -> None:
        """Once its time to live is over a record is absent for every method."""
        version = storage.put("claim:a", b"1", ttl=1)
        storage.put("claim:b", b"2", ttl=MAX_TTL_SECONDS)
        storage.put("claim:c", b"3")
        assert None is not storage.get("claim:a")
        pass_time(1.5)
        assert None is storage.get("claim:a")
        assert ["claim:b", "claim:c"] == [row.key for row in storage.scan("claim").rows]
        with pytest.raises(ConflictError):
            storage.put("claim:a", b"1", expect=version)
        with pytest.raises(ConflictError):
            storage.delete("claim:a", expect=version)
        storage.delete("claim:a")
        assert None is storage.get("claim:a")

    def test_absent_over_expired(
        self, storage: Storage, pass_time: Callable[[float], None]
    ) -> None:
        """ABSENT succeeds over an expired record, and the new one has a life of its own."""
        storage.put("claim:a", b"old", ttl=1)
        pass_time(1.5)
        version = storage.put("claim:a", b"new", expect=ABSENT)
        assert Versioned(b"new", version) == storage.get("claim:a")

    def test_a_put_sets_the_time_anew(
        self, storage: Storage, pass_time: Callable[[float], None]
    ) -> None:
        """A put without a time to live makes the record last for ever; one with it ends it."""
        lasting = storage.put("claim:a", b"1", ttl=1)
        storage.put("claim:a", b"2", expect=lasting)
        ending = storage.put("claim:b", b"1")
        storage.put("claim:b", b"2", expect=ending, ttl=1)
        pass_time(1.5)
        assert None is not storage.get("claim:a")
        assert None is storage.get("claim:b")

    def test_keep_leaves_the_end_where_it_is(
        self, storage: Storage, pass_time: Callable[[float], None]
    ) -> None:
        """KEEP writes a new value under a new version, and the record ends when it would have."""
        ending = storage.put("claim:a", b"1", ttl=1)
        lasting = storage.put("claim:b", b"1")
        kept = storage.put("claim:a", b"2", expect=ending, ttl=KEEP)
        storage.put("claim:b", b"2", expect=lasting, ttl=KEEP)
        assert Versioned(b"2", kept) == storage.get("claim:a")
        assert kept != ending
        with pytest.raises(ConflictError):
            storage.put("claim:a", b"3", expect=ending, ttl=KEEP)
        pass_time(1.5)
        assert None is storage.get("claim:a")
        assert b"2" == present(storage, "claim:b").value

    @pytest.mark.parametrize("expect", [ANY, ABSENT])
    def test_keep_needs_a_version(self, storage: Storage, expect: Expected) -> None:
        """KEEP without the version whose life it keeps is refused, and nothing is written."""
        with pytest.raises(ValueError):
            storage.put("claim:a", b"1", expect=expect, ttl=KEEP)
        assert None is storage.get("claim:a")

    @pytest.mark.parametrize("ttl", [0, -1, MAX_TTL_SECONDS + 1, 1.5, True])
    def test_impossible_times(self, storage: Storage, ttl: int) -> None:
        """A time to live outside 1 second to 365 days is refused, and nothing is written."""
        with pytest.raises(ValueError):
            storage.put("claim:a", b"1", ttl=ttl)
        assert None is storage.get("claim:a")
