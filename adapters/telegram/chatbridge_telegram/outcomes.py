"""Read the Bot API's answers: a result, or the error that says what to do next.

The server's own words are compared and never repeated: an explanation is written here. The firmest
signal comes first: `parameters`, then the code, then parts of the description without regard to
case, since Telegram says that the meaning of codes may change (https://core.telegram.org/bots/api,
"Making requests").
"""

from __future__ import annotations

from typing import Any

from chatbridge.errors import (
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
)
from chatbridge.http_types import HttpResponse

NOT_MODIFIED = "message is not modified"
"""What an edit that changes nothing is refused with: a success."""

QUERY_TOO_OLD = ("query is too old", "query id is invalid")
"""What a late answer to a button press is refused with: a success."""

NO_TEXT_TO_EDIT = "no text in the message to edit"
"""What an edit of the text is refused with where the message shows a file."""

_HALF_AN_ALBUM = "failed to send message #"
_FILE_WORDS = (
    "photo_", "image_process_failed", "video_", "audio_", "document_", "sticker_", "media_",
    "file_part", "must be non-empty", "wrong file", "can't use file of type", "in the album",
)  # fmt: skip
"""Parts of descriptions that complain of an uploaded file: its size, dimensions or format."""

_LONGEST_WAIT = 10**9
_UNKNOWN_BOT = "the bot's token is revoked or wrong, or api_url names another server"

_FORBIDDEN: tuple[tuple[str, Refusal, str], ...] = (
    ("blocked by the user", Refusal.BLOCKED, "the contact blocked the bot"),
    ("user is deactivated", Refusal.BLOCKED, "the contact's account is deactivated"),
    ("was kicked", Refusal.BLOCKED, "the bot was removed from the chat"),
    ("not a member", Refusal.BLOCKED, "the bot is not a member of the chat"),
    ("can't initiate", Refusal.BLOCKED, "the contact has not started the bot"),
    ("was deleted", Refusal.GONE, "the chat was deleted"),
)

_BAD_REQUESTS: tuple[tuple[str, Refusal, str], ...] = (
    ("chat not found", Refusal.GONE, "the chat is not known to the bot"),
    ("message is too long", Refusal.TOO_LONG, "the text is too long"),
    ("text is too long", Refusal.TOO_LONG, "the text is too long"),
    ("caption is too long", Refusal.TOO_LONG, "the caption is too long"),
    ("caption_too_long", Refusal.TOO_LONG, "the caption is too long"),
    ("message_too_long", Refusal.TOO_LONG, "the text is too long"),
    ("can't parse entities", Refusal.BAD_MARKUP, "the formatting was not understood"),
    ("entity beginning at", Refusal.BAD_MARKUP, "the formatting does not fit the text"),
    ("message thread not found", Refusal.THREAD_GONE, "the topic does not exist any more"),
    ("replied not found", Refusal.REPLY_GONE, "the message to answer does not exist any more"),
    ("message to edit not found", Refusal.GONE, "the message to edit is not there any more"),
    ("message can't be edited", Refusal.GONE, "the message can no longer be edited"),
    ("message_id_invalid", Refusal.GONE, "the message to edit is not there any more"),
    (NO_TEXT_TO_EDIT, Refusal.INVALID, "the message shows a file, and its caption is edited"),
    ("no caption in the message", Refusal.INVALID, "the message shows no file"),
    ("upgraded to a supergroup", Refusal.GONE, "the group became a supergroup"),
    ("too big", Refusal.BAD_FILE, "the file is too big"),
    ("voice_messages_forbidden", Refusal.BAD_FILE, "the contact takes no voice messages"),
    *((word, Refusal.BAD_FILE, "Telegram does not take this file as what it is sent as")
      for word in _FILE_WORDS),
    ("file_id", Refusal.BAD_FILE, "the file is not there any more"),
    ("remote file identifier", Refusal.BAD_FILE, "the file is not there any more"),
    ("temporarily unavailable", Refusal.BAD_FILE, "the file is not there any more"),
    ("http url", Refusal.BAD_FILE, "Telegram could not fetch the file"),
    ("type of the web page content", Refusal.BAD_FILE, "the file is not what it claims to be"),
    ("logged out", Refusal.UNAUTHORISED, "the bot was moved to another Bot API server"),
    ("not enough rights", Refusal.FORBIDDEN, "the bot may not do this in the chat"),
    ("have no rights", Refusal.FORBIDDEN, "the bot may not do this in the chat"),
    ("chat_write_forbidden", Refusal.FORBIDDEN, "the bot may not write in the chat"),
)  # fmt: skip

