"""Keep records in Redis, shared by all processes and hosts that reach one server.

Values arrive sealed. Each write is one script, which the server runs as a whole. No text of the
driver or the server comes out of here: it may repeat a host, an account or a password.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from chatbridge import (
    ABSENT,
    ANY,
    ConfigurationError,
    ConflictError,
    NoCredentialError,
    Page,
    Row,
    Storage,
    StorageUnavailableError,
    Versioned,
)
from chatbridge.storage import KEEP, Expected, TimeToLive, check_key, check_scan, check_value

from .place import Place
from .scripts import DELETE, PUT, SCAN, VERSION_LENGTH

T = TypeVar("T")
_REFUSED = (redis.AuthenticationError, redis.exceptions.NoPermissionError)


class RedisStorage(Storage):
    """A storage in one database of a Redis server.

    Args:
        place: which, and how to reach it.

    Raises:
        ConfigurationError: the server may drop records, or keeps no log of its writes.
        NoCredentialError: the server refuses account or password.
        StorageUnavailableError: it cannot be reached.
    """

    def __init__(self, place: Place) -> None:
        # Braces: a cluster keeps all keys with one name in them on one node, as the scripts need.
        self._records = f"{{{place.prefix}}}:r:"
        self._indexes = f"{{{place.prefix}}}:i:"
        self._closed = False
        # What may be tried again is decided here, call by call, and never by the driver.
        never = Retry(NoBackoff(), 0)
        self._client = redis.Redis(retry=never, **place.arguments())
        self._put = self._client.register_script(PUT)
        self._delete = self._client.register_script(DELETE)
        self._scan = self._client.register_script(SCAN)
        try:
            self._check_server(place.durable)
        except BaseException:
            self.close()
            raise

    def get(self, key: str) -> Versioned | None:
        """See `Storage.get`."""
        check_key(key)
        found = self._ask(lambda: self._client.get(self._records + key))
        if found is None:
            return None
        version, value = _parts(found)
        return Versioned(value, version)

    def put(self, key: str, value: bytes, *, expect: Expected = ANY, ttl: TimeToLive = None) -> str:
        """See `Storage.put`."""
        check_key(key)
        check_value(value, ttl, expect)
        version = secrets.token_hex(VERSION_LENGTH // 2)
        life = "keep" if ttl is KEEP else "" if ttl is None else str(ttl)
        arguments: list[Any] = [*_condition(expect), version, bytes(value), life, key]
        if not self._ask(lambda: self._put(keys=self._keys(key), args=arguments)):
            raise ConflictError("the record has changed, is gone, or is there already")
        return version

    def delete(self, key: str, *, expect: Expected = ANY) -> None:
        """See `Storage.delete`."""
        check_key(key)
        arguments: list[Any] = [*_condition(expect), key]
        # Done twice, a delete of a version would look like a lost race.
        twice = isinstance(expect, type(ANY))
        if not self._ask(lambda: self._delete(keys=self._keys(key), args=arguments), twice):
            raise ConflictError("the record has changed, is gone, or is there")

    def scan(self, kind: str, *, limit: int = 500, cursor: str | None = None) -> Page:
        """See `Storage.scan`."""
        check_scan(kind, limit, cursor)
        arguments: list[Any] = [cursor or f"{kind}:", limit + 1, self._records]
        found = self._ask(lambda: self._scan(keys=[self._indexes + kind], args=arguments))
        pairs = zip(found[::2], found[1::2], strict=True)
        rows = tuple(_row(name, record) for name, record in pairs)
        return Page(rows[:limit], rows[limit - 1].key if len(rows) > limit else None)

    def close(self) -> None:
        """See `Storage.close`."""
        self._closed = True
        self._client.close()

    def _keys(self, key: str) -> list[str]:
        return [self._records + key, self._indexes + key.partition(":")[0]]

    def _check_server(self, durable: bool) -> None:
        told = {**self._told("memory"), **self._told("persistence")}
        if told.get("maxmemory_policy", "noeviction") != "noeviction":
            raise ConfigurationError(
                "storage: this Redis drops records when its memory is full; set its "
                "maxmemory-policy to noeviction"
            )
        if durable and not told.get("aof_enabled"):
            raise ConfigurationError(
                "storage: this Redis forgets what it wrote last when it ends; set its appendonly "
                "to yes (and appendfsync to always), or add ?durable=no and accept that messages "
                "may come twice then"
            )

    def _told(self, section: str) -> dict[str, Any]:
        told: dict[str, Any] = self._ask(lambda: self._client.info(section))
        return told

    def _ask(self, call: Callable[[], Any], twice: bool = True) -> Any:
        """Return what the server answers.

        Args:
            call: makes the call.
            twice: whether it may be made again where the connection broke, as connections that
                were idle for long do.
        """
        if self._closed:
            raise StorageUnavailableError("the storage is closed")
        for left in (True, False) if twice else (False,):
            try:
                return call()
            except _REFUSED:
                failure: Exception = NoCredentialError("Redis refuses the account or its password")
            except redis.ConnectionError:
                if left:
                    continue
                failure = StorageUnavailableError("Redis cannot be reached", retry_after=1.0)
            except redis.RedisError as error:
                reason = f"Redis failed with {type(error).__name__}"
                failure = StorageUnavailableError(reason, retry_after=1.0)
            break
        raise failure  # Out here: the driver's own error is no cause that a log may show.


def _condition(expect: Expected) -> tuple[str, str]:
    if expect is ANY:
        return "any", ""
    return ("absent", "") if expect is ABSENT else ("version", expect)


def _parts(record: bytes) -> tuple[str, bytes]:
    return record[:VERSION_LENGTH].decode("ascii"), record[VERSION_LENGTH:]


def _row(name: bytes, record: bytes) -> Row:
    version, value = _parts(record)
    return Row(name.decode("ascii"), value, version)
