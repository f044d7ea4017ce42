"""What nobody else will finish is finished: intents without a repeat, links that missed news."""

from __future__ import annotations

import pytest
from attrs import evolve

from chatbridge.errors import RetryLaterError, UnknownOutcomeError
from chatbridge.links import RELEASED, Inflight, Link, LinkState, Told
from chatbridge.records import Conversation, Project, ProjectState

BOT = ("acme", "7")


@pytest.fixture
def lost(stage, make_stage):
    """Return a process that starts after another died with the outcome of a comment unknown."""
    stage.link()
    stage.desk.then("added", UnknownOutcomeError("lost"))
    with pytest.raises(RetryLaterError):
        stage.inbound.receive(BOT, stage.event())
    return started(make_stage)


@pytest.fixture
def never_written(stage, make_stage):
    """Return a process that starts after another died before its comment was in Jira."""
    stage.link()
    stage.desk.then("add_comment", UnknownOutcomeError("lost"))
    with pytest.raises(RetryLaterError):
        stage.inbound.receive(BOT, stage.event())
    return started(make_stage)


def started(make_stage):
    """Return a process that knows the projects."""
    made = make_stage()
    made.roster.refresh()
    return made


@pytest.mark.fault("F37")
def test_intent_whose_comment_is_there_is_completed(lost):
    """A marker found in Jira completes the event, and nobody is told anything."""
    lost.upkeep.tend_intents()
    talk = lost.talk()
    assert ((), 1, []) == (talk.pending, len(talk.done), lost.transport.texts())
    assert 1 == len(lost.desk.issues["1"].public)


@pytest.mark.fault("F37")
def test_request_that_was_opened_is_linked(stage, make_stage):
    """A request whose opening got lost is found by its marker and gets its link."""
    stage.desk.then("opened", UnknownOutcomeError("lost"))
    with pytest.raises(RetryLaterError):
        stage.inbound.receive(BOT, stage.event(chat="c9"))
    other = started(make_stage)
    other.upkeep.tend_intents()
    link = other.vault.read(Link, "site", "1")
    assert ("c9", "1") == (link.record.chat, other.talk("c9").current)
    assert link.key in other.queue


@pytest.mark.fault("F46")
def test_repeat_is_given_its_time_before_the_sender_is_told(never_written, clock):
    """As long as the platform may repeat the event, nothing is said."""
    never_written.upkeep.tend_intents()
    clock.advance(never_written.timings.comment_settle + 1)
    pause = never_written.upkeep.tend_intents()
    assert ([], 1) == (never_written.transport.texts(), len(never_written.talk().pending))
    assert 0 < pause <= never_written.timings.upkeep_every


@pytest.mark.fault("F46")
@pytest.mark.invariant("I6", "I27")
def test_sender_is_told_in_time_and_once(never_written, clock):
    """At half of the platform's horizon the sender learns it, and the event counts as done."""
    never_written.upkeep.tend_intents()
    clock.advance(1801)
    for _ in range(3):
        never_written.upkeep.tend_intents()
    (text,) = never_written.transport.texts()
    assert ("could not be passed on" in text, ()) == (True, never_written.talk().pending)


@pytest.mark.fault("F38")
def test_nobody_is_told_while_a_write_may_still_be_under_way(never_written, clock):
    """The settle time passes before anything is believed to be missing, however late it is."""
    clock.advance(1801)
    never_written.upkeep.tend_intents()
    assert [] == never_written.transport.texts()
    clock.advance(never_written.timings.comment_settle + 1)
    never_written.upkeep.tend_intents()
    assert 1 == len(never_written.transport.texts())


@pytest.mark.invariant("I6")
def test_overtaken_event_of_a_dead_process_is_told(stage, make_stage, clock):
    """What the platform will not repeat and no memory holds is told after a restart."""
    stage.link()
    ticket = stage.lanes.submit(BOT, stage.event(), keep=True)
    stage.lanes.overtake([ticket])
    other = started(make_stage)
    started_at = clock.monotonic()
    while clock.monotonic() - started_at < other.timings.upkeep_every and other.talk().pending:
        clock.advance(other.upkeep.tend_intents())
    assert ((), 1) == (other.talk().pending, len(other.transport.texts()))


@pytest.mark.invariant("I6")
def test_overtaken_event_of_a_living_process_is_left_to_it(stage, make_stage, clock):
    """As long as another process shows that it holds an event, nobody is told that it failed."""
    stage.link()
    ticket = stage.lanes.submit(BOT, stage.event(), keep=True)
    stage.lanes.overtake([ticket])
    other = started(make_stage)
    for _ in range(4):
        pause = stage.upkeep.tend_intents()
        other.upkeep.tend_intents()
        clock.advance(pause)
    assert (1, []) == (len(other.talk().pending), other.transport.texts())
    clock.advance(other.timings.upkeep_every)
    other.upkeep.tend_intents()
    assert ((), 1) == (other.talk().pending, len(other.transport.texts()))


@pytest.mark.invariant("I27")
def test_flood_that_was_overtaken_and_lost_is_told_of_once(stage, make_stage, clock):
    """A hundred events that died with a process are one text that says how many they were."""
    stage.link()
    tickets = [stage.lanes.submit(BOT, stage.event(number), keep=True) for number in range(100)]
    stage.lanes.overtake(tickets)
    other = started(make_stage)
    for _ in range(3):
        clock.advance(other.upkeep.tend_intents())
    (text,) = other.transport.texts()
    assert ((), True) == (other.talk().pending, "100 of your messages" in text)


