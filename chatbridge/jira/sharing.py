"""Reads public comments as an account that has no more rights than a customer.

Jira itself keeps internal notes from such an account, so nothing that it returns can be one. It
sees a request only as a participant; the writing account makes it one where it is none.
"""

from __future__ import annotations

from chatbridge.desk import PublicComment
from chatbridge.errors import RetryLaterError
from chatbridge.exchange import Exchange
from chatbridge.jira.access import Access
from chatbridge.jira.answers import mapping
from chatbridge.jira.calls import JSM
from chatbridge.jira.outcomes import checked, understood
from chatbridge.jira.reading import public_comments

_UNSEEN = {403, 404}
_REFUSED = {400, 403, 404}


def reader_comments(
    reader: Access, writer: Access, issue_id: str
) -> Exchange[tuple[PublicComment, ...]]:
    """Return all public comments, as the reader is shown them.

    Whoever does not see a request is answered with an empty list, so an empty one is believed only
    after the request itself was shown.

    Raises:
        RetryLaterError: the reader does not see the request; nothing is known of its comments.
        RefusedError: UNAUTHORISED where the site does not take the reader's credential.
    """
    comments = yield from public_comments(reader, issue_id)
    if comments or (yield from _sees(reader, issue_id)):
        return comments
    yield from _share(writer, reader, issue_id)
    if not (yield from _sees(reader, issue_id)):
        raise RetryLaterError(
            "the reader account does not see a request of which it is a participant; let it be a "
            "customer of the service desk"
        )
    return (yield from public_comments(reader, issue_id))


def _sees(access: Access, issue_id: str) -> Exchange[bool]:
    calls = yield from access.reach()
    answer = yield calls.request("GET", f"{JSM}/request/{{}}", issue_id)
    if answer.status in _UNSEEN:
        return False
    checked(answer)
    return True


def _share(writer: Access, reader: Access, issue_id: str) -> Exchange[None]:
    reading = yield from reader.reach()
    answer = yield reading.request("GET", f"{reading.platform}/myself")
    person = understood(answer, mapping)
    calls = yield from writer.reach()
    answer = yield calls.request(
        "POST",
        f"{JSM}/request/{{}}/participant",
        issue_id,
        json=calls.dialect.as_participant(person),
        # Who is one already stays one.
        repeatable=True,
        writes_to=issue_id,
    )
    if answer.status in _REFUSED:
        raise RetryLaterError(
            "the site does not let the reader account take part in a request; let it be a customer "
            "of the service desk, and let agents add participants"
        )
    checked(answer)
