"""Repairs doubled writes: of comments that carry one marker, only the first stays.

A double appears when Jira takes a write later than the bridge waited for it. Only comments that
carry the bridge's own marker are ever removed.
"""

from __future__ import annotations

import logging

from chatbridge.errors import RefusedError
from chatbridge.roster import OpenDesk

_log = logging.getLogger("chatbridge.doubles")


def remove_doubles(desk: OpenDesk, issue_id: str, markers: frozenset[str]) -> int:
    """Remove what stands on an issue more than once; return how many comments that were.

    Args:
        desk: of the issue's site.
        issue_id: the request.
        markers: to look for; all of the bridge's own making.

    Raises:
        RetryLaterError: the site asks for patience.
    """
    removed = 0
    found = desk.call(desk.desk.find_comments(issue_id, markers))
    for ids in found.values():
        for comment_id in ids[1:]:
            try:
                desk.call(desk.desk.remove_comment(issue_id, comment_id))
            except RefusedError as error:
                _log.warning("a doubled comment could not be removed (%s)", error.reason)
                continue
            removed += 1
    if removed:
        _log.info("removed %d doubled comments", removed)
    return removed
