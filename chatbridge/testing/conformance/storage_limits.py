"""The part of the storage suite about the lengths of keys and values, and what stands outside."""

from __future__ import annotations

import pytest

from chatbridge.errors import InvalidKeyError, ValueTooLargeError
from chatbridge.storage import MAX_KEY_LENGTH, MAX_VALUE_BYTES, Storage, Versioned


class StorageLimitTests:
    """Inherited through `StorageSuite`, which has the fixtures."""

    def test_largest_value(self, storage: Storage) -> None:
        """A value of 128 KiB fits; one byte more is refused, and nothing is written."""
        version = storage.put("link:a", b"x" * MAX_VALUE_BYTES)
        assert Versioned(b"x" * MAX_VALUE_BYTES, version) == storage.get("link:a")
        with pytest.raises(ValueTooLargeError):
            storage.put("link:b", b"x" * (MAX_VALUE_BYTES + 1))
        assert None is storage.get("link:b")

    def test_longest_key(self, storage: Storage) -> None:
        """A key of 24 characters of kind and 135 of name fits, with every allowed character."""
        kind = "k23456789-123456789-1234"
        key = kind + ":" + "Zz09:.-".ljust(MAX_KEY_LENGTH - len(kind) - 1, "x")
        storage.put(key, b"1")
        assert None is not storage.get(key)
        assert [key] == [row.key for row in storage.scan(kind).rows]

    @pytest.mark.parametrize(
        "key",
        ["", "link", "link:", ":a", "Link:a", "1ink:a", "link:a b", "link:ä", "link:a/b", "link:%",
         "link:_", "link:a\n", "link:a\0", "link:" + "x" * 156, "k" * 25 + ":a"],
    )  # fmt: skip
    def test_keys_outside_the_contract(self, storage: Storage, key: str) -> None:
        """A key outside the alphabet, the form or the length is refused by every method."""
        with pytest.raises(InvalidKeyError):
            storage.get(key)
        with pytest.raises(InvalidKeyError):
            storage.put(key, b"1")
        with pytest.raises(InvalidKeyError):
            storage.delete(key)
