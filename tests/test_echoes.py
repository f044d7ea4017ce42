"""Comments that came about by attaching a customer's file are known by the name of the file."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from chatbridge.desk import CommentFile, PublicComment
from chatbridge.echoes import brought_by_us
from chatbridge.filenames import marked_name
from chatbridge.marks import Marks
from chatbridge.sealing import keyed_hash

DESK = SimpleNamespace(desk=SimpleNamespace(site="acme", account_id="bot"))


class Hashes:
    """Hashes under one key."""

    def mark(self, *parts, size=16):
        """Return the keyed hash for markers."""
        return keyed_hash(b"ours", *parts, size=size)

    token = mark

    def tokens(self, *parts, size=16):
        """Return all keyed hashes that a token may be."""
        return [self.mark(*parts, size=size)]


MARKS = Marks(Hashes())
OURS = marked_name("my [roof]! 1.jpg", MARKS.file_marker("acme", "event", 0))
FOREIGN = "my roof-aaaaaaaaaaaaaaaa.jpg"


def comment(text: str = "", name: str = "", *, author: str = "bot", later: int = 0):
    """Return a comment of somebody, with a file where it has a name."""
    files = (CommentFile("7", name, "image/jpeg", 5, 1_000),) if name else ()
    return PublicComment("1", 1_000 + later, author, "Chat bot", files=files, wording=text)


@pytest.mark.parametrize("text", [f"Jana:\n\n!{OURS}|thumbnail!", f"[^{OURS}]", f"x\n!{OURS}!\n"])
def test_our_file_is_known_where_the_site_lists_none(text):
    """On Data Center the reference that Jira writes below the text names the file (F30)."""
    assert brought_by_us(MARKS, DESK, comment(text))


@pytest.mark.parametrize(
    "text",
    ["", "thanks", f"!{FOREIGN}|thumbnail!", f"look at !{OURS}! please", f"!{OURS}!\n\nis broken"],
)
def test_other_comments_of_our_account_are_none(text):
    """What our account says by hand is no echo, unless it ends in nothing but such a file."""
    assert not brought_by_us(MARKS, DESK, comment(text))


def test_our_file_is_known_by_its_name():
    """Where the site lists files, the name and the moment count."""
    assert brought_by_us(MARKS, DESK, comment(name=OURS))
    assert not brought_by_us(MARKS, DESK, comment(name=FOREIGN))


def test_who_shows_a_file_again_is_no_echo():
    """A comment that is much younger than the file was not made by attaching it."""
    assert not brought_by_us(MARKS, DESK, comment(name=OURS, later=10_001))


def test_nobody_else_is_us():
    """A comment of another account is never an echo, whatever it names."""
    assert not brought_by_us(MARKS, DESK, comment(name=OURS, author="alice"))
    assert not brought_by_us(MARKS, DESK, comment(f"!{OURS}!", author="alice"))
