"""Rotation of the data key: cut off at any write, beside writers, resumed; all stays readable."""

from __future__ import annotations

import attrs
import pytest

from chatbridge.errors import (
    ConfigurationError,
    ConflictError,
    SealedValueError,
    StorageUnavailableError,
    WrongKeyError,
)
from chatbridge.keys import RootKey
from chatbridge.keyset_record import KEYSET_KEY, RECORD_KINDS, open_sealer, read_keyset
from chatbridge.links import Link
from chatbridge.memory_storage import MemoryStorage
from chatbridge.record_check import RECORDS, count_keys
from chatbridge.records import Claim, Conversation
from chatbridge.root_changes import add_root
from chatbridge.rotation import SETTLE, Rotation, Stage, rotate_token_key
from chatbridge.sealing import data_key_of
from chatbridge.testing.virtual_clock import VirtualClock
from chatbridge.vault import Vault

ROOT = RootKey(b"r" * 32)
LINKS = 7


class CrashError(BaseException):
    """The process dies here."""


class WatchedStorage(MemoryStorage):
    """A storage that tells of writes: `before_write` goes on while it returns True."""

    def __init__(self, clock) -> None:
        super().__init__(now=clock.time)
        self.writes = 0
        self.dies_at = 0
        self.how = ""
        self.before_write = None

    def put(self, key, value, **more):
        """Write, unless the process dies at this write, before or after it."""
        if self.before_write is not None:
            act, self.before_write = self.before_write, None
            self.before_write = act if act() else None
        self.writes += 1
        if self.writes != self.dies_at:
            return super().put(key, value, **more)
        if self.how == "before":
            raise CrashError
        super().put(key, value, **more)
        if self.how == "after":
            raise CrashError
        raise StorageUnavailableError("nobody knows whether it was written")


@pytest.fixture
def clock():
    """Virtual time."""
    return VirtualClock()


@pytest.fixture
def make(clock):
    """Return what makes a storage with records, and the vault of a process that runs."""

    def made():
        storage = WatchedStorage(clock)
        vault = open_vault(storage, clock)
        for number in range(LINKS):
            vault.create(Link("acme", str(10_000 + number), "telegram", "7", str(number)))
        vault.create(Conversation("telegram", "7", "1001", ("10012",), "10012"))
        vault.create(Claim(("poll", "telegram", "7"), "o1", "b1", 5))
        storage.writes = 0
        return storage, vault

    return made


def open_vault(storage, clock):
    """Return the vault of another process."""
    return Vault(storage, open_sealer(storage, [ROOT], now=clock.monotonic, wall=clock.time))


def rotate(storage, clock, **more):
    """Rotate to the end and return what was told at last."""
    *_, last = Rotation(storage, [ROOT], clock, rows=3, **more).run()
    return last


def readable(vault):
    """Return how many records a process reads; fails on one that cannot be read."""
    damaged = []
    found = [each for cls in RECORDS for each in vault.scan(cls, damaged.append)]
    assert [] == damaged
    return len(found)


def test_every_kind_is_known():
    """No class of records is forgotten by a rotation; its records would be lost with the key."""
    assert set(RECORD_KINDS) >= {cls.kind for cls in RECORDS}
    made = {cls.kind for cls in attrs_classes() if hasattr(cls, "from_plain")}
    assert made == {cls.kind for cls in RECORDS}


