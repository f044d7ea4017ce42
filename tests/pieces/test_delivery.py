"""One item gets onto a chat once, whatever crashes, and nothing blocks a chat for ever."""

from __future__ import annotations

import pytest
from attrs import evolve

from chatbridge.content import Choice
from chatbridge.delivery_jobs import LostClaimError, StaleWitnessError
from chatbridge.errors import (
    Refusal,
    RefusedError,
    RetryLaterError,
    StorageUnavailableError,
    UnknownOutcomeError,
    UnsupportedFeatureError,
)
from chatbridge.links import Inflight, Link, LinkState
from chatbridge.records import ProjectState
from chatbridge.sending import MOST_UNKNOWN

LONG = " ".join(f"word{number}" for number in range(40))


@pytest.fixture
def kept(stage):
    """Return a link."""
    return stage.link()


def deliver(stage, kept, job=None):
    """Deliver to the link as it is kept now."""
    fresh = stage.vault.read_key(Link, kept.key)
    return stage.delivery.deliver(fresh, job or stage.job())


def test_an_item_is_sent_and_counts_as_seen(stage, kept):
    """After a delivery the record holds the item and no claim."""
    done = deliver(stage, kept)
    assert ["hello"] == stage.transport.texts()
    assert (frozenset({100}), None) == (done.record.seen, done.record.inflight)
    assert done.record == stage.now(kept)


def test_long_item_is_sent_in_parts_with_their_own_keys(stage, kept):
    """Every part is sent once, in order, each under a key of its own."""
    deliver(stage, kept, stage.job(LONG))
    keys = [shown["key"] for shown in stage.transport.shown]
    assert LONG == " ".join(stage.transport.texts())
    assert len(keys) == len(set(keys)) > 2


@pytest.mark.fault("F1")
@pytest.mark.invariant("I9")
def test_claim_is_written_before_anything_is_sent(stage, kept):
    """When the first call is made, the storage already says who sends what."""
    seen = []
    stage.transport.then("send", lambda _: seen.append(stage.now(kept).inflight))
    deliver(stage, kept)
    (inflight,) = seen
    assert ("100", stage.owner) == (inflight.item, inflight.owner)


@pytest.mark.fault("F1", "F62")
@pytest.mark.invariant("I9")
def test_nothing_is_sent_without_a_durable_claim(stage, kept, monkeypatch):
    """A storage that takes nothing stops the sending."""

    def full(*_arguments, **_options):
        raise StorageUnavailableError("full")

    monkeypatch.setattr(stage.storage, "put", full)
    with pytest.raises(StorageUnavailableError):
        deliver(stage, kept)
    assert [] == stage.transport.calls


@pytest.mark.fault("F4")
def test_failure_between_parts_resumes_at_the_next_part(stage, kept, make_stage):
    """Another process sends what is missing and nothing twice."""
    stage.transport.then("send", None, RetryLaterError("down"))
    with pytest.raises(RetryLaterError):
        deliver(stage, kept, stage.job(LONG))
    other = make_stage()
    other.roster.refresh()
    deliver(other, kept, other.job(LONG))
    assert LONG == " ".join([*stage.transport.texts(), *other.transport.texts()])


@pytest.mark.fault("F4")
@pytest.mark.invariant("I3")
def test_edit_between_parts_repeats_at_most_what_changed(stage, kept):
    """Parts are remembered by what they say, so an edit does not shift them."""
    stage.transport.then("send", None, RetryLaterError("down"))
    with pytest.raises(RetryLaterError):
        deliver(stage, kept, stage.job(LONG))
    first = stage.transport.texts()[0]
    deliver(stage, kept, stage.job(LONG + " and an edit"))
    assert 1 == stage.transport.texts().count(first)
    assert "edit" in stage.transport.texts()[-1]


def test_equal_parts_are_all_sent(stage, kept):
    """Two parts that say the same are two parts."""
    text = " ".join(["same"] * 60)
    deliver(stage, kept, stage.job(text))
    assert text == " ".join(stage.transport.texts())


@pytest.mark.fault("F62")
@pytest.mark.invariant("I3")
def test_unrecorded_send_is_not_repeated_by_the_same_process(stage, kept, monkeypatch):
    """A part that was sent while the storage failed is not sent again when it works."""
    put = stage.storage.put

    def fails_once_after_the_send(*arguments, **options):
        if stage.transport.shown:
            monkeypatch.setattr(stage.storage, "put", put)
            raise StorageUnavailableError("full")
        return put(*arguments, **options)

    monkeypatch.setattr(stage.storage, "put", fails_once_after_the_send)
    with pytest.raises(StorageUnavailableError):
        deliver(stage, kept)
    deliver(stage, kept)
    assert ["hello"] == stage.transport.texts()
    assert frozenset({100}) == stage.now(kept).seen


def test_text_of_state_that_was_once_unrecorded_can_be_sent_again_later(stage, kept, monkeypatch):
    """What is remembered of a failed write is forgotten with its item, or a later one is lost."""
    test_unrecorded_send_is_not_repeated_by_the_same_process(stage, kept, monkeypatch)
    deliver(stage, kept)
    assert ["hello", "hello"] == stage.transport.texts()