_CONFLICTS: tuple[tuple[str, str], ...] = (
    ("other getupdates", "another program polls this bot; run only one of them"),
    ("webhook is active", "a webhook is set for this bot; remove it before polling"),
    ("setwebhook", "a webhook was set for this bot meanwhile"),
)


def result_of(response: HttpResponse, *, harmless: tuple[str, ...] = ()) -> Any:
    """Return what the called method returned.

    Args:
        response: the answer to a Bot API call.
        harmless: parts of descriptions, in lower case, that mean success all the same; the result
            is None then.

    Raises:
        RetryLaterError: it did not happen, with Telegram's own waiting time where it named one;
            or a repeatable call failed at the server.
        RefusedError: with the reason.
        UnknownOutcomeError: an unrepeatable call failed in a way that leaves it open.
    """
    answer = _answer_of(response)
    if answer.get("ok") is True:
        return answer.get("result")
    description = _description(answer)
    if _HALF_AN_ALBUM in description and not response.repeatable:
        raise UnknownOutcomeError("one file of an album failed, others may have been shown")
    _heed_parameters(answer, response)
    status = _whole(answer.get("error_code")) or response.status
    if any(part in description for part in harmless):
        return None
    raise _meaning(status, description, response)


def says(response: HttpResponse, part: str) -> bool:
    """Tell whether a refusal's description holds these words, given in lower case."""
    return response.status >= 400 and part in _description(_answer_of(response))


def _description(answer: dict[str, Any]) -> str:
    said = answer.get("description")
    return said.lower() if isinstance(said, str) else ""


def _answer_of(response: HttpResponse) -> dict[str, Any]:
    """Return the answer's object; what is none, as a front end's 502, speaks by its status."""
    try:
        answer = response.json()
    except (RetryLaterError, UnknownOutcomeError):
        if 200 <= response.status < 300:
            raise
        return {}
    if isinstance(answer, dict):
        return answer
    if response.status < 300:
        raise _open_failure(response, "the answer has another shape than the Bot API's")
    return {}


def _heed_parameters(answer: dict[str, Any], response: HttpResponse) -> None:
    parameters = answer.get("parameters")
    if not isinstance(parameters, dict):
        return
    wait = _whole(parameters.get("retry_after"))
    if wait is not None and wait >= 0:
        raise RetryLaterError("Telegram asks to wait", retry_after=float(min(wait, _LONGEST_WAIT)))
    chat = _whole(parameters.get("migrate_to_chat_id"))
    if chat is not None:
        raise RefusedError(
            Refusal.MIGRATED,
            "the group became a supergroup",
            status=response.status,
            migrated_to=str(chat),
        )


def _meaning(status: int, description: str, response: HttpResponse) -> Exception:
    if status == 429:
        return RetryLaterError("Telegram asks to wait", retry_after=response.retry_after)
    if 300 <= status < 400:
        mend = "redirected; api_url must name the server itself"
        return RefusedError(Refusal.INVALID, mend, status=status)
    if status >= 500 or status < 300:
        return _open_failure(response, f"Telegram answered {status}")
    if status in {401, 404, 421}:
        return RefusedError(Refusal.UNAUTHORISED, _UNKNOWN_BOT, status=status)
    if status == 409:
        mends = [mend for part, mend in _CONFLICTS if part in description]
        explanation = mends[0] if mends else "something else uses this bot"
        return RefusedError(Refusal.CONFLICT, explanation, status=status)
    if status == 413:
        return RefusedError(Refusal.BAD_FILE, "the upload is too big", status=status)
    table = _FORBIDDEN if status == 403 else _BAD_REQUESTS
    for part, reason, explanation in table:
        if part in description:
            return RefusedError(reason, explanation, status=status)
    reason = Refusal.FORBIDDEN if status == 403 else Refusal.INVALID
    return RefusedError(reason, "for another reason", status=status)


def _open_failure(response: HttpResponse, reason: str) -> RetryLaterError | UnknownOutcomeError:
    if response.repeatable:
        return RetryLaterError(reason, retry_after=response.retry_after)
    return UnknownOutcomeError(reason)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
