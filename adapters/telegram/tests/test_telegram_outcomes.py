"""What the Bot API's answers mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chatbridge.errors import (
    DeliveryError,
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
)
from chatbridge.http_types import HttpResponse
from chatbridge_telegram.outcomes import NOT_MODIFIED, QUERY_TOO_OLD, result_of


def _answer(
    code: int, description: str, *, repeatable: bool = False, **members: Any
) -> HttpResponse:
    body = {"ok": False, "error_code": code, "description": description, **members}
    return HttpResponse(code, body=json.dumps(body).encode(), repeatable=repeatable)


@pytest.mark.fault("F25", "F26")
@pytest.mark.parametrize(
    ("code", "description", "reason"),
    [
        (400, "Bad Request: chat not found", Refusal.GONE),
        (400, "Bad Request: private chat not found", Refusal.GONE),
        (400, "BAD REQUEST: CHAT NOT FOUND", Refusal.GONE),
        (400, "Bad Request: message is too long", Refusal.TOO_LONG),
        (400, "Bad Request: text is too long", Refusal.TOO_LONG),
        (400, "Bad Request: message caption is too long", Refusal.TOO_LONG),
        (400, "Bad Request: can't parse entities: Unexpected end", Refusal.BAD_MARKUP),
        (400, "Bad Request: message thread not found", Refusal.THREAD_GONE),
        (400, "Bad Request: message to be replied not found", Refusal.REPLY_GONE),
        (400, "Bad Request: message to edit not found", Refusal.GONE),
        (400, "Bad Request: message can't be edited", Refusal.GONE),
        (400, "Bad Request: MESSAGE_ID_INVALID", Refusal.GONE),
        (400, "Bad Request: MEDIA_CAPTION_TOO_LONG", Refusal.TOO_LONG),
        (400, "Bad Request: MESSAGE_TOO_LONG", Refusal.TOO_LONG),
        (400, "Bad Request: PHOTO_INVALID_DIMENSIONS", Refusal.BAD_FILE),
        (400, "Bad Request: PHOTO_SAVE_FILE_INVALID", Refusal.BAD_FILE),
        (400, "Bad Request: IMAGE_PROCESS_FAILED", Refusal.BAD_FILE),
        (400, "Bad Request: VOICE_MESSAGES_FORBIDDEN", Refusal.BAD_FILE),
        (400, "Bad Request: file must be non-empty", Refusal.BAD_FILE),
        (400, "Bad Request: file of size 9 bytes is too big for a photo", Refusal.BAD_FILE),
        (400, "Bad Request: wrong file_id or the file is unavailable", Refusal.BAD_FILE),
        (400, "Bad Request: wrong remote file identifier specified: x", Refusal.BAD_FILE),
        (400, "Bad Request: file is too big", Refusal.BAD_FILE),
        (400, "Bad Request: failed to get HTTP URL content", Refusal.BAD_FILE),
        (400, "Bad Request: not enough rights to send text messages", Refusal.FORBIDDEN),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN", Refusal.FORBIDDEN),
        (400, "Bad Request: reply markup is too long", Refusal.INVALID),
        (400, "Bad Request: message text is empty", Refusal.INVALID),
        (400, "Bad Request: BUTTON_DATA_INVALID", Refusal.INVALID),
        (400, "Logged out", Refusal.UNAUTHORISED),
        (401, "Unauthorized", Refusal.UNAUTHORISED),
        (401, "Unauthorized: invalid token specified", Refusal.UNAUTHORISED),
        (403, "Forbidden: bot was blocked by the user", Refusal.BLOCKED),
        (403, "Forbidden: user is deactivated", Refusal.BLOCKED),
        (403, "Forbidden: bot was kicked from the supergroup chat", Refusal.BLOCKED),
        (403, "Forbidden: bot is not a member of the channel chat", Refusal.BLOCKED),
        (403, "Forbidden: bot can't initiate conversation with a user", Refusal.BLOCKED),
        (403, "Forbidden: the group chat was deleted", Refusal.GONE),
        (403, "Forbidden: something new", Refusal.FORBIDDEN),
        (404, "Not Found", Refusal.UNAUTHORISED),
        (409, "Conflict: terminated by other getUpdates request", Refusal.CONFLICT),
        (413, "Request Entity Too Large: x", Refusal.BAD_FILE),
        (421, "Misdirected Request: unallowed token specified", Refusal.UNAUTHORISED),
        (302, "Found", Refusal.INVALID),
        (418, "new", Refusal.INVALID),
    ],
)
def test_refusals(code: int, description: str, reason: Refusal) -> None:
    """Each text of the server has its reason, and is never repeated in the error."""
    with pytest.raises(RefusedError) as caught:
        result_of(_answer(code, description))
    assert (reason, code) == (caught.value.reason, caught.value.status)
    assert description not in str(caught.value)


@pytest.mark.fault("F51")
@pytest.mark.parametrize(
    ("description", "part"),
    [
        (
            "Conflict: terminated by other getUpdates request; make sure that only",
            "another program",
        ),
        ("Conflict: can't use getUpdates method while webhook is active; use", "a webhook is set"),
        ("Conflict: terminated by other setWebhook", "a webhook was set"),
        ("Conflict: new", "something else"),
    ],
)
def test_conflicts_say_which(description: str, part: str) -> None:
    """An administrator learns who is in the way."""
    with pytest.raises(RefusedError, match=part):
        result_of(_answer(409, description))


@pytest.mark.fault("F24")
@pytest.mark.parametrize("code", [400, 429, 500])
def test_retry_after_is_the_firmest_signal(code: int) -> None:
    """A named waiting time counts whatever the code is."""
    with pytest.raises(RetryLaterError) as caught:
        result_of(_answer(code, "Too Many Requests", parameters={"retry_after": 17}))
    assert 17.0 == caught.value.retry_after


def test_the_header_serves_where_parameters_are_missing() -> None:
    """A 429 of a front end waits as long as its header says."""
    with pytest.raises(RetryLaterError) as caught:
        result_of(HttpResponse(429, {"Retry-After": "5"}, b"slow down", repeatable=False))
    assert 5.0 == caught.value.retry_after


def test_a_migrated_chat_names_its_new_number() -> None:
    """The new chat is told in an attribute and never in the text."""
    parameters = {"migrate_to_chat_id": -1001234}
    with pytest.raises(RefusedError) as caught:
        result_of(_answer(400, "Bad Request: group chat was upgraded", parameters=parameters))
    assert (Refusal.MIGRATED, "-1001234") == (caught.value.reason, caught.value.migrated_to)
    assert "1001234" not in str(caught.value)


@pytest.mark.parametrize(
    "parameters",
    [None, [], {"retry_after": "x"}, {"retry_after": -1}, {"retry_after": True},
     {"migrate_to_chat_id": 1.5}],
)  # fmt: skip
def test_strange_parameters_are_passed_over(parameters: Any) -> None:
    """What the server does not mean as a signal is none."""
    with pytest.raises(RefusedError) as caught:
        result_of(_answer(400, "Bad Request: chat not found", parameters=parameters))
    assert Refusal.GONE == caught.value.reason


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b'{"ok":false,"error_code":500,"description":"Internal Server Error: restart"}'),
        (502, b"<html>Bad Gateway</html>"),
        (504, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"ok":false}'),
    ],
)
@pytest.mark.parametrize(
    ("repeatable", "expected"), [(True, RetryLaterError), (False, UnknownOutcomeError)]
)
def test_failures_in_between(
    status: int, body: bytes, repeatable: bool, expected: type[DeliveryError]
) -> None:
    """A server that fails leaves an unrepeatable call open, and only that."""
    with pytest.raises(expected):
        result_of(HttpResponse(status, body=body, repeatable=repeatable))


@pytest.mark.parametrize(
    ("description", "harmless"),
    [
        ("Bad Request: message is not modified: specified new message", (NOT_MODIFIED,)),
        ("Bad Request: query is too old and response timeout expired", QUERY_TOO_OLD),
        ("Bad Request: QUERY ID is invalid", QUERY_TOO_OLD),
    ],
)
def test_harmless_refusals(description: str, harmless: tuple[str, ...]) -> None:
    """What a caller calls harmless is a success, and only for that caller."""
    assert result_of(_answer(400, description), harmless=harmless) is None
    with pytest.raises(RefusedError):
        result_of(_answer(400, description))


def test_success() -> None:
    """The result is what the method returned."""
    assert [1] == result_of(HttpResponse(200, body=b'{"ok":true,"result":[1]}'))
