"""What a platform says after it took a message, and refusals that a person has to settle."""

from __future__ import annotations

import pytest
from attrs import evolve

from chatbridge.content import Address
from chatbridge.delivery_jobs import LostClaimError
from chatbridge.errors import Refusal, RefusedError, RetryLaterError
from chatbridge.events import AvailabilityChanged, ChoicePicked, DeliveryReported
from chatbridge.links import Inflight, LinkState
from chatbridge.observation import NoticeKind
from chatbridge.receipts import Receipts
from chatbridge.setbacks import Setbacks

BOT = ("acme", "7")
CHAT = "c1"


@pytest.fixture
def setbacks(stage, clock):
    """Return what deals with refusals."""
    return Setbacks(stage.vault, stage.delivery, stage.watch, clock)


@pytest.fixture
def refuse(stage, setbacks):
    """Let the platform refuse an answer; return when it is tried again."""

    def of(kept, reason, explanation="said by the adapter"):
        bot = stage.roster.bot(*BOT)[1]
        error = RefusedError(reason, explanation)
        return setbacks.refused(kept.key, bot, stage.roster.desk("site"), error)

    return of


def report(status, number="1"):
    """Return what a platform says of a message."""
    return DeliveryReported(
        event_id=f"{status}:{number}", address=Address(CHAT), message_id=number, status=status
    )


def troubles(stage):
    """Return how many notices of trouble with the bot there were."""
    return stage.observer.tally().counts.get(
        ("notices", (("kind", NoticeKind.BOT_TROUBLE.value),)), 0
    )


def test_used_up_quota_waits_and_is_told_once_a_day(stage, clock, refuse):
    """The link stays active and is tried again; agents read it once a day, the host hears of it."""
    kept = stage.link()
    assert [900.0, 900.0] == [refuse(kept, Refusal.QUOTA) for _ in range(2)]
    (note,) = stage.desk.issues["1"].notes
    assert "quota or balance is used up" in note
    assert ("active", "", 2) == (stage.now(kept).state, stage.now(kept).note, troubles(stage))
    clock.advance(86400)
    refuse(kept, Refusal.QUOTA)
    assert 2 == len(stage.desk.issues["1"].notes)


def test_a_missing_webhook_is_told_to_the_host(stage, refuse):
    """What only a person can mend is told to the host, and not to the agents."""
    kept = stage.link()
    assert (60.0, 1, []) == (
        refuse(kept, Refusal.CONFLICT),
        troubles(stage),
        stage.desk.issues["1"].notes,
    )


def test_other_refusals_stay_quiet(stage, refuse):
    """A refusal that ends by itself is no trouble of the bot."""
    assert (60.0, 0) == (refuse(stage.link(), Refusal.REPLY_GONE), troubles(stage))


def test_a_reported_failure_is_noted_on_the_current_request(stage):
    """What a device refused after all becomes a note; whoever writes it is woken."""
    first, second = stage.link("1"), stage.link("2")
    stage.inbound.receive(BOT, report("failed"))
    assert ("", "failed_later") == (
        stage.now(first).note,
        stage.now(second).note.partition("@")[0],
    )
    assert second.key == stage.queue.get(0)


def test_a_reported_failure_is_noted_on_the_request_it_was_about(stage):
    """Where the receipt is at hand, the current request stays untouched."""
    first, second = stage.link("1"), stage.link("2")
    Receipts(stage.vault).note(first.record, ("1",))
    stage.inbound.receive(BOT, report("failed"))
    assert ("failed_later", "") == (
        stage.now(first).note.partition("@")[0],
        stage.now(second).note,
    )
    assert first.key == stage.queue.get(0)


def test_a_receipt_of_a_request_that_is_not_of_this_chat_leads_nowhere(stage):
    """Where the link is gone or names another chat, the current request is told."""
    other, mine = stage.link("1", chat="c2"), stage.link("2")
    Receipts(stage.vault).note(other.record, ("1",))
    stage.inbound.receive(BOT, report("failed"))
    assert ("", "failed_later") == (stage.now(other).note, stage.now(mine).note.partition("@")[0])


def test_a_note_that_waits_is_not_replaced(stage):
    """A report waits, to be repeated, until agents have read what they are told before it."""
    kept = stage.link(note="blocked@1")
    with pytest.raises(RetryLaterError):
        stage.inbound.receive(BOT, report("failed"))
    assert ("blocked@1", kept.key) == (stage.now(kept).note, stage.queue.get(0))
    now = stage.vault.read_key(type(kept.record), kept.key)
    stage.vault.replace(now, evolve(now.record, note=""))
    stage.inbound.receive(BOT, report("failed"))
    assert "failed_later" == stage.now(kept).note.partition("@")[0]


@pytest.mark.parametrize(("ordered", "state"), [(True, "suspended"), (False, "active")])
def test_a_word_that_may_be_late_stops_nothing(stage, monkeypatch, ordered, state):
    """Where webhooks come in no order, that somebody left is found out by the next answer."""
    kept = stage.link()
    adapter = stage.roster.bot(*BOT)[1].adapter
    monkeypatch.setattr(adapter, "capabilities", evolve(adapter.capabilities, ordered=ordered))
    gone = AvailabilityChanged(event_id="1", address=Address(CHAT), available=False)
    stage.inbound.receive(BOT, gone)
    assert state == stage.now(kept).state