@pytest.mark.fault("F40")
def test_what_a_lane_finishes_meanwhile_is_not_told_of(stage, clock, monkeypatch):
    """A record that changed since it was read is read again before anybody is told anything."""
    stage.link()
    ticket = stage.lanes.submit(BOT, stage.event(), keep=True)
    stage.lanes.overtake([ticket])
    holds = stage.lanes.holds

    def finished_meanwhile(*which):
        if clock.monotonic() > late:
            stage.work()
        return holds(*which)

    late = clock.monotonic() + 50_000
    stage.watch.unchanged_for(stage.talk().pending[0].key, stage.talk().pending[0].look)
    clock.advance(100_000)
    monkeypatch.setattr(stage.lanes, "holds", finished_meanwhile)
    stage.upkeep.tend_intents()
    assert ((), []) == (stage.talk().pending, stage.transport.texts())


def test_event_that_is_in_memory_here_is_left_alone(stage, clock):
    """A lane cares for its own events; upkeep does not get in its way."""
    stage.link()
    ticket = stage.lanes.submit(BOT, stage.event(), keep=True)
    stage.lanes.overtake([ticket])
    clock.advance(100_000)
    stage.upkeep.tend_intents()
    assert ([], 1) == (stage.transport.texts(), len(stage.talk().pending))


def test_sender_that_cannot_be_told_now_is_told_later(never_written, clock):
    """An apology that meets a flood limit is not given up."""
    never_written.upkeep.tend_intents()
    clock.advance(1801)
    never_written.transport.then("send", RetryLaterError("flood", retry_after=5))
    never_written.upkeep.tend_intents()
    assert 1 == len(never_written.talk().pending)
    never_written.upkeep.tend_intents()
    assert ((), 1) == (never_written.talk().pending, len(never_written.transport.texts()))


def test_paused_project_is_left_alone(never_written, clock):
    """Nothing happens in a paused project, not even an apology."""
    kept = never_written.vault.read(Project, "support")
    never_written.vault.replace(kept, evolve(kept.record, state=ProjectState.PAUSED))
    calls = len(never_written.desk.calls)
    clock.advance(10_000)
    assert never_written.timings.upkeep_every == never_written.upkeep.tend_intents()
    assert ([], calls) == (never_written.transport.texts(), len(never_written.desk.calls))


def test_one_conversation_that_fails_does_not_stop_the_others(stage, make_stage):
    """Where one look-up fails, the next conversation is still cared for."""
    for number, chat in ((1, "c1"), (2, "c2")):
        stage.link(str(number), chat)
        stage.desk.then("added", UnknownOutcomeError("lost"))
        with pytest.raises(RetryLaterError):
            stage.inbound.receive(BOT, stage.event(number, chat))
    other = started(make_stage)
    other.desk.then("find_comments", RetryLaterError("down"))
    assert 30.0 >= other.upkeep.tend_intents()
    assert 1 == len([c for c in other.vault.scan(Conversation) if not c.record.pending])


TOLD = Told(opened=True)


@pytest.mark.fault("F2")
@pytest.mark.parametrize(
    ("fields", "wakes"),
    [
        ({"told": TOLD}, False),
        ({}, True),
        ({"told": TOLD, "inflight": Inflight("1", (), "x", "y")}, True),
        ({"told": TOLD, "note": "blocked@1"}, True),
        ({"told": TOLD, "reason": RELEASED}, True),
        ({"told": TOLD, "state": LinkState.SUSPENDED, "reason": "blocked"}, False),
        ({"state": LinkState.SUSPENDED, "reason": "blocked", "note": "blocked@1"}, True),
        ({"state": LinkState.HELD, "reason": "burst"}, False),
        ({"state": LinkState.SUSPENDED, "reason": "no_access"}, True),
    ],
)
def test_unfinished_links_are_woken(stage, fields, wakes):
    """A start wakes exactly what has something under way and may act on it."""
    kept = stage.link(**fields)
    assert ([kept.key] if wakes else []) == stage.upkeep.wake_unfinished()
    assert wakes == (kept.key in stage.queue)


@pytest.mark.fault("F8")
@pytest.mark.parametrize(
    ("fields", "wakes"),
    [
        ({"told": TOLD}, True),
        ({"state": LinkState.SUSPENDED, "reason": "no_access"}, True),
        ({"state": LinkState.HELD, "reason": "moved"}, True),
        ({"state": LinkState.SUSPENDED, "reason": "blocked"}, False),
        ({"state": LinkState.HELD, "reason": "burst"}, False),
        ({"state": LinkState.GONE}, False),
    ],
)
def test_full_pass_wakes_all_that_may_have_news(stage, fields, wakes):
    """Everything active is looked at, and what may have come back by itself."""
    kept = stage.link(**fields)
    assert ([kept.key] if wakes else []) == stage.upkeep.wake_all()


def test_full_pass_comes_once_a_week_however_often_processes_start(stage, make_stage, clock):
    """Its last time is kept, so that restarts neither repeat nor suppress it."""
    stage.link(told=TOLD)
    passes = []
    for _ in range(30):
        process = started(make_stage)
        process.upkeep.full_pass()
        passes.append(len(process.queue))
        clock.advance(12 * 3600)
    assert [at for at, count in enumerate(passes) if count] == [0, 14, 28]


def test_full_pass_is_one_process_job(stage, make_stage):
    """Two processes that look at the same time make one pass."""
    stage.link(told=TOLD)
    other = started(make_stage)
    for process in (stage, other):
        process.upkeep.full_pass()
    assert [1, 0] == [len(stage.queue), len(other.queue)]
