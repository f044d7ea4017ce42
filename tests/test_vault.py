"""Tests of typed access to records: conditions, identities, schemas, and damaged rows."""

import logging
from typing import ClassVar

import attrs
import pytest

from chatbridge.errors import ConflictError, SealedValueError, StorageError
from chatbridge.keyset import Keyset
from chatbridge.memory_storage import MemoryStorage
from chatbridge.sealing import Sealer
from chatbridge.vault import Kept, Vault


@attrs.frozen
class Note:
    """A record for these tests."""

    kind: ClassVar[str] = "note"
    schema: ClassVar[int] = 2

    name: str
    count: int = 0

    def identity(self):
        return (self.name,)

    def lifetime(self):
        return 10 if self.count else None

    def to_plain(self):
        return {"name": self.name, "count": self.count}

    @classmethod
    def from_plain(cls, plain, schema):
        if schema < 1:
            raise ValueError("canary")
        return cls(plain["name"], plain["count"] if schema == 2 else 0)


@attrs.frozen
class NewerNote(Note):
    """The same record, of a version to come."""

    schema: ClassVar[int] = 3


@attrs.frozen
class OlderNote(Note):
    """The same record, of the version before."""

    schema: ClassVar[int] = 1

    def to_plain(self):
        return {"name": self.name}


@attrs.frozen
class AncientNote(Note):
    """The same record, of a version that nobody reads any more."""

    schema: ClassVar[int] = 0


@pytest.fixture
def storage():
    """An empty storage."""
    with MemoryStorage() as storage:
        yield storage


@pytest.fixture
def vault(storage):
    """A vault over the storage."""
    return Vault(storage, Sealer(Keyset.new()))


def count_up(note):
    """Return the note with one more."""
    return attrs.evolve(note, count=note.count + 1)


# --- read, create, replace, delete ------------------------------------------------------------


def test_absent_is_none(vault):
    """A record that was never written is None, by identity and by key."""
    assert None is vault.read(Note, "a")
    assert None is vault.read_key(Note, vault.key(Note, "a"))


def test_create_then_read(vault):
    """What was created is read back the same, by identity and by key."""
    kept = vault.create(Note("a", 5))
    assert Kept(vault.key(Note, "a"), Note("a", 5), kept.version) == kept
    assert kept == vault.read(Note, "a") == vault.read_key(Note, kept.key)


@pytest.mark.invariant("I10", "I26")
def test_nothing_is_readable_in_the_storage(vault, storage):
    """Neither the identity nor a value stands in the storage."""
    vault.create(Note("canary-name"))
    (row,) = storage.scan("note").rows
    assert "canary" not in row.key
    assert b"canary" not in row.value


@pytest.mark.fault("F61")
def test_create_twice(vault):
    """A record is created once; the second try changes nothing."""
    vault.create(Note("a", 1))
    with pytest.raises(ConflictError):
        vault.create(Note("a", 2))
    assert Note("a", 1) == vault.read(Note, "a").record


def test_any_text_survives(vault):
    """Every text that JSON can hold comes back as it was, lone surrogates included."""
    for name in ("", "ї\0\u2028", "\ud800", "👨‍👩‍👧"):
        vault.create(Note(name))
        assert Note(name) == vault.read(Note, name).record


def test_numbers_outside_json_are_refused(vault):
    """A value that JSON cannot hold is refused when it is written, not when it is read."""
    with pytest.raises(ValueError):
        vault.create(Note("a", float("nan")))
    assert None is vault.read(Note, "a")


def test_replace(vault):
    """A replacement needs the version that was read, and returns the new one."""
    first = vault.create(Note("a"))
    second = vault.replace(first, Note("a", 1))
    assert second == vault.read(Note, "a")
    with pytest.raises(ConflictError):
        vault.replace(first, Note("a", 2))
    assert second == vault.read(Note, "a")


