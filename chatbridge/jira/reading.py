"""Exchanges that read a request and its comments, and decide what may be shown to a customer.

Two witnesses say that a comment is public: the customer API and the platform API. Whatever is
missing or unclear in either counts against it.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve

from chatbridge.desk import PublicComment, RequestState, StatusCategory, Witness
from chatbridge.errors import RetryLaterError
from chatbridge.exchange import Exchange
from chatbridge.jira.access import Access
from chatbridge.jira.answers import as_numeric_id, mapping, number, numeric_id, page, text_or
from chatbridge.jira.answers import text as text_in
from chatbridge.jira.attaching import comment_files
from chatbridge.jira.calls import JSM, Calls
from chatbridge.jira.comment_properties import is_unrestricted, marker_of
from chatbridge.jira.dialect import Dialect
from chatbridge.jira.outcomes import understood
from chatbridge.jira.wiki import unescape
from chatbridge.richtext import Document

_CATEGORIES = {
    "NEW": StatusCategory.NEW,
    "INDETERMINATE": StatusCategory.IN_PROGRESS,
    "DONE": StatusCategory.DONE,
    "UNDEFINED": StatusCategory.UNDEFINED,
}
_PAGE = 100
_PAGES = 400
_READINGS = 5


def read_request(access: Access, issue_id: str) -> Exchange[RequestState]:
    """Read a customer request, by its id or key.

    Raises:
        RefusedError: NOT_FOUND or FORBIDDEN where it is none that we may see.
    """
    calls = yield from access.reach()
    answer = yield calls.request(
        "GET",
        f"{JSM}/request/{{}}",
        issue_id,
        query=calls.dialect.language(access.settings.language),
    )
    state = understood(answer, _state)
    if understood(answer, _says_category):
        return state
    # Not every version names the category here; the issue's own status has it.
    path = f"{calls.platform}/issue/{{}}"
    answer = yield calls.request("GET", path, state.issue_id, query=(("fields", "status"),))
    return evolve(state, category=understood(answer, _category_of_issue))


def public_comments(access: Access, issue_id: str) -> Exchange[tuple[PublicComment, ...]]:
    """Return all comments that the customer API calls public.

    Where they take several pages, the reading is repeated until two agree on the ids: a comment
    that goes or changes its visibility meanwhile moves the others across the border of a page.

    Raises:
        RetryLaterError: the comments keep changing.
    """
    calls = yield from access.reach()
    found, pages = yield from _read_all(calls, issue_id)
    if pages > 1:
        found = yield from _read_until_stable(calls, issue_id, found)
    complete = yield from calls.dialect.files_of(calls.request, issue_id, list(found.values()))
    return tuple(complete)


def _read_until_stable(
    calls: Calls, issue_id: str, found: dict[str, PublicComment]
) -> Exchange[dict[str, PublicComment]]:
    for _ in range(_READINGS - 1):
        again, _pages = yield from _read_all(calls, issue_id)
        if again.keys() == found.keys():
            return again
        found = again
    raise RetryLaterError("the comments change while they are read")


def cross_read(
    access: Access, issue_id: str, comment_ids: tuple[str, ...]
) -> Exchange[list[Witness]]:
    """Read exactly these comments through the platform API; what is not there is left out."""
    calls = yield from access.reach()
    ids = [int(known) for known in dict.fromkeys(map(as_numeric_id, comment_ids)) if known]
    if not ids:
        return []
    comments = yield from calls.dialect.read_comments(calls.request, issue_id, ids)
    return [_witness(each, calls.dialect) for each in comments if _belongs(each, issue_id)]


def _state(value: Any) -> RequestState:
    status = mapping(mapping(value).get("currentStatus"))
    return RequestState(
        issue_id=numeric_id(value, "issueId"),
        issue_key=text_in(value, "issueKey"),
        service_desk=text_in(value, "serviceDeskId"),
        status=text_in(status, "status"),
        category=_CATEGORIES.get(text_or(status, "statusCategory"), StatusCategory.UNDEFINED),
        portal_url=text_or(value.get("_links"), "web") or None,
        created=_moment(mapping(value.get("createdDate")).get("epochMillis")),
    )


def _moment(value: Any) -> int:
    """Return Unix milliseconds, 0 where they are not said: then it is taken as long ago."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _says_category(value: Any) -> bool:
    return bool(text_or(mapping(value).get("currentStatus"), "statusCategory"))


def _category_of_issue(value: Any) -> StatusCategory:
    status = mapping(mapping(mapping(value).get("fields")).get("status"))
    key = text_in(status.get("statusCategory"), "key")
    return _CATEGORIES.get(key.upper(), StatusCategory.UNDEFINED)


def _read_all(calls: Calls, issue_id: str) -> Exchange[tuple[dict[str, PublicComment], int]]:
    found: dict[str, PublicComment] = {}
    start = 0
    for pages in range(1, _PAGES + 1):
        answer = yield calls.request(
            "GET",
            f"{JSM}/request/{{}}/comment",
            issue_id,
            query=(
                ("public", "true"),
                ("internal", "false"),
                ("start", str(start)),
                ("limit", str(_PAGE)),
                *calls.dialect.with_files,
            ),
        )
        values, is_last = understood(answer, page)
        for comment in understood(answer, lambda value: _public_ones(value, calls.dialect)):
            found[comment.comment_id] = comment
        start += len(values)
        if is_last:
            return found, pages
        if not values:
            break
    raise RetryLaterError("the list of comments does not end")


def _public_ones(value: Any, dialect: Dialect) -> list[PublicComment]:
    comments = [mapping(each) for each in page(value)[0]]
    return [
        PublicComment(
            numeric_id(comment, "id"),
            number(comment.get("created"), "epochMillis"),
            dialect.person_id(comment.get("author")),
            text_or(comment.get("author"), "displayName"),
            Document.from_plain(unescape(text_or(comment, "body"))),
            comment_files(comment),
            text_or(comment, "body"),
        )
        for comment in comments
        if comment.get("public") is True and isinstance(comment.get("id"), str)
    ]


def _witness(comment: dict[str, Any], dialect: Dialect) -> Witness:
    return Witness(
        numeric_id(comment, "id"),
        is_unrestricted(comment),
        dialect.read_body(comment.get("body")),
        marker_of(comment),
        # Not documented, and seen where comments are threaded.
        as_numeric_id(comment.get("parentId")),
    )


def _belongs(comment: dict[str, Any], issue_id: str) -> bool:
    address = comment.get("self")
    return not isinstance(address, str) or f"/issue/{issue_id}/comment/" in address
