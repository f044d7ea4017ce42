"""Writes one inbound event into the desk, marked so that a repeat finds what is there already.

An intent must be in the storage before anything here writes; nothing here keeps a text.
"""

from __future__ import annotations

from attrs import evolve, frozen

from chatbridge.claims import new_word
from chatbridge.comments import OwnComments
from chatbridge.drafts import as_request, look_up
from chatbridge.errors import Refusal, RefusedError, RetryLaterError
from chatbridge.file_intake import Brought
from chatbridge.marks import Marks
from chatbridge.pieces import Piece, Pieces
from chatbridge.project import ProjectSettings
from chatbridge.records import Intent, IntentKind
from chatbridge.roster import OpenDesk

_REFUSED = 60.0


@frozen
class Written:
    """What is in the desk for an intent.

    Args:
        issue_id: the request, empty where none was found.
        done: ordinals of the writes that were found.
        without_file: those of them that should have brought a file and say why they did not.
        complete: whether every write is there.
        refusal: that the request of a comment is gone, or why a request that was opened got no more
            than this; else None.
        apart: whether the site refused the files of one write, which may be taken one by one.
        comments: ids of the comments that it became, as far as they are known.
    """

    issue_id: str
    done: frozenset[int] = frozenset()
    without_file: frozenset[int] = frozenset()
    complete: bool = False
    refusal: RefusedError | None = None
    apart: bool = False
    comments: tuple[str, ...] = ()


def taken_over(
    intent: Intent, owner: str, found: Written, pieces: Pieces, also: tuple[str, ...]
) -> Intent:
    """Return the intent that a process writes down before it tries again.

    Args:
        intent: of the event, as an earlier try left it.
        owner: the process.
        found: what is in the desk of it.
        pieces: what the event becomes now.
        also: the events that share its write now; fewer where an album is taken apart.
    """
    if also != intent.also or (also and pieces.files > intent.files):
        intent = evolve(intent, also=also, parts=len(pieces.writes), files=pieces.files)
    opens = intent.kind is IntentKind.OPEN and not found.issue_id
    repeated = intent.repeated or (opens and not intent.clean)
    return evolve(intent, owner=owner, beat=new_word(3), clean=False, repeated=repeated)


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
        site, key = desk.desk.site, intent.key
        comments = {
            self._marks.comment_marker(site, issue_id, key, ordinal): ordinal
            for ordinal in range(first, intent.parts)
        }
        # Files of an album may share the last write; each has a marker of its own.
        files = {
            self._marks.file_marker(site, key, at): min(at, intent.parts - 1)
            for at in range(intent.parts - intent.files, intent.parts + len(intent.also))
        }
        written: dict[int, str] = {}
        if comments:
            found = desk.call(desk.desk.find_comments(issue_id, frozenset(comments)))
            written = {comments[marker]: ids[0] for marker, ids in found.items()}
        for comment in written.values():
            self._own.add(site, comment)
        brought: set[int] = set()
        if files:
            found = desk.call(desk.desk.find_files(issue_id, frozenset(files)))
            brought = {files[marker] for marker in found}
        done = frozenset({*range(first), *written, *brought})
        without_file = frozenset(set(files.values()) & written.keys() - brought)
        complete, ids = len(done) >= intent.parts, tuple(written.values())
        return Written(issue_id, done, without_file, complete=complete, comments=ids)

    def write(
        self,
        desk: OpenDesk,
        settings: ProjectSettings,
        intent: Intent,
        pieces: Pieces,
        brought: Brought,
        found: Written,
    ) -> Written:
        """Write what is missing and return what is there then.

        Args:
            desk: where.
            settings: of the project.
            intent: of the event; already in the storage.
            pieces: what the event becomes.
            brought: the files, ready to be attached.
            found: what is there already.

        Raises:
            RetryLaterError: the write that was due certainly did not happen.
            UnknownOutcomeError: it may have happened.
            RefusedError: the site will not take it; where a request was opened nevertheless, it is
                the returned `refusal`.
        """
        issue_id = found.issue_id or intent.issue_id
        done, without_file, ids = set(found.done), set(found.without_file), list(found.comments)
        if intent.kind is IntentKind.OPEN:
            if not issue_id:
                marker = self._marks.request_marker(intent.key)
                draft = as_request(pieces.writes[0].text, pieces.summary, settings, marker)
                issue_id = desk.call(desk.desk.open_request(draft)).issue_id
            done.add(0)
        for ordinal, piece in enumerate(pieces.writes):
            if ordinal in done:
                continue
            marker = self._marks.comment_marker(desk.desk.site, issue_id, intent.key, ordinal)
            tickets = brought.tickets.get(ordinal)
            try:
                comment = self._attach(desk, issue_id, tickets, piece, marker) if tickets else None
                if comment is None and len(piece.files) > 1:
                    return Written(issue_id, frozenset(done), frozenset(without_file), apart=True)
                if comment is None:
                    text = piece.without if piece.files else piece.text
                    comment = desk.call(desk.desk.add_comment(issue_id, text, marker))
                    without_file |= {ordinal} if piece.files else set()
            except RefusedError as error:
                if intent.kind is not IntentKind.OPEN:
                    raise
                return Written(issue_id, frozenset(done), frozenset(without_file), refusal=error)
            self._own.add(desk.desk.site, comment)
            ids.append(comment)
        where = (issue_id, frozenset(done), frozenset(without_file))
        return Written(*where, complete=True, comments=tuple(ids))

    def _attach(
        self, desk: OpenDesk, issue_id: str, tickets: tuple[str, ...], piece: Piece, marker: str
    ) -> str | None:
        """Return the id of the comment with the files, None where the site refuses them."""
        try:
            return desk.call(desk.desk.attach_files(issue_id, tickets, piece.text, marker))
        except RefusedError as error:
            if error.reason is not Refusal.BAD_FILE:
                raise
            return None