def test_identity_never_changes(vault):
    """A replacement of another identity is refused before anything is written."""
    kept = vault.create(Note("a"))
    with pytest.raises(ValueError, match="identity"):
        vault.replace(kept, Note("b"))
    assert kept == vault.read(Note, "a")


def test_delete(vault):
    """A record is deleted as it was read, or not at all."""
    old = vault.create(Note("a"))
    new = vault.replace(old, Note("a", 1))
    with pytest.raises(ConflictError):
        vault.delete(old)
    vault.delete(new)
    assert None is vault.read(Note, "a")


def test_refresh(vault):
    """Refreshing returns the same object while nobody changed it, then the new one, then None."""
    kept = vault.create(Note("a"))
    assert kept is vault.refresh(kept)
    newer = vault.replace(kept, Note("a", 1))
    assert newer == vault.refresh(kept)
    vault.delete(newer)
    assert None is vault.refresh(kept)


def test_each_write_says_how_long_the_record_lives():
    """A record that is to end ends after its last write; one that is to stay stays."""
    now = [1000.0]
    vault = Vault(MemoryStorage(now=lambda: now[0]), Sealer(Keyset.new()))
    vault.create(Note("created", 1))
    vault.replace(vault.create(Note("replaced")), Note("replaced", 1))
    vault.update(vault.create(Note("updated")), count_up)
    vault.replace(vault.create(Note("kept", 1)), Note("kept"))
    now[0] += 11
    assert ["kept"] == [kept.record.name for kept in vault.scan(Note)]


# --- update -----------------------------------------------------------------------------------


def test_update(vault):
    """A change is applied and written."""
    kept = vault.update(vault.create(Note("a")), count_up)
    assert Note("a", 1) == kept.record
    assert kept == vault.read(Note, "a")


@pytest.mark.fault("F61")
def test_update_applies_to_the_newest(vault):
    """If somebody was quicker the change is applied to what they wrote."""
    old = vault.create(Note("a"))
    vault.replace(old, Note("a", 10))
    assert Note("a", 11) == vault.update(old, count_up).record


def test_update_stops(vault):
    """A change that returns None writes nothing, also when it does so at a later try."""
    old = vault.create(Note("a"))
    newer = vault.replace(old, Note("a", 10))
    seen = []

    def stop_at_ten(note):
        seen.append(note.count)
        return None if note.count == 10 else count_up(note)

    assert None is vault.update(old, stop_at_ten)
    assert [0, 10] == seen
    assert newer == vault.read(Note, "a")


def test_update_of_what_is_gone(vault):
    """A record that somebody deleted is not brought back."""
    kept = vault.create(Note("a"))
    vault.delete(kept)
    assert None is vault.update(kept, count_up)
    assert None is vault.read(Note, "a")


@pytest.mark.fault("F61")
def test_update_gives_up(vault):
    """Where somebody else is quicker 8 times in a row, the caller is told, and may come again."""
    kept = vault.create(Note("a"))
    tries = []

    def overtaken(note):
        tries.append(note)
        latest = vault.read(Note, "a")
        vault.replace(latest, Note("a", latest.record.count + 100))
        return count_up(note)

    with pytest.raises(ConflictError, match="try again"):
        vault.update(kept, overtaken)
    assert 8 == len(tries)
    assert 800 == vault.read(Note, "a").record.count


# --- damage and versions ----------------------------------------------------------------------


def swap(storage, one, other):
    """Exchange two values in the storage, as somebody with access to it could."""
    a, b = storage.get(one), storage.get(other)
    storage.put(one, b.value)
    storage.put(other, a.value)


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
def test_swapped_records_are_refused(vault, storage):
    """Two records that changed places are both refused."""
    keys = [vault.create(Note(name)).key for name in "ab"]
    swap(storage, *keys)
    for name, key in zip("ab", keys, strict=True):
        with pytest.raises(SealedValueError):
            vault.read(Note, name)
        with pytest.raises(SealedValueError):
            vault.read_key(Note, key)


