"""`chatbridge keys`: set up, look, rotate, exchange root keys, verify; wrong keys everywhere."""

from __future__ import annotations

import json
import sqlite3
import time

import pytest

from chatbridge.clock import SystemClock
from chatbridge.keys import new_root_key, root_key_from_file
from chatbridge.keyset_record import open_sealer
from chatbridge.links import Link
from chatbridge.rotation import Rotation
from chatbridge.sqlite_storage import SqliteStorage
from chatbridge.vault import Vault


@pytest.fixture
def quick(monkeypatch):
    """Let the waits of a rotation take no time; its clock counts them all the same."""
    slept = [0.0]
    monkeypatch.setattr(SystemClock, "monotonic", lambda _self: time.monotonic() + slept[0])
    monkeypatch.setattr(
        SystemClock, "sleep", lambda _self, seconds: slept.__setitem__(0, slept[0] + seconds)
    )


def told(shell, command="status"):
    """Return what a command tells as JSON."""
    return json.loads(shell.good("keys", command, "--json"))


def rows(folder):
    """Return every row of the database as it is."""
    with sqlite3.connect(folder / "chatbridge.db") as database:
        found = database.execute("select key, value, version from records order by key").fetchall()
    database.close()
    return found


def fingerprint(path):
    """Return the name of the root key in a file."""
    return root_key_from_file(path).fingerprint


# --- init ---------------------------------------------------------------------------------------


def test_init_sets_an_empty_storage_up(initialised):
    """`keys init` makes the keyset with the key that is there; again, it changes nothing."""
    name = fingerprint(initialised.folder / "chatbridge.key")
    assert f"is set up with root key {name}" in initialised.good("keys", "init")
    before = rows(initialised.folder)
    assert f"was set up before, and opens with root key {name}" in initialised.good("keys", "init")
    assert before == rows(initialised.folder)


def test_init_makes_a_missing_key(initialised):
    """Without a root key and without records, `keys init` makes a private key file."""
    path = initialised.folder / "chatbridge.key"
    path.unlink()
    assert "keep a copy" in initialised.good("keys", "init")
    assert 0o600 == path.stat().st_mode & 0o777
    assert [True] == [each["opens"] for each in told(initialised)["root_keys"]]


def test_init_makes_no_key_over_a_lost_one(set_up):
    """Where the key of a storage is missing, no other one is made in its place."""
    (set_up.folder / "chatbridge.key").unlink()
    assert "put that one back" in set_up.bad("keys", "init")
    assert not (set_up.folder / "chatbridge.key").exists()


# --- status and verify --------------------------------------------------------------------------


def test_status_tells_keys_and_records(linked):
    """Ids, ages and counts of keys are shown; no key and no content is."""
    shown = linked.good("keys", "status")
    status = told(linked)
    (root,), (data,) = status["root_keys"], status["data_keys"]
    assert fingerprint(linked.folder / "chatbridge.key") == root["root_key"]
    assert (True, str(linked.folder / "chatbridge.key")) == (root["opens"], root["given_by"])
    assert ("current", 0, sum(status["records"].values())) == (
        data["state"], data["days"], data["records"],
    )  # fmt: skip
    assert {"project": 1, "link": 1, "conversation": 1} == {
        kind: status["records"][kind] for kind in ("project", "link", "conversation")
    }
    secret = (linked.folder / "chatbridge.key").read_text().split(".")[1]
    for hidden in (secret, "printer", "Cora", "support"):
        assert hidden not in shown


def test_verify_reads_everything(linked):
    """Where all is well every record counts as sound, and the exit code is 0."""
    found = {each["kind"]: each for each in told(linked, "verify")}
    assert (1, 1) == (found["link"]["records"], found["link"]["sound"])
    assert "link" in linked.good("keys", "verify")


def test_verify_finds_what_does_not_belong(linked):
    """Damaged, moved and strange records are counted, and the exit code is 1."""
    root = root_key_from_file(linked.folder / "chatbridge.key")
    with SqliteStorage(linked.folder / "chatbridge.db") as storage:
        vault = Vault(storage, open_sealer(storage, [root]))
        (link,) = storage.scan("link").rows
        vault.create(Link("elsewhere", "5", "telegram", "7", "1"))
        storage.put("link:" + "0" * 32, link.value)
        storage.put("claim:" + "0" * 32, b"nonsense")
        key = vault.key(Link, "acme", "6")
        storage.put(key, vault.sealer.seal(key, Link.schema + 1, b"{}"))
    result = linked("keys", "verify", "--json")
    found = {each["kind"]: each for each in json.loads(result.stdout)}
    assert (1, 1, 1, 1) == tuple(
        found["link"][name] for name in ("sound", "damaged", "newer", "strange_site")
    )
    assert 1 == found["claim"]["damaged"]
    complaint = linked.bad("keys", "verify")
    assert "2 records cannot be read; restore" in complaint
    assert "1 records are of a newer version; update" in complaint
    assert "1 records are of a Jira site that is not configured" in complaint


# --- rotate -------------------------------------------------------------------------------------


def test_rotate_replaces_the_data_key(world, linked, quick, monkeypatch):
    """After a rotation all is under a new key, verified, and the conversation goes on."""
    (before,) = told(linked)["data_keys"]
    said = linked.good("keys", "rotate")
    (after,) = told(linked)["data_keys"]
    assert before["data_key"] != after["data_key"]
    assert f"all {after['records']} records are sealed with the new key" in said
    linked.good("keys", "verify")
    world.desk.control("comment", {"issue": "HELP-1", "text": "It is mended", "public": True})
    linked.good("run", "--once")
    assert any("It is mended" in text for text in world.shown())


