"""A sealed record opens nowhere but where it belongs, and an error about it shows nothing of it."""

from __future__ import annotations

import json
import logging
import traceback
from typing import Any

import attrs
import pytest

from chatbridge.errors import ChatbridgeError, SealedValueError
from chatbridge.invitations import Invitation
from chatbridge.keyset import Keyset
from chatbridge.keyset_wrapping import unwrap_keyset, wrap_keyset
from chatbridge.links import Link
from chatbridge.memory_storage import MemoryStorage
from chatbridge.project import ProjectSettings
from chatbridge.receipts import Receipt
from chatbridge.record_check import RECORDS, check_records
from chatbridge.records import BotRecord, Claim, Conversation, Project
from chatbridge.sealing import Sealer
from chatbridge.vault import Vault

CANARY = "canary"
ROOT = b"r" * 32
KEYSET = Keyset.new()
SETTINGS = ProjectSettings(name=CANARY, site="acme", service_desk="10", request_type="25")
KEPT: tuple[Any, ...] = (
    Link("acme", "10012", "telegram", "7", CANARY, seen=frozenset({10_040})),
    Link("acme", "10013", "telegram", "7", CANARY),
    Link("other", "10012", "telegram", "7", CANARY),
    Conversation("telegram", "7", CANARY, ("10012",), "10012"),
    Claim(("poll", "telegram", "7"), CANARY, "b1", 5),
    Invitation(CANARY, "acme", "10012", CANARY, 1_900_000_000),
    Receipt("telegram", "7", CANARY, CANARY, "acme", "10012"),
    Project(SETTINGS, (BotRecord("telegram", "7", CANARY, "poll", {"token": CANARY}),)),
)
"""Records of every kind; two links differ in nothing but the issue, two in nothing but the site."""


@pytest.fixture
def vault() -> Vault:
    """A storage with the records."""
    made = Vault(MemoryStorage(), Sealer(KEYSET))
    for record in KEPT:
        made.create(record)
    return made


def sealed_of(vault: Vault, record: Any) -> tuple[str, bytes]:
    """Return where a record stands, and as what."""
    key = vault.key(type(record), *record.identity())
    found = vault.storage.get(key)
    assert found is not None
    return key, found.value


def complaint(caught: pytest.ExceptionInfo[BaseException]) -> str:
    """Return everything that anybody could print of an error, local variables of ours included."""
    rendered = traceback.TracebackException.from_exception(caught.value, capture_locals=False)
    return "".join(rendered.format()) + repr(caught.value) + repr(vars(caught.value))


def test_no_kind_is_left_out() -> None:
    """What is kept below has a record of every kind that there is."""
    assert set(RECORDS) == {type(record) for record in KEPT}


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
@pytest.mark.parametrize("by_whom", ["read", "read_key", "refresh", "scan"])
def test_each_record_in_the_place_of_each_other(vault: Vault, by_whom: str) -> None:
    """Another kind, key or site: no way of reading takes one record for another one."""
    for there in KEPT:
        key, genuine = sealed_of(vault, there)
        kept = vault.read_key(type(there), key)
        assert kept is not None
        for record in KEPT:
            if record is there:
                continue
            vault.storage.put(key, sealed_of(vault, record)[1])
            reads = {
                "read": lambda there=there: vault.read(type(there), *there.identity()),
                "read_key": lambda there=there, key=key: vault.read_key(type(there), key),
                "refresh": lambda kept=kept: vault.refresh(kept),
            }
            if by_whom == "scan":
                damaged: list[str] = []
                assert there not in [
                    each.record for each in vault.scan(type(there), damaged.append)
                ]
                assert [key] == damaged
            else:
                with pytest.raises(SealedValueError) as caught:
                    reads[by_whom]()
                assert CANARY not in complaint(caught)
            vault.storage.put(key, genuine)


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
def test_a_record_at_a_key_of_nobody(vault: Vault) -> None:
    """Moved to any other key of its own kind, or of another one, a record is damaged."""
    for record in KEPT:
        key, sealed = sealed_of(vault, record)
        kind, _, name = key.partition(":")
        places = [f"{kind}:{'0' * 32}", f"{kind}:{name[:-1]}", f"{kind}:{name}0"]
        places += [f"{cls.kind}:{name}" for cls in RECORDS if cls.kind != kind]
        for place in places:
            with pytest.raises(SealedValueError):
                vault.sealer.unseal(place, sealed)


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
def test_every_other_schema_is_refused(vault: Vault) -> None:
    """Of the 65,536 schema versions a record can name only its own is accepted."""
    for record in KEPT:
        key, sealed = sealed_of(vault, record)
        taken = []
        for schema in range(65536) if record is KEPT[0] else (0, 1, 2, 3, 256, 65535):
            changed = sealed[:5] + schema.to_bytes(2, "big") + sealed[7:]
            try:
                vault.sealer.unseal(key, changed)
                taken.append(schema)
            except SealedValueError:
                continue
        assert [record.schema] == taken or (record.schema % 257 and [] == taken)


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
def test_another_installation_is_refused(vault: Vault) -> None:
    """With every key the same, and another name of the installation, nothing opens."""
    stranger = Sealer(attrs.evolve(KEYSET, instance_id="another"))
    for record in KEPT:
        with pytest.raises(SealedValueError):
            stranger.unseal(*sealed_of(vault, record))


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
def test_what_is_sealed_for_its_place_must_be_of_it(vault: Vault) -> None:
    """Who has the data key and puts one record's content under the other's key is found out."""
    for there, record in ((KEPT[0], KEPT[1]), (KEPT[0], KEPT[2]), (KEPT[1], KEPT[2])):
        key, genuine = sealed_of(vault, there)
        plain = json.dumps(record.to_plain()).encode()
        vault.storage.put(key, vault.sealer.seal(key, record.schema, plain))
        with pytest.raises(SealedValueError) as caught:
            vault.read(Link, *there.identity())
        assert CANARY not in complaint(caught)
        (report,) = [each for each in check_records(vault) if each.kind == "link"]
        assert (2, 1) == (report.sound, report.damaged)
        vault.storage.put(key, genuine)


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
def test_every_bit_and_length_of_the_keyset_counts() -> None:
    """No bit of the keyset record can be changed, and none of it left out or added."""
    blob = wrap_keyset(KEYSET, [ROOT])
    taken = []
    for bit in range(8 * len(blob)):
        changed = bytearray(blob)
        changed[bit // 8] ^= 1 << bit % 8
        taken += [bit] if _opens(bytes(changed)) else []
    lengths = [blob[:length] for length in range(len(blob))] + [
        blob + bytes(n) for n in range(1, 40)
    ]
    assert ([], []) == (taken, [len(each) for each in lengths if _opens(each)])
    assert _opens(blob)


@pytest.mark.invariant("I13")
def test_a_damaged_record_leaves_nothing_in_the_log(
    vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    """Where scans pass damaged records, the log has counts and kinds only."""
    caplog.set_level(logging.DEBUG)
    for record in KEPT:
        key, sealed = sealed_of(vault, record)
        changed = vault.sealer.seal(key, record.schema, json.dumps({"x": CANARY}).encode())
        vault.storage.put(key, changed)
        assert [] == [each for each in vault.scan(type(record)) if each.record == record]
        vault.storage.put(key, sealed[:-1])
        assert [] == [each for each in vault.scan(type(record)) if each.record == record]
    assert "cannot be read" in caplog.text
    assert CANARY not in caplog.text


def _opens(blob: bytes) -> bool:
    try:
        unwrap_keyset(blob, [ROOT])
    except ChatbridgeError:
        return False
    return True
