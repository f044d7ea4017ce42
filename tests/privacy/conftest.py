"""A storage in the middle of whose work somebody else acts; looks at everything that is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chatbridge import MemoryStorage
from chatbridge.keyset_record import open_sealer
from chatbridge.storage import ANY, Expected, Page, Storage, Versioned


class Meanwhile(Storage):
    """A storage that lets somebody act once, right before one of its operations.

    Args:
        inner: the storage.
    """

    def __init__(self, inner: Storage) -> None:
        self.inner = inner
        self.count = 0
        self.at = -1
        self.act: Callable[[], None] = lambda: None

    def _pass(self) -> Storage:
        self.count += 1
        if self.count == self.at:
            self.at = -1
            self.act()
        return self.inner

    def get(self, key: str) -> Versioned | None:
        """See `Storage.get`."""
        return self._pass().get(key)

    def put(self, key: str, value: bytes, *, expect: Expected = ANY, ttl: int | None = None) -> str:
        """See `Storage.put`."""
        return self._pass().put(key, value, expect=expect, ttl=ttl)

    def delete(self, key: str, *, expect: Expected = ANY) -> None:
        """See `Storage.delete`."""
        self._pass().delete(key, expect=expect)

    def scan(self, kind: str, *, limit: int = 500, cursor: str | None = None) -> Page:
        """See `Storage.scan`."""
        return self._pass().scan(kind, limit=limit, cursor=cursor)

    def close(self) -> None:
        """See `Storage.close`."""
        self.inner.close()


def everything(storage: Storage, root: Any) -> dict[str, Any]:
    """Return what every record holds, by storage key: found by no class of the library."""
    sealer = open_sealer(storage, [root])
    kinds = ("project", "conversation", "link", "claim", "receipt", "invitation")
    return {
        row.key: json.loads(sealer.unseal(row.key, row.value)[1])
        for kind in kinds
        for row in storage.scan(kind, limit=100_000).rows
    }


def leaves(value: Any) -> set[str]:
    """Return every text and number in JSON values, as texts."""
    if isinstance(value, dict):
        return {leaf for each in value.values() for leaf in leaves(each)}
    if isinstance(value, list):
        return {leaf for each in value for leaf in leaves(each)}
    return {str(value)}


class Meanwhiles:
    """What tests of privacy share."""

    storage = Meanwhile
    everything = staticmethod(everything)
    leaves = staticmethod(leaves)


@pytest.fixture
def looks() -> type[Meanwhiles]:
    """Return the ways to look at a storage."""
    return Meanwhiles


@pytest.fixture
def interrupted(make_world: Any) -> Callable[[], Any]:
    """Return what makes a world on a storage in which somebody may act meanwhile."""

    def make() -> Any:
        world = make_world(storage=Meanwhile(MemoryStorage()))
        world.other = world.open_bridge()
        return world

    return make
