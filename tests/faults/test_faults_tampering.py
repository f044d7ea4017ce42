"""Whoever can write the storage can destroy a record, and make it say nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from chatbridge.errors import SealedValueError, StorageError
from chatbridge.keyset import Keyset
from chatbridge.links import Link
from chatbridge.memory_storage import MemoryStorage
from chatbridge.project import ProjectSettings
from chatbridge.records import BotRecord, Claim, Conversation, Project
from chatbridge.sealing import Sealer
from chatbridge.vault import Kept, Vault

SETTINGS = ProjectSettings(name="support", site="acme", service_desk="10", request_type="25")
RECORDS: tuple[Any, ...] = (
    Link("acme", "10012", "telegram", "7", "1001", seen=frozenset(range(10_000, 10_040))),
    Conversation("telegram", "7", "1001", ("10012",), "10012"),
    Claim(("poll", "telegram", "7"), "o1", "b1", 5),
    Project(SETTINGS, (BotRecord("telegram", "7", "a_bot", "poll", {"token": "t0ken"}),)),
)
ROWS = 1_000


@pytest.fixture
def vault() -> Vault:
    """An empty storage."""
    return Vault(MemoryStorage(), Sealer(Keyset.new()))


def _is_refused(vault: Vault, kept: Kept[Any], sealed: bytes) -> bool:
    vault.storage.put(kept.key, sealed)
    try:
        vault.read_key(type(kept.record), kept.key)
    except StorageError:
        return True
    return False


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_every_changed_bit_of_every_kind_is_refused(vault: Vault, record: Any) -> None:
    """There is no bit in a kept record, of any kind, that can be changed."""
    kept = vault.create(record)
    genuine = vault.storage.get(kept.key)
    assert genuine is not None
    taken = []
    for bit in range(8 * len(genuine.value)):
        changed = bytearray(genuine.value)
        changed[bit // 8] ^= 1 << bit % 8
        if not _is_refused(vault, kept, bytes(changed)):
            taken.append(bit)
    assert [] == taken
    assert not _is_refused(vault, kept, genuine.value)


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_every_length_but_its_own_is_refused(vault: Vault, record: Any) -> None:
    """A record that is cut anywhere, or has anything behind it, is refused."""
    kept = vault.create(record)
    genuine = vault.storage.get(kept.key)
    assert genuine is not None
    lengths = [genuine.value[:at] for at in range(len(genuine.value))]
    lengths += [genuine.value + bytes(more) for more in range(1, 300)]
    assert [] == [len(each) for each in lengths if not _is_refused(vault, kept, each)]


def _every_pair_swapped(rows: int) -> int:
    """Put each record in the place of each other one; return how many were refused."""
    sealer = Sealer(Keyset.new())
    storage = MemoryStorage()
    vault = Vault(storage, sealer)
    kept = [vault.create(Link("acme", str(number), "telegram", "7", "1")) for number in range(rows)]
    sealed = []
    for each in kept:
        found = storage.get(each.key)
        assert found is not None
        sealed.append(found.value)
    refused = 0
    for at, each in enumerate(kept):
        for other, value in enumerate(sealed):
            if at == other:
                continue
            try:
                sealer.unseal(each.key, value)
            except SealedValueError:
                refused += 1
    return refused


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
def test_records_in_each_others_places_are_refused() -> None:
    """Of 60 links none can stand in the place of another one."""
    assert 60 * 59 == _every_pair_swapped(60)


@pytest.mark.heavy
@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
def test_a_thousand_records_in_each_others_places_are_refused() -> None:
    """Of 1,000 links none can stand in the place of another one."""
    assert ROWS * (ROWS - 1) == _every_pair_swapped(ROWS)