@pytest.mark.fault("F70")
def test_rotate_goes_on_where_it_was_cut_off(linked, quick):
    """`keys status` tells of a rotation that was cut off, and `keys rotate` finishes it."""
    root = root_key_from_file(linked.folder / "chatbridge.key")
    with SqliteStorage(linked.folder / "chatbridge.db") as storage:
        next(Rotation(storage, [root], SystemClock()).run())
    assert "finish it: chatbridge keys rotate" in linked.good("keys", "status")
    states = [each["state"] for each in told(linked)["data_keys"]]
    assert ["to be retired", "current"] == states
    assert "a rotation that was cut off goes on" in linked("keys", "rotate").stderr
    assert not told(linked)["rotation_unfinished"]


def test_rotate_tokens_says_what_to_do(linked, quick):
    """With --tokens the token key is replaced, too, and webhooks are to be set again."""
    assert "chatbridge webhook set" in linked.good("keys", "rotate", "--tokens")
    linked.good("keys", "verify")


# --- root keys ----------------------------------------------------------------------------------


def test_a_root_key_is_exchanged_step_by_step(linked, quick):
    """New key, add, use it, retire the old one: every step works as its page says."""
    folder = linked.folder
    old = fingerprint(folder / "chatbridge.key")
    linked.good("keys", "new", "--file", "next.key")
    new = fingerprint(folder / "next.key")
    assert f"root key {new} now opens" in linked.good("keys", "add-root", "--file", "next.key")
    assert f"root key {new} already opened" in linked.good("keys", "add-root", "--file", "next.key")
    assert f"the root key {new} opens this storage, too" in linked.bad("keys", "rotate")
    assert "give the one that shall stay" in linked.bad("keys", "retire-root", old, "--yes")
    configuration = (folder / "chatbridge.toml").read_text()
    (folder / "chatbridge.toml").write_text(configuration.replace("chatbridge.key", "next.key"))
    states = {each["root_key"]: each["given_by"] for each in told(linked)["root_keys"]}
    assert {old: "not given here", new: str(folder / "next.key")} == states
    assert f"these do: {new}" in linked.good("keys", "retire-root", old, "--yes")
    linked.good("keys", "rotate")
    linked.good("keys", "verify")
    (folder / "chatbridge.toml").write_text(configuration)
    assert "the root key is not the one" in linked.bad("keys", "status")


def test_two_files_while_a_root_key_is_replaced(linked, quick):
    """With both keys named in `files`, a rotation keeps both."""
    linked.good("keys", "new", "--file", "next.key")
    linked.good("keys", "add-root", "--file", "next.key")
    path = linked.folder / "chatbridge.toml"
    both = 'files = ["next.key", "chatbridge.key"]'
    path.write_text(path.read_text().replace('file = "chatbridge.key"', both))
    linked.good("keys", "rotate")
    assert [True, True] == [each["opens"] for each in told(linked)["root_keys"]]


def test_where_a_new_root_key_comes_from(linked, monkeypatch):
    """The new root key is named by exactly one of file, variable and keyring entry."""
    monkeypatch.setenv("NEXT", new_root_key())
    assert "now opens" in linked.good("keys", "add-root", "--env", "NEXT")
    linked.bad("keys", "add-root", status=2)
    linked.bad("keys", "add-root", "--env", "NEXT", "--file", "x", status=2)
    assert "SERVICE/USERNAME" in linked.bad("keys", "add-root", "--keyring", "nothing")


def test_retire_names_what_there_is(linked):
    """An unknown fingerprint is answered with those that open the storage."""
    name = fingerprint(linked.folder / "chatbridge.key")
    assert f"these do: {name}" in linked.bad("keys", "retire-root", "00000000")


# --- a wrong key, wherever something could be written -------------------------------------------

WRITES = [
    ("project", "set", "support", "--set", "language=de"),
    ("project", "pause", "support"),
    ("project", "resume", "support"),
    ("project", "remove", "support", "--yes"),
    ("links", "release"),
    ("links", "invite", "10001"),
    ("links", "remove", "10001", "--yes"),
    ("storage", "restored"),
    ("storage", "adopt"),
    ("webhook", "set", "support"),
    ("run", "--once"),
    ("doctor",),
    ("keys", "init"),
    ("keys", "status"),
    ("keys", "verify"),
    ("keys", "rotate"),
    ("keys", "rotate", "--tokens"),
    ("keys", "add-root", "--env", "NEXT"),
    ("keys", "retire-root", "00000000", "--yes"),
]


@pytest.mark.fault("F68")
@pytest.mark.invariant("I12")
def test_no_command_writes_with_a_wrong_key(world, linked, monkeypatch):
    """Whatever is asked for, a wrong root key is told before a row, a chat or an issue changes."""
    (linked.folder / "chatbridge.key").write_text(new_root_key())
    monkeypatch.setenv("NEXT", new_root_key())
    before, shown = rows(linked.folder), world.shown()
    requests = world.desk.control("requests", {})
    for command in WRITES:
        result = linked(*command)
        # The doctor tells what it could not even look at from what it found.
        assert (2 if command == ("doctor",) else 1) == result.exit_code, command
        assert "root key is not the one" in result.output, command
        assert before == rows(linked.folder), command
    assert (shown, requests) == (world.shown(), world.desk.control("requests", {}))
