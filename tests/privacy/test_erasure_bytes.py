"""After an erasure no byte of what was erased stands in any file; what a thief sees of the rest."""

from __future__ import annotations

import re
import secrets
import sqlite3
import zlib

import pytest

from chatbridge import SqliteStorage, StorageUnavailableError
from chatbridge.erasure import Eraser
from chatbridge.erasure_proof import prove
from chatbridge.kept_fields import KEY_LENGTH
from chatbridge.keys import new_root_key, root_key_from_text
from chatbridge.keyset_record import open_sealer
from chatbridge.links import Link
from chatbridge.records import Conversation
from chatbridge.storage import ShowsRemains
from chatbridge.subjects import ChatSubject
from chatbridge.vault import Vault


@pytest.fixture
def storage(tmp_path):
    """Return a storage in a file."""
    with SqliteStorage(tmp_path / "bridge.db", durable=False) as opened:
        yield opened


@pytest.fixture
def vault(storage):
    """Return the records of that storage."""
    return Vault(storage, open_sealer(storage, [root_key_from_text(new_root_key())]))


def _files(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def _fill(vault, chats, marks=0):
    """Let chats talk, each record written anew several times; return all that was ever sealed."""
    written = {}
    for number in range(chats):
        talk = Conversation("telegram", "77", str(7_000_000 + number))
        kept = vault.create(talk)
        link = vault.create(Link("acme", str(10_000 + number), "telegram", "77", talk.chat))
        for _ in range(marks):
            kept = vault.replace(kept, kept.record.finished(secrets.token_hex(KEY_LENGTH // 2)))
            written.setdefault(talk.chat, []).append(vault.storage.get(kept.key).value)
        written.setdefault(talk.chat, []).append(vault.storage.get(link.key).value)
    return written


def _pieces(values, size=24):
    return {value[at : at + size] for value in values for at in range(7, len(value) - size, size)}


def _erase(vault, chat):
    subject = ChatSubject("telegram", "77", chat)
    return prove(vault, subject, list(Eraser(vault).erase(subject)))


@pytest.mark.fault("F79")
@pytest.mark.invariant("I17")
def test_no_piece_of_any_version_is_left(vault, tmp_path):
    """Of every version that was ever written no 24 bytes stand in database, log or journal."""
    written = _fill(vault, chats=40, marks=30)
    chat = "7000020"
    pieces = _pieces(written[chat])
    assert any(piece in _files(tmp_path) for piece in pieces)
    proof = _erase(vault, chat)
    raw = _files(tmp_path)
    assert (True, {"conversation": 1, "link": 1}) == (proof.holds, dict(proof.removed))
    assert [] == [piece.hex() for piece in pieces if piece in raw]
    others = _pieces(written["7000021"][-1:])
    assert all(piece in raw for piece in others)


@pytest.mark.fault("F79")
def test_the_search_itself_finds_what_is_left(vault, tmp_path, monkeypatch):
    """Without writing the database anew the log still has it, and the proof says so."""
    beside = sqlite3.connect(tmp_path / "bridge.db")
    beside.execute("select count(*) from records").fetchone()
    _fill(vault, chats=20, marks=5)
    monkeypatch.setattr(SqliteStorage, "drop_remains", lambda _: None)
    proof = _erase(vault, "7000003")
    beside.close()
    assert (False, 0) == (proof.holds, proof.left)
    assert proof.remains > 1


def test_another_process_that_writes_is_not_disturbed(vault, storage, tmp_path):
    """Somebody else has the database open all the time, and loses nothing."""
    _fill(vault, chats=5)
    with SqliteStorage(tmp_path / "bridge.db", durable=False) as other:
        other.put("note:x", b"before")
        assert _erase(vault, "7000001").holds
        other.put("note:y", b"after")
        assert [b"before", b"after"] == [storage.get(key).value for key in ("note:x", "note:y")]


def test_a_reader_without_a_pause_is_named(vault, storage, tmp_path):
    """The remains cannot be dropped while somebody reads; that is said, and nothing breaks."""
    _fill(vault, chats=3)
    reader = sqlite3.connect(tmp_path / "bridge.db", isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from records").fetchone()
    with SqliteStorage(tmp_path / "bridge.db", busy_seconds=0.1) as hurried:
        hurried.put("link:x", b"1")
        with pytest.raises(StorageUnavailableError, match="other processes use"):
            hurried.drop_remains()
    reader.close()
    storage.drop_remains()


def test_kinds_are_counted(storage, vault):
    """Every kind that is there, also one that nobody knows."""
    _fill(vault, chats=2)
    storage.put("strange:1", b"?")
    assert isinstance(storage, ShowsRemains)
    assert {"conversation": 2, "link": 2, "keyset": 1, "strange": 1} == storage.kinds()


# --- a thief's view -------------------------------------------------------------------------------


def _view(path):
    """Return what the rows of a database say to somebody without the key."""
    with sqlite3.connect(path) as opened:
        rows = opened.execute("select key, value, version, expires from records").fetchall()
    opened.close()
    return rows


def _shape(rows):
    return sorted(
        (key.partition(":")[0], len(value), expires)
        for key, value, _, expires in rows
        if not key.startswith("keyset")
    )


def _store(folder, first, site):
    folder.mkdir()
    with SqliteStorage(folder / "bridge.db", durable=False, now=lambda: 1.7e9) as storage:
        vault = Vault(storage, open_sealer(storage, [root_key_from_text(new_root_key())]))
        for number in range(30):
            chat = str(first + 7919 * number)
            vault.create(Conversation("telegram", "77", chat, issues=(str(20_000 + number),)))
            vault.create(
                Link(site, str(20_000 + number), "telegram", "77", chat, seen=_seen(first))
            )
    return folder / "bridge.db"


def _seen(first):
    return frozenset(range(first, first + 5))


@pytest.mark.invariant("I26")
def test_a_thief_cannot_tell_two_databases_apart(tmp_path):
    """Other people, sites and comments, the same counts: kinds, sizes and times are all equal."""
    one = _view(_store(tmp_path / "one", 5_000_000, "acme"))
    two = _view(_store(tmp_path / "two", 9_100_000, "umbrella"))
    assert _shape(one) == _shape(two)
    assert set() == {row[0] for row in one} & {row[0] for row in two} - {"keyset:1"}


@pytest.mark.invariant("I26")
def test_a_thief_sees_counts_sizes_and_times_only(tmp_path):
    """Keys are a kind and a hash, sizes come in steps, versions and values are noise."""
    path = _store(tmp_path / "one", 5_000_000, "acme")
    rows = [row for row in _view(path) if not row[0].startswith("keyset")]
    assert all(re.fullmatch(r"(conversation|link):[0-9a-f]{32}", row[0]) for row in rows)
    assert all(re.fullmatch(r"[0-9a-f]{16}", row[2]) for row in rows)
    assert {303} == {len(row[1]) for row in rows}
    year = 365 * 24 * 3600
    assert {None, int((1.7e9 + year) * 1000)} >= {row[3] for row in rows}
    noise = b"".join(row[1][7:] for row in rows)
    assert len(zlib.compress(noise, 9)) > len(noise)
    raw = _files(tmp_path / "one")
    for word in (b"5000000", b"telegram", b"acme", b"20000", b"active"):
        assert word not in raw
