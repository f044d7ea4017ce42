"""Exchanges that link two issues as duplicates, by whatever kind of link the site has for that.

Nothing is ever deleted here, and a link that is there already is not made twice.
"""

from __future__ import annotations

from typing import Any, Final

from chatbridge.exchange import Exchange
from chatbridge.jira.access import Access
from chatbridge.jira.answers import items, mapping, text_or
from chatbridge.jira.outcomes import checked, understood

_SWITCHED_OFF: Final = 404
_FITTING: Final = ("duplicat", "relat")
"""What the name of a fitting kind of link holds, the best first; others would say what is wrong."""


def link_duplicate(access: Access, issue_id: str, original_id: str) -> Exchange[bool]:
    """Link an issue as a duplicate of another one; False where the site has no such links.

    Raises:
        RefusedError: the account may not link, or one of the issues is gone.
    """
    calls = yield from access.reach()
    answer = yield calls.request("GET", f"{calls.platform}/issueLinkType")
    if answer.status == _SWITCHED_OFF:
        return False
    kind = understood(answer, _kind)
    if not kind:
        return False
    # A link that exists already counts as made (Atlassian, "Create issue link"), so it may be
    # asked for again. Which end is called inward is told in two ways; the note says it in words.
    answer = yield calls.request(
        "POST",
        f"{calls.platform}/issueLink",
        json={
            "type": {"id": kind},
            "inwardIssue": {"id": issue_id},
            "outwardIssue": {"id": original_id},
        },
        repeatable=True,
        writes_to=issue_id,
    )
    checked(answer)
    return True


def _kind(value: Any) -> str:
    """Return the id of the kind of link that fits best, empty where none does."""
    kinds = [mapping(each) for each in items(value, "issueLinkTypes")]
    for word in _FITTING:
        for kind in kinds:
            if word in text_or(kind, "name").casefold() and text_or(kind, "id"):
                return text_or(kind, "id")
    return ""