@pytest.mark.fault("F66")
def test_identity_is_compared_after_unsealing(vault, storage):
    """A record sealed under a key that is not its own is refused, however it got there."""
    key = vault.key(Note, "a")
    storage.put(key, vault.sealer.seal(key, 2, b'{"name":"b","count":1}'))
    for read in (lambda: vault.read(Note, "a"), lambda: vault.read_key(Note, key)):
        with pytest.raises(SealedValueError, match="another"):
            read()
    assert [] == list(vault.scan(Note))


@pytest.mark.fault("F84")
def test_older_schema_is_read(vault):
    """A record of the version before is read, and written back in the present form."""
    old = vault.create(OlderNote("a"))
    kept = vault.read(Note, "a")
    assert Note("a", 0) == kept.record
    vault.update(kept, count_up)
    assert Note("a", 1) == vault.read(Note, "a").record
    with pytest.raises(StorageError, match="update this installation"):
        vault.read_key(OlderNote, old.key)


@pytest.mark.fault("F84")
def test_newer_schema_is_refused(vault):
    """A record of a version to come is refused with the mend, and is no damage."""
    kept = vault.create(NewerNote("a"))
    for read in (lambda: vault.read(Note, "a"), lambda: vault.read_key(Note, kept.key)):
        with pytest.raises(StorageError, match="newer chatbridge wrote a note") as caught:
            read()
        assert StorageError is type(caught.value)


@pytest.mark.fault("F84")
def test_unknown_form_shows_nothing(vault, caplog):
    """A record whose form cannot be read is refused, and what it holds stays hidden."""
    caplog.set_level(logging.DEBUG)
    vault.create(AncientNote("canary"))
    with pytest.raises(SealedValueError, match="note") as caught:
        vault.read(Note, "canary")
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    assert "canary" not in str(caught.value) + caplog.text


# --- scan -------------------------------------------------------------------------------------


def test_scan_returns_the_whole_kind(vault, storage, monkeypatch):
    """A scan goes through all pages of a kind and leaves other kinds alone."""
    made = {vault.create(Note(str(number))) for number in range(7)}
    storage.put("other:a", b"x")
    scan = storage.scan
    monkeypatch.setattr(
        storage, "scan", lambda kind, cursor=None: scan(kind, limit=3, cursor=cursor)
    )
    assert made == set(vault.scan(Note))


@pytest.mark.fault("F66")
@pytest.mark.invariant("I8")
def test_one_bad_row_hurts_nobody_else(vault, storage, caplog):
    """Rows that are damaged or newer are left out and told by key; all others are returned."""
    keys = {name: vault.create(Note(name)).key for name in "abcd"}
    storage.put(keys["a"], b"damaged")
    storage.put(keys["b"], storage.get(keys["c"]).value)
    newer = vault.create(NewerNote("e")).key
    damaged = []
    assert {"c", "d"} == {kept.record.name for kept in vault.scan(Note, damaged.append)}
    assert {keys["a"], keys["b"], newer} == set(damaged)
    assert ["3 records of the kind note cannot be read"] == [r.message for r in caplog.records]


@pytest.mark.fault("F66")
def test_what_is_damaged_is_told_by_kind_each_time(vault, storage):
    """Whoever reads or lists a damaged record is told; a newer or missing one is no damage."""
    told = []
    watched = Vault(storage, vault.sealer, told.append)
    storage.put(vault.create(Note("a")).key, b"damaged")
    vault.create(NewerNote("e"))
    with pytest.raises(SealedValueError):
        watched.read(Note, "a")
    with pytest.raises(StorageError):
        watched.read(Note, "e")
    assert (None, []) == (watched.read(Note, "x"), list(watched.scan(Note)))
    assert ["note", "note"] == told


def test_failing_storage_ends_the_scan(vault, storage):
    """A storage that fails is an error: half a scan never looks like a whole one."""
    vault.create(Note("a"))
    storage.close()
    with pytest.raises(StorageError):
        list(vault.scan(Note))
