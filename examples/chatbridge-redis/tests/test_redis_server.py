"""What is Redis' own: TLS and passwords, servers that forget, lost connections, a killed server."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import trustme

import chatbridge_redis
from chatbridge import (
    ABSENT,
    KEEP,
    ConfigurationError,
    ConflictError,
    NoCredentialError,
    Plugins,
    Secret,
    StorageUnavailableError,
)
from chatbridge_redis.place import Place
from chatbridge_redis.server import RedisServer
from chatbridge_redis.storage import RedisStorage

PASSWORD = "pass/word-of-tests"
WRITTEN = "pass%2Fword-of-tests"
WRONG = "another-password"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that keeps a log of its writes."""
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture
def storage(server: RedisServer, tmp_path: Path) -> Iterator[RedisStorage]:
    """A storage on the server."""
    with RedisStorage(Place(socket=server.socket_of(tmp_path))) as storage:
        yield storage


@pytest.fixture
def raw(server: RedisServer, tmp_path: Path) -> Iterator[redis.Redis]:
    """The server as its administrator sees it."""
    with redis.Redis(unix_socket_path=server.socket_of(tmp_path)) as client:
        yield client


@pytest.fixture
def plugins() -> Plugins:
    """Plugins that know this package."""
    plugins = Plugins()
    plugins.register(chatbridge_redis)
    return plugins


def _all_of(failure: BaseException) -> str:
    return "".join(traceback.format_exception(failure)) + repr(failure.__context__)


# --- reaching it ----------------------------------------------------------------------------------


def test_the_setting_opens_it(plugins: Plugins, server: RedisServer, tmp_path: Path) -> None:
    """`redis:<socket>` opens the server; another prefix is another storage in it."""
    place = server.socket_of(tmp_path)
    with plugins.storage("redis", place) as one, \
            plugins.storage("redis", f"{place}?prefix=two") as two:  # fmt: skip
        one.put("link:a", b"1")
        assert None is two.get("link:a")
        assert () == two.scan("link").rows


@pytest.mark.parametrize(
    ("scheme", "rest"),
    [
        ("redis", ""),
        ("redis", "localhost"),
        ("redis", f"//me:{WRITTEN}@redis.example/0"),
        ("redis", f"//me:{WRITTEN}@localhost:port/0"),
        ("redis", f"//me:{WRITTEN}@localhost/zero"),
        ("redis", f"//me:{WRITTEN}@localhost/0?ssl_cert_reqs={WRITTEN}"),
        ("redis", f"//me:{WRITTEN}@localhost/0?durable={WRITTEN}"),
        ("redis", f"//me:{WRITTEN}@localhost/0?timeout={WRITTEN}"),
        ("redis", f"//me:{WRITTEN}@[localhost/0"),
        ("rediss", f"/run/{WRITTEN}"),
    ],
)
def test_a_wrong_setting_says_what_to_write(plugins: Plugins, scheme: str, rest: str) -> None:
    """What cannot be read, or would send a password in plain text, is refused and not repeated."""
    with pytest.raises(ConfigurationError) as caught:
        plugins.storage(scheme, rest)
    assert "storage: " in str(caught.value)
    assert [False, False] == [word in _all_of(caught.value) for word in (PASSWORD, WRITTEN)]


