"""Every answer of Viber's has one meaning, told by the number inside of HTTP 200."""

from __future__ import annotations

import json

import pytest

from chatbridge.errors import (
    ConfigurationError,
    DeliveryError,
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
)
from chatbridge.http_types import HttpResponse
from chatbridge.testing.simulator import Fault
from chatbridge_viber.outcomes import REFUSALS, result_of
from chatbridge_viber.simulated_state import STATUS_NAMES


def answer(status, *, http=200, repeatable=False, **more) -> HttpResponse:
    """Return an answer of Viber's."""
    body = json.dumps({"status": status, **more}).encode()
    return HttpResponse(http, {}, body, repeatable=repeatable)


def test_status_0_is_the_only_success():
    """The members of a success are returned, its 64-bit token whole."""
    token = 4912661846655238145
    assert token == result_of(answer(0, message_token=token))["message_token"]


@pytest.mark.parametrize("status", sorted(REFUSALS))
@pytest.mark.parametrize("repeatable", [True, False])
def test_known_failures_are_refusals(status, repeatable):
    """A known status is a refusal with its reason, whatever the text beside it says."""
    for more in ({}, {"status_message": "java.lang.NullPointerException at secret"}):
        with pytest.raises(RefusedError) as caught:
            result_of(answer(status, repeatable=repeatable, **more))
        assert REFUSALS[status][0] == caught.value.reason
        assert "java" not in str(caught.value)


def test_every_documented_status_has_a_meaning():
    """The table lacks none of the documented numbers, but the three that are no refusals."""
    assert set(STATUS_NAMES) - set(REFUSALS) == {0, 1, 12}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (2, Refusal.UNAUTHORISED), (6, Refusal.NOT_SUBSCRIBED), (10, Refusal.CONFLICT),
        (13, Refusal.CLIENT_TOO_OLD), (23, Refusal.QUOTA), (24, Refusal.QUOTA),
    ],
)  # fmt: skip
def test_what_the_bridge_acts_on(status, reason):
    """The reasons on which the bridge's next step depends are these."""
    with pytest.raises(RefusedError) as caught:
        result_of(answer(status))
    assert reason == caught.value.reason


def test_too_many_requests_holds_the_chat():
    """Status 12 certainly sent nothing; that one chat waits, the bot's others do not."""
    with pytest.raises(RetryLaterError) as caught:
        result_of(answer(12))
    assert (300.0, "chat") == (caught.value.retry_after, caught.value.scope)


def test_an_unreachable_webhook_is_a_matter_of_configuration():
    """Status 1 names the setting and the mend."""
    with pytest.raises(ConfigurationError, match="public_url"):
        result_of(answer(1, repeatable=True))


@pytest.mark.parametrize(
    "given",
    [
        answer(99),
        answer(-1),
        answer(None),
        answer("0"),
        answer(False),
        HttpResponse(200, {}, b"[]", repeatable=False),
        HttpResponse(200, {}, b"<html>", repeatable=False),
        HttpResponse(502, {}, b"<html>", repeatable=False),
    ],
)
def test_what_nobody_documents_leaves_it_open(given):
    """An unknown status, another shape or a front end's failure says nothing about the message."""
    with pytest.raises(UnknownOutcomeError):
        result_of(given)


@pytest.mark.parametrize(
    "given",
    [answer(99, repeatable=True), answer(0, http=503, repeatable=True), answer(0, http=429)],
)
def test_what_may_be_repeated_is(given):
    """The same for a call that does no harm twice is tried again, and a 429 always."""
    with pytest.raises(RetryLaterError):
        result_of(given)


def test_redirects_are_not_followed():
    """A redirect means that the setting names another server."""
    with pytest.raises(RefusedError, match="api_url"):
        result_of(HttpResponse(302, {}, b"", repeatable=False))


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("status", [3, 6, 24])
def test_the_simulated_refusals_mean_the_same(hooked, adapter, talk, say, status, bare):
    """A refusal of the simulator's, with or without its text, is understood."""
    hooked.control("refuse", {"status": status, "bare": bare})
    with pytest.raises(RefusedError) as caught:
        talk(adapter.send(say()))
    assert REFUSALS[status][0] == caught.value.reason
    talk(adapter.send(say()))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="lost_before"), UnknownOutcomeError),
        (Fault(kind="lost_after"), UnknownOutcomeError),
        (Fault(kind="status", status=502), UnknownOutcomeError),
        (Fault(kind="status", status=429, retry_after=7), RetryLaterError),
        (Fault(kind="slow", seconds=120), UnknownOutcomeError),
    ],
)
def test_lost_answers_leave_a_message_open(hooked, adapter, talk, say, fault, error):
    """What the wire loses is unknown, since Viber has no keys against repeats."""
    hooked.switch_fault(fault)
    with pytest.raises(error):
        talk(adapter.send(say()))


def test_no_outcome_tells_who_it_was_about(hooked, adapter, talk, say):
    """The errors of refused messages hold neither the receiver nor the text."""
    for status in (*REFUSALS, 1, 12, 99):
        hooked.control("refuse", {"status": status})
        with pytest.raises((DeliveryError, ConfigurationError)) as caught:
            talk(adapter.send(say("secret words")))
        assert "xy5" not in str(caught.value) and "secret" not in str(caught.value)
