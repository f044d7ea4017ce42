"""What an administrator does with links holds at once, and a restored storage floods nobody."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from chatbridge.errors import Refusal, RefusedError
from chatbridge.link_care import RESTORED, LinkCare
from chatbridge.links import RELEASED, Inflight, LinkState


@pytest.fixture
def care(stage):
    """Return the care of links over the stage's parts."""
    engine = SimpleNamespace(vault=stage.vault, roster=stage.roster, queue=stage.queue)
    return LinkCare(engine)


@pytest.fixture
def held(stage):
    """Return a link that waits for somebody's word, with two comments."""
    kept = stage.link(state=LinkState.HELD, reason="burst")
    stage.desk.comment("1", 5)
    stage.desk.comment("1", 6)
    return kept


def test_links_are_listed_by_project(stage, care):
    """All links, or those of one project."""
    stage.link("1")
    stage.link("2", project="other")
    assert ["1", "2"] == sorted(link.issue_id for link in care.all())
    assert ["2"] == [link.issue_id for link in care.all("other")]


@pytest.mark.fault("F79")
@pytest.mark.invariant("I17")
def test_removed_link_is_gone_from_both_records(stage, care):
    """Neither the link nor the chat's memory of it is left; what is not there is said."""
    kept = stage.link("1")
    stage.link("2")
    assert care.remove("site", "1")
    assert (None, ("2",)) == (stage.now(kept), stage.talk().issues)
    assert not care.remove("site", "1")


def test_removing_the_current_request_leaves_none(stage, care):
    """The next message opens another one."""
    stage.link("1")
    care.remove("site", "1")
    assert ("", ()) == (stage.talk().current, stage.talk().issues)


def test_release_lets_held_links_go_on(stage, care, held):
    """Only what is held is released, and it is worked on soon."""
    stage.link("2", state=LinkState.SUSPENDED, reason="blocked")
    assert 1 == care.release()
    link = stage.now(held)
    assert (LinkState.ACTIVE, RELEASED, frozenset()) == (link.state, link.reason, link.seen)
    assert held.key in stage.queue


def test_release_of_another_project_releases_nothing(care, held):
    """A project's administrator acts on that project."""
    assert 0 == care.release("other")


@pytest.mark.fault("F32")
def test_skipping_takes_what_is_there_as_known(stage, care, held):
    """What waited is not sent, and the next flood is asked about like any other."""
    assert 1 == care.release(skip=True)
    link = stage.now(held)
    assert (frozenset({5, 6}), "") == (link.seen, link.reason)


def test_skipping_without_access_releases_nothing(stage, care, held):
    """An empty list that could not be proved would let everything through later."""
    stage.desk.then("read_request", RefusedError(Refusal.NOT_FOUND))
    assert 0 == care.release(skip=True)
    assert LinkState.HELD is stage.now(held).state


@pytest.mark.fault("F63")
@pytest.mark.invariant("I15")
@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (LinkState.ACTIVE, ""),
        (LinkState.ACTIVE, RELEASED),
        (LinkState.HELD, "burst"),
        (LinkState.SUSPENDED, "blocked"),
    ],
)
def test_restored_links_know_what_is_there(stage, care, state, reason):
    """Whatever the backup says of a link, nothing that is there now is sent again."""
    kept = stage.link(state=state, reason=reason, inflight=Inflight("5", ("a",), "dead", "b"))
    stage.desk.comment("1", 5)
    assert 1 == care.storage_restored()
    link = stage.now(kept)
    assert (LinkState.ACTIVE, "", frozenset({5}), None) == (
        link.state,
        link.reason,
        link.seen,
        link.inflight,
    )


@pytest.mark.fault("F63")
@pytest.mark.invariant("I15")
def test_restoring_holds_all_before_it_reads_any(stage, care):
    """While the first request is read no other link may send."""
    kept = [stage.link(number, chat=f"c{number}") for number in ("1", "2", "3")]
    states = []
    stage.desk.then("read_request", lambda: states.extend(stage.now(each).reason for each in kept))
    assert 3 == care.storage_restored()
    assert [RESTORED] * 3 == states


@pytest.mark.fault("F63")
def test_restoring_goes_on_past_what_cannot_be_read(stage, care):
    """One request that is gone stays held; the others go on, and it can be tried again."""
    first, second = stage.link("1"), stage.link("2", "c2")
    del stage.desk.issues["1"]
    assert 2 == care.storage_restored()
    assert (LinkState.HELD, LinkState.ACTIVE) == (stage.now(first).state, stage.now(second).state)
