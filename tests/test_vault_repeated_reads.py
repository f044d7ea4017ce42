"""Repeated reads of a vault: what was unsealed before is not unsealed again, and never stale."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve

from chatbridge.errors import SealedValueError
from chatbridge.keyset import Keyset
from chatbridge.memory_storage import MemoryStorage
from chatbridge.records import Claim
from chatbridge.sealing import Sealer
from chatbridge.storage import ANY, Storage, Versioned
from chatbridge.vault import Vault

SUBJECT = ("feed", "acme")
CLAIM = Claim(SUBJECT, "me", "beat")


class CountingSealer(Sealer):
    """Counts how often it unseals."""

    unsealed = 0

    def unseal(self, key: str, sealed: bytes) -> tuple[int, bytes]:
        """Count, and do it."""
        self.unsealed += 1
        return super().unseal(key, sealed)


class AlteredStorage(MemoryStorage):
    """Answers with other bytes of the same version, as whoever writes the file could make it."""

    altered = False

    def get(self, key: str) -> Versioned | None:
        """Return what is there, its last byte changed."""
        found = super().get(key)
        if found is None or not self.altered:
            return found
        return evolve(found, value=found.value[:-1] + bytes([found.value[-1] ^ 1]))


@pytest.fixture
def storage() -> AlteredStorage:
    """Return an empty storage."""
    return AlteredStorage()


@pytest.fixture
def make_vault(storage: Storage) -> Callable[[], Vault]:
    """Return what opens the storage as one more process does."""
    keyset = Keyset.new()
    return lambda: Vault(storage, CountingSealer(keyset))


def unsealed(vault: Vault) -> int:
    """Return how often the vault's sealer unsealed."""
    assert isinstance(vault.sealer, CountingSealer)
    return vault.sealer.unsealed


def test_equal_bytes_are_unsealed_once(make_vault: Callable[[], Vault]) -> None:
    """A record that nobody changed is unsealed by the first read only, one's own write by none."""
    writer, reader = make_vault(), make_vault()
    writer.create(CLAIM)
    found = [vault.read(Claim, *SUBJECT) for vault in (writer, reader, reader)]
    assert [CLAIM] * 3 == [kept.record for kept in found if kept is not None]
    assert (0, 1) == (unsealed(writer), unsealed(reader))


def test_a_change_by_another_process_is_seen_at_once(make_vault: Callable[[], Vault]) -> None:
    """Every read asks the storage: a change and a removal elsewhere hold from the next read on."""
    mine, other = make_vault(), make_vault()
    mine.create(CLAIM)
    kept = other.read(Claim, *SUBJECT)
    assert kept is not None
    changed = other.replace(kept, evolve(CLAIM, owner="other"))
    seen = mine.read(Claim, *SUBJECT)
    other.delete(changed)
    assert changed == seen
    assert None is mine.read(Claim, *SUBJECT)


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
def test_altered_bytes_are_refused_although_the_record_is_known(
    make_vault: Callable[[], Vault], storage: AlteredStorage
) -> None:
    """A record counts as known only if every byte is the same, whatever its version says."""
    vault = make_vault()
    vault.create(CLAIM)
    storage.altered = True
    with pytest.raises(SealedValueError):
        vault.read(Claim, *SUBJECT)


def test_a_record_under_a_foreign_key_is_refused_again_and_again(
    make_vault: Callable[[], Vault], storage: AlteredStorage
) -> None:
    """What was refused is not remembered as good."""
    vault = make_vault()
    vault.create(CLAIM)
    strange = vault.key(Claim, "feed", "other")
    sealed = storage.get(vault.key(Claim, *SUBJECT))
    assert sealed is not None
    storage.put(strange, sealed.value, expect=ANY)
    for _ in range(2):
        with pytest.raises(SealedValueError):
            vault.read_key(Claim, strange)


@pytest.mark.fault("F82")
def test_what_is_remembered_is_bounded(make_vault: Callable[[], Vault]) -> None:
    """The memory for known records does not grow with the storage; the latest ones stay in it."""
    vault = make_vault()
    for number in range(2100):
        vault.create(evolve(CLAIM, subject=("feed", str(number))))
    assert None is not vault.read(Claim, "feed", "0")
    assert None is not vault.read(Claim, "feed", "2099")
    assert 1 == unsealed(vault)


def test_a_scan_is_not_remembered(make_vault: Callable[[], Vault]) -> None:
    """Looking through all records pushes out none of those in use."""
    writer, reader = make_vault(), make_vault()
    writer.create(CLAIM)
    assert [CLAIM] == [kept.record for kept in reader.scan(Claim)]
    assert None is not reader.read(Claim, *SUBJECT)
    assert 2 == unsealed(reader)
