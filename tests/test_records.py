"""Records survive being kept, remember what they must, and hold no word of anybody."""

from __future__ import annotations

import json

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from chatbridge.invitations import Invitation
from chatbridge.kept_fields import KEY_LENGTH
from chatbridge.project import ProjectSettings
from chatbridge.records import (
    DONE_KEPT,
    BotRecord,
    Claim,
    Conversation,
    Intent,
    IntentKind,
    Project,
    ProjectState,
)

words = st.text(alphabet=st.characters(codec="utf-8"), max_size=12)
keys = st.text(alphabet="0123456789abcdef", min_size=KEY_LENGTH, max_size=KEY_LENGTH)
intents = st.builds(
    Intent,
    key=keys,
    kind=st.sampled_from(IntentKind),
    issue_id=words,
    tell_by=st.integers(0, 2**40),
    owner=words,
    beat=words,
    parts=st.integers(1, 20),
    clean=st.booleans(),
    overtaken=st.booleans(),
    signs=st.integers(0, 9),
    thread=st.none() | words,
    files=st.integers(0, 9),
    repeated=st.booleans(),
    also=st.lists(keys, max_size=3).map(tuple),
)
conversations = st.builds(
    Conversation,
    platform=words,
    bot_id=words,
    chat=words,
    issues=st.lists(words, max_size=4).map(tuple),
    current=words,
    pending=st.lists(intents, max_size=3).map(tuple),
    done=st.lists(keys, max_size=5).map(tuple),
    greeted=st.booleans(),
    wants_new=st.booleans(),
    written=st.lists(st.tuples(words, st.integers(1, 2**40), words), max_size=3).map(tuple),
)
claims = st.builds(
    Claim, st.lists(words, max_size=3).map(tuple), words, words, st.integers(0, 2**40)
)


def kept_and_read(record):
    """Return a record as it comes back from a storage."""
    plain = json.loads(json.dumps(record.to_plain()))
    return type(record).from_plain(plain, record.schema)


invitations = st.builds(
    Invitation, words, words, words, words, st.integers(0, 2**40), words, st.booleans()
)


@given(conversations | claims | invitations)
def test_records_survive_being_kept(record):
    """What is read is what was written, to the last value."""
    assert record == kept_and_read(record)


@given(
    st.lists(
        st.builds(BotRecord, words, words, words, words, st.dictionaries(words, words, max_size=2)),
        max_size=2,
    ).map(tuple),
    st.sampled_from(ProjectState),
)
def test_projects_survive_being_kept(bots, state):
    """Settings, bots and state come back."""
    settings = ProjectSettings(name="support", service_desk="10", request_type="25")
    project = Project(settings, bots, state)
    assert project == kept_and_read(project)


def test_identities_tell_records_apart():
    """A record is found by what names it."""
    assert ("a", "b", "c") == Conversation("a", "b", "c", issues=("1",)).identity()
    assert ("poll", "a", "b") == Claim(("poll", "a", "b"), "x", "y").identity()
    settings = ProjectSettings(name="support", service_desk="10", request_type="25")
    assert ("support",) == Project(settings).identity()


def key(number: int) -> str:
    """Return an event key."""
    return f"{number:020x}"


def intent(number: int) -> Intent:
    """Return an intent."""
    return Intent(key(number), IntentKind.COMMENT, "1", 0, "owner", "beat")


def test_finished_event_is_done_and_has_no_intent():
    """Finishing moves an event from one list to the other, whatever else is there."""
    talk = Conversation("a", "b", "c").with_intent(intent(1)).with_intent(intent(2))
    done = talk.finished(key(1))
    assert ((intent(2),), (key(1),)) == (done.pending, done.done)
    assert done == done.finished(key(1))


@pytest.mark.fault("F42")
@pytest.mark.invariant("I19")
def test_only_the_newest_finished_events_are_remembered():
    """The ring is bounded; a repeat moves its key to the end."""
    talk = Conversation("a", "b", "c")
    for number in range(DONE_KEPT + 10):
        talk = talk.finished(key(number))
        talk = talk.finished(key(0))
    assert DONE_KEPT == len(talk.done)
    assert (key(0), key(DONE_KEPT + 9)) == (talk.done[-1], talk.done[-2])


def test_intent_replaces_the_one_of_its_event():
    """An event has one intent."""
    changed = evolve(intent(1), clean=True)
    talk = Conversation("a", "b", "c").with_intent(intent(1)).with_intent(changed)
    assert ((changed,), changed, None) == (talk.pending, talk.intent(key(1)), talk.intent(key(2)))


def test_intent_changes_only_where_it_is_as_before():
    """Whoever comes late changes nothing: not one that moved on, not one that is done."""
    talk = Conversation("a", "b", "c").with_intent(intent(1))
    changed = evolve(intent(1), clean=True)
    assert (changed,) == talk.with_changed(intent(1), changed).pending
    assert None is talk.with_changed(changed, intent(1))
    assert None is talk.finished(key(1)).with_changed(intent(1), changed)


def test_overtaken_intent_need_not_be_begun():
    """Its beat says whether anything was done, its look changes with either word."""
    assert (True, False) == (intent(1).is_begun, evolve(intent(1), beat="").is_begun)
    looks = {intent(1).look, evolve(intent(1), beat="x").look, evolve(intent(1), owner="x").look}
    assert 3 == len(looks)


@pytest.mark.fault("F81")
def test_reprs_show_no_chat_and_no_token():
    """Tracebacks may hold records."""
    bot = BotRecord("acme", "7", "bot", "poll", {"token": "t0ken"})
    talk = Conversation("acme", "7", "chat-4711")
    thread = evolve(intent(1), thread="thread-4711")
    assert [] == [
        text for text in map(repr, (bot, talk, thread)) if "4711" in text or "t0k" in text
    ]


@pytest.mark.invariant("I19", "I28")
def test_conversation_stays_small():
    """A year of chatting costs no more than the ring and its requests."""
    talk = Conversation("telegram", "110201543", "123456789", issues=("10001",), current="10001")
    for number in range(1000):
        talk = talk.finished(key(number))
    assert 6000 > len(json.dumps(talk.to_plain()))
