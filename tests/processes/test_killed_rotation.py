"""`chatbridge keys rotate` as a real process on a real database, killed at random moments."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest

from chatbridge.keys import new_root_key, root_key_from_file
from chatbridge.keyset_record import open_sealer, read_keyset
from chatbridge.links import Link
from chatbridge.record_check import count_keys
from chatbridge.sqlite_storage import SqliteStorage
from chatbridge.vault import Vault

LINKS = 2_000
KILLS = 16
CONFIGURATION = """
[storage]
url = "sqlite:chatbridge.db"

[site]
url = "https://acme.atlassian.net"
account = "bot@acme.example"
token = "t0ken"
"""


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a configuration, a root key and many records."""
    (tmp_path / "chatbridge.toml").write_text(CONFIGURATION)
    (tmp_path / "chatbridge.key").write_text(new_root_key() + "\n")
    for name in ("chatbridge.toml", "chatbridge.key"):
        (tmp_path / name).chmod(0o600)
    with SqliteStorage(tmp_path / "chatbridge.db") as storage:
        vault = Vault(storage, open_sealer(storage, [root(tmp_path)]))
        for link in links():
            vault.create(link)
    return tmp_path


def links():
    """Return what the records hold."""
    return [Link("acme", str(at), "telegram", "7", f"chat {at}") for at in range(LINKS)]


def root(folder):
    """Return the root key."""
    return root_key_from_file(folder / "chatbridge.key")


def rotation(folder):
    """Start a rotation as an administrator does."""
    return subprocess.Popen(
        [sys.executable, "-m", "chatbridge", "-c", "chatbridge.toml", "keys", "rotate"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def found(folder):
    """Return the records that can be read, and under how many keys the readable ones stand."""
    damaged = []
    with SqliteStorage(folder / "chatbridge.db") as storage:
        vault = Vault(storage, open_sealer(storage, [root(folder)]))
        read = [kept.record for kept in vault.scan(Link, damaged.append)]
        keyset = read_keyset(storage, [root(folder)]).keyset
        counted = count_keys(storage)
    assert [] == damaged
    return sorted(read, key=lambda link: int(link.issue_id)), keyset, counted


def kill_at(folder, chance):
    """Kill a rotation at its start, between two records, or while it waits for others."""
    process = rotation(folder)
    if chance.random() < 0.5:
        with SqliteStorage(folder / "chatbridge.db") as storage:
            while process.poll() is None and len(count_keys(storage).by_key) < 2:
                pass
    else:
        time.sleep(chance.uniform(0, 1.6))
    process.kill()
    process.communicate()


@pytest.mark.heavy
@pytest.mark.fault("F70")
@pytest.mark.invariant("I14")
def test_a_killed_rotation_loses_no_record_and_is_finished(folder):
    """(M10) After each kill every record is there; the next run ends, and the old key is gone."""
    chance = random.Random(1)
    before = found(folder)[1]
    between = 0
    for _ in range(KILLS):
        kill_at(folder, chance)
        read, keyset, counted = found(folder)
        assert links() == read
        assert keyset.current in counted.by_key or len(counted.by_key) == 1
        between += len(counted.by_key) > 1
    assert between > 0, "no kill came between two records"
    last = rotation(folder)
    said, _ = last.communicate(timeout=240)
    assert (0, True) == (last.returncode, "the key before is gone" in said)
    read, keyset, counted = found(folder)
    assert (links(), [keyset.current]) == (read, list(counted.by_key))
    assert before.current != keyset.current
    assert [keyset.current] == list(keyset.data_keys)
