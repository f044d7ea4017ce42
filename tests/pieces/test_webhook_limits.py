"""What a webhook may be, whoever hands it over: a host's own view or the web application."""

from __future__ import annotations

import pytest

from chatbridge.http_types import MAX_WEBHOOK, WebhookRequest
from chatbridge.intake import Intake
from chatbridge.web.app import MAX_BODY


class LookedError(Exception):
    """The body was looked at."""


class _Desk:
    """A desk that tells whether it was asked for a proof."""

    def verify_hint(self, webhook: WebhookRequest) -> None:
        raise LookedError


@pytest.fixture
def intake(make_stage, clock):
    """Return what takes webhooks in, for a site and for no bot."""
    stage = make_stage()
    return Intake(lambda: stage, {"acme": _Desk()}, "https://bridge.example", stage.observer, clock)


@pytest.mark.fault("F82")
def test_a_large_body_is_refused_before_anything_is_done_with_it(intake):
    """One byte too much is a 413 without a look at it, on both doors, and nothing is said."""
    large = WebhookRequest({}, b"x" * (MAX_WEBHOOK + 1))
    answers = [
        intake.receive_webhook("telegram", "any", large, inline=True),
        intake.receive_hint("acme", large),
    ]
    assert [(413, b"")] * 2 == [(answer.status, answer.body) for answer in answers]


@pytest.mark.fault("F82")
def test_the_largest_body_is_looked_at(intake):
    """The limit itself is allowed; it is the one of the web application."""
    with pytest.raises(LookedError):
        intake.receive_hint("acme", WebhookRequest({}, b"x" * MAX_WEBHOOK))
    assert MAX_BODY == MAX_WEBHOOK


@pytest.mark.fault("F49")
def test_a_refusal_says_nothing(intake):
    """Whoever knocks without knowing learns a status, and neither a word nor what there is."""
    small = WebhookRequest({}, b"{}")
    strangers = [
        intake.receive_webhook("telegram", "guess", small, inline=True),
        intake.receive_webhook("no-such-platform", "guess", small, inline=True),
        intake.receive_hint("no-such-site", small),
    ]
    assert [(404, b"", None)] * 3 == [
        (answer.status, answer.body, answer.retry_after) for answer in strangers
    ]