def attrs_classes():
    """Return every attrs class of the package that has a kind and a schema."""
    import importlib
    import pkgutil

    import chatbridge

    for module in pkgutil.iter_modules(chatbridge.__path__, "chatbridge."):
        if module.name.endswith("__main__"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and attrs.has(value) and hasattr(value, "identity"):
                yield value


@pytest.mark.fault("F70")
@pytest.mark.invariant("I14")
def test_a_rotation_leaves_one_key(make, clock):
    """Afterwards every record is under the new key, the old one is gone, and nothing is lost."""
    storage, vault = make()
    before = read_keyset(storage, [ROOT]).keyset
    last = rotate(storage, clock)
    after = read_keyset(storage, [ROOT]).keyset
    assert (Stage.DONE, LINKS + 2, LINKS + 2, 0) == attrs.astuple(last)
    assert [after.current] == list(after.data_keys)
    assert {after.current: LINKS + 2} == count_keys(storage).by_key
    assert before.current != after.current
    assert (before.index_key, before.marker_key, before.token_key, before.instance_id) == (
        after.index_key, after.marker_key, after.token_key, after.instance_id,
    )  # fmt: skip
    assert LINKS + 2 == readable(vault) == readable(open_vault(storage, clock))


@pytest.mark.fault("F70")
@pytest.mark.invariant("I14")
@pytest.mark.parametrize("how", ["before", "after", "unknown"])
def test_it_may_be_cut_off_at_every_write(make, clock, how):
    """After each cut every process, old and new, reads all; another rotation finishes this one."""
    crashes = 0
    while True:
        storage, vault = make()
        storage.dies_at, storage.how = crashes + 1, how
        try:
            rotate(storage, clock)
        except (CrashError, StorageUnavailableError):
            crashes += 1
        else:
            break
        storage.dies_at = 0
        assert LINKS + 2 == readable(vault)
        assert LINKS + 2 == readable(open_vault(storage, clock))
        clock.advance(SETTLE)
        kept = next(iter(vault.scan(Link)))
        vault.replace(kept, attrs.evolve(kept.record, reason="written meanwhile"))
        keys_before = len(read_keyset(storage, [ROOT]).keyset.data_keys)
        begun = next(Rotation(storage, [ROOT], clock).run()).stage
        assert (Stage.RESUMED if keys_before == 2 else Stage.BEGUN) == begun
        rotate(storage, clock)
        keyset = read_keyset(storage, [ROOT]).keyset
        assert {keyset.current: LINKS + 2} == count_keys(storage).by_key
        assert [keyset.current] == list(keyset.data_keys)
        assert LINKS + 2 == readable(vault)
    assert 1 + (LINKS + 2) + 1 == crashes  # begin, each record, retire


@pytest.mark.fault("F70", "F71")
@pytest.mark.invariant("I14")
def test_beside_writers_at_every_write(make, clock):
    """Processes that create, change and remove before each write lose nothing and end re-sealed."""
    storage, vault = make()
    other, made = open_vault(storage, clock), []

    def write():
        number = 20_000 + len(made)
        made.append(str(number))
        created = vault.create(Link("acme", str(number), "telegram", "7", "5"))
        other.update(created, lambda link: attrs.evolve(link, reason="changed"))
        kept = other.read(Link, "acme", "10003")
        other.replace(kept, attrs.evolve(kept.record, reason=f"change {number}"))
        if len(made) == 3:
            vault.delete(vault.read(Link, "acme", "10004"))
        clock.advance(3)
        return True

    storage.before_write = write
    rotate(storage, clock)
    storage.before_write = None
    keyset = read_keyset(storage, [ROOT]).keyset
    fresh = open_vault(storage, clock)
    assert LINKS + 2 - 1 + len(made) == readable(fresh) == readable(vault)
    assert {keyset.current} == set(count_keys(storage).by_key)
    assert f"change {20_000 + len(made) - 1}" == fresh.read(Link, "acme", "10003").record.reason
    assert len(made) > LINKS


@pytest.mark.fault("F71")
@pytest.mark.invariant("I14")
def test_who_knows_only_the_old_key_is_waited_for(make, clock):
    """A process that writes without meeting the new key is done with the old one before it goes."""
    storage, vault = make()
    rotation = Rotation(storage, [ROOT], clock).run()
    assert Stage.BEGUN is next(rotation).stage
    old = data_key_of(storage.get(vault.create(Link("acme", "1", "t", "7", "1")).key).value)
    waited = 0
    for step in rotation:
        if step.stage is Stage.WAITING and not waited:
            clock.advance(5)
            late = vault.create(Link("acme", "2", "t", "7", "1"))
            waited += old == data_key_of(storage.get(late.key).value)
    assert 1 == waited
    assert LINKS + 4 == readable(open_vault(storage, clock))
    assert old not in count_keys(storage).by_key


@pytest.mark.fault("F71")
@pytest.mark.invariant("I14")
def test_who_stood_still_writes_anew(make, clock):
    """A process that was stopped between sealing and creating is not left with a retired key."""
    storage, vault = make()

    def stand_still():
        rotate(storage, clock)

    storage.before_write = stand_still
    kept = vault.create(Link("acme", "1", "telegram", "7", "1"))
    assert LINKS + 3 == readable(open_vault(storage, clock))
    assert kept.version == storage.get(kept.key).version


@pytest.mark.fault("F71")
@pytest.mark.invariant("I14")
def test_who_stood_still_overwrites_nothing(make, clock):
    """A change that was sealed with a retired key meets a re-sealed record and is refused."""
    storage, vault = make()
    kept = vault.read(Link, "acme", "10000")

    def stand_still():
        rotate(storage, clock)

    storage.before_write = stand_still
    with pytest.raises(ConflictError):
        vault.replace(kept, attrs.evolve(kept.record, reason="late"))
    assert LINKS + 2 == readable(open_vault(storage, clock))


def test_times_to_live_go_on(make, clock):
    """A record that was to end soon ends when it would have, however often keys rotate."""
    storage, vault = make()
    key = vault.key(Link, "acme", "9")
    sealed = vault.sealer.seal(key, Link.schema, b"{}")
    storage.put(key, sealed, ttl=100)
    rotate(storage, clock)
    assert storage.get(key) is not None
    assert sealed != storage.get(key).value
    clock.advance(101 - SETTLE)
    assert None is storage.get(key)


@pytest.mark.fault("F71")
def test_what_nobody_can_read_stays_and_is_counted(make, clock):
    """Damaged records, and what is no record, neither stop a rotation nor are touched by it."""
    storage, vault = make()
    whole = storage.get(vault.key(Link, "acme", "10000")).value
    storage.put("link:damaged", whole)
    storage.put("claim:none", b"no record")
    last = rotate(storage, clock)
    assert (2, LINKS + 2) == (last.unreadable, last.resealed)
    assert (whole, b"no record") == (
        storage.get("link:damaged").value,
        storage.get("claim:none").value,
    )


def test_two_rotations_at_once_are_one(make, clock):
    """Whoever begins while another rotates takes part in it; both end well, with one new key."""
    storage, vault = make()
    first = Rotation(storage, [ROOT], clock).run()
    next(first)
    assert Stage.RESUMED is next(Rotation(storage, [ROOT], clock).run()).stage
    rotate(storage, clock)
    assert Stage.DONE is list(first)[-1].stage
    assert 1 == len(read_keyset(storage, [ROOT]).keyset.data_keys)
    assert LINKS + 2 == readable(vault)


@pytest.mark.fault("F71")
def test_a_rotation_that_was_overtaken_retires_nothing(make, clock):
    """One that stood still while another began a new rotation leaves that one's keys alone."""
    storage, _ = make()
    slow = Rotation(storage, [ROOT], clock).run()
    next(slow)
    rotate(storage, clock)
    newer = Rotation(storage, [ROOT], clock).run()
    next(newer)
    with pytest.raises(ConflictError, match="keys status"):
        list(slow)
    assert 2 == len(read_keyset(storage, [ROOT]).keyset.data_keys)
    list(newer)
    assert LINKS + 2 == readable(open_vault(storage, clock))


@pytest.mark.invariant("I12")
def test_a_wrong_root_key_rotates_nothing(make, clock):
    """Neither a rotation nor a change of the token key writes anything with a wrong root key."""
    storage, _ = make()
    for begin in (
        lambda roots: list(Rotation(storage, roots, clock).run()),
        lambda roots: list(rotate_token_key(storage, roots, clock)),
    ):
        with pytest.raises(WrongKeyError, match="nothing was written"):
            begin([RootKey(b"x" * 32)])
    assert 0 == storage.writes


def test_every_root_key_is_needed(make, clock):
    """While two root keys open the storage, who has one cannot lock the other one out."""
    storage, _ = make()
    new = RootKey(b"n" * 32)
    add_root(storage, [ROOT], new)
    storage.writes = 0
    for begin in (
        lambda: list(Rotation(storage, [ROOT], clock).run()),
        lambda: list(rotate_token_key(storage, [ROOT], clock)),
    ):
        with pytest.raises(ConfigurationError, match=f"{new.fingerprint} opens this storage, too"):
            begin()
    assert 0 == storage.writes
    stranger = RootKey(b"s" * 32)
    list(Rotation(storage, [ROOT, new, stranger], clock).run())
    assert read_keyset(storage, [new]).keyset == read_keyset(storage, [ROOT]).keyset
    with pytest.raises(WrongKeyError):
        read_keyset(storage, [stranger])


def test_a_root_key_that_comes_meanwhile_is_not_locked_out(make, clock):
    """A root key that is added during a rotation stays; the rotation ends once it is given, too."""
    storage, vault = make()
    new = RootKey(b"n" * 32)
    rotation = Rotation(storage, [ROOT], clock).run()
    next(rotation)
    add_root(storage, [ROOT], new)
    with pytest.raises(ConfigurationError, match=f"{new.fingerprint} opens this storage, too"):
        list(rotation)
    assert 2 == len(read_keyset(storage, [new]).keyset.data_keys)
    assert LINKS + 2 == readable(vault)
    list(Rotation(storage, [ROOT, new], clock).run())
    assert 1 == len(read_keyset(storage, [new]).keyset.data_keys)


def test_a_storage_that_was_never_set_up(clock):
    """There is nothing to rotate where no keyset is, and none is made."""
    storage = MemoryStorage()
    with pytest.raises(SealedValueError, match="keys init"):
        list(Rotation(storage, [ROOT], clock).run())
    assert None is storage.get(KEYSET_KEY)


def test_token_keys_take_turns(make, clock):
    """Every process takes the tokens of both keys throughout, and none of the one before that."""
    storage, vault = make()
    sealer = vault.sealer
    first = sealer.token("x")
    for step in rotate_token_key(storage, [ROOT], clock):
        newcomer = open_vault(storage, clock).sealer
        assert first in newcomer.tokens("x") and first in sealer.tokens("x")
        assert step.stage is Stage.DONE or newcomer.token("x") == first
    clock.advance(SETTLE)
    second = sealer.token("x")
    assert [second, first] == sealer.tokens("x")
    list(rotate_token_key(storage, [ROOT], clock))
    clock.advance(SETTLE)
    assert second == sealer.tokens("x")[1]
    assert first not in sealer.tokens("x")


def test_new_tokens_are_taken_before_they_are_made(make, clock):
    """A process that has not looked since before the change takes what another one makes after."""
    storage, vault = make()
    steps = rotate_token_key(storage, [ROOT], clock)
    next(steps)
    list(steps)
    made = open_vault(storage, clock).sealer.token("x")
    assert made in vault.sealer.tokens("x")
