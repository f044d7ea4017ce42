"""Events go through their conversation's lane in order, and one that fails stops no other."""

from __future__ import annotations

import pytest

from chatbridge.errors import ConfigurationError, RetryLaterError, StorageUnavailableError

BOT = ("acme", "7")


@pytest.fixture
def taken(stage, monkeypatch):
    """Return the ids of events that inbound took; what it is told to do first is in `plan`."""
    plan, done = {}, []

    def receive(_bot_key, event, _album):
        failures = plan.get(event.event_id)
        if failures:
            failure = failures.pop(0)
            if failure is not None:
                raise failure
        done.append(event.event_id)

    def give_up(_bot_key, event):
        failures = plan.get(f"give up {event.event_id}")
        if failures:
            raise failures.pop(0)
        done.append(f"gave up {event.event_id}")

    monkeypatch.setattr(stage.inbound, "receive", receive)
    monkeypatch.setattr(stage.inbound, "give_up", give_up)
    stage.plan = plan
    return done


def submit(stage, *numbers, chat="c1", keep=True):
    """Put events into a lane and return their tickets."""
    return [stage.lanes.submit(BOT, stage.event(number, chat), keep=keep) for number in numbers]


@pytest.mark.fault("F44")
def test_events_of_a_conversation_are_done_in_order(stage, taken):
    """A lane is a queue: first come, first done, and every ticket is finished."""
    tickets = submit(stage, 1, 2, 3)
    stage.work()
    assert ["m:1", "m:2", "m:3"] == taken
    assert [True] * 3 == [ticket.finished for ticket in tickets]
    assert 0 == len(stage.lanes)


@pytest.mark.fault("F44")
def test_polled_event_that_has_to_wait_holds_back_those_behind_it(stage, taken):
    """Order is kept: nothing overtakes within a conversation."""
    stage.plan["m:1"] = [RetryLaterError("later", retry_after=30)]
    submit(stage, 1, 2)
    stage.work()
    assert [] == taken
    stage.work(29.0)
    assert [] == taken
    stage.work(5.0)
    assert ["m:1", "m:2"] == taken


@pytest.mark.invariant("I8")
def test_waiting_conversation_does_not_stop_another(stage, taken):
    """A lane that is stuck is alone with it."""
    stage.plan["m:1"] = [RetryLaterError("later")] * 50
    submit(stage, 1)
    (other,) = submit(stage, 2, chat="c2")
    stage.work()
    assert (["m:2"], True) == (taken, other.finished)


def test_failed_webhook_is_told_when_to_come_again(stage, taken):
    """An event that its platform repeats leaves the lane, with the time to wait."""
    stage.plan["m:1"] = [RetryLaterError("later", retry_after=7)]
    first, second = submit(stage, 1, 2, keep=False)
    stage.work()
    assert (False, 7) == (first.finished, first.retry_after)
    assert (True, None) == (second.finished, second.retry_after)


@pytest.mark.fault("F48")
@pytest.mark.parametrize("failure", [StorageUnavailableError("full"), KeyError("x"), ValueError()])
def test_whatever_fails_comes_again(stage, taken, failure):
    """No failure, foreseen or not, loses a polled event."""
    stage.plan["m:1"] = [failure]
    (ticket,) = submit(stage, 1)
    stage.work()
    assert not ticket.finished
    stage.work(60.0)
    assert (["m:1"], True) == (taken, ticket.finished)


@pytest.mark.fault("F48")
@pytest.mark.invariant("I6")
def test_event_that_nobody_can_take_is_given_up_and_its_sender_told(stage, taken):
    """After five failures that nobody foresaw the sender is told, and the lane goes on."""
    stage.plan["m:1"] = [ValueError() for _ in range(99)]
    tickets = submit(stage, 1, 2)
    stage.work(120.0)
    assert ["gave up m:1", "m:2"] == taken
    assert [True, True] == [ticket.finished for ticket in tickets]
    assert 94 == len(stage.plan["m:1"])


