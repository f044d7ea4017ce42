"""Exchanges that bring files to a request, find them again, and read what others attached.

A file goes up twice: first to where nobody sees it, then, by one small call, into a public comment.
Only the second can double anything, so only that one is unrepeatable.
"""

from __future__ import annotations

from typing import Any

from chatbridge.content import Content
from chatbridge.desk import CommentFile
from chatbridge.errors import ContentError, DeliveryError, Refusal, RefusedError
from chatbridge.exchange import Exchange
from chatbridge.filenames import marker_in
from chatbridge.http_types import FormPart, HttpRequest, HttpResponse
from chatbridge.jira.access import Access
from chatbridge.jira.answers import (
    MalformedAnswerError,
    as_numeric_id,
    items,
    mapping,
    numeric_id,
    text,
    text_or,
)
from chatbridge.jira.calls import JSM, Calls
from chatbridge.jira.comment_properties import MARKER_PROPERTY
from chatbridge.jira.issue_files import files_of_issue
from chatbridge.jira.outcomes import checked, understood
from chatbridge.jira.wiki import escape_document
from chatbridge.richtext import Document

_FILES_PATH = "/secure/attachment/"
_REDIRECTS = {301, 302, 303, 307, 308}


def upload_limit(access: Access) -> Exchange[int | None]:
    """Return the site's limit for one file in bytes.

    Raises:
        RefusedError: BAD_FILE where files are switched off.
    """
    calls = yield from access.reach()
    answer = yield calls.request("GET", f"{calls.platform}/attachment/meta")
    enabled, limit = understood(answer, _limit)
    if not enabled:
        raise RefusedError(Refusal.BAD_FILE, "the site takes no files")
    return limit


def upload_file(access: Access, service_desk: str, name: str, content: Content) -> Exchange[str]:
    """Bring a file to the site; return the ticket to attach it with."""
    calls = yield from access.reach()
    answer = yield calls.request(
        "POST",
        f"{JSM}/servicedesk/{{}}/attachTemporaryFile",
        service_desk,
        parts=(FormPart("file", content, filename=name, media_type=content.media_type),),
        # What is not attached vanishes by itself.
        repeatable=True,
    )
    _refuse_file(answer, {400, 413, 415})
    return understood(answer, _ticket)


def attach_files(
    access: Access, issue_id: str, tickets: tuple[str, ...], body: Document, marker: str
) -> Exchange[str]:
    """Attach files publicly; return the id of the comment that this makes."""
    calls = yield from access.reach()
    fields: dict[str, Any] = {"temporaryAttachmentIds": list(tickets), "public": True}
    if not body.is_empty():
        fields["additionalComment"] = {"body": escape_document(body)}
    answer = yield calls.request(
        "POST",
        f"{JSM}/request/{{}}/attachment",
        issue_id,
        json=fields,
        repeatable=False,
        writes_to=issue_id,
    )
    _refuse_file(answer, {400, 413})
    comment_id = understood(answer, lambda value: numeric_id(mapping(value).get("comment"), "id"))
    yield from _mark(calls, issue_id, comment_id, marker)
    return comment_id


def find_files(
    access: Access, issue_id: str, markers: frozenset[str]
) -> Exchange[dict[str, tuple[str, ...]]]:
    """Return marker -> ids of the files that carry it in their name, the lowest first."""
    calls = yield from access.reach()
    answer = yield calls.request(
        "GET", f"{calls.platform}/issue/{{}}", issue_id, query=(("fields", "attachment"),)
    )
    found: dict[str, set[str]] = {}
    for file in understood(answer, files_of_issue):
        marker = marker_in(file.name)
        if marker in markers and marker is not None:
            found.setdefault(marker, set()).add(file.file_id)
    return {marker: tuple(sorted(ids, key=int)) for marker, ids in found.items()}


def open_file(access: Access, file_id: str) -> Exchange[Content]:
    """Return the bytes of an attached file as a stream."""
    calls = yield from access.reach()
    answer = yield (yield from _bytes_of(calls, file_id))
    if answer.status in _REDIRECTS:
        # The address proves by itself who may read; the next host gets no credential.
        answer = yield HttpRequest("GET", answer.headers.get("Location", ""), stream=True)
    content = checked(answer).content
    if content is None:
        raise ContentError("the site did not send the file")
    return content


def _bytes_of(calls: Calls, file_id: str) -> Exchange[HttpRequest]:
    """Return the call for a file's bytes, after asking for their address where none is known."""
    path = calls.dialect.file_content
    if path:
        place, query = calls.platform + path, (("redirect", "false"),)
        return calls.request("GET", place, file_id, query=query, stream=True)
    answer = yield calls.request("GET", f"{calls.platform}/attachment/{{}}", file_id)
    address = understood(answer, lambda value: text(value, "content"))
    _, start, rest = address.partition(_FILES_PATH)
    if not start:
        raise RefusedError(Refusal.BAD_FILE, "the site keeps the file in an unknown place")
    # The site's own idea of its address may be another one than ours: only the path counts.
    place = (start + rest).replace("{", "{{").replace("}", "}}")
    return calls.request("GET", place, stream=True)


def comment_files(comment: dict[str, Any]) -> tuple[CommentFile, ...]:
    """Return the files of a comment of the customer API, read with expand=attachment."""
    page = comment.get("attachments")
    values = page.get("values") if isinstance(page, dict) else None
    found = [_comment_file(value) for value in (values if isinstance(values, list) else [])]
    return tuple(file for file in found if file is not None)


def _comment_file(value: Any) -> CommentFile | None:
    # The customer API names no id; it stands at the end of the platform API's address.
    links = value.get("_links") if isinstance(value, dict) else None
    file_id = as_numeric_id(text_or(links, "jiraRest").rstrip("/").rpartition("/")[2])
    if file_id is None:
        return None
    size, created = value.get("size"), value.get("created")
    moment = created.get("epochMillis") if isinstance(created, dict) else None
    return CommentFile(
        file_id,
        text_or(value, "filename"),
        text_or(value, "mimeType") or "application/octet-stream",
        size if isinstance(size, int) and size >= 0 else None,
        moment if isinstance(moment, int) else 0,
    )


def _mark(calls: Calls, issue_id: str, comment_id: str, marker: str) -> Exchange[None]:
    """Write our marker on a comment; never worth a failure, since the file's name has one too."""
    try:
        yield calls.request(
            "PUT",
            f"{calls.platform}/comment/{{}}/properties/{MARKER_PROPERTY}",
            comment_id,
            json={"v": 1, "m": marker},
            repeatable=True,
            writes_to=issue_id,
        )
    except DeliveryError:
        return


def _refuse_file(answer: HttpResponse, statuses: set[int]) -> None:
    if answer.status in statuses:
        raise RefusedError(Refusal.BAD_FILE, f"Jira answered {answer.status}", status=answer.status)


def _limit(value: Any) -> tuple[bool, int | None]:
    limit = mapping(value).get("uploadLimit")
    known = isinstance(limit, int) and not isinstance(limit, bool) and limit > 0
    return value.get("enabled") is not False, limit if known else None


def _ticket(value: Any) -> str:
    tickets = items(value, "temporaryAttachments")
    if not tickets:
        raise MalformedAnswerError
    return text(tickets[0], "temporaryAttachmentId")
