"""Reads the comments of a request that a chat still lacks, by two independent witnesses.

A comment is only ever returned when the customer API calls it public and the platform API shows no
restriction on it. Everything uncertain is left out, and looked at again later.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

from attrs import evolve, field, frozen

from chatbridge.answered import Answered, AnsweredComments
from chatbridge.claims import Watch
from chatbridge.clock import Clock
from chatbridge.cross_reading import CrossReader
from chatbridge.desk import CommentFile, PublicComment, Witness
from chatbridge.freshness import Freshness
from chatbridge.links import Link, Shown
from chatbridge.marks import Marks
from chatbridge.project import Timings
from chatbridge.records import Conversation
from chatbridge.richtext import Document
from chatbridge.roster import OpenDesk
from chatbridge.vault import Vault

_LATE_BY = 60_000
_REMEMBERED = 20_000
_UNRESOLVED = 5.0
_ATTACHED_WITHIN = 10_000
"""Milliseconds between a file and the comment that the same call makes of it."""
_LONGEST_LAG = 600.0
"""Seconds after which two witnesses that disagree are not expected to agree any more."""


@frozen
class Comment:
    """A comment that shall be sent.

    Args:
        comment_id: its id.
        created: Unix milliseconds.
        author_name: as customers see it.
        body: its text.
        late: whether a later comment was shown already, long after this one was written.
        files: what is attached to it.
        mark: what its text is remembered by.
        shown: how the chat shows an earlier wording of it; None where it shows none.
        answers: what it answers, None where that is not known or not public.
    """

    comment_id: str
    created: int
    author_name: str = field(repr=False)
    body: Document
    late: bool = False
    files: tuple[CommentFile, ...] = ()
    mark: str = ""
    shown: Shown | None = None
    answers: Answered | None = None


@frozen
class News:
    """What a read brought.

    Args:
        comments: to be sent, in this order.
        echoes: ids of comments that this bridge wrote itself.
        fresh_until: the clock's `monotonic()` until which the comments may be sent.
        look_again: seconds after which something undecided is to be looked at, or None.
        unreadable: ids of comments that the site shows to customers but has not let us read for
            so long that they are given up.
        edits: comments that the chat shows and that say something else by now.
        withdrawn: ids of comments that the chat shows and that are not public any more.
        said: when the last comment was written that needs no sending, by either side; Unix
            milliseconds, 0 where there is none.
        unsure: markers of echoes that this process does not remember writing; each may stand on
            more than one comment, where Jira took a write later than anybody waited for it.
    """

    comments: tuple[Comment, ...]
    echoes: frozenset[int]
    fresh_until: float
    look_again: float | None = None
    unsure: frozenset[str] = frozenset()
    unreadable: frozenset[int] = frozenset()
    edits: tuple[Comment, ...] = ()
    withdrawn: frozenset[int] = frozenset()
    said: int = 0

    @property
    def all(self) -> tuple[Comment, ...]:
        """Everything that the chat has still to be shown, in this order."""
        return self.comments + self.edits


class OwnComments:
    """Remembers in memory which comments this process wrote; spares reads, proves nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: OrderedDict[tuple[str, str], None] = OrderedDict()

    def add(self, site: str, comment_id: str) -> None:
        """Note a comment that was just written."""
        with self._lock:
            self._ids[(site, comment_id)] = None
            if len(self._ids) > _REMEMBERED:
                self._ids.popitem(last=False)

    def __contains__(self, comment: tuple[str, str]) -> bool:
        with self._lock:
            return comment in self._ids


