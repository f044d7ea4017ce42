"""What an answer of Jira means for the catcher: done, later, refused or unknown.

Texts of Jira's errors are looked at to tell reasons apart; none gets into an exception.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from chatbridge.errors import (
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
)
from chatbridge.http_types import HttpResponse
from chatbridge.jira.answers import MalformedAnswerError

T = TypeVar("T")

_REFUSALS = {
    400: Refusal.INVALID,
    401: Refusal.UNAUTHORISED,
    403: Refusal.FORBIDDEN,
    404: Refusal.NOT_FOUND,
    409: Refusal.CONFLICT,
    410: Refusal.GONE,
    413: Refusal.TOO_LONG,
}
_PASSING = {408, 425}
_INTERVAL = "X-RateLimit-Interval-Seconds"
# The number is the same in every language that an account may have.
_TOO_LONG = re.compile(rb"too long|exceeds the allowed limit|32\D{0,3}767", re.IGNORECASE)
_ABOUT_DESCRIPTION = re.compile(rb"description|\badf\b|isAdfRequest|document format", re.IGNORECASE)


def checked(response: HttpResponse) -> HttpResponse:
    """Return the response if it is a 2xx, else raise what its status means.

    Raises:
        RetryLaterError: 429 with the scope that Jira names, or a passing failure of a repeatable
            request.
        UnknownOutcomeError: a passing failure of an unrepeatable request.
        RefusedError: any other status.
    """
    status = response.status
    if 200 <= status < 300:
        return response
    if status == 429:
        raise RetryLaterError(
            "Jira answered 429", retry_after=_wait(response), scope=_scope(response)
        )
    if status >= 500 or status in _PASSING:
        if response.repeatable:
            raise RetryLaterError(f"Jira answered {status}", retry_after=response.retry_after)
        raise UnknownOutcomeError(f"Jira answered {status}")
    reason = _REFUSALS.get(status, Refusal.INVALID)
    if status == 400 and _TOO_LONG.search(response.body):
        reason = Refusal.TOO_LONG
    raise RefusedError(reason, f"Jira answered {status}", status=status)


def understood(response: HttpResponse, read: Callable[[Any], T]) -> T:
    """Return what `read` makes of a good answer's JSON.

    Args:
        response: any answer; checked first.
        read: raises MalformedAnswerError where something is not as documented.

    Raises:
        RetryLaterError: the answer to a repeatable request cannot be read.
        UnknownOutcomeError: the same for an unrepeatable one, which has happened, perhaps.
        RefusedError: as of `checked`.
    """
    value = checked(response).json()
    try:
        return read(value)
    except MalformedAnswerError:
        pass
    message = "Jira's answer is not as documented"
    if response.repeatable:
        raise RetryLaterError(message)
    raise UnknownOutcomeError(message)


def refuses_description(response: HttpResponse) -> bool:
    """Tell whether a new request was refused for its description, so that another form may do."""
    return (
        response.status == 400
        and not _TOO_LONG.search(response.body)
        and _ABOUT_DESCRIPTION.search(response.body) is not None
    )


def _wait(response: HttpResponse) -> float | None:
    """Return for how long to wait.

    Data Center fills a user's bucket anew in intervals and may name no wait, or one of 0 seconds.
    """
    if response.retry_after:
        return response.retry_after
    interval = response.headers.get(_INTERVAL, "").strip()
    if interval.isascii() and interval.isdigit() and len(interval) < 10:
        return float(interval)
    return response.retry_after


def _scope(response: HttpResponse) -> str | None:
    """Return which pace has to wait, by Jira's headers; see its page on rate limiting."""
    if _INTERVAL in response.headers:
        # The limits of Data Center are those of a user, whatever is asked for.
        return "site"
    reason = response.headers.get("RateLimit-Reason", "").strip().lower()
    if reason == "jira-burst-based":
        return "endpoint"
    if reason == "jira-per-issue-on-write":
        return "issue"
    return "site" if reason.startswith("jira-quota") else None