@pytest.mark.fault("F29")
@pytest.mark.invariant("I3")
def test_unknown_outcome_is_tried_again_and_not_for_ever(stage, kept):
    """A part whose outcome nobody knows is repeated a few times, then agents are told."""
    stage.transport.then("send", *[UnknownOutcomeError("lost")] * MOST_UNKNOWN)
    for _ in range(MOST_UNKNOWN - 1):
        with pytest.raises(RetryLaterError):
            deliver(stage, kept)
    done = deliver(stage, kept)
    assert (MOST_UNKNOWN, frozenset({100})) == (len(stage.transport.shown), done.record.seen)
    assert done.record.note.startswith("unconfirmed@")


@pytest.mark.fault("F29")
def test_unknown_outcomes_are_counted_per_part(stage, kept):
    """A part that went well starts the count anew."""
    stage.transport.then("send", UnknownOutcomeError("lost"), None, UnknownOutcomeError("lost"))
    for _ in range(2):
        with pytest.raises(RetryLaterError):
            deliver(stage, kept, stage.job(LONG))
    assert 1 == stage.now(kept).inflight.attempts


@pytest.mark.fault("F26")
@pytest.mark.parametrize("reason", ["bad_markup", "invalid", "client_too_old"])
def test_refused_formatting_is_left_out(stage, kept, refused, reason):
    """What is refused with formatting is sent without."""
    stage.transport.then("send", refused(reason))
    deliver(stage, kept)
    assert [("hello", True)] == [(each["text"], each["plain"]) for each in stage.transport.shown]
    assert "" == stage.now(kept).note


@pytest.mark.fault("F26")
@pytest.mark.invariant("I27")
def test_what_is_refused_in_every_form_is_replaced_and_told(stage, kept, refused):
    """A text that cannot be shown leaves a visible trace in the chat and a note for agents."""
    stage.transport.then("send", refused("bad_markup"), refused("invalid"))
    done = deliver(stage, kept)
    assert ["could not be shown"] == stage.transport.texts()
    assert done.record.note.startswith("not_shown@")


@pytest.mark.fault("F26")
def test_nothing_blocks_a_chat_for_ever(stage, kept, refused):
    """Even where the stand-in is refused, the item counts as dealt with and agents are told."""
    stage.transport.then("send", *[refused("invalid")] * 3)
    done = deliver(stage, kept)
    assert (frozenset({100}), True) == (done.record.seen, bool(done.record.note))


@pytest.mark.fault("F26")
def test_what_the_platform_cannot_express_is_replaced_and_told(stage, kept):
    """An adapter that refuses to draw a part does not stop the parts behind it."""
    stage.transport.then("send", *[UnsupportedFeatureError("no")] * 2)
    deliver(stage, kept)
    assert ["could not be shown"] == stage.transport.texts()


@pytest.mark.fault("F26")
def test_too_long_part_is_cut_smaller(stage, kept, refused):
    """A platform that finds a part too long gets it in smaller pieces, complete and in order."""
    stage.transport.then("send", refused("too_long"), refused("too_long"))
    deliver(stage, kept, stage.job(LONG))
    assert LONG == " ".join(stage.transport.texts())


def test_equal_pieces_of_equal_parts_are_all_sent(stage, kept, refused):
    """Cutting two equal parts smaller loses none of their equal pieces."""

    def short_only(request):
        return refused("too_long") if len(request.json["text"]) > 60 else None

    text = " ".join(["same"] * 60)
    stage.transport.then("send", *[short_only] * 99)
    deliver(stage, kept, stage.job(text))
    assert text == " ".join(stage.transport.texts())


def test_choices_stand_under_the_last_piece_only(stage, kept, refused):
    """A question that is cut smaller keeps its buttons at its end, once."""
    stage.transport.then("send", refused("too_long"))
    job = stage.job(LONG[:80], item="held", choices=(Choice("yes", "data"),))
    deliver(stage, kept, job)
    assert ["data"] == stage.transport.shown[-1]["choices"]
    assert 1 == sum(bool(each["choices"]) for each in stage.transport.shown)


@pytest.mark.fault("F25")
def test_vanished_thread_is_left(stage):
    """Where the topic is gone, the part goes into the chat itself, and later ones as well."""
    kept = stage.link(thread="9")
    stage.transport.then("send", lambda request: _thread_gone(request))
    deliver(stage, kept)
    assert ([None], None) == ([each["thread"] for each in stage.transport.shown],
                              stage.now(kept).thread)  # fmt: skip


def _thread_gone(request):
    return RefusedError(Refusal.THREAD_GONE)


@pytest.mark.fault("F25")
@pytest.mark.parametrize("reason", ["blocked", "gone", "migrated", "window_closed", "forbidden"])
def test_unreachable_chat_is_told_to_the_caller(stage, kept, refused, reason):
    """A refusal that is about the chat is raised, with nothing counted as sent."""
    stage.transport.then("send", refused(reason))
    with pytest.raises(RefusedError) as raised:
        deliver(stage, kept)
    assert (reason, frozenset()) == (raised.value.reason, stage.now(kept).seen)


