"""An event that changes hands is written once, and nobody's late word undoes what was done."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from chatbridge.content import Attachment, Content, FileKind
from chatbridge.errors import (
    ConfigurationError,
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
)
from chatbridge.records import Conversation

BOT = ("acme", "7")


@pytest.fixture
def other(stage, make_stage):
    """Return a second process; the first one has a link."""
    stage.link()
    made = make_stage()
    made.roster.refresh()
    return made


def written(stage):
    """Return how many comments are on the request."""
    return len(stage.desk.issues["1"].public)


@pytest.mark.fault("F37", "F38")
@pytest.mark.invariant("I7")
def test_unknown_outcome_is_looked_up_before_anything_is_written_again(stage, other, clock):
    """A comment that is there after all is not written twice, whoever takes over."""
    stage.desk.then("added", UnknownOutcomeError("lost"))
    with pytest.raises(RetryLaterError):
        stage.inbound.receive(BOT, stage.event())
    other.inbound.receive(BOT, stage.event())
    assert (1, ()) == (written(stage), stage.talk().pending)


@pytest.mark.fault("F38")
@pytest.mark.invariant("I7")
def test_unknown_outcome_is_given_its_settle_time(stage, other, clock):
    """Nothing is written again before a slow write must have arrived."""
    stage.desk.then("add_comment", UnknownOutcomeError("lost"))
    with pytest.raises(RetryLaterError):
        stage.inbound.receive(BOT, stage.event())
    with pytest.raises(RetryLaterError) as raised:
        other.inbound.receive(BOT, stage.event())
    assert (0, True) == (written(stage), 50 < raised.value.retry_after <= 61)
    clock.advance(raised.value.retry_after)
    other.inbound.receive(BOT, stage.event())
    assert 1 == written(stage)


@pytest.mark.fault("F37")
def test_certain_failure_is_tried_again_at_once(stage, other):
    """Where nothing was written there is nothing to wait for."""
    stage.desk.then("add_comment", RetryLaterError("no connection"))
    with pytest.raises(RetryLaterError):
        stage.inbound.receive(BOT, stage.event())
    stage.inbound.receive(BOT, stage.event())
    assert (1, 0) == (written(stage), stage.desk.calls.count("find_comments"))


@pytest.mark.fault("F40")
def test_late_failure_does_not_bring_a_finished_event_back(stage, other, clock):
    """A process that fails after another one finished its event leaves no intent behind."""

    def slow():
        clock.advance(stage.timings.comment_settle * 2)
        with pytest.raises(RetryLaterError):
            other.inbound.receive(BOT, stage.event())
        clock.advance(stage.timings.comment_settle + 1)
        other.inbound.receive(BOT, stage.event())
        raise RetryLaterError("no connection")

    stage.desk.then("add_comment", slow)
    with pytest.raises(RetryLaterError):
        stage.inbound.receive(BOT, stage.event())
    assert ((), 1, 1) == (stage.talk().pending, len(stage.talk().done), written(stage))


@pytest.mark.fault("F40", "F44")
def test_second_event_waits_for_the_first(stage, other):
    """Two messages of a chat are written one after the other, in whichever process."""
    stage.desk.then("add_comment", UnknownOutcomeError("lost"))
    with pytest.raises(RetryLaterError):
        stage.inbound.receive(BOT, stage.event(1))
    with pytest.raises(RetryLaterError, match="earlier message"):
        other.inbound.receive(BOT, stage.event(2))
    assert 0 == written(stage)


@pytest.mark.fault("F40", "F45")
def test_two_first_messages_open_one_request(stage, other):
    """The second message of a new chat becomes a comment on the request of the first."""
    stage.inbound.receive(BOT, stage.event(1, "c9"))
    other.inbound.receive(BOT, stage.event(2, "c9"))
    assert (1, 1) == (len(stage.desk.opened), len(stage.desk.issues["2"].public))


@pytest.mark.fault("F41", "F42")
def test_repeat_of_a_finished_event_does_nothing(stage, other):
    """However often it comes, an event is one comment."""
    for process in (stage, other, stage):
        process.inbound.receive(BOT, stage.event())
    assert 1 == written(stage)


@pytest.mark.fault("F18")
def test_vanished_request_lets_its_message_open_another(stage, other):
    """A message is not lost with the request that it was meant for."""
    del stage.desk.issues["1"]
    stage.desk.then("add_comment", RefusedError(Refusal.NOT_FOUND))
    stage.inbound.receive(BOT, stage.event())
    assert (1, ()) == (len(stage.desk.opened), stage.talk().pending)


@pytest.mark.fault("F47")
@pytest.mark.invariant("I6")
def test_refused_message_is_told_to_its_sender(stage, other):
    """What the site will never take is answered and counts as done."""
    stage.desk.then("add_comment", RefusedError(Refusal.INVALID))
    stage.inbound.receive(BOT, stage.event())
    (text,) = stage.transport.texts()
    assert ("could not be passed on" in text, ()) == (True, stage.talk().pending)


@pytest.mark.fault("F46")
@pytest.mark.parametrize("reason", [Refusal.UNAUTHORISED, Refusal.FORBIDDEN])
def test_missing_permission_waits_and_is_told_in_time(stage, other, clock, reason):
    """A credential that does not work loses nothing while it can be mended, then says so."""
    stage.desk.then("add_comment", *[RefusedError(reason)] * 99)
    event = stage.event()
    with pytest.raises(RetryLaterError):
        stage.inbound.receive(BOT, event)
    assert [] == stage.transport.texts()
    clock.advance(1801)
    stage.inbound.receive(BOT, event)
    assert 1 == len(stage.transport.texts())


def test_giving_up_in_a_paused_project_waits(stage, other):
    """An event is not dropped because nobody may be told just now."""
    (project,) = stage.roster.refresh()
    stage.vault.delete(project.kept)
    with pytest.raises(RetryLaterError):
        stage.inbound.give_up(BOT, stage.event())
    assert () == stage.talk().done


def test_unknown_site_is_told_to_the_operator(stage):
    """A project of a site that is not configured here takes nothing and loses nothing."""
    stage.project("lost", site="nowhere")
    with pytest.raises(ConfigurationError, match="nowhere"):
        stage.inbound.receive(("acme", "bot of lost"), stage.event())
    assert [] == [kept for kept in stage.vault.scan(Conversation) if kept.record.done]


def item(stage, number):
    """Return an item of an album."""
    file = Attachment(FileKind.PHOTO, f"{number}.jpg", ref=f"f{number}")
    return stage.event(number, group="g", attachments=(file,))


@pytest.mark.fault("F37", "F54")
@pytest.mark.invariant("I7")
def test_album_that_was_written_is_done_whoever_repeats_it_how(stage, other, monkeypatch):
    """Of an album in one comment each item is done, even where its repeats come one by one."""
    _hand_out(stage, monkeypatch)
    stage.desk.then("added", UnknownOutcomeError("lost"))
    items = [item(stage, number) for number in (1, 2)]
    with pytest.raises(RetryLaterError):
        stage.inbound.receive(BOT, items[0], items[1:])
    (intent,) = stage.talk().pending
    assert 1 == len(intent.also)
    other.inbound.receive(BOT, items[0])
    other.inbound.receive(BOT, items[1])
    assert (1, (), 2) == (written(stage), stage.talk().pending, len(stage.talk().done))


@pytest.mark.fault("F38", "F54")
@pytest.mark.invariant("I7")
def test_album_that_was_not_written_goes_on_with_what_is_there(stage, other, clock, monkeypatch):
    """Who takes an album over without some items writes the others; the rest comes later."""
    _hand_out(stage, monkeypatch)
    stage.desk.then("add_comment", UnknownOutcomeError("lost"))
    items = [item(stage, number) for number in (1, 2)]
    with pytest.raises(RetryLaterError):
        stage.inbound.receive(BOT, items[0], items[1:])
    with pytest.raises(RetryLaterError) as raised:
        other.inbound.receive(BOT, items[0])
    clock.advance(raised.value.retry_after)
    other.inbound.receive(BOT, items[0])
    assert (1, 1) == (written(stage), len(stage.talk().done))
    other.inbound.receive(BOT, items[1])
    assert (2, 2, 2) == (written(stage), len(stage.talk().done), len(stage.desk.attached))


@pytest.mark.fault("F37", "F54")
def test_nobody_is_told_of_an_item_that_went_with_another(stage, make_stage, monkeypatch):
    """Overtaken items of one write are cared for together: found in Jira, no word is said."""
    _hand_out(stage, monkeypatch)
    stage.link()
    stage.desk.then("added", UnknownOutcomeError("lost"))
    items = [item(stage, number) for number in (1, 2)]
    with pytest.raises(RetryLaterError):
        stage.inbound.receive(BOT, items[0], items[1:])
    stage.desk.attached |= stage.desk.aside
    stage.inbound.overtake(BOT, items)
    other = make_stage()
    other.roster.refresh()
    other.upkeep.tend_intents()
    talk = other.talk()
    assert ((), 2, []) == (talk.pending, len(talk.done), other.transport.texts())


def test_items_that_are_done_are_not_written_again(stage, other, monkeypatch):
    """An album is merged only as far as nothing of it was begun by itself."""
    _hand_out(stage, monkeypatch)
    items = [item(stage, number) for number in (1, 2, 3)]
    stage.inbound.receive(BOT, items[1])
    stage.inbound.receive(BOT, items[0], items[1:])
    stage.inbound.receive(BOT, items[2])
    assert (3, 3) == (written(stage), len(stage.desk.attached))


def _hand_out(stage, monkeypatch):
    """Let the platform hand out files."""

    def fetch(self, attachment):
        yield from ()

        @contextmanager
        def pieces():
            yield iter([attachment.ref.encode()])

        return Content(2, pieces)

    monkeypatch.setattr(type(stage.roster.bot(*BOT)[1].adapter), "fetch", fetch, raising=False)
