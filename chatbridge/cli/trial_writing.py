"""The comments of a trial on a test issue: written, read by both witnesses, and removed again.

What cannot be removed is told, with what the administrator has to look for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from attrs import define, field

from chatbridge import ChatbridgeError, Finding, JiraDesk, RefusedError
from chatbridge.desk import RequestState, SeenClock
from chatbridge.errors import UnknownOutcomeError
from chatbridge.richtext import Document
from chatbridge.roster import OpenDesk

_ROLES: Final = ("Service Desk Team", "Administrators")
_BEGIN: Final = "chatbridge doctor:"
_NOTE: Final = f"{_BEGIN} a trial; agents only. It is removed at once."
_PUBLIC: Final = f"{_BEGIN} a trial, for everybody. It is removed at once."


class CannotTryError(Exception):
    """There is nothing to try on; says why and what to do."""

    def __init__(self, cause: str, mend: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.mend = mend


@define
class TestIssue:
    """A test issue, and what was written there.

    Args:
        desk: the way to its site.
        jira: the site.
        state: the issue before anything was written.
        marker: returns the marker of the n-th comment; with it a comment is an echo to the bridge.
        written: ids of the comments that are still there.
        doubtful: whether a write had an outcome that nobody knows.
    """

    # Its name is no promise to a test runner.
    __test__ = False

    desk: OpenDesk
    jira: JiraDesk
    state: RequestState
    marker: Callable[[int], str]
    written: list[str] = field(factory=list)
    doubtful: bool = False

    def write_note(self) -> str:
        """Write an internal note; return its id."""
        return self._note(self.desk.call(self.jira.trial_note(self.state.issue_id, _NOTE)))

    def write_restricted(self) -> str | None:
        """Write a comment for one role; return its id, None where no role takes it."""
        body = Document.from_plain(_NOTE)
        for number, role in enumerate(_ROLES):
            try:
                return self._note(
                    self.desk.call(
                        self.jira.trial_restricted(
                            self.state.issue_id, body, self.marker(number), role
                        )
                    )
                )
            except RefusedError:
                continue
        return None

    def write_public(self) -> str:
        """Write a public comment as a customer's message would be written; return its id."""
        body, marker = Document.from_plain(_PUBLIC), self.marker(len(_ROLES))
        return self._note(self.desk.call(self.jira.add_comment(self.state.issue_id, body, marker)))

    def witnesses(self, ids: list[str]) -> tuple[set[str], set[str]]:
        """Return which of the comments the customer API, and the platform API, call public."""
        issue_id = self.state.issue_id
        public = self.desk.call(self.jira.public_comments(issue_id))
        crossed = self.desk.call(self.jira.cross_read(issue_id, tuple(ids)))
        return (
            {each.comment_id for each in public} & set(ids),
            {each.comment_id for each in crossed if each.unrestricted} & set(ids),
        )

    def status(self) -> str:
        """Return the status that the issue has now."""
        return self.desk.call(self.jira.read_request(self.state.issue_id)).status

    def clocks(self) -> tuple[SeenClock, ...] | None:
        """Return the clocks of the issue, None where they are not shown."""
        return self.desk.call(self.jira.clocks(self.state.issue_id))

    def last_change(self, minutes: int) -> str | None:
        """Return what the change feed says of the issue's last change, None where it says none."""
        changes = self.desk.call(self.jira.changes((self.state.service_desk,), minutes))
        mine = (each.updated for each in changes if each.issue_id == self.state.issue_id)
        return next(mine, None)

    def remove_all(self) -> None:
        """Remove what was written.

        Raises:
            DeliveryError: a comment is still there.
        """
        for comment_id in list(self.written):
            self.desk.call(self.jira.remove_comment(self.state.issue_id, comment_id))
            self.written.remove(comment_id)

    def _note(self, comment_id: str) -> str:
        self.written.append(comment_id)
        return comment_id


def cleaned_up(issue: TestIssue, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings, then what became of the comments; those are removed whatever happens."""
    count = 0
    try:
        yield from findings
    except UnknownOutcomeError:
        issue.doubtful = True
        yield Finding("trial", False, "Jira took a comment, or not: no answer came", "try again")
    except ChatbridgeError as error:
        yield Finding("trial", False, str(error), "see to it, then try again")
    finally:
        count = len(issue.written)
        with_trouble = _removed(issue)
    if with_trouble or issue.doubtful:
        yield Finding(
            "trial",
            False,
            "comments of the trial may still be there",
            f"remove what begins with '{_BEGIN}' from the test issue by hand; the account needs "
            "the permission Delete own comments",
        )
    else:
        yield Finding("trial", True, f"its comments are removed again ({count})")


def _removed(issue: TestIssue) -> bool:
    """Remove the comments; return whether that failed."""
    try:
        issue.remove_all()
    except ChatbridgeError:
        return True
    return False