def test_passwords_and_tls(plugins: Plugins, tmp_path: Path) -> None:
    """`rediss:` trusts its certificate alone, and a password is in no error and no repr."""
    ours, strange = trustme.CA(), trustme.CA()
    files = {name: tmp_path / f"{name}.pem" for name in ("cert", "key", "ca", "strange")}
    issued = ours.issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(files["cert"])
    issued.private_key_pem.write_to_path(files["key"])
    ours.cert_pem.write_to_path(files["ca"])
    strange.cert_pem.write_to_path(files["strange"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--tls-port", str(port), "--bind", "127.0.0.1", "--tls-auth-clients", "no",
               "--tls-cert-file", str(files["cert"]), "--tls-key-file", str(files["key"]),
               "--user", "bridge", "on", f">{PASSWORD}", "~*", "+@all"]  # fmt: skip

    def place(password: str, ca: str) -> str:
        return f"//bridge:{password}@localhost:{port}/1?ca={files[ca]}"

    with RedisServer(tmp_path, *options):
        with plugins.storage("rediss", place(WRITTEN, "ca")) as storage:
            version = storage.put("link:a", b"1")
            assert version == storage.scan("link").rows[0].version
        with pytest.raises(NoCredentialError) as wrong:
            plugins.storage("rediss", place(WRONG, "ca"))
        with pytest.raises(StorageUnavailableError) as untrusted:
            plugins.storage("rediss", place(WRITTEN, "strange"))
    for failure in (wrong.value, untrusted.value):
        told = _all_of(failure)
        assert [False] * 3 == [word in told for word in (PASSWORD, WRITTEN, WRONG)]
    assert PASSWORD not in repr(Place(host="h", password=Secret(PASSWORD)))


# --- servers that forget --------------------------------------------------------------------------


def test_a_server_that_may_drop_records_is_refused(
    server: RedisServer, raw: redis.Redis, tmp_path: Path
) -> None:
    """A full memory must make writes fail, and never make records vanish."""
    raw.config_set("maxmemory-policy", "volatile-lru")
    with pytest.raises(ConfigurationError, match="noeviction"):
        RedisStorage(Place(socket=server.socket_of(tmp_path)))


def test_a_server_without_a_log_is_refused_unless_accepted(
    server: RedisServer, raw: redis.Redis, tmp_path: Path
) -> None:
    """Without an append-only file a restart forgets writes; who accepts that says so."""
    raw.config_set("appendonly", "no")
    with pytest.raises(ConfigurationError, match="durable=no"):
        RedisStorage(Place(socket=server.socket_of(tmp_path)))
    with RedisStorage(Place(socket=server.socket_of(tmp_path), durable=False)) as storage:
        storage.put("link:a", b"1")


def test_a_full_server_is_unavailable(storage: RedisStorage, raw: redis.Redis) -> None:
    """A server that is full refuses a write, and what was there stays."""
    version = storage.put("link:a", b"1")
    raw.config_set("maxmemory", "1")
    with pytest.raises(StorageUnavailableError):
        storage.put("link:a", b"2", expect=version)
    found = storage.get("link:a")
    assert found is not None
    assert (b"1", version) == (found.value, found.version)


def test_a_killed_server_comes_back_with_everything(
    server: RedisServer, storage: RedisStorage
) -> None:
    """While it is gone every call says so; afterwards the same object finds what was put."""
    version = storage.put("link:a", b"1", ttl=3600)
    server.kill()
    for call in (lambda: storage.get("link:a"), lambda: storage.put("link:a", b"2"),
                 lambda: storage.scan("link"), lambda: storage.delete("link:a")):  # fmt: skip
        with pytest.raises(StorageUnavailableError) as caught:
            call()
        assert 1.0 == caught.value.retry_after
    server.start()
    again = storage.put("link:a", b"2", expect=version, ttl=KEEP)
    assert [again] == [row.version for row in storage.scan("link").rows]


# --- lost connections -----------------------------------------------------------------------------


def test_an_idle_connection_that_was_closed_is_no_failure(
    storage: RedisStorage, raw: redis.Redis
) -> None:
    """A server that closes idle connections costs nothing; the call is made again."""
    storage.put("link:a", b"1")
    for call in (lambda: storage.get("link:a"), lambda: storage.put("link:b", b"1", expect=ABSENT),
                 lambda: storage.scan("link")):  # fmt: skip
        raw.client_kill_filter(_type="normal", skipme=True)
        assert None is not call()


def test_a_delete_of_a_version_is_tried_once(
    storage: RedisStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it happened nobody can know, and a repeat would look like a lost race."""
    version = storage.put("link:a", b"1")
    calls: list[Any] = []

    def lost(**given: Any) -> Any:
        calls.append(given)
        raise redis.ConnectionError("lost")

    monkeypatch.setattr(storage, "_delete", lost)
    with pytest.raises(StorageUnavailableError):
        storage.delete("link:a", expect=version)
    assert 1 == len(calls)


def test_a_put_whose_answer_was_lost_is_not_a_lost_race(
    storage: RedisStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write happened, its answer did not arrive: a repeat finds its own version."""
    first = storage.put("link:a", b"1")
    written = storage._put
    answers: list[Any] = []

    def lossy(**given: Any) -> Any:
        answers.append(written(**given))
        if len(answers) == 1:
            raise redis.ConnectionError("lost")
        return answers[-1]

    monkeypatch.setattr(storage, "_put", lossy)
    second = storage.put("link:a", b"2", expect=first)
    found = storage.get("link:a")
    assert found is not None
    assert (2, b"2", second) == (len(answers), found.value, found.version)
    with pytest.raises(ConflictError):
        storage.put("link:a", b"3", expect=first)


def test_a_scan_takes_out_what_has_expired(storage: RedisStorage, raw: redis.Redis) -> None:
    """The list of a kind does not grow with records that are over."""
    for number in range(30):
        storage.put(f"claim:{number:02d}", b"x", ttl=60)
    for key in raw.keys("*:r:claim:0*"):
        raw.pexpire(key, 0)
    assert 10 == len(page := storage.scan("claim", limit=10).rows)
    assert "claim:10" == page[0].key
    assert 20 == raw.zcard("{chatbridge}:i:claim")
