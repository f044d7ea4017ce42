"""Bugs about files and edits planted into the real code, each of which the world must catch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
from attrs import evolve

from chatbridge import comments, delivery, exchange, file_serving, showing
from chatbridge.comments import CommentReader
from chatbridge.file_serving import FileServing, ServedFile
from chatbridge.jira.data_center_dialect import DataCenterDialect
from chatbridge.jira.jira_desk import JiraDesk
from chatbridge.jira_writes import JiraWrites, Written
from chatbridge.links import Link
from chatbridge.outgoing_files import OutgoingFiles
from chatbridge.replies import Replies
from chatbridge.roster import Roster
from chatbridge.testing.world.enumeration import Scenario, single_faults
from chatbridge.testing.world.histories import History, beginning, run
from chatbridge.testing.world.operations import Step

MOST_RUNS = 500
"""Runs within which each bug must show."""

Patch = Callable[[pytest.MonkeyPatch], None]
Hunt = Iterator[tuple[History, Any]]


def _told(*steps: Step, **setting: Any) -> Hunt:
    history = History(steps, **setting)
    yield history, run(history)


def _faults(*names: str, start: str = "opened") -> Hunt:
    return single_faults(Scenario(names, "poll", start))


# --- the bugs -----------------------------------------------------------------------------------


def attached_again_without_a_look_at_names(patch: pytest.MonkeyPatch) -> None:
    """After an unknown outcome only the property of the comment is looked for."""

    def find_files(self: JiraDesk, issue_id: str, markers: frozenset[str]) -> Any:
        return {}
        yield

    patch.setattr(JiraDesk, "find_files", find_files)


def names_are_no_echo(patch: pytest.MonkeyPatch) -> None:
    """Our comments are known by their property only, which an attached one may lack."""
    patch.setattr(CommentReader, "_brought", lambda self, desk, comment: False)


def data_center_lists_no_files(patch: pytest.MonkeyPatch) -> None:
    """Files are read where the customer API lists them, and nowhere else."""

    def files_of(self: DataCenterDialect, ask: Any, issue_id: str, comments: Any) -> Any:
        return comments
        yield

    patch.setattr(DataCenterDialect, "files_of", files_of)


def every_file_of_our_account_is_an_echo(patch: pytest.MonkeyPatch) -> None:
    """Whatever our account attached counts as ours, by hand or not."""
    patch.setattr(
        CommentReader, "_brought",
        lambda self, desk, comment: comment.author_id == desk.desk.account_id,
    )  # fmt: skip


def edit_without_the_second_witness(patch: pytest.MonkeyPatch) -> None:
    """A change of what was shown once is believed to be public still."""
    find, agrees = CommentReader._changed, comments._agrees
    changed: set[str] = set()

    def changes(self: CommentReader, link: Link, public: Any) -> Any:
        found = find(self, link, public)
        changed.update(comment.comment_id for comment, _ in found)
        return found

    patch.setattr(CommentReader, "_changed", changes)
    patch.setattr(
        comments, "_agrees",
        lambda it: (it is not None and it.comment_id in changed) or agrees(it),
    )  # fmt: skip


def edits_are_not_seen(patch: pytest.MonkeyPatch) -> None:
    """What was shown counts as shown, whatever it says by now."""
    patch.setattr(CommentReader, "_changed", lambda self, link, public: [])


def address_is_proof(patch: pytest.MonkeyPatch) -> None:
    """Who has an address gets the file."""

    def served(self: FileServing, ticket: Any, *, head: bool) -> ServedFile | None:
        found = self._allowed(ticket)
        if found is None:
            return None
        content = found[1].call(found[1].desk.open_file(ticket.file_id))
        return ServedFile("x", "text/plain", content.length or 0, content, self._free.release)

    patch.setattr(FileServing, "_served", served)


def address_needs_one_witness(patch: pytest.MonkeyPatch) -> None:
    """A file is handed out if the customer API calls its comment public."""

    def public(desk: Any, issue_id: str, comment_id: str) -> Any:
        found = desk.call(desk.desk.public_comments(issue_id))
        return next((each for each in found if each.comment_id == comment_id), None)

    patch.setattr(file_serving, "public_comment", public)


def address_of_a_stopped_link_works(patch: pytest.MonkeyPatch) -> None:
    """Files of a paused project go out."""
    project = Roster.project

    def believing(self: Roster, name: str) -> Any:
        with self._lock:
            known = self._open.get(name)
        return known or project(self, name)

    patch.setattr(Roster, "project", believing)


def files_are_shown_with_each_part(patch: pytest.MonkeyPatch) -> None:
    """A retry of an answer brings its files again."""
    patch.setattr(delivery.Sending, "_note_sent", lambda self, part: None)


def only_words_are_edited_in(patch: pytest.MonkeyPatch) -> None:
    """Files of an answer are dropped where the text alone fits one message."""
    patch.setattr(showing, "outgoing_files", lambda *_: OutgoingFiles())


def stale_wording_stays(patch: pytest.MonkeyPatch) -> None:
    """Who stood still in the call does not say that it may have put old words over new ones."""
    patch.setattr(Link, "with_unsure", lambda self, comment_id: self)


def loss_is_told_perhaps(patch: pytest.MonkeyPatch) -> None:
    """That a file was lost counts as told where nobody knows."""
    say = Replies.say
    patch.setattr(Replies, "say", lambda self, *args, owed=False: say(self, *args))


def lost_files_are_told_by_nobody(patch: pytest.MonkeyPatch) -> None:
    """Upkeep finishes a message although its sender lacks the word that a file is missing."""
    find = JiraWrites.find

    def finding(self: JiraWrites, *args: Any) -> Written:
        return evolve(find(self, *args), without_file=frozenset())

    patch.setattr(JiraWrites, "find", finding)


def opened_request_is_dropped(patch: pytest.MonkeyPatch) -> None:
    """Where a part of a new request is refused, the request is left without its link."""
    write = JiraWrites.write

    def writing(self: JiraWrites, *args: Any) -> Written:
        written = write(self, *args)
        if written.refusal is not None:
            raise written.refusal
        return written

    patch.setattr(JiraWrites, "write", writing)


def swallowed_wait_is_not_kept(patch: pytest.MonkeyPatch) -> None:
    """An exchange that goes on after a 429 forgets its wait."""
    patch.setattr(exchange, "_TOO_MANY", 0)


_NO_FILES = ("behaves", "file_limit", 20)
_FETCHED = (("fetches", 0, 0, -1), ("run", 0))
_STALE = (
    ("changes", 0, 0), ("arms", "meanwhile", 18, ("changes", 0, 0)), ("arms", "pause", 20),
    ("run", 0),
)  # fmt: skip


def _lost_files() -> Hunt:
    """A file is refused, and the process dies at each moment of telling so."""
    for mode in ("before", "after", "nothing"):
        for countdown in range(1, 8):
            yield from _told(
                _NO_FILES, ("sends", 0, "document"), ("arms", mode, countdown), ("run", 0),
                processes=2,
            )  # fmt: skip


BUGS: dict[Patch, Callable[[], Hunt]] = {
    attached_again_without_a_look_at_names: lambda: _faults("photo"),
    names_are_no_echo: lambda: _faults("photo"),
    data_center_lists_no_files: lambda: _told(
        ("sends", 0, "photo"), ("arms", "before", 6), ("run", 0), edition="data_center"
    ),
    every_file_of_our_account_is_an_echo: lambda: _told(("comments", 0, "by account"), ("run", 0)),
    edit_without_the_second_witness: lambda: _told(("restricts", 0, 0), ("pass", 11), ("run", 0)),
    edits_are_not_seen: lambda: _told(("changes", 0, 0), ("run", 0)),
    address_is_proof: lambda: _told(("comments", 0, "internal file"), *_FETCHED),
    address_needs_one_witness: lambda: _told(("comments", 0, "restricted file"), *_FETCHED),
    address_of_a_stopped_link_works: lambda: _told(
        ("run", 0), ("comments", 0, "file"), ("pauses_project",), *_FETCHED
    ),
    files_are_shown_with_each_part: lambda: _faults("files"),
    only_words_are_edited_in: lambda: _told(("comments", 0, "file"), ("run", 0)),
    stale_wording_stays: lambda: _told(*_STALE, processes=2),
    loss_is_told_perhaps: _lost_files,
    lost_files_are_told_by_nobody: _lost_files,
    opened_request_is_dropped: lambda: _told(
        ("behaves", "access", False), ("sends", 1, "bare photo"), ("run", 0)
    ),
    swallowed_wait_is_not_kept: lambda: _faults("photo", "bare photo"),
}
"""Bug -> the part of the enumerations that is searched for it."""


@pytest.mark.fault("F30", "F33", "F54")
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_the_world_catches_the_bug_about_files(bug: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted bug breaks an invariant within some hundred runs."""
    logging.disable(logging.CRITICAL)
    beginning("opened", "poll")
    bug(monkeypatch)
    try:
        caught = next((o for _, o in islice(BUGS[bug](), MOST_RUNS) if o.problems), None)
    finally:
        logging.disable(logging.NOTSET)
    assert caught is not None


@pytest.mark.parametrize("bug", list(BUGS), ids=lambda bug: bug.__name__)
def test_without_the_bug_about_files_nothing_is_wrong(bug: Patch) -> None:
    """The same search finds nothing in the library as it is (a share of it, for time)."""
    wrong = [
        (history.as_text(), outcome.problems)
        for history, outcome in islice(BUGS[bug](), 6)
        if outcome.problems
    ]
    assert [] == wrong
