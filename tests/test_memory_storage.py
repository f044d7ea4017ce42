"""Tests of the storage in memory: the shipped suite, and what is its own."""

import pytest

from chatbridge.memory_storage import MemoryStorage
from chatbridge.testing.storage_suite import StorageSuite


class WallClock:
    """A wall clock that stands still until it is told."""

    def __init__(self):
        self.seconds = 1_700_000_000.0

    def __call__(self):
        return self.seconds

    def advance(self, seconds):
        self.seconds += seconds


@pytest.fixture
def wall_clock():
    """A clock for times to live."""
    return WallClock()


@pytest.fixture
def storage(wall_clock):
    """An empty storage."""
    with MemoryStorage(now=wall_clock) as storage:
        yield storage


class TestSuite(StorageSuite):
    """The shipped suite."""

    @pytest.fixture
    def storage(self, wall_clock):
        with MemoryStorage(now=wall_clock) as storage:
            yield storage

    @pytest.fixture
    def pass_time(self, wall_clock):
        return wall_clock.advance


@pytest.mark.fault("F85")
def test_expired_records_leave_the_memory(storage, wall_clock):
    """Expired records do not pile up: later puts remove them, without being asked for them."""
    for number in range(1000):
        storage.put(f"receipt:{number}", b"x", ttl=10)
    wall_clock.advance(11)
    for number in range(1200):
        storage.put("link:a", b"%d" % number)
    assert ["link:a"] == list(storage._entries)
    assert [] == storage._names["receipt"]


def test_repr_shows_no_value(storage):
    """Neither a found value nor a row shows its bytes."""
    storage.put("link:a", b"canary")
    assert "canary" not in repr(storage.get("link:a")) + repr(storage.scan("link")) + repr(storage)


def test_value_is_copied(storage):
    """A bytearray that is changed after the put does not change the record."""
    value = bytearray(b"before")
    storage.put("link:a", value)
    value[:] = b"after!"
    assert b"before" == storage.get("link:a").value
