"""Only what two witnesses call public is ever returned, and nothing public is left out."""

from __future__ import annotations

import pytest
from attrs import evolve

from chatbridge.comments import OwnComments
from chatbridge.errors import RetryLaterError
from chatbridge.links import Link
from chatbridge.records import Conversation, Intent, IntentKind

BOT = ("acme", "7")


@pytest.fixture
def kept(stage):
    """Return a link."""
    return stage.link()


@pytest.fixture
def read(stage, kept):
    """Return what reads the comments that the link lacks now."""

    def look(**changes):
        link = evolve(stage.now(kept), **changes)
        return stage.reader.read(link, stage.roster.desk("site"))

    return look


def ids(news):
    """Return the ids of what shall be sent."""
    return [comment.comment_id for comment in news.comments]


@pytest.mark.fault("F10")
@pytest.mark.invariant("I4")
def test_public_comments_come_in_order(stage, read):
    """The order is that of time, then of ids, not the one in which Jira lists them."""
    for number, created in ((5, 300_000), (9, 100_000), (4, 300_000), (7, 200_000)):
        stage.desk.comment("1", number, created=created)
    assert ["9", "7", "4", "5"] == ids(read())


def test_seen_comments_are_left_out_without_a_second_call(stage, read):
    """Where nothing is new one call is enough."""
    stage.desk.comment("1", 5)
    assert [] == ids(read(seen=frozenset({5})))
    assert ["public_comments"] == stage.desk.calls


@pytest.mark.fault("F10", "F11")
@pytest.mark.invariant("I1")
def test_comment_with_an_old_id_that_became_public_is_returned(stage, read):
    """What was seen is a set and no position: an older id is new where it was not seen."""
    stage.desk.comment("1", 5)
    stage.desk.comment("1", 9)
    assert ["5"] == ids(read(seen=frozenset({9})))


@pytest.mark.fault("F15")
@pytest.mark.invariant("I2")
def test_restricted_comment_is_left_out(stage, read):
    """One witness against it is enough."""
    stage.desk.comment("1", 5, unrestricted=False)
    stage.desk.comment("1", 6)
    assert ["6"] == ids(read())


@pytest.mark.fault("F15")
@pytest.mark.invariant("I2")
def test_comment_without_a_second_witness_is_left_out(stage, read):
    """What the platform API does not show is not believed to be public."""
    stage.desk.comment("1", 5, witness=False)
    assert [] == ids(read())


@pytest.mark.fault("F21")
def test_failing_witness_fails_the_read(stage, read):
    """Nothing is returned from partial data."""
    stage.desk.comment("1", 5)
    stage.desk.then("cross_read", RetryLaterError("down"))
    with pytest.raises(RetryLaterError):
        read()


@pytest.mark.fault("F30")
@pytest.mark.invariant("I5")
def test_own_comment_is_known_by_its_marker(stage, read):
    """An echo is told by the marker, so that it never comes back."""
    marker = stage.marks.comment_marker("site", "1", "e" * 20, 0)
    stage.desk.comment("1", 5, marker=marker)
    news = read()
    assert ([], {5}) == (ids(news), news.echoes)


@pytest.mark.fault("F30", "F65")
def test_marker_of_another_issue_proves_nothing(stage, read):
    """A marker that was copied from elsewhere does not hide a comment."""
    marker = stage.marks.comment_marker("site", "2", "e" * 20, 0)
    stage.desk.comment("1", 5, marker=marker)
    assert ["5"] == ids(read())


def test_comment_just_written_here_needs_no_second_witness(stage, read):
    """What this process wrote itself costs no call."""
    stage.desk.comment("1", 5)
    stage.own.add("site", "5")
    news = read()
    assert ([], {5}, ["public_comments"]) == (ids(news), news.echoes, stage.desk.calls)


@pytest.mark.fault("F60")
def test_the_last_word_is_that_of_either_side_and_not_one_that_waits(stage, read):
    """A silence ends with what the chat shows or what it said, an echo that is new included."""
    stage.desk.comment("1", 5, created=100_000)
    stage.desk.comment("1", 6, created=200_000)
    stage.desk.comment("1", 7, created=300_000)
    seen = frozenset({5})
    before = read(seen=seen).said
    stage.own.add("site", "6")
    assert (100_000, 200_000) == (before, read(seen=seen).said)


@pytest.mark.fault("F30")
@pytest.mark.invariant("I5")
@pytest.mark.parametrize(("issue_id", "waits"), [("", True), ("1", True), ("2", False)])
def test_comment_by_our_account_waits_while_a_write_is_unresolved(stage, read, issue_id, waits):
    """It may be ours without a marker that can be read yet, so it is looked at again soon."""
    stage.desk.comment("1", 5, author="bot-account")
    stage.desk.comment("1", 6)
    kept = stage.vault.read(Conversation, *BOT, "c1")
    intent = Intent("e" * 20, IntentKind.COMMENT, issue_id, 0, "x", "y")
    stage.vault.replace(kept, kept.record.with_intent(intent))
    news = read()
    assert (["6"] if waits else ["5", "6"]) == ids(news)
    assert waits == (news.look_again is not None)


@pytest.mark.fault("F30")
def test_comment_by_our_account_is_sent_otherwise(stage, read):
    """Other programs may write with our account, and customers shall see that."""
    stage.desk.comment("1", 5, author="bot-account")
    assert ["5"] == ids(read())


@pytest.mark.fault("F10")
def test_late_comment_says_so(stage, read):
    """A comment that became public after newer ones were shown is marked as late."""
    stage.desk.comment("1", 5, created=0)
    stage.desk.comment("1", 6, created=61_000)
    stage.desk.comment("1", 7, created=62_000)
    assert [True, False] == [c.late for c in read(seen=frozenset({6})).comments]
    assert [False] * 3 == [c.late for c in read().comments]


@pytest.mark.fault("F12")
@pytest.mark.invariant("I2")
def test_read_is_good_for_ten_seconds_from_its_start(stage, read, clock):
    """The time that reading takes counts, too."""
    started = clock.monotonic()
    stage.desk.comment("1", 5)
    stage.desk.then("cross_read", lambda: clock.advance(4))
    assert started + 10 == read().fresh_until


@pytest.mark.fault("F82")
def test_what_a_process_wrote_is_forgotten_in_time():
    """Memory is bounded: the oldest ids go first."""
    own = OwnComments()
    for number in range(20_001):
        own.add("site", str(number))
    assert (False, True) == (("site", "0") in own, ("site", "20000") in own)
    assert ("other", "20000") not in own


def test_body_comes_from_the_witness(stage, read, kept):
    """The platform API's text is richer; the customer API's stands in where there is none."""
    stage.desk.comment("1", 5, "words")
    public = stage.desk.issues["1"].public[0]
    stage.desk.issues["1"].public[0] = evolve(public, body=evolve(public.body, blocks=()))
    assert "words" == read().comments[0].body.plain()
    witness = stage.desk.issues["1"].witnesses["5"]
    stage.desk.issues["1"].witnesses["5"] = evolve(witness, body=evolve(witness.body, blocks=()))
    stage.desk.issues["1"].public[0] = public
    assert "words" == read().comments[0].body.plain()
    assert isinstance(kept.record, Link)
