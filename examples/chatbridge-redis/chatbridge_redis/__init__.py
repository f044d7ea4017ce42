"""Redis as a storage of chatbridge: registers the schemes `redis:` and, over TLS, `rediss:`."""

from __future__ import annotations

from chatbridge import Storage, hookimpl
from chatbridge.hookspecs import RegisterStorage

from .place import Place
from .storage import RedisStorage

__all__ = ["Place", "RedisStorage", "chatbridge_register_storages"]


@hookimpl
def chatbridge_register_storages(register: RegisterStorage) -> None:
    """Offer the storage; nothing else may happen in here."""
    register("redis", _open_plain)
    register("rediss", _open_tls)


def _open_plain(rest: str) -> Storage:
    return RedisStorage(Place.read("redis", rest))


def _open_tls(rest: str) -> Storage:
    return RedisStorage(Place.read("rediss", rest))
