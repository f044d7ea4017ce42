"""Exchanges that read a request and its comments, and decide what may be shown to a customer.

Two witnesses say that a comment is public: the customer API and the platform API. Whatever is
missing or unclear in either counts against it.
"""

from __future__ import annotations

from typing import Any

from chatbridge.desk import PublicComment, RequestState, StatusCategory, Witness
from chatbridge.errors import RetryLaterError
from chatbridge.exchange import Exchange
from chatbridge.jira.access import Access
from chatbridge.jira.adf_read import read_adf
from chatbridge.jira.answers import as_numeric_id, items, mapping, number, numeric_id, page, text_or
from chatbridge.jira.answers import text as text_in
from chatbridge.jira.attaching import comment_files
from chatbridge.jira.calls import JSM, PLATFORM, Calls
from chatbridge.jira.commenting import VISIBILITY_PROPERTY, marker_of, property_of
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
_AT_ONCE = 1000


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
        query=(("requestLanguage", access.settings.language),),
    )
    return understood(answer, _state)


def public_comments(access: Access, issue_id: str) -> Exchange[tuple[PublicComment, ...]]:
    """Return all comments that the customer API calls public.

    Where they take several pages, the reading is repeated until two agree on the ids: a comment
    that goes or changes its visibility meanwhile moves the others across the border of a page.

    Raises:
        RetryLaterError: the comments keep changing.
    """
    calls = yield from access.reach()
    found, pages = yield from _read_all(calls, issue_id)
    if pages == 1:
        return tuple(found.values())
    for _ in range(_READINGS - 1):
        again, _pages = yield from _read_all(calls, issue_id)
        if again.keys() == found.keys():
            return tuple(again.values())
        found = again
    raise RetryLaterError("the comments change while they are read")


def cross_read(
    access: Access, issue_id: str, comment_ids: tuple[str, ...]
) -> Exchange[list[Witness]]:
    """Read exactly these comments through the platform API; what is not there is left out."""
    calls = yield from access.reach()
    waiting = [int(known) for known in dict.fromkeys(map(as_numeric_id, comment_ids)) if known]
    found: list[Witness] = []
    while waiting:
        asked = waiting[:_AT_ONCE]
        answer = yield calls.request(
            "POST",
            f"{PLATFORM}/comment/list",
            query=(("expand", "properties"),),
            json={"ids": asked},
            repeatable=True,
        )
        witnesses, is_last = understood(answer, lambda value: _witnesses(value, issue_id))
        # What nobody asked for is no progress: with it the asking might never end.
        asked_for = [witness for witness in witnesses if int(witness.comment_id) in asked]
        found += asked_for
        told = {int(witness.comment_id) for witness in asked_for}
        # A page that holds less than was asked for, and says so, is followed by another one.
        unanswered = [] if is_last or not told else [one for one in asked if one not in told]
        waiting = unanswered + waiting[_AT_ONCE:]
    return found


def _state(value: Any) -> RequestState:
    status = mapping(mapping(value).get("currentStatus"))
    return RequestState(
        issue_id=numeric_id(value, "issueId"),
        issue_key=text_in(value, "issueKey"),
        service_desk=text_in(value, "serviceDeskId"),
        status=text_in(status, "status"),
        category=_CATEGORIES.get(text_in(status, "statusCategory"), StatusCategory.UNDEFINED),
        portal_url=text_or(value.get("_links"), "web") or None,
    )


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
                ("expand", "attachment"),
            ),
        )
        values, is_last = understood(answer, page)
        for comment in understood(answer, _public_ones):
            found[comment.comment_id] = comment
        start += len(values)
        if is_last:
            return found, pages
        if not values:
            break
    raise RetryLaterError("the list of comments does not end")


def _public_ones(value: Any) -> list[PublicComment]:
    comments = [mapping(each) for each in page(value)[0]]
    return [
        PublicComment(
            numeric_id(comment, "id"),
            number(comment.get("created"), "epochMillis"),
            text_or(comment.get("author"), "accountId"),
            text_or(comment.get("author"), "displayName"),
            Document.from_plain(unescape(text_or(comment, "body"))),
            comment_files(comment),
        )
        for comment in comments
        if comment.get("public") is True and isinstance(comment.get("id"), str)
    ]


def _witnesses(value: Any, issue_id: str) -> tuple[list[Witness], bool]:
    found = []
    for comment in items(value, "values"):
        comment_id = as_numeric_id(mapping(comment).get("id"))
        if comment_id is not None and _belongs(comment, issue_id):
            found.append(
                Witness(
                    comment_id,
                    _is_unrestricted(comment),
                    read_adf(comment.get("body")),
                    marker_of(comment),
                )
            )
    return found, value.get("isLast") is not False


def _belongs(comment: dict[str, Any], issue_id: str) -> bool:
    address = comment.get("self")
    return not isinstance(address, str) or f"/issue/{issue_id}/comment/" in address


def _is_unrestricted(comment: dict[str, Any]) -> bool:
    """Tell whether nothing on the comment speaks against showing it.

    A role or group restriction, `jsdPublic` and the visibility property each may; where neither of
    the last two is there at all, nothing says that the comment is public.
    """
    if comment.get("visibility") is not None or comment.get("jsdPublic", True) is not True:
        return False
    switch = property_of(comment, VISIBILITY_PROPERTY)
    if switch is not None:
        internal = switch.get("internal", False) if isinstance(switch, dict) else True
        return internal is False or internal == "false"
    return "jsdPublic" in comment or isinstance(comment.get("properties"), list)