@pytest.mark.fault("F5", "F25")
@pytest.mark.invariant("I3", "I9")
def test_whoever_sends_keeps_its_claim_when_a_chat_goes_and_comes_back(stage, monkeypatch):
    """Within the seconds of one call nobody else may send what is being sent already."""
    mine = Inflight("10001", (), "another process", "b1")
    kept = stage.link(inflight=mine)
    adapter = stage.roster.bot(*BOT)[1].adapter
    monkeypatch.setattr(adapter, "capabilities", evolve(adapter.capabilities, ordered=True))
    for event_id, available in (("1", False), ("2", True)):
        news = AvailabilityChanged(event_id=event_id, address=Address(CHAT), available=available)
        stage.inbound.receive(BOT, news)
        state = LinkState.ACTIVE if available else LinkState.SUSPENDED
        assert (state, mine) == (stage.now(kept).state, stage.now(kept).inflight)


def test_agents_read_what_waits_before_a_chat_stops(stage, refuse):
    """A refusal for good brings a note of its own, after the one that was not written yet."""
    kept = stage.link(note="unconfirmed@1")
    refuse(kept, Refusal.NOT_SUBSCRIBED)
    first, second = stage.desk.issues["1"].notes
    assert ("never confirmed" in first, "not subscribed" in second) == (True, True)
    assert ("suspended", "") == (stage.now(kept).state, stage.now(kept).note)


@pytest.mark.parametrize("status", ["delivered", "seen"])
def test_good_reports_change_nothing(stage, status):
    """That a message arrived or was read is taken for granted and kept nowhere."""
    kept = stage.link()
    before = stage.vault.storage.get(kept.key)
    stage.inbound.receive(BOT, report(status))
    assert before == stage.vault.storage.get(kept.key)


def test_a_failure_without_a_request_is_nothing(stage):
    """A report about a chat without requests is acknowledged."""
    stage.inbound.receive(BOT, report("failed"))
    assert [] == [kept for kept in stage.vault.scan(type(stage.link().record)) if kept.record.note]


def test_an_old_button_is_answered_in_the_chat_where_presses_have_no_answer(stage):
    """A platform without answers to presses is told by a message."""
    stage.inbound.receive(BOT, ChoicePicked(event_id="1", address=Address(CHAT), data="forged"))
    assert ["This button is no longer valid."] == stage.transport.texts()


def notices(stage, kind):
    """Return how many notices of this kind there were."""
    return stage.observer.tally().counts.get(("notices", (("kind", kind.value),)), 0)


@pytest.mark.fault("F22")
def test_a_site_that_refuses_our_credentials_gives_nothing_up(stage, setbacks):
    """The link stays as it is, is looked at again in a minute, and the host hears why."""
    kept = stage.link()
    error = RefusedError(Refusal.UNAUTHORISED)
    assert [60.0, 60.0] == [setbacks.no_access(kept, error) for _ in range(2)]
    assert (kept.record, 2) == (stage.now(kept), notices(stage, NoticeKind.SITE_TROUBLE))


@pytest.mark.fault("F18")
def test_a_refusal_that_tells_nothing_of_access_suspends_nothing(stage, setbacks, clock):
    """A quota or a conflict is no lost request, however long it lasts."""
    kept = stage.link()
    for _ in range(3):
        with pytest.raises(RefusedError):
            setbacks.no_access(kept, RefusedError(Refusal.CONFLICT))
        clock.advance(3600)
    assert kept.record == stage.now(kept)


@pytest.mark.fault("F78")
def test_a_refusal_for_a_link_that_is_gone_does_nothing(stage, refuse):
    """An administrator removed it while the platform was asked: nobody is told of a block."""
    kept = stage.link()
    stage.vault.delete(kept)
    assert None is refuse(kept, Refusal.BLOCKED)
    assert (None, []) == (stage.now(kept), stage.desk.issues["1"].notes)


@pytest.mark.fault("F46")
def test_a_report_of_failure_for_a_chat_without_requests_tells_nobody(stage):
    """There is no issue in which agents could read it; the report is done with all the same."""
    stage.inbound.receive(BOT, report("failed"))
    assert {} == {key: each.notes for key, each in stage.desk.issues.items() if each.notes}


@pytest.mark.fault("F40")
def test_a_claim_on_a_note_that_somebody_else_won_is_given_back(stage, setbacks):
    """Who finds the record changed writes nothing: one of two processes tells the agents."""
    kept = stage.link(note="blocked@1")
    stage.vault.update(kept, lambda link: evolve(link, thread="2"))
    with pytest.raises(LostClaimError):
        setbacks.write_note(kept, stage.roster.desk("site"))
    assert [] == stage.desk.issues["1"].notes


def test_agents_that_cannot_be_told_now_are_told_later(stage, setbacks):
    """A refused note stays on the link, with what is known of sent parts."""
    kept = stage.link(note="blocked@1")
    stage.desk.then("add_note", RefusedError(Refusal.FORBIDDEN))
    setbacks.write_note(kept, stage.roster.desk("site"))
    assert ("blocked@1", None) == (stage.now(kept).note, stage.now(kept).inflight)
    fresh = stage.vault.read_key(type(kept.record), kept.key)
    setbacks.write_note(fresh, stage.roster.desk("site"))
    assert (1, "") == (len(stage.desk.issues["1"].notes), stage.now(kept).note)
