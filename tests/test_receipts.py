"""Receipts: which request a message was about, for two days, and never worth a failure."""

from __future__ import annotations

import pytest

from chatbridge.errors import StorageUnavailableError
from chatbridge.keys import new_root_key, root_key_from_text
from chatbridge.keyset_record import open_sealer
from chatbridge.links import Link
from chatbridge.memory_storage import MemoryStorage
from chatbridge.receipts import LIFETIME, Receipt, Receipts
from chatbridge.testing.virtual_clock import VirtualClock
from chatbridge.vault import Vault

LINK = Link("acme", "10001", "viber", "pa:1", "chat/+=")
TOKEN = "4912661846655238145"


@pytest.fixture
def clock() -> VirtualClock:
    """Time that only the test moves."""
    return VirtualClock()


@pytest.fixture
def storage(clock: VirtualClock) -> MemoryStorage:
    """An empty storage."""
    return MemoryStorage(now=clock.time)


@pytest.fixture
def receipts(storage: MemoryStorage) -> Receipts:
    """What notes and finds receipts."""
    vault = Vault(storage, open_sealer(storage, [root_key_from_text(new_root_key())]))
    vault.create(LINK)
    return Receipts(vault)


def test_a_message_finds_its_request(receipts):
    """Each message that a part became leads to the request."""
    receipts.note(LINK, (TOKEN, "2"))
    found = [receipts.request_of("viber", "pa:1", each, "acme") for each in (TOKEN, "2", "3")]
    assert ["10001", "10001", ""] == found


@pytest.mark.parametrize(
    "where", [("telegram", "pa:1", TOKEN, "acme"), ("viber", "pa:2", TOKEN, "acme"),
              ("viber", "pa:1", TOKEN, "other")],
)  # fmt: skip
def test_a_message_of_another_bot_or_site_is_another_one(receipts, where):
    """Ids are unique for one bot only, and requests for one site."""
    receipts.note(LINK, (TOKEN,))
    assert "" == receipts.request_of(*where)


def test_a_receipt_ends_after_two_days(receipts, clock):
    """Then nothing of it is kept."""
    receipts.note(LINK, (TOKEN,))
    clock.advance(LIFETIME - 1)
    assert "10001" == receipts.request_of("viber", "pa:1", TOKEN, "acme")
    clock.advance(2)
    assert "" == receipts.request_of("viber", "pa:1", TOKEN, "acme")


def test_the_same_message_twice_is_one_receipt(receipts, storage):
    """A repeat changes nothing."""
    receipts.note(LINK, (TOKEN, TOKEN))
    receipts.note(LINK, (TOKEN,))
    assert 1 == len(storage.scan("receipt").rows)


def test_a_request_that_was_erased_meanwhile_leaves_none(receipts, storage):
    """What is erased while its message is sent does not come back."""
    kept = receipts.vault.read(Link, "acme", "10001")
    receipts.vault.delete(kept)
    receipts.note(LINK, (TOKEN,))
    assert () == tuple(storage.scan("receipt").rows)


def test_a_storage_that_fails_is_no_failure(receipts, storage, monkeypatch, caplog):
    """The message was sent: that the receipt is missing is logged, without the id."""

    def full(*_: object, **__: object) -> str:
        raise StorageUnavailableError("the disk is full")

    monkeypatch.setattr(storage, "put", full)
    receipts.note(LINK, (TOKEN,))
    assert ["a receipt could not be kept: the disk is full"] == [r.message for r in caplog.records]


def test_a_damaged_receipt_is_like_none(receipts, storage, caplog):
    """A report must be answered also where its receipt cannot be read."""
    receipts.note(LINK, (TOKEN,))
    (row,) = storage.scan("receipt").rows
    storage.put(row.key, row.value[:-1] + bytes([row.value[-1] ^ 1]))
    receipts.vault._unsealed.drop(row.key)
    assert "" == receipts.request_of("viber", "pa:1", TOKEN, "acme")
    assert ["a receipt cannot be read"] == [record.message for record in caplog.records]


def test_nothing_of_it_is_readable(receipts, storage):
    """Neither the storage nor a repr shows which message it was."""
    receipts.note(LINK, (TOKEN,))
    (row,) = storage.scan("receipt").rows
    assert not any(
        word in row.key.encode() + row.value for word in (b"10001", b"chat/", TOKEN.encode())
    )
    assert TOKEN not in repr(receipts.vault.read(Receipt, "viber", "pa:1", TOKEN))
