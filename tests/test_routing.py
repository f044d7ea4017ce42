"""Every event in every situation has one meaning, and the table says which."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from chatbridge.content import Address, Attachment, Contact, FileKind
from chatbridge.events import (
    AvailabilityChanged,
    ChoicePicked,
    Command,
    ConversationMigrated,
    ConversationStarted,
    DeliveryReported,
    MessageEdited,
    MessageReceived,
    NothingToDo,
    ReplyTo,
)
from chatbridge.richtext import Document
from chatbridge.routing import Action, Decision, Situation, decide

WHERE = {"event_id": "1", "address": Address("c1")}
PERSON, PROGRAM = Contact("5", "Ann"), Contact("6", "Robot", is_bot=True)
WORDS = Document.from_plain("words")
MESSAGE = MessageReceived(**WHERE, sender=PERSON, message_id="1", text=WORDS)
EDIT = MessageEdited(**WHERE, sender=PERSON, message_id="1", text=WORDS)
CHOICE = ChoicePicked(**WHERE, sender=PERSON, data="x")
PHOTO = evolve(MESSAGE, text=Document(), attachments=(Attachment(FileKind.PHOTO),))


def command(name: str, argument: str = "") -> MessageReceived:
    """Return a message that is a command."""
    return evolve(MESSAGE, command=Command(name, argument))


@pytest.mark.parametrize(
    ("event", "situation", "decision"),
    [
        # messages
        (MESSAGE, Situation(), Decision(Action.OPEN)),
        (MESSAGE, Situation(current="1"), Decision(Action.COMMENT, "1")),
        (MESSAGE, Situation(current="1", addressed="2"), Decision(Action.COMMENT, "2")),
        (MESSAGE, Situation(addressed="2", wants_new=True), Decision(Action.COMMENT, "2")),
        (MESSAGE, Situation(current="1", wants_new=True), Decision(Action.OPEN)),
        (MESSAGE, Situation(addressed="2", implied=True), Decision(Action.COMMENT, "2")),
        (MESSAGE, Situation(addressed="2", implied=True, wants_new=True), Decision(Action.OPEN)),
        (
            MESSAGE,
            Situation(addressed="2", implied=True, wants_new=True, may_open=False),
            Decision(Action.COMMENT, "2"),
        ),
        (
            MESSAGE,
            Situation(current="1", wants_new=True, may_open=False),
            Decision(Action.COMMENT, "1"),
        ),
        (evolve(MESSAGE, sender=None), Situation(), Decision(Action.OPEN)),
        # what has no text
        (PHOTO, Situation(current="1"), Decision(Action.UNSUPPORTED)),
        (evolve(PHOTO, text=WORDS), Situation(current="1"), Decision(Action.COMMENT, "1")),
        (evolve(MESSAGE, text=Document()), Situation(), Decision(Action.UNSUPPORTED)),
        (
            evolve(MESSAGE, text=Document.from_plain(" \n")),
            Situation(),
            Decision(Action.UNSUPPORTED),
        ),
        (evolve(MESSAGE, unsupported="poll"), Situation(), Decision(Action.OPEN)),
        # edits
        (EDIT, Situation(current="1"), Decision(Action.COMMENT, "1")),
        (EDIT, Situation(current="1", wants_new=True), Decision(Action.COMMENT, "1")),
        (EDIT, Situation(), Decision(Action.UNSUPPORTED)),
        (evolve(EDIT, text=Document()), Situation(current="1"), Decision(Action.NOTHING)),
        # commands
        (command("start"), Situation(current="1"), Decision(Action.GREET)),
        (command("start", "h"), Situation(addressed="2"), Decision(Action.SWITCH, "2")),
        (command("help"), Situation(), Decision(Action.HELP)),
        (command("status"), Situation(), Decision(Action.STATUS)),
        (command("requests"), Situation(), Decision(Action.STATUS)),
        (command("new"), Situation(current="1"), Decision(Action.NEXT_OPENS)),
        (
            command("new"),
            Situation(current="1", may_open=False),
            Decision(Action.TOO_MANY_OPEN),
        ),
        (command("more"), Situation(current="1"), Decision(Action.NOTHING_HELD)),
        (command("more"), Situation(current="1", held="2"), Decision(Action.RELEASE, "2")),
        (MESSAGE, Situation(current="1", held="2"), Decision(Action.RELEASE, "2")),
        (EDIT, Situation(current="1", held="2"), Decision(Action.COMMENT, "1")),
        (command("dance"), Situation(current="1"), Decision(Action.COMMAND_UNKNOWN)),
        # choices
        (CHOICE, Situation(choice="more", addressed="2"), Decision(Action.RELEASE, "2")),
        (CHOICE, Situation(choice="", addressed="2"), Decision(Action.CHOICE_OLD)),
        (CHOICE, Situation(choice="other", addressed="2"), Decision(Action.CHOICE_OLD)),
        (MESSAGE, Situation(choice="more"), Decision(Action.OPEN)),
        # the rest
        (ConversationStarted(**WHERE), Situation(), Decision(Action.GREET)),
        (ConversationStarted(**WHERE), Situation(addressed="2"), Decision(Action.SWITCH, "2")),
        (ConversationStarted(**WHERE), Situation(invited=True), Decision(Action.JOIN)),
        (command("start"), Situation(invited=True), Decision(Action.JOIN)),
        (command("help"), Situation(invited=True), Decision(Action.HELP)),
        (NothingToDo(**WHERE), Situation(current="1"), Decision(Action.NOTHING)),
    ],
)
def test_the_table_says_what_events_mean(event, situation, decision):
    """One row for each promise about what a person does."""
    assert decision == decide(event, situation)


documents = st.sampled_from([Document(), WORDS, Document.from_plain("  ")])
senders = st.sampled_from([None, PERSON, PROGRAM])
commands = st.none() | st.builds(
    Command, st.sampled_from(["start", "help", "new", "status", "requests", "more", "x"]), st.text()
)
where = {"event_id": st.just("1"), "address": st.just(Address("c1")), "sender": senders}
events = st.one_of(
    st.builds(
        MessageReceived,
        **where,
        message_id=st.just("1"),
        text=documents,
        command=commands,
        attachments=st.sampled_from([(), (Attachment(FileKind.VOICE),)]),
        reply_to=st.none() | st.builds(ReplyTo, st.none(), st.none() | st.text()),
        unsupported=st.none() | st.just("poll"),
    ),
    st.builds(MessageEdited, **where, message_id=st.just("1"), text=documents),
    st.builds(ChoicePicked, **where, data=st.text()),
    st.builds(ConversationStarted, **where),
    st.builds(AvailabilityChanged, **where, available=st.booleans()),
    st.builds(ConversationMigrated, **where, moved_to=st.just("c2")),
    st.builds(DeliveryReported, **where, message_id=st.just("1"), status=st.just("seen")),
    st.builds(NothingToDo, **where),
)
ids = st.sampled_from(["", "1", "2"])
situations = st.builds(
    Situation, ids, ids, st.booleans(), st.booleans(), st.booleans(),
    st.sampled_from(["", "more", "other"]), held=ids,
)  # fmt: skip


@given(events, situations)
def test_every_event_in_every_situation_has_a_meaning(event, situation):
    """Deciding never fails, and names only requests that the situation knows."""
    decision = decide(event, situation)
    assert decision.issue_id in {"", situation.current, situation.addressed, situation.held}
    if decision.action is Action.COMMENT:
        assert decision.issue_id
    if decision.action is Action.OPEN:
        assert not decision.issue_id


@pytest.mark.fault("F31")
@given(events, situations)
def test_no_program_is_ever_answered(event, situation):
    """Two programs that answer each other would never stop."""
    assert Decision(Action.NOTHING) == decide(evolve(event, sender=PROGRAM), situation)


@given(events, situations)
def test_nothing_that_a_person_wrote_is_dropped(event, situation):
    """Whatever a person writes or picks becomes something, an emptied edit apart."""
    by_person = evolve(event, sender=PERSON)
    emptied = isinstance(event, MessageEdited) and event.text.is_empty()
    if isinstance(event, (MessageReceived, MessageEdited, ChoicePicked)) and not emptied:
        assert Action.NOTHING is not decide(by_person, situation).action


@pytest.mark.fault("F52")
@given(events, situations)
def test_the_limit_of_open_requests_holds(event, situation):
    """Whoever has a current request and may open no more opens none."""
    full = evolve(situation, may_open=False, current="1")
    assert Action.OPEN is not decide(event, full).action
