"""Bugs planted into the real code, each of which the world must catch.

A judge that nothing fails proves nothing: these are the mistakes that designs of this kind are
known to make, and each is one small change of the library.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any

import pytest
from attrs import evolve

from chatbridge import (
    comments,
    completion,
    delivery,
    doubled_requests,
    intents,
    jira_writes,
    outbound,
    sending,
    settling,
    upkeep,
)
from chatbridge.comments import CommentReader
from chatbridge.doubled_requests import DoubledRequests
from chatbridge.feed import Feed
from chatbridge.invitations import Invitations
from chatbridge.jira import reading
from chatbridge.jira.data_center_dialect import DataCenterDialect
from chatbridge.joining import Joining
from chatbridge.lanes import Lanes
from chatbridge.links import Inflight, Link
from chatbridge.marks import Marks
from chatbridge.moves import Moves
from chatbridge.outbound import Outbound
from chatbridge.polling import Poller
from chatbridge.records import Conversation
from chatbridge.roster import Roster
from chatbridge.sending import Sending
from chatbridge.testing.world.enumeration import (
    Scenario,
    asides,
    overdues,
    pauses,
    single_faults,
)
from chatbridge.testing.world.histories import History, beginning, run
from chatbridge.testing.world.operations import Step
from chatbridge.testing.world.ports import GatedTransport
from chatbridge.workqueue import WorkQueue

MOST_RUNS = 500
"""Runs within which each bug must show."""

Patch = Callable[[pytest.MonkeyPatch], None]
Hunt = Iterator[tuple[History, Any]]


def _told(*steps: Step, **setting: Any) -> Hunt:
    history = History(steps, **setting)
    yield history, run(history)


def _faults(*names: str, setting: str = "poll", start: str = "opened") -> Hunt:
    return single_faults(Scenario(names, setting, start))


# --- the bugs -----------------------------------------------------------------------------------


def cursor_instead_of_set(patch: pytest.MonkeyPatch) -> None:
    """Comments count as known up to the highest id that was seen."""
    read = CommentReader.read

    def reading(self: CommentReader, link: Any, desk: Any) -> Any:
        news = read(self, link, desk)
        known = max(link.seen, default=0)
        left = tuple(each for each in news.comments if int(each.comment_id) > known)
        return evolve(news, comments=left)

    patch.setattr(CommentReader, "read", reading)


def nobody_owns_a_claim(patch: pytest.MonkeyPatch) -> None:
    """A live claim of another process stops nobody."""
    patch.setattr(Outbound, "_claimed_for", lambda self, kept: 0.0)
    take = sending.change_link

    def change(vault: Any, kept: Any, how: Any) -> Any:
        return take(vault, vault.read_key(type(kept.record), kept.key) or kept, how)

    for module in (sending, delivery):
        patch.setattr(module, "change_link", change)


def acknowledged_before_done(patch: pytest.MonkeyPatch) -> None:
    """An event counts as done as soon as it was taken in."""
    submit_all = Lanes.submit_all

    def submitting(self: Lanes, *args: Any, **kwargs: Any) -> Any:
        tickets = submit_all(self, *args, **kwargs)
        for ticket in tickets:
            ticket.finished = True
        return tickets

    patch.setattr(Lanes, "submit_all", submitting)


def no_second_witness(patch: pytest.MonkeyPatch) -> None:
    """What the customer API calls public is believed."""
    patch.setattr(comments, "_agrees", lambda witness: witness is not None)


def restrictions_are_not_read(patch: pytest.MonkeyPatch) -> None:
    """Data Center: a comment for a role is taken for one for all."""
    patch.setattr(reading, "is_unrestricted", lambda _comment: True)


def markers_are_not_asked_for(patch: pytest.MonkeyPatch) -> None:
    """Data Center: where a list has no properties, none are looked for."""

    def nothing(_self: Any, _ask: Any, comments: Any, _account_id: Any) -> Any:
        yield from ()
        return comments

    patch.setattr(DataCenterDialect, "with_properties", nothing)


def old_proof_is_good(patch: pytest.MonkeyPatch) -> None:
    """A comment is sent however long ago it was read."""
    begin = Sending.__init__

    def beginning_(self: Any, means: Any, kept: Any, job: Any) -> None:
        begin(self, means, kept, evolve(job, fresh_until=float("inf")))

    patch.setattr(Sending, "__init__", beginning_)
    patch.setattr(Sending, "_claim_is_old", lambda self: False)


def no_look_for_the_marker(patch: pytest.MonkeyPatch) -> None:
    """After an unknown outcome the write is made again at once."""
    nothing = jira_writes.Written("")
    patch.setattr(jira_writes.JiraWrites, "find", lambda *_: nothing)


def looks_too_early(patch: pytest.MonkeyPatch) -> None:
    """What is not found at once counts as not written."""
    for module in (intents, settling, upkeep):
        patch.setattr(module, "settle_time", lambda *_: 0.5)
    patch.setattr(settling, "no_write_after", lambda *_: None)


def sends_without_intent(patch: pytest.MonkeyPatch) -> None:
    """The claim is kept in memory only."""

    def claim(self: Any) -> None:
        inflight = Inflight(self._job.draft.item, (), self._means.owner, "x")
        record = evolve(self._kept.record, inflight=inflight)
        self._kept = evolve(self._kept, record=record)

    patch.setattr(Sending, "_claim", claim)


def writes_without_intent(patch: pytest.MonkeyPatch) -> None:
    """The intent of a message is not kept before the message is written."""
    patch.setattr(Conversation, "with_intent", lambda self, intent: self)


def hint_during_a_run_is_dropped(patch: pytest.MonkeyPatch) -> None:
    """A handle that is being worked on cannot be added."""
    add = WorkQueue._add
    patch.setattr(
        WorkQueue, "_add", lambda self, it: None if it in self._running else add(self, it)
    )


def position_passes_the_open(patch: pytest.MonkeyPatch) -> None:
    """Polling goes on behind the newest finished update."""

    def advance(self: Poller) -> None:
        finished = [
            position for position, tickets in self._open.items()
            if all(ticket.finished for ticket in tickets)
        ]  # fmt: skip
        for position in finished:
            del self._open[position]
            self._position = position

    patch.setattr(Poller, "_advance", advance)


def retry_forgets_what_was_sent(patch: pytest.MonkeyPatch) -> None:
    """A new try of a comment begins with its first part."""
    claim = Sending._claim

    def claiming(self: Any) -> None:
        self._kept = evolve(self._kept, record=evolve(self._kept.record, inflight=None))
        claim(self)

    patch.setattr(Sending, "_claim", claiming)


def sent_parts_are_not_noted(patch: pytest.MonkeyPatch) -> None:
    """Only the whole comment is noted as sent."""
    patch.setattr(Sending, "_note_sent", lambda self, part: None)


def floods_are_sent(patch: pytest.MonkeyPatch) -> None:
    """Any number of comments is sent without asking."""
    patch.setattr(Outbound, "_is_burst", lambda self, link, count: False)


def own_comments_come_back(patch: pytest.MonkeyPatch) -> None:
    """The marker of our own comments is not looked at."""
    patch.setattr(Marks, "is_ours", lambda *_: False)


def done_is_not_remembered(patch: pytest.MonkeyPatch) -> None:
    """A repeat of a finished event is taken for a new one."""
    finished = Conversation.finished
    patch.setattr(Conversation, "finished", lambda self, key: evolve(finished(self, key), done=()))


def pause_is_not_read_again(patch: pytest.MonkeyPatch) -> None:
    """A project is believed to be as it was when it was first read."""
    project = Roster.project

    def believing(self: Roster, name: str) -> Any:
        with self._lock:
            known = self._open.get(name)
        return known or project(self, name)

    patch.setattr(Roster, "project", believing)


def moved_chat_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """What is done under the old id of a chat is forgotten when it moves."""
    move = Moves.move_chat

    def moving(self: Moves, platform: str, bot_id: str, old: str, new: str) -> list[str]:
        moved = move(self, platform, bot_id, old, new)
        source = self._vault.read(Conversation, platform, bot_id, old)
        if source is not None and not source.record.pending:
            self._vault.delete(source)
        return moved

    patch.setattr(Moves, "move_chat", moving)


def links_are_made_anew(patch: pytest.MonkeyPatch) -> None:
    """A finished request is linked, but its chat is not told to look."""
    patch.setattr(completion.Completion, "_create_link", lambda *_: None)


def feed_does_not_overlap(patch: pytest.MonkeyPatch) -> None:
    """The feed asks for what is new since its last look only, and believes the index."""
    patch.setattr(Feed, "_window", lambda self: 0)


def old_record_is_compared(patch: pytest.MonkeyPatch) -> None:
    """What was read is compared with a record that somebody changed since."""

    def note(self: Outbound, kept: Any, echoes: frozenset[int]) -> Any:
        return self._delivery.change(kept, lambda link: evolve(link, seen=link.seen | echoes))

    patch.setattr(Outbound, "_note_echoes", note)


def older_comment_first(patch: pytest.MonkeyPatch) -> None:
    """A comment that is partly on the chat has to wait for an older one."""
    patch.setattr(outbound, "_begun", lambda link: None)


def invitation_is_good_twice(patch: pytest.MonkeyPatch) -> None:
    """Nobody notes which chat has used a link."""
    patch.setattr(Invitations, "take", lambda self, kept, subject: kept)
    patch.setattr(Invitations, "is_taken_by", lambda self, kept, subject: True)
    patch.setattr(Invitations, "finish", lambda self, kept: None)


def link_leaves_whoever_sends(patch: pytest.MonkeyPatch) -> None:
    """A request changes hands while another process is sending to its chat."""

    def claim(self: Joining, guest: Any, link: Any) -> Any:
        self._say_goodbye(guest, link.record, self._clock.monotonic())
        return link

    patch.setattr(Joining, "_claim", claim)


def unshown_comments_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    """What the old chat was not shown counts as shown in the new one."""
    joined = Link.joined

    def joining(self: Link, chat: Any, project: str, thread: Any, present: Any) -> Link:
        return joined(self, chat, project, thread, present | set(range(10_000, 10_200)))

    patch.setattr(Link, "joined", joining)


def groups_may_join(patch: pytest.MonkeyPatch) -> None:
    """A link that is opened in a group connects the group."""
    join = Joining.join
    patch.setattr(
        Joining, "join",
        lambda self, scene, kept: join(
            self, evolve(scene, event=evolve(scene.event, shared=False)), kept
        ),
    )  # fmt: skip


def doubled_requests_stay(patch: pytest.MonkeyPatch) -> None:
    """A request that Jira took very late is left beside the one that was opened instead."""
    patch.setattr(DoubledRequests, "care", lambda self, kept, *_: kept)


def doubles_are_looked_for_once(patch: pytest.MonkeyPatch) -> None:
    """Who does not find a double at once does not look again."""
    patch.setattr(doubled_requests, "LOOKS", 1)


def told_waits_are_cut_short(patch: pytest.MonkeyPatch) -> None:
    """Neither the queue nor the pacing keeps the time that a 429 names."""
    retry = WorkQueue.retry
    patch.setattr(WorkQueue, "retry", lambda self, handle, *, at_least=None: retry(self, handle))
    patch.setattr(GatedTransport, "hold", lambda self, paces, scope, seconds: None)


_FIRST_BANKS = (("behaves", "banks", True), *[("comments", 0), ("run", 0), ("pass", 11)] * 6)
_PAUSED = (("run", 0), ("pauses_project",), ("comments", 0), ("comments", 0), ("comments", 0),
           ("delivers", 0), ("run", 0))  # fmt: skip
_SHARED_MEANWHILE = (("run", 0), ("arms", "before", 5), ("pass", 11), ("comments", 0, "long"),
                     ("run", 0), ("flips", 0, -2))  # fmt: skip
_LAGGING = (
    ("behaves", "index_lag", 60.0), ("run", 0), ("comments", 0), ("pass", 11), ("run", 0),
    *[("pass", 61), ("run", 0)] * 2,
)  # fmt: skip


def _hinted_meanwhile() -> Hunt:
    """A comment and its hint come at each moment of a run; the feed is of no help for an hour."""
    news = ("together", ("comments", 0), ("delivers", 0))
    for countdown in range(1, 12):
        yield from _told(
            ("run", 0), ("behaves", "index_lag", 3600.0), ("comments", 0),
            ("arms", "meanwhile", countdown, news), ("delivers", 0), ("run", 0), ("pass", 3),
            ("run", 0), ("expects",), mode="webhook", hints=True,
        )  # fmt: skip


def _hidden_properties() -> Hunt:
    """A customer's message of unknown outcome, on a site that lists comments without properties."""
    for countdown in range(1, 12):
        yield from _told(
            ("behaves", "hide_properties", True), ("says", 0), ("arms", "lost", countdown),
            ("run", 0), ("pass", 130), ("run", 0), edition="data_center",
        )  # fmt: skip


