"""Doubles that Jira made and that cannot be mended: they stay, are told of, and stop nothing."""

from __future__ import annotations

import pytest

from chatbridge.desk import OpenedRequest
from chatbridge.doubled_requests import DoubledRequests
from chatbridge.doubles import remove_doubles
from chatbridge.errors import Refusal, RefusedError
from chatbridge.links import Link, Opening, Told


@pytest.fixture
def desk(stage):
    """Return the desk."""
    return stage.roster.desk("site")


@pytest.mark.fault("F39")
def test_a_double_that_may_not_be_removed_stops_no_other(stage, desk, monkeypatch):
    """The account lacks the right for one of three: the others go, and the lowest id stays."""
    removed = []

    def doubled(issue_id, markers):
        yield from ()
        return {"m": ("5", "6", "7", "8")}

    def refusing(issue_id, comment_id):
        yield from ()
        if comment_id == "6":
            raise RefusedError(Refusal.FORBIDDEN)
        removed.append(comment_id)

    monkeypatch.setattr(stage.desk, "find_comments", doubled)
    monkeypatch.setattr(stage.desk, "remove_comment", refusing)
    remove_doubles(desk, "1", frozenset({"m"}))
    assert ["7", "8"] == removed


@pytest.fixture
def care(stage, desk, clock, monkeypatch):
    """Return a link whose opening was asked for twice, and what looks after it a day later."""
    told = Told(opened=True)
    kept = stage.link(opening=Opening("e" * 20), told=told)
    stage.link(issue_id="2", chat="c2")

    def found(draft):
        yield from ()
        stage.desk._called("find_requests")
        return (OpenedRequest("1", "HELP-1"), OpenedRequest("2", "HELP-2"))

    monkeypatch.setattr(stage.desk, "find_requests", found)
    doubled = DoubledRequests(stage.vault, stage.marks, stage.owner, clock, 120.0)
    settings = stage.roster.bot("acme", "7")[0].kept.record.settings

    def look():
        fresh = stage.vault.read_key(Link, kept.key)
        doubled.care(fresh, desk, settings, "HELP-1")
        clock.advance(86_400)
        return stage.now(kept)

    return look


@pytest.mark.fault("F39")
def test_a_search_that_is_refused_leaves_the_link_alone(stage, care):
    """Who may not search finds no double, and carries messages as before."""
    stage.desk.then("find_requests", *[RefusedError(Refusal.FORBIDDEN)] * 20)
    for _ in range(12):
        link = care()
    assert ("active", None) == (link.state, link.opening)


@pytest.mark.fault("F39")
def test_a_double_on_which_nothing_may_be_said_stops_nothing(stage, care):
    """The note is refused: the link goes on, and the double is only logged."""
    stage.desk.then("has_note", *[RefusedError(Refusal.FORBIDDEN)] * 20)
    for _ in range(12):
        link = care()
    assert ("active", None, []) == (link.state, link.opening, stage.desk.issues["2"].notes)


@pytest.mark.fault("F39")
def test_a_double_is_told_of_once(stage, care):
    """A second look finds the note and writes no other."""
    for _ in range(12):
        link = care()
    assert ("active", 1) == (link.state, len(stage.desk.issues["2"].notes))
