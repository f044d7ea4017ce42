"""Exchanges that write public comments and internal notes, and find them again.

A public comment goes through the platform API, whose call takes our marker in the same write. An
internal note goes through the customer API and never through the platform one, where a comment is
public unless a property says otherwise.
"""

from __future__ import annotations

from typing import Any

from chatbridge.exchange import Exchange
from chatbridge.jira.access import Access
from chatbridge.jira.adf_write import adf_length, write_adf
from chatbridge.jira.answers import as_numeric_id, items, mapping, number, numeric_id, page, text_or
from chatbridge.jira.calls import JSM, PLATFORM, Calls
from chatbridge.jira.outcomes import checked, understood
from chatbridge.jira.wiki import escape, same_text
from chatbridge.richtext import Document
from chatbridge.splitting import split_document

LONGEST = 30_000
"""UTF-16 units of serialized ADF in one comment; Jira's own limit is 32,767."""

VISIBILITY_PROPERTY = "sd.public.comment"
MARKER_PROPERTY = "chatbridge"

_GONE = 404
_PAGE = 100
_PAGES = 10
_NOTE_PAGES = 50


def add_comment(access: Access, issue_id: str, body: Document, marker: str) -> Exchange[str]:
    """Add a public comment that carries the marker in the same write; return its id."""
    calls = yield from access.reach()
    answer = yield calls.request(
        "POST",
        f"{PLATFORM}/issue/{{}}/comment",
        issue_id,
        json={
            "body": write_adf(body),
            "properties": [
                {"key": VISIBILITY_PROPERTY, "value": {"internal": False}},
                {"key": MARKER_PROPERTY, "value": {"v": 1, "m": marker}},
            ],
        },
        repeatable=False,
        writes_to=issue_id,
    )
    return understood(answer, lambda value: numeric_id(value, "id"))


def split_comment(body: Document) -> tuple[Document, ...]:
    """Cut a text into what one comment can hold each."""
    return split_document(body, lambda piece: adf_length(piece) < LONGEST)


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
            f"{PLATFORM}/issue/{{}}/comment",
            issue_id,
            query=(
                ("startAt", str(seen)),
                ("maxResults", str(_PAGE)),
                ("orderBy", "-created"),
                ("expand", "properties"),
            ),
        )
        comments, total = understood(answer, _listed)
        if comments and not any("properties" in comment for comment in comments):
            # Listing with properties is not documented; reading by id is.
            comments = yield from _with_properties(calls, comments)
        for comment in comments:
            _note(found, comment, markers)
        seen += len(comments)
        if not comments or markers <= found.keys() or seen >= total:
            break
    return {marker: tuple(sorted(ids, key=int)) for marker, ids in found.items()}


def remove_comment(access: Access, issue_id: str, comment_id: str) -> Exchange[None]:
    """Remove a comment; fine if it is gone already."""
    calls = yield from access.reach()
    answer = yield calls.request(
        "DELETE",
        f"{PLATFORM}/issue/{{}}/comment/{{}}",
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
        if any(_is_note(value, calls.account.account_id, text) for value in values):
            return True
        start += len(values)
        if is_last or not values:
            break
    return False


def marker_of(comment: dict[str, Any]) -> str | None:
    """Return our marker on a comment of the platform API, or None."""
    value = property_of(comment, MARKER_PROPERTY)
    marker = value.get("m") if isinstance(value, dict) and value.get("v") == 1 else None
    return marker if isinstance(marker, str) else None


def property_of(comment: dict[str, Any], key: str) -> Any:
    """Return the value of a comment's property, or None where it has none."""
    properties = comment.get("properties")
    for each in properties if isinstance(properties, list) else []:
        if isinstance(each, dict) and each.get("key") == key:
            return each.get("value")
    return None


def _listed(value: Any) -> tuple[list[dict[str, Any]], int]:
    comments = [mapping(comment) for comment in items(value, "comments")]
    return comments, number(value, "total")


def _with_properties(
    calls: Calls, comments: list[dict[str, Any]]
) -> Exchange[list[dict[str, Any]]]:
    known = (as_numeric_id(comment.get("id")) for comment in comments)
    answer = yield calls.request(
        "POST",
        f"{PLATFORM}/comment/list",
        query=(("expand", "properties"),),
        json={"ids": [int(comment_id) for comment_id in known if comment_id is not None]},
        repeatable=True,
    )
    return understood(answer, lambda value: [mapping(each) for each in items(value, "values")])


def _note(found: dict[str, set[str]], comment: dict[str, Any], markers: frozenset[str]) -> None:
    marker, comment_id = marker_of(comment), as_numeric_id(comment.get("id"))
    if marker in markers and marker is not None and comment_id is not None:
        found.setdefault(marker, set()).add(comment_id)


def _is_note(value: Any, account_id: str, text: str) -> bool:
    return (
        isinstance(value, dict)
        and value.get("public") is False
        and text_or(value.get("author"), "accountId") == account_id
        and same_text(text_or(value, "body"), text)
    )