@pytest.mark.fault("F48")
def test_foreseen_failures_are_not_counted_against_an_event(stage, taken):
    """A site that is down for long makes no event hopeless."""
    stage.plan["m:1"] = [RetryLaterError("down", retry_after=1.0) for _ in range(8)]
    submit(stage, 1)
    stage.work(3600.0)
    assert ["m:1"] == taken


@pytest.mark.fault("F48")
def test_repeats_of_a_webhook_are_counted_together(stage, taken):
    """Each repeat is another ticket, but it is the same event that is hopeless."""
    stage.plan["m:1"] = [ValueError() for _ in range(99)]
    statuses = []
    for _ in range(6):
        (ticket,) = submit(stage, 1, keep=False)
        stage.work()
        statuses.append(ticket.finished)
    assert [False] * 5 + [True] == statuses
    assert ["gave up m:1"] == taken


def test_failing_to_tell_the_sender_waits_and_tries_again(stage, taken):
    """Where even the apology fails unforeseen, nothing recurses and nothing is lost."""
    stage.plan["m:1"] = [ValueError() for _ in range(99)]
    stage.plan["give up m:1"] = [ConfigurationError("no such site"), ValueError()]
    answers = []
    for _ in range(8):
        (ticket,) = submit(stage, 1, keep=False)
        stage.work()
        answers.append((ticket.finished, ticket.retry_after))
    assert [(False, 1.0)] * 7 + [(True, None)] == answers


def test_finished_ticket_holds_no_content(stage, taken):
    """What was said leaves memory when it is done."""
    stage.plan["m:2"] = [RetryLaterError("later")]
    tickets = submit(stage, 1, 2, keep=False)
    stage.work()
    assert [None, None] == [ticket.event for ticket in tickets]


def test_waiting_for_tickets_ends_when_all_are_settled(stage, taken, clock):
    """A finished or failed ticket is waited for no longer; an open one up to the limit."""
    stage.plan["m:1"] = [RetryLaterError("later")]
    settled = submit(stage, 1, 2, keep=False)
    stage.work()
    before = clock.monotonic()
    assert stage.lanes.wait(settled, 5.0)
    assert before == clock.monotonic()
    assert not stage.lanes.wait(submit(stage, 3), 5.0)
    assert before + 5.0 == clock.monotonic()


def test_lane_knows_what_it_holds(stage, taken):
    """An event in memory is known by its bot and key until it is done."""
    key = stage.marks.event_key(*BOT, "m:1")
    submit(stage, 1)
    assert (True, False) == (stage.lanes.holds(BOT, key), stage.lanes.holds(("acme", "8"), key))
    stage.work()
    assert not stage.lanes.holds(BOT, key)


def test_overtaking_is_noted_durably_once(stage):
    """The intent of an overtaken event is in the storage before the position passes it."""
    stage.link()
    (ticket,) = submit(stage, 1)
    assert stage.lanes.overtake([ticket])
    (intent,) = stage.talk().pending
    assert (True, False, True) == (intent.overtaken, intent.is_begun, ticket.overtaken)
    assert stage.lanes.overtake([ticket])
    assert (intent,) == stage.talk().pending


def test_overtaking_that_cannot_be_noted_does_not_happen(stage, monkeypatch):
    """Without a durable note the position stays where it is."""

    def fails(*_arguments):
        raise StorageUnavailableError("full")

    (ticket,) = submit(stage, 1)
    monkeypatch.setattr(stage.inbound, "overtake", fails)
    assert (False, False) == (stage.lanes.overtake([ticket]), ticket.overtaken)


def test_overtaken_event_is_still_done(stage):
    """An event that was overtaken lives on in memory and gets to its request."""
    stage.link()
    (ticket,) = submit(stage, 1)
    stage.lanes.overtake([ticket])
    stage.work()
    assert (True, ()) == (ticket.finished, stage.talk().pending)
    assert ["Jana (Acme)\n\nwords 1"] == [c.body.plain() for c in stage.desk.issues["1"].public]