def _joined_meanwhile() -> Hunt:
    """Another chat joins by another process at each moment of sending a long answer."""
    joins = ("together", ("opens_link", 1), ("delivers", 1))
    for countdown in range(1, 40):
        yield from _told(
            ("comments", 0, "long"), ("invites", 0), ("arms", "meanwhile", countdown, joins),
            ("delivers", 0), ("run", 0), processes=2, mode="webhook", hints=True,
        )  # fmt: skip


BUGS: dict[Patch, Callable[[], Hunt]] = {
    cursor_instead_of_set: lambda: _told(*_FIRST_BANKS),
    nobody_owns_a_claim: lambda: asides(Scenario(("long",))),
    acknowledged_before_done: lambda: _faults("says"),
    no_second_witness: lambda: _faults("restricted"),
    restrictions_are_not_read: lambda: _told(
        ("comments", 0, "restricted"), ("run", 0), edition="data_center"
    ),
    markers_are_not_asked_for: lambda: _hidden_properties(),
    old_proof_is_good: lambda: pauses(Scenario(("public",))),
    no_look_for_the_marker: lambda: _faults("says"),
    looks_too_early: lambda: _faults("says"),
    sends_without_intent: lambda: _faults("public"),
    writes_without_intent: lambda: _faults("says"),
    hint_during_a_run_is_dropped: lambda: _hinted_meanwhile(),
    position_passes_the_open: lambda: chain(_faults("says", "other says")),
    retry_forgets_what_was_sent: lambda: _faults("long"),
    sent_parts_are_not_noted: lambda: _faults("long"),
    floods_are_sent: lambda: _faults("flood"),
    own_comments_come_back: lambda: _faults("says"),
    done_is_not_remembered: lambda: _faults("says"),
    pause_is_not_read_again: lambda: _told(*_PAUSED, mode="webhook", hints=True),
    moved_chat_is_forgotten: lambda: _told(
        ("says", 2), ("arms", "after", 4), ("migrates",), ("run", 1), processes=2
    ),
    links_are_made_anew: lambda: _faults("other says"),
    feed_does_not_overlap: lambda: _told(*_LAGGING),
    old_record_is_compared: lambda: pauses(Scenario(("says", "public"))),
    older_comment_first: lambda: _told(*_SHARED_MEANWHILE),
    told_waits_are_cut_short: lambda: _faults("public"),
    invitation_is_good_twice: lambda: _faults("race"),
    link_leaves_whoever_sends: lambda: _joined_meanwhile(),
    unshown_comments_are_forgotten: lambda: _faults("joins", "public"),
    groups_may_join: lambda: _told(
        ("invites", 0), ("opens_link", 2), ("run", 0), ("comments", 0), ("run", 0)
    ),
    doubled_requests_stay: lambda: overdues(Scenario(("says",), start="nothing")),
    doubles_are_looked_for_once: lambda: overdues(Scenario(("says",), start="nothing")),
}
"""Bug -> the part of the enumerations that is searched for it."""


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_the_world_catches_the_bug(bug: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted bug breaks an invariant within some hundred runs."""
    logging.disable(logging.CRITICAL)
    for start in ("opened", "group"):
        for mode in ("poll", "webhook"):
            beginning(start, mode)
    bug(monkeypatch)
    try:
        caught = next((o for _, o in islice(BUGS[bug](), MOST_RUNS) if o.problems), None)
    finally:
        logging.disable(logging.NOTSET)
    assert caught is not None


@pytest.mark.parametrize("bug", list(BUGS), ids=lambda bug: bug.__name__)
def test_without_the_bug_nothing_is_wrong(bug: Patch) -> None:
    """The same search finds nothing in the library as it is (a share of it, for time)."""
    wrong = [
        (history.as_text(), outcome.problems)
        for history, outcome in islice(BUGS[bug](), 8)
        if outcome.problems
    ]
    assert [] == wrong
