"""Circuit breaking per far side, in virtual time."""

from __future__ import annotations

from contextlib import suppress

import pytest

from chatbridge import HttpRequest, HttpResponse, Pace, Party, RetryLaterError, UnknownOutcomeError
from chatbridge.breaker import FAILURES, FAILURES_OF_ONE, FIRST_PAUSE, Breaker
from chatbridge.observation import NoticeKind, Observer
from chatbridge.testing.virtual_clock import VirtualClock

SITE, BOT = Party("site", frozenset()), Party("bot", frozenset())


class Far:
    """A far side that answers as it is told."""

    def __init__(self):
        self.calls = 0
        self.outcome = 200

    def send(self, request, party):
        self.calls += 1
        if isinstance(self.outcome, int):
            return HttpResponse(self.outcome)
        raise self.outcome

    def hold(self, paces, scope, seconds):
        pass


@pytest.fixture
def clock():
    """Return virtual time."""
    return VirtualClock()


@pytest.fixture
def notices():
    """Return what the host was told."""
    return []


@pytest.fixture
def far():
    """Return the far side."""
    return Far()


@pytest.fixture
def breaker(far, clock, notices):
    """Return a breaker in front of the far side."""
    return Breaker(far, Observer(clock, notices.append), clock)


def fail(breaker, times, party=SITE, outcome=None):
    """Make calls to different targets that all fail in one way."""
    for number in range(times):
        paces = (Pace("chat", str(number)),)
        with suppress(RetryLaterError, UnknownOutcomeError):
            breaker.send(HttpRequest("GET", "https://x.example", paces=paces), party)


@pytest.mark.fault("F21", "F22")
@pytest.mark.invariant("I18")
@pytest.mark.parametrize(
    "outcome", [503, RetryLaterError("reset"), UnknownOutcomeError("lost")], ids=str
)
def test_a_failing_side_is_left_alone(breaker, far, clock, notices, outcome):
    """After five failures in a row no call goes out until the pause is over, then one probe."""
    far.outcome = outcome
    fail(breaker, FAILURES + 10)
    assert far.calls == FAILURES
    clock.advance(FIRST_PAUSE)
    fail(breaker, 3)
    assert far.calls == FAILURES + 1
    assert [each.kind for each in notices] == [NoticeKind.CALLS_SUSPENDED]


def test_it_resumes_with_the_first_good_answer(breaker, far, clock, notices):
    """A good probe lets everything through again, and the host hears of it."""
    far.outcome = 500
    fail(breaker, FAILURES)
    clock.advance(FIRST_PAUSE)
    far.outcome = 200
    fail(breaker, 4)
    assert far.calls == FAILURES + 4
    assert notices[-1].kind == NoticeKind.CALLS_RESUMED


def test_the_pause_grows_with_each_bad_probe(breaker, far, clock):
    """A second failure in a row doubles the pause."""
    far.outcome = 500
    fail(breaker, FAILURES)
    clock.advance(FIRST_PAUSE)
    fail(breaker, 1)
    assert breaker.suspended() == {"site": pytest.approx(2 * FIRST_PAUSE)}


def test_other_sides_go_on(breaker, far):
    """A suspended site does not stop a bot."""
    far.outcome = 500
    fail(breaker, FAILURES + 1)
    far.outcome = 200
    fail(breaker, 1, party=BOT)
    assert far.calls == FAILURES + 1


def test_one_stuck_chat_does_not_suspend_its_bot(breaker, far):
    """Failures of one target alone need many more in a row."""
    far.outcome = 500
    request = HttpRequest("POST", "https://x.example", paces=(Pace("chat", "1"),))
    for _ in range(FAILURES_OF_ONE - 1):
        breaker.send(request, BOT)
    assert breaker.suspended() == {}


def test_waiting_for_a_pace_and_refusals_are_no_failures(breaker, far):
    """Neither a request that its pace held back nor a 429 or 400 counts."""
    for outcome in (RetryLaterError("pace", scope="chat"), 429, 400):
        far.outcome = outcome
        fail(breaker, FAILURES * 5)
    assert breaker.suspended() == {}


def test_others_are_let_through_while_one_is_stuck(breaker, far, clock):
    """Where one target alone fails, even for ever, calls about others go out at once."""
    far.outcome = 500
    stuck = HttpRequest("GET", "https://x.example", about="issue 1")
    for _ in range(FAILURES_OF_ONE):
        breaker.send(stuck, SITE)
    with pytest.raises(RetryLaterError):
        breaker.send(stuck, SITE)
    far.outcome = 200
    assert 200 == breaker.send(HttpRequest("GET", "https://x.example", about="2"), SITE).status


def test_a_side_on_which_all_fail_is_suspended_for_new_targets_too(breaker, far):
    """Once three targets fail, a fourth is not even tried."""
    far.outcome = 500
    fail(breaker, FAILURES)
    calls = far.calls
    with pytest.raises(RetryLaterError):
        breaker.send(HttpRequest("GET", "https://x.example", about="another"), SITE)
    assert calls == far.calls
