"""Writes one inbound event into the desk, marked so that a repeat finds what is there already.

An intent must be in the storage before anything here writes; nothing here keeps a text.
"""

from __future__ import annotations

from attrs import field, frozen

from chatbridge.comments import OwnComments
from chatbridge.drafts import as_request, look_up
from chatbridge.errors import Refusal, RefusedError, RetryLaterError
from chatbridge.marks import Marks
from chatbridge.project import ProjectSettings
from chatbridge.records import Intent, IntentKind
from chatbridge.richtext import Document
from chatbridge.roster import OpenDesk

_REFUSED = 60.0


@frozen
class Written:
    """What is in the desk for an intent.

    Args:
        issue_id: the request, empty where none was found.
        comments: ordinal -> comment id of the parts that were found or written.
        complete: whether every part is there.
        refusal: that the request of a comment is gone, else None.
    """

    issue_id: str
    comments: dict[int, str] = field(factory=dict)
    complete: bool = False
    refusal: RefusedError | None = None


class JiraWrites:
    """Writes and looks up.

    Args:
        marks: makes the markers.
        own: remembers what was written.
    """

    def __init__(self, marks: Marks, own: OwnComments) -> None:
        self._marks = marks
        self._own = own

    def find(self, desk: OpenDesk, settings: ProjectSettings, intent: Intent) -> Written:
        """Return what an earlier try has left in the desk.

        Raises:
            RetryLaterError: the site cannot be asked now, or refuses to be.
        """
        try:
            return self._find(desk, settings, intent)
        except RefusedError as error:
            if error.reason not in {Refusal.NOT_FOUND, Refusal.GONE}:
                raise RetryLaterError(
                    "the site refuses to be asked", retry_after=_REFUSED
                ) from None
            return Written("", refusal=error)

    def _find(self, desk: OpenDesk, settings: ProjectSettings, intent: Intent) -> Written:
        issue_id = intent.issue_id
        first = 0
        if intent.kind is IntentKind.OPEN:
            wanted = look_up(settings, self._marks.request_marker(intent.key))
            opened = desk.call(desk.desk.find_request(wanted))
            if opened is None:
                return Written("")
            issue_id, first = opened.issue_id, 1
        markers = self._markers(desk, issue_id, intent, first)
        comments: dict[int, str] = {}
        if markers:
            found = desk.call(desk.desk.find_comments(issue_id, frozenset(markers)))
            comments = {markers[marker]: ids[0] for marker, ids in found.items()}
        for comment in comments.values():
            self._own.add(desk.desk.site, comment)
        return Written(issue_id, comments, complete=len(comments) == len(markers))

    def write(
        self,
        desk: OpenDesk,
        settings: ProjectSettings,
        intent: Intent,
        pieces: tuple[Document, ...],
        text: str,
        found: Written,
    ) -> str:
        """Write what is missing and return the issue id.

        Args:
            desk: where.
            settings: of the project.
            intent: of the event; already in the storage.
            pieces: the text, each piece short enough for one write.
            text: the text as written, for the summary.
            found: what is there already.

        Raises:
            RetryLaterError: the write that was due certainly did not happen.
            UnknownOutcomeError: it may have happened.
            RefusedError: the site will not take it.
        """
        issue_id = found.issue_id or intent.issue_id
        first = 0
        if intent.kind is IntentKind.OPEN:
            if not issue_id:
                marker = self._marks.request_marker(intent.key)
                draft = as_request(pieces[0], text, settings, marker)
                issue_id = desk.call(desk.desk.open_request(draft)).issue_id
            first = 1
        for ordinal in range(first, len(pieces)):
            if ordinal not in found.comments:
                marker = self._marks.comment_marker(desk.desk.site, issue_id, intent.key, ordinal)
                add = desk.desk.add_comment(issue_id, pieces[ordinal], marker)
                self._own.add(desk.desk.site, desk.call(add))
        return issue_id

    def _markers(self, desk: OpenDesk, issue_id: str, intent: Intent, first: int) -> dict[str, int]:
        site = desk.desk.site
        return {
            self._marks.comment_marker(site, issue_id, intent.key, ordinal): ordinal
            for ordinal in range(first, intent.parts)
        }