class CommentReader:
    """Reads what a link lacks.

    Args:
        vault: the records.
        marks: knows our markers.
        own: what this process has written.
        clock: the time.
        timings: how old a read may be.
    """

    def __init__(
        self, vault: Vault, marks: Marks, own: OwnComments, clock: Clock, timings: Timings
    ) -> None:
        self._vault = vault
        self._marks = marks
        self._own = own
        self._clock = clock
        self._timings = timings
        self._watch = Watch(clock)
        self._freshness = Freshness(clock, timings)
        self._cross_reader = CrossReader(clock)
        self._answered = AnsweredComments(vault, marks)

    def read(self, link: Link, desk: OpenDesk) -> News:
        """Return what the chat lacks now; at most two calls, one where nothing is new.

        Args:
            link: as kept.
            desk: of its site.
        """
        asked = self._clock.monotonic()
        public = desk.call(desk.desk.public_comments(link.issue_id))
        new = [comment for comment in public if int(comment.comment_id) not in link.seen]
        echoes = {
            comment.comment_id
            for comment in new
            if (link.site, comment.comment_id) in self._own or self._brought(desk, comment)
        }
        unknown = sorted(
            (comment for comment in new if comment.comment_id not in echoes),
            key=lambda comment: (comment.created, int(comment.comment_id)),
        )
        changed = self._changed(link, public)
        witnesses, unreadable = self._cross_reader.read(
            link, desk, [*unknown, *(comment for comment, _ in changed)]
        )
        ours = [
            witness
            for witness in witnesses.values()
            if self._marks.is_ours(link.site, link.issue_id, witness.marker)
        ]
        echoes |= {witness.comment_id for witness in ours}
        sure = [
            comment
            for comment in unknown
            if comment.comment_id not in echoes and _agrees(witnesses.get(comment.comment_id))
        ]
        waiting = self._unresolved(link, desk, sure)
        # Without our own: they become known at any moment, and a comment whose wording changed
        # between two of its parts would be sent again.
        shown = [
            comment
            for comment in public
            if int(comment.comment_id) in link.seen and comment.author_id != desk.desk.account_id
        ]
        answered = self._answered.find(link, desk, public, witnesses)
        comments = tuple(
            evolve(
                self._comment(link, comment, witnesses[comment.comment_id], shown),
                answers=answered.get(comment.comment_id),
            )
            for comment in sure
            if comment not in waiting
        )
        edits = tuple(
            evolve(
                self._comment(link, comment, witnesses[comment.comment_id], []),
                shown=before, answers=answered.get(comment.comment_id),
            )
            for comment, before in changed
            if _agrees(witnesses.get(comment.comment_id))
        )  # fmt: skip
        return News(
            comments,
            frozenset(map(int, echoes)),
            self._freshness.until(" ".join(link.identity()), asked),
            _UNRESOLVED if waiting else self._doubt(link, unknown, {*echoes, *map(_id, sure)}),
            frozenset(witness.marker for witness in ours if witness.marker),
            unreadable,
            edits,
            frozenset(each.comment_id for each in link.shown) - {int(_id(each)) for each in public},
            max((each.created for each in public if _needs_none(link, each, echoes)), default=0),
        )

    def _changed(
        self, link: Link, public: Iterable[PublicComment]
    ) -> list[tuple[PublicComment, Shown]]:
        """Return the comments that say something else than when they were shown."""
        shown = {str(each.comment_id): each for each in link.shown}
        return [
            (comment, shown[comment.comment_id])
            for comment in public
            if comment.comment_id in shown
            and self._mark(link, comment) != shown[comment.comment_id].mark
        ]

    def _brought(self, desk: OpenDesk, comment: PublicComment) -> bool:
        """Tell whether a comment came about by our attaching a customer's file.

        That call takes no marker but the one in the file's name. An agent who shows such a file
        again does it in a comment that is younger than the file.
        """
        return (
            bool(comment.files)
            and comment.author_id == desk.desk.account_id
            and all(
                self._marks.is_our_file(desk.desk.site, file.name)
                and abs(file.created - comment.created) <= _ATTACHED_WITHIN
                for file in comment.files
            )
        )

    def _comment(
        self, link: Link, comment: PublicComment, witness: Witness, shown: list[PublicComment]
    ) -> Comment:
        body = comment.body if witness.body.is_empty() else witness.body
        return Comment(
            comment.comment_id,
            comment.created,
            comment.author_name,
            body,
            late=any(other.created > comment.created + _LATE_BY for other in shown),
            files=comment.files,
            mark=self._mark(link, comment),
        )

    def _mark(self, link: Link, comment: PublicComment) -> str:
        # Of what the customer API says, which is read for each look anyway, before anything was
        # made of it: a later version that reads markup better shall see no change in it.
        text = comment.wording or comment.body.plain()
        return self._marks.text_mark(link.site, link.issue_id, comment.comment_id, text)

    def _doubt(self, link: Link, unknown: list[PublicComment], settled: set[str]) -> float | None:
        """Return when to look again for comments on which the witnesses do not agree yet.

        One of the two may lag behind, and the issue does not change when it catches up.
        """
        subject = f"{link.site} {link.issue_id}"
        doubtful = [_id(comment) for comment in unknown if _id(comment) not in settled]
        if not doubtful:
            self._watch.forget(subject)
            return None
        lag = self._watch.unchanged_for(subject, ",".join(doubtful))
        return max(lag, _UNRESOLVED) if lag < _LONGEST_LAG else None

    def _unresolved(
        self, link: Link, desk: OpenDesk, comments: list[PublicComment]
    ) -> list[PublicComment]:
        """Return comments by our own account that may be ours while a write is unresolved."""
        if not comments:
            return []
        kept = self._vault.read(Conversation, link.platform, link.bot_id, link.chat)
        pending = kept.record.pending if kept is not None else ()
        if not any(intent.issue_id in {"", link.issue_id} for intent in pending):
            return []
        account = desk.desk.account_id or desk.call(desk.desk.identify()).account_id
        return [comment for comment in comments if comment.author_id == account]


def _id(comment: PublicComment) -> str:
    return comment.comment_id


def _needs_none(link: Link, comment: PublicComment, echoes: set[str]) -> bool:
    return int(comment.comment_id) in link.seen or comment.comment_id in echoes


def _agrees(witness: Witness | None) -> bool:
    return witness is not None and witness.unrestricted
