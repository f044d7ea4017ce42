"""What Viber's answers mean: the result of a call, or the error that says what to do next.

Failures come inside HTTP 200. They are told by `status` alone: `status_message` may be missing or
hold a program's own exception, so it is neither compared nor repeated. Viber does not say which
statuses are safe to repeat; the table is a reading of its documentation (Error codes,
https://creators.viber.com/docs/bots-api/error-codes).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatbridge.errors import (
    ConfigurationError,
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
)
from chatbridge.http_types import HttpResponse

INVALID_URL = 1
TOO_MANY_REQUESTS = 12

TOO_MANY_WAIT = 300.0
"""Seconds between two tries after status 12. Viber names no time: the limit ends with the clock's
hour, or at once when the contact writes, which nobody here can see."""

REFUSALS: dict[int, tuple[Refusal, str]] = {
    2: (Refusal.UNAUTHORISED, "Viber does not know the bot's token"),
    3: (Refusal.INVALID, "Viber finds the request badly made"),
    4: (Refusal.INVALID, "Viber misses something in the request"),
    5: (Refusal.GONE, "the contact is not registered with Viber any more"),
    6: (Refusal.NOT_SUBSCRIBED, "the contact is not subscribed to the bot"),
    7: (Refusal.UNAUTHORISED, "the bot's account is blocked"),
    8: (Refusal.UNAUTHORISED, "the bot's account does not exist any more"),
    9: (Refusal.UNAUTHORISED, "the bot's account is suspended"),
    10: (Refusal.CONFLICT, "the bot has no webhook; 'chatbridge webhook set' sets it again"),
    11: (Refusal.FORBIDDEN, "none of the contact's devices can show messages of bots"),
    13: (Refusal.CLIENT_TOO_OLD, "the contact's Viber is too old for this message"),
    14: (Refusal.CLIENT_TOO_OLD, "the message needs a newer Viber than it names"),
    15: (Refusal.UNAUTHORISED, "the bot's account may not use the API"),
    16: (Refusal.INVALID, "Viber takes no such message from this account"),
    17: (Refusal.INVALID, "the account is not one for inline messages"),
    18: (Refusal.INVALID, "the account has no public chat"),
    19: (Refusal.INVALID, "the account cannot broadcast"),
    20: (Refusal.INVALID, "the account may not broadcast"),
    21: (Refusal.FORBIDDEN, "bots cannot write to contacts of this country"),
    22: (Refusal.INVALID, "the contact's Viber cannot make payments"),
    23: (Refusal.QUOTA, "the month's free messages outside of sessions are used up"),
    24: (Refusal.QUOTA, "the balance for messages outside of sessions is used up"),
}
"""Status -> what it means, and how it is told; the numbers 0, 1 and 12 are no refusals."""

FILE_REFUSALS: dict[int, tuple[Refusal, str]] = {
    **REFUSALS,
    3: (Refusal.BAD_FILE, "Viber does not take the file"),
    4: (Refusal.BAD_FILE, "Viber misses something about the file"),
}
"""The same for messages that show a file: what is badly made there is about the file."""


def result_of(
    response: HttpResponse, refusals: Mapping[int, tuple[Refusal, str]] = REFUSALS
) -> dict[str, Any]:
    """Return the answer's object, if its status is 0.

    Args:
        response: the answer to a call of the API.
        refusals: what a status means.

    Raises:
        RetryLaterError: it did not happen, or a repeatable call failed in an unknown way.
        RefusedError: with the reason.
        UnknownOutcomeError: an unrepeatable call failed in a way that leaves it open.
        ConfigurationError: Viber could not reach the webhook that was to be set.
    """
    if 300 <= response.status < 400:
        mend = "redirected; api_url must name the server itself"
        raise RefusedError(Refusal.INVALID, mend, status=response.status)
    answer = response.check().json()
    status = answer.get("status") if isinstance(answer, dict) else None
    if not isinstance(status, int) or isinstance(status, bool):
        raise _open_failure(response, "the answer has another shape than Viber's")
    if status != 0:
        if status in refusals:
            raise RefusedError(*refusals[status])
        raise _meaning(status, response)
    found: dict[str, Any] = answer
    return found


def _meaning(status: int, response: HttpResponse) -> Exception:
    if status == TOO_MANY_REQUESTS:
        return RetryLaterError(
            "Viber takes at most 100 messages an hour without a word from the contact",
            retry_after=TOO_MANY_WAIT,
            scope="chat",
        )
    if status == INVALID_URL:
        return ConfigurationError(
            "public_url: Viber got no answer of 200 from the webhook, or does not trust its "
            "certificate; let the bridge run and be reachable, then set the webhook again"
        )
    return _open_failure(response, f"Viber answered with the unknown status {status}")


def _open_failure(response: HttpResponse, reason: str) -> RetryLaterError | UnknownOutcomeError:
    if response.repeatable:
        return RetryLaterError(reason, retry_after=response.retry_after)
    return UnknownOutcomeError(reason)