@pytest.mark.fault("F5", "F6")
@pytest.mark.invariant("I9")
def test_claim_that_another_process_took_stops_the_sending(stage, kept):
    """Whoever lost the claim between two parts sends no more."""

    def stolen(_request):
        fresh = stage.vault.read_key(Link, kept.key)
        theirs = Inflight("100", (), "other", "b1")
        stage.vault.replace(fresh, evolve(fresh.record, inflight=theirs))

    stage.transport.then("send", stolen)
    with pytest.raises(LostClaimError):
        deliver(stage, kept, stage.job(LONG))
    assert 1 == len(stage.transport.shown)
    assert "other" == stage.now(kept).inflight.owner


@pytest.mark.fault("F61")
def test_change_by_somebody_else_is_kept(stage, kept):
    """A conflict that leaves the claim alone is no loss: both changes are in the record."""

    def noted(_request):
        fresh = stage.vault.read_key(Link, kept.key)
        stage.vault.replace(fresh, evolve(fresh.record, note="blocked@1"))

    stage.transport.then("send", noted)
    deliver(stage, kept)
    assert ("blocked@1", frozenset({100})) == (stage.now(kept).note, stage.now(kept).seen)


@pytest.mark.fault("F78")
@pytest.mark.invariant("I16")
def test_link_that_stops_meanwhile_sends_no_more(stage, kept):
    """A link that is held or suspended between two parts sends none of the others."""

    def stopped(_request):
        fresh = stage.vault.read_key(Link, kept.key)
        stage.vault.replace(fresh, evolve(fresh.record, state=LinkState.HELD))

    stage.transport.then("send", stopped)
    with pytest.raises(LostClaimError):
        deliver(stage, kept, stage.job(LONG))
    assert 1 == len(stage.transport.shown)


@pytest.mark.fault("F78")
@pytest.mark.invariant("I16")
def test_project_paused_meanwhile_sends_no_more(stage, kept):
    """A pause holds from the next part on."""

    def paused(_request):
        (project,) = stage.roster.refresh()
        record = project.kept.record
        stage.vault.replace(project.kept, evolve(record, state=ProjectState.PAUSED))

    stage.transport.then("send", paused)
    with pytest.raises(LostClaimError):
        deliver(stage, kept, stage.job(LONG))
    assert 1 == len(stage.transport.shown)


@pytest.mark.fault("F12")
@pytest.mark.invariant("I2")
def test_old_witness_sends_nothing(stage, kept, clock):
    """A part may be sent while its read is young, and not a moment later."""
    job = stage.job(fresh_until=clock.monotonic() + 10)
    clock.advance(10.5)
    with pytest.raises(StaleWitnessError):
        deliver(stage, kept, job)
    assert [] == stage.transport.calls


@pytest.mark.fault("F5")
def test_slow_sending_keeps_its_claim_alive(stage, kept, clock, refused):
    """Even one part that takes long renews its beat, so that nobody takes it for dead."""
    beats = []

    def slow(_request):
        beats.append(stage.now(kept).inflight.beat)
        clock.advance(stage.timings.lease / 3)
        return refused("bad_markup") if len(beats) == 1 else None

    stage.transport.then("send", slow, slow)
    deliver(stage, kept)
    assert (2, 2) == (len(beats), len(set(beats)))


@pytest.mark.fault("F78")
@pytest.mark.invariant("I16")
def test_change_of_a_link_that_is_gone_is_refused(stage, kept):
    """A link that was removed is not written again."""
    fresh = stage.vault.read_key(Link, kept.key)
    stage.vault.delete(fresh)
    with pytest.raises(LostClaimError):
        stage.delivery.change(fresh, lambda link: evolve(link, note="x@1"))
    assert stage.now(kept) is None


def test_answer_to_a_message_that_is_gone_stands_by_itself(stage, kept, monkeypatch):
    """Only the first part answers a message; refused as that, it is sent without."""
    sent, adapter = [], type(stage.job().bot.adapter)
    send = adapter.send

    def refusing(self, message):
        sent.append(message.reply_to)
        if message.reply_to is not None:
            raise RefusedError(Refusal.REPLY_GONE)
        return (yield from send(self, message))

    monkeypatch.setattr(adapter, "capabilities", evolve(adapter.capabilities, replies=True))
    monkeypatch.setattr(adapter, "send", refusing)
    job = stage.job(LONG)
    deliver(stage, kept, evolve(job, draft=evolve(job.draft, reply_to="9")))
    assert LONG == " ".join(stage.transport.texts())
    assert ["9", None] == sent[:2]
    assert {None} == set(sent[2:])


def test_nothing_is_answered_where_the_platform_cannot_show_it(stage, kept, monkeypatch):
    """A platform without replies is never asked for one."""
    sent, adapter = [], type(stage.job().bot.adapter)
    send = adapter.send

    def seen(self, message):
        sent.append(message.reply_to)
        return (yield from send(self, message))

    monkeypatch.setattr(adapter, "send", seen)
    job = stage.job()
    deliver(stage, kept, evolve(job, draft=evolve(job.draft, reply_to="9")))
    assert [None] == sent
