"""Asks the second witness about comments, and gives up those that can never be read.

What it gives up was public for customers while the site answered about others; nothing that it
could not read is ever returned.
"""

from __future__ import annotations

import logging
from typing import Final

from chatbridge.claims import Watch
from chatbridge.clock import Clock
from chatbridge.desk import PublicComment, Witness
from chatbridge.errors import Refusal, RefusedError, RetryLaterError
from chatbridge.links import Link
from chatbridge.roster import OpenDesk

_log = logging.getLogger("chatbridge.cross_reading")

_TOGETHER: Final = 30.0
"""Seconds for which comments cannot be read together, before they are read apart."""
_PATIENCE: Final = 600.0
"""Seconds for which one comment cannot be read while others can, before it is given up."""


class CrossReader:
    """Reads comments through the platform API.

    Args:
        clock: the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._watch = Watch(clock)

    def read(
        self, link: Link, desk: OpenDesk, comments: list[PublicComment]
    ) -> tuple[dict[str, Witness], frozenset[int]]:
        """Return the witnesses by comment id, and the ids of comments that are given up.

        Raises:
            RetryLaterError: the site cannot be asked now.
            RefusedError: it refuses to be asked.
        """
        if not comments:
            return {}, frozenset()
        ids = tuple(comment.comment_id for comment in comments)
        subject = " ".join(link.identity())
        try:
            found = _ask(link, desk, ids)
        except (RetryLaterError, RefusedError) as error:
            patient = self._watch.unchanged_for(subject, "fails") < _TOGETHER
            if patient or not _may_be_one_comments(error):
                raise
            return self._apart(link, desk, ids)
        for known in (subject, *(f"{subject} {comment_id}" for comment_id in ids)):
            self._watch.forget(known)
        return found, frozenset()

    def _apart(
        self, link: Link, desk: OpenDesk, ids: tuple[str, ...]
    ) -> tuple[dict[str, Witness], frozenset[int]]:
        # Where not even this is answered the site is ill, and no comment is to blame.
        _ask(link, desk, (str(max(map(int, ids)) + 1),))
        found, failing = _halved(link, desk, ids)
        subject = " ".join(link.identity())
        given_up = {
            int(comment_id)
            for comment_id in failing
            if self._watch.unchanged_for(f"{subject} {comment_id}", "fails") >= _PATIENCE
        }
        _log.warning("%d comments cannot be read, %d given up", len(failing), len(given_up))
        return found, frozenset(given_up)


def _halved(
    link: Link, desk: OpenDesk, ids: tuple[str, ...]
) -> tuple[dict[str, Witness], list[str]]:
    """Return what can be read, and the ids of what cannot."""
    try:
        return _ask(link, desk, ids), []
    except (RetryLaterError, RefusedError) as error:
        if not _may_be_one_comments(error):
            raise
    if len(ids) == 1:
        return {}, list(ids)
    half = len(ids) // 2
    first, failing = _halved(link, desk, ids[:half])
    second, more = _halved(link, desk, ids[half:])
    return {**first, **second}, [*failing, *more]


def _ask(link: Link, desk: OpenDesk, ids: tuple[str, ...]) -> dict[str, Witness]:
    witnesses = desk.call(desk.desk.cross_read(link.issue_id, ids))
    return {witness.comment_id: witness for witness in witnesses}


def _may_be_one_comments(error: RetryLaterError | RefusedError) -> bool:
    """Tell whether a failure may be due to one of the comments."""
    if isinstance(error, RefusedError):
        return error.reason is not Refusal.UNAUTHORISED
    return error.retry_after is None
