"""A running process follows the keyset: it reads it again in time, and never goes back."""

from __future__ import annotations

import pytest

from chatbridge.errors import SealedValueError, StorageError, WrongKeyError
from chatbridge.keys import RootKey
from chatbridge.keyset import Keyset
from chatbridge.keyset_record import KEYSET_KEY, open_sealer, read_keyset, replace_keyset
from chatbridge.keyset_wrapping import wrap_keyset
from chatbridge.live_sealer import KEYSET_READ_EVERY
from chatbridge.memory_storage import MemoryStorage
from chatbridge.root_changes import add_root, retire_root
from chatbridge.sealing import data_key_of
from chatbridge.testing.virtual_clock import VirtualClock

ROOT = RootKey(b"r" * 32)


class CountedStorage(MemoryStorage):
    """A storage that counts reads of the keyset."""

    reads = 0

    def get(self, key):
        """Count and read."""
        self.reads += key == KEYSET_KEY
        return super().get(key)


@pytest.fixture
def clock():
    """Virtual time."""
    return VirtualClock()


@pytest.fixture
def storage():
    """An empty storage."""
    return CountedStorage()


@pytest.fixture
def opened(storage, clock):
    """Return what starts a process on the storage."""
    return lambda: open_sealer(storage, [ROOT], now=clock.monotonic)


def promote(storage):
    """Begin to use a new data key, as the first write of a rotation does, and return its id."""
    kept = read_keyset(storage, [ROOT])
    return replace_keyset(storage, kept, [ROOT], kept.keyset.with_new_data_key(5)).keyset.current


def test_an_unknown_key_is_looked_up(storage, opened):
    """What another process sealed with a newer key is read at once, after one look."""
    sealer = opened()
    promote(storage)
    sealed = opened().seal("link:a", 1, b"x")
    before = storage.reads
    assert (1, b"x") == sealer.unseal("link:a", sealed)
    assert (1, b"x") == sealer.unseal("link:a", sealed)
    assert 1 == storage.reads - before


def test_what_was_looked_up_is_used(storage, opened):
    """Whoever has met the new key seals with it from then on."""
    sealer = opened()
    current = promote(storage)
    sealer.unseal("link:a", opened().seal("link:a", 1, b"x"))
    assert current == data_key_of(sealer.seal("link:a", 1, b"y"))


def test_keys_are_read_again_in_time(storage, opened, clock):
    """Nothing is sealed with keys that were read too long ago; until then nothing is read."""
    sealer = opened()
    old = data_key_of(sealer.seal("link:a", 1, b"x"))
    current = promote(storage)
    before = storage.reads
    clock.advance(KEYSET_READ_EVERY - 0.1)
    assert old == data_key_of(sealer.seal("link:a", 1, b"x"))
    assert 0 == storage.reads - before
    clock.advance(0.2)
    assert current == data_key_of(sealer.seal("link:a", 1, b"x"))
    assert current == data_key_of(sealer.seal("link:a", 1, b"x"))
    assert 1 == storage.reads - before


def test_a_key_that_nobody_has_is_an_error(storage, opened):
    """A record under a key that is in no keyset is refused, after one look for it."""
    sealer = opened()
    stranger = open_sealer(MemoryStorage(), [ROOT])
    before = storage.reads
    with pytest.raises(SealedValueError, match="not in the keyset"):
        sealer.unseal("link:a", stranger.seal("link:a", 1, b"x"))
    assert 1 == storage.reads - before


@pytest.mark.invariant("I12")
def test_a_retired_root_key_stops_a_process(storage, opened, clock):
    """A process that has only a retired root key seals nothing more once it looks."""
    sealer = opened()
    new = RootKey(b"n" * 32)
    add_root(storage, [ROOT], new)
    retire_root(storage, [new], ROOT.fingerprint)
    clock.advance(KEYSET_READ_EVERY)
    with pytest.raises(WrongKeyError):
        sealer.seal("link:a", 1, b"x")


def test_a_storage_set_up_anew_is_refused(storage, opened, clock):
    """A process never seals for another installation that took the place of its own."""
    sealer = opened()
    storage.put(KEYSET_KEY, wrap_keyset(Keyset.new(), [ROOT.reveal()]))
    clock.advance(KEYSET_READ_EVERY)
    with pytest.raises(StorageError, match="start this process again"):
        sealer.seal("link:a", 1, b"x")


def test_an_older_keyset_is_refused(storage, opened, clock):
    """A backup put in place under a running process is noticed before anything is sealed."""
    opened()
    backup = storage.get(KEYSET_KEY)
    promote(storage)
    sealer = opened()
    storage.put(KEYSET_KEY, backup.value)
    clock.advance(KEYSET_READ_EVERY)
    with pytest.raises(StorageError, match="storage restored"):
        sealer.seal("link:a", 1, b"x")


def test_a_keyset_that_is_gone_is_an_error(storage, opened, clock):
    """Without its keyset in the storage a process seals nothing that nobody could read again."""
    sealer = opened()
    storage.delete(KEYSET_KEY)
    clock.advance(KEYSET_READ_EVERY)
    with pytest.raises(SealedValueError, match="gone"):
        sealer.seal("link:a", 1, b"x")


def test_a_slower_thread_brings_nothing_old_back(storage, clock):
    """Of two looks at once the one that saw the older keyset looks again."""
    sealer = open_sealer(storage, [ROOT], now=clock.monotonic)
    look, newest = sealer._look, []

    def overtaken(known):
        found = look(known)
        if not newest:
            newest.append(promote(storage))
            sealer.unseal("link:a", open_sealer(storage, [ROOT]).seal("link:a", 1, b"x"))
        return found

    promote(storage)
    sealer._look = overtaken
    clock.advance(KEYSET_READ_EVERY)
    assert newest == [data_key_of(sealer.seal("link:a", 1, b"x"))]
