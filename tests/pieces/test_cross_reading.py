"""The second witness, asked about comments of which some cannot be read, now or ever."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from chatbridge.cross_reading import CrossReader
from chatbridge.desk import PublicComment, Witness
from chatbridge.errors import Refusal, RefusedError, RetryLaterError
from chatbridge.testing.virtual_clock import VirtualClock

IDS = ("11", "12", "13", "14", "15")
DEAD = RetryLaterError("the site fails")


class Desk:
    """Answers about comments, unless one is asked for that cannot be read."""

    def __init__(self) -> None:
        self.broken: dict[str, Exception] = {}
        self.asked: list[tuple[str, ...]] = []
        self.desk = SimpleNamespace(cross_read=lambda _issue, ids: ids)

    def call(self, ids: tuple[str, ...]) -> list[Witness]:
        """Answer a call."""
        self.asked.append(ids)
        for each in ids:
            if each in self.broken:
                raise self.broken[each]
        return [Witness(each, unrestricted=True) for each in ids if each in IDS]


@pytest.fixture
def clock() -> VirtualClock:
    """Return a clock that waits for nobody."""
    return VirtualClock()


@pytest.fixture
def desk() -> Desk:
    """Return a desk that answers."""
    return Desk()


@pytest.fixture
def read(clock: VirtualClock, desk: Any) -> Any:
    """Return what reads all comments once: the ids that were read, and those given up."""
    reader = CrossReader(clock)
    link: Any = SimpleNamespace(issue_id="10001", identity=lambda: ("site", "10001"))
    comments = [PublicComment(each, 1) for each in IDS]

    def once() -> tuple[list[str], set[int]]:
        found, given_up = reader.read(link, desk, comments)
        assert all(each == witness.comment_id for each, witness in found.items())
        return sorted(found), set(given_up)

    return once


def test_what_can_be_read_is_one_call(desk, read):
    """Comments are asked about together, once."""
    assert (list(IDS), set()) == read()
    assert [IDS] == desk.asked


def test_nobody_is_asked_about_nothing(clock, desk):
    """Without comments there is no call."""
    assert ({}, frozenset()) == CrossReader(clock).read(SimpleNamespace(), desk, [])
    assert [] == desk.asked


@pytest.mark.fault("F23")
def test_a_comment_that_cannot_be_read_is_found_and_stops_no_other(clock, desk, read):
    """For half a minute all wait; then they are halved until the one is left over."""
    desk.broken = {"13": DEAD}
    for seconds in (0.0, 29.0):
        clock.advance(seconds)
        with pytest.raises(RetryLaterError):
            read()
    clock.advance(1.0)
    desk.asked.clear()
    assert (["11", "12", "14", "15"], set()) == read()
    together, neighbour, *halves = desk.asked
    assert (IDS, ("16",)) == (together, neighbour)
    assert [IDS, ("11", "12"), ("13", "14", "15"), ("13",), ("14", "15")] == halves


@pytest.mark.fault("F23")
def test_it_is_given_up_after_ten_minutes_and_not_before(clock, desk, read):
    """The time counts from the moment at which it was first found to fail by itself."""
    desk.broken = {"13": DEAD, "15": RefusedError(Refusal.NOT_FOUND)}
    with pytest.raises(RetryLaterError):
        read()
    clock.advance(30.0)
    read()
    clock.advance(599.0)
    assert (["11", "12", "14"], set()) == read()
    clock.advance(1.0)
    assert (["11", "12", "14"], {13, 15}) == read()


def test_a_comment_that_could_be_read_once_begins_anew(clock, desk, read):
    """One good reading forgets how long it failed before."""
    desk.broken = {"13": DEAD}
    with pytest.raises(RetryLaterError):
        read()
    clock.advance(630.0)
    read()
    desk.broken = {}
    read()
    desk.broken = {"13": DEAD}
    clock.advance(600.0)
    with pytest.raises(RetryLaterError):
        read()


@pytest.mark.fault("F21")
def test_where_the_whole_site_is_ill_no_comment_is_to_blame(clock, desk, read):
    """If not even a neighbouring id is answered nothing is read apart, for however long."""
    desk.broken = {"11": DEAD, "16": DEAD}
    for _ in range(3):
        clock.advance(700.0)
        desk.asked.clear()
        with pytest.raises(RetryLaterError):
            read()
    assert [IDS, ("16",)] == desk.asked


@pytest.mark.parametrize(
    "error", [RefusedError(Refusal.UNAUTHORISED), RetryLaterError("slower", retry_after=5.0)]
)
def test_what_is_about_us_blames_no_comment(clock, desk, read, error):
    """A credential that is refused, or a site that names a time, is not looked into further."""
    desk.broken = {"13": error}
    for _ in range(2):
        clock.advance(700.0)
        desk.asked.clear()
        with pytest.raises(type(error)):
            read()
    assert [IDS] == desk.asked
