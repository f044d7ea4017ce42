"""Exchanges that write public comments and internal notes, and find them again.

A public comment goes through the platform API, whose call takes our marker in the same write. An
internal note goes through the customer API and never through the platform one, where a comment is
public unless a property says otherwise.
"""

from __future__ import annotations

from typing import Any

from chatbridge.exchange import Exchange
from chatbridge.jira.access import Access
from chatbridge.jira.answers import as_numeric_id, items, mapping, number, numeric_id, page, text_or
from chatbridge.jira.calls import JSM, Calls
from chatbridge.jira.comment_properties import marker_of, properties_with
from chatbridge.jira.outcomes import checked, understood
from chatbridge.jira.wiki import escape, same_text
from chatbridge.richtext import Document

_GONE = 404
_PAGE = 100
_PAGES = 10
_NOTE_PAGES = 50


def add_comment(access: Access, issue_id: str, body: Document, marker: str) -> Exchange[str]:
    """Add a public comment that carries the marker in the same write; return its id."""
    calls = yield from access.reach()
    answer = yield calls.request(
        "POST",
        f"{calls.platform}/issue/{{}}/comment",
        issue_id,
        json={"body": calls.dialect.write_body(body), "properties": properties_with(marker)},
        repeatable=False,
        writes_to=issue_id,
    )
    return understood(answer, lambda value: numeric_id(value, "id"))


def find_comments(
    access: Access, issue_id: str, markers: frozenset[str]
) -> Exchange[dict[str, tuple[str, ...]]]:
    """Return marker -> ids of the comments that carry it, the lowest first."""
    calls = yield from access.reach()
    found: dict[str, set[str]] = {}
    seen = 0
    for _ in range(_PAGES):
        answer = yield calls.request(
            "GET",
            f"{calls.platform}/issue/{{}}/comment",
            issue_id,
            query=(
                ("startAt", str(seen)),
                ("maxResults", str(_PAGE)),
                ("orderBy", "-created"),
                ("expand", "properties"),
            ),
        )
        listed, total = understood(answer, _listed)
        comments = listed
        if comments and not any("properties" in comment for comment in comments):
            comments = yield from calls.dialect.with_properties(
                calls.request, comments, calls.account.account_id
            )
        for comment in comments:
            _note(found, comment, markers)
        seen += len(listed)
        if not listed or markers <= found.keys() or seen >= total:
            break
    return {marker: tuple(sorted(ids, key=int)) for marker, ids in found.items()}


def remove_comment(access: Access, issue_id: str, comment_id: str) -> Exchange[None]:
    """Remove a comment; fine if it is gone already."""
    calls = yield from access.reach()
    answer = yield calls.request(
        "DELETE",
        f"{calls.platform}/issue/{{}}/comment/{{}}",
        issue_id,
        comment_id,
        repeatable=True,
        writes_to=issue_id,
    )
    if answer.status != _GONE:
        checked(answer)


def add_note(access: Access, issue_id: str, text: str) -> Exchange[None]:
    """Add an internal note, for agents only."""
    calls = yield from access.reach()
    answer = yield calls.request(
        "POST",
        f"{JSM}/request/{{}}/comment",
        issue_id,
        json={"body": escape(text), "public": False},
        repeatable=False,
        writes_to=issue_id,
    )
    checked(answer)


def has_note(access: Access, issue_id: str, text: str) -> Exchange[bool]:
    """Tell whether an internal note of our own account with this text is there."""
    calls = yield from access.reach()
    start = 0
    for _ in range(_NOTE_PAGES):
        answer = yield calls.request(
            "GET",
            f"{JSM}/request/{{}}/comment",
            issue_id,
            query=(
                ("public", "false"),
                ("internal", "true"),
                ("start", str(start)),
                ("limit", str(_PAGE)),
            ),
        )
        values, is_last = understood(answer, page)
        if any(_is_note(value, calls, text) for value in values):
            return True
        start += len(values)
        if is_last or not values:
            break
    return False


def _listed(value: Any) -> tuple[list[dict[str, Any]], int]:
    comments = [mapping(comment) for comment in items(value, "comments")]
    return comments, number(value, "total")


def _note(found: dict[str, set[str]], comment: dict[str, Any], markers: frozenset[str]) -> None:
    marker, comment_id = marker_of(comment), as_numeric_id(comment.get("id"))
    if marker in markers and marker is not None and comment_id is not None:
        found.setdefault(marker, set()).add(comment_id)


def _is_note(value: Any, calls: Calls, text: str) -> bool:
    return (
        isinstance(value, dict)
        and value.get("public") is False
        and calls.dialect.person_id(value.get("author")) == calls.account.account_id
        and same_text(text_or(value, "body"), text)
    )
