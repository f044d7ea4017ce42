"""How patient the bridge is: the sender is told in time, and every event gets its chances."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from chatbridge.content import Address
from chatbridge.errors import RetryLaterError
from chatbridge.events import MessageReceived
from chatbridge.intents import begun, not_begun, patience, settle_time
from chatbridge.project import Timings
from chatbridge.records import IntentKind

NOW = 1_800_000_000.0
DAY, HOUR = 86_400.0, 3600.0
EVENT = MessageReceived(
    event_id="1", message_id="1", address=Address("c1", "9"), sent_at=NOW
)  # fmt: skip


def intent(sent_at=NOW, now=NOW, horizon=DAY, kind=IntentKind.COMMENT):
    """Return the intent of an event."""
    return begun("k" * 20, kind, "1", evolve(EVENT, sent_at=sent_at), "me", now, horizon)


@pytest.mark.parametrize(
    ("age", "horizon", "left"),
    [
        (0, DAY, DAY / 2),
        (6 * HOUR, DAY, 6 * HOUR),
        (12 * HOUR, DAY, 600),  # late already, but it gets a few tries
        (21.5 * HOUR, DAY, 6 * 60),  # little is left of the platform's patience
        (23 * HOUR, DAY, -1.4 * HOUR),
        (0, HOUR, HOUR / 2),
        (50 * 60, HOUR, 4 * 60),
    ],
)
def test_sender_is_told_at_half_of_the_horizon(age, horizon, left):
    """An event that came late still gets ten minutes, but never beyond the horizon."""
    assert NOW + left == pytest.approx(intent(NOW - age, horizon=horizon).tell_by, abs=1)


@pytest.mark.parametrize("sent_at", [0.0, NOW + 10 * DAY])
def test_unknown_and_future_times_count_from_now(sent_at):
    """A platform's clock that is missing or wrong delays nothing."""
    assert int(NOW + DAY / 2) == intent(sent_at).tell_by


@given(st.floats(0, 10 * DAY), st.floats(600, 7 * DAY))
def test_sender_is_never_told_after_the_horizon(age, horizon):
    """When the platform gives an event up, its sender knows."""
    assert intent(NOW - age, horizon=horizon).tell_by <= NOW - age + horizon


def test_begun_intent_knows_what_telling_needs():
    """Kind, request and thread, and a look that changes with every beginning."""
    made = intent()
    assert ("1", "9", True, False) == (made.issue_id, made.thread, made.is_begun, made.clean)
    assert made.look != intent().look


def test_overtaken_intent_is_not_begun():
    """It says only that no repeat will come."""
    made = not_begun("k" * 20, evolve(EVENT, sent_at=NOW), "me", NOW, HOUR)
    assert (False, True, "9") == (made.is_begun, made.overtaken, made.thread)
    assert intent(NOW, horizon=HOUR).tell_by == made.tell_by


def test_settle_time_depends_on_what_is_written():
    """Opening a request takes a site longer than a comment."""
    timings = Timings()
    assert (120.0, 60.0) == (
        settle_time(intent(kind=IntentKind.OPEN), timings),
        settle_time(intent(), timings),
    )


@pytest.mark.parametrize(
    ("named", "left", "wait"),
    [
        (None, DAY / 2, 5.0),
        (90.0, DAY / 2, 90.0),
        (DAY, DAY / 2, DAY / 4),
        (90.0, 100.0, 50.0),
        (90.0, 0.0, 1.0),
        (90.0, -500.0, 1.0),
    ],
)
def test_waits_leave_an_event_several_tries(named, left, wait):
    """No wait is longer than a quarter of what the event has left to live."""
    made = intent()
    error = patience(made, RetryLaterError("later", retry_after=named), made.tell_by - left)
    assert wait == pytest.approx(error.retry_after, abs=1)
