"""The watch over files and calls: what every test is held to would be noticed."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _call(host):
    with socket.socket() as opened:
        opened.connect((host, 443))


@pytest.mark.fault("F81")
@pytest.mark.parametrize(
    "act",
    [
        lambda: (ROOT / "stray.txt").write_text("x"),
        lambda: (ROOT / "stray").mkdir(),
        lambda: sqlite3.connect(ROOT / "stray.db"),
        lambda: _call("192.0.2.1"),
        lambda: (ROOT / "README.md").rename(ROOT / "stray.md"),
        lambda: (ROOT / "README.md").open("r+"),
    ],
    ids=["write", "mkdir", "database", "call", "rename", "change"],
)
def test_what_should_not_happen_is_stopped(watch, act):
    """A file beside the scratch folder, or a call to another machine, fails at its very place."""
    with pytest.raises(RuntimeError, match="unexpected"):
        act()
    assert 1 == len(watch.surprises)
    watch.surprises.clear()
    assert [] == list(ROOT.glob("stray*"))


def test_what_may_happen_is_let_through(watch, tmp_path):
    """Scratch files, databases in them, reading anything, and this machine's own sockets."""
    (tmp_path / "file").write_text("x")
    sqlite3.connect(tmp_path / "a.db").close()
    assert (ROOT / "README.md").read_text()
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    assert [] == watch.surprises
