"""What routing is told is true: only links that exist and name this chat count."""

from __future__ import annotations

import pytest
from attrs import evolve

from chatbridge.content import Address
from chatbridge.events import ChoicePicked, Command, ConversationStarted, MessageEdited, ReplyTo
from chatbridge.links import Link, LinkState, Told
from chatbridge.project import ProjectSettings
from chatbridge.routing import Situation
from chatbridge.situations import Situations

CHAT = "c1"
SETTINGS = ProjectSettings(
    name="support", site="site", service_desk="10", request_type="25", max_open_requests=2
)


@pytest.fixture
def look(stage, clock):
    """Return what tells the situation of an event."""
    situations = Situations(stage.vault, stage.marks, clock)

    def of(event=None, **changes):
        return situations.of(event or stage.event(), evolve(stage.talk(), **changes), SETTINGS)

    return of


def handle(stage, issue_id="1", chat=CHAT):
    """Return the handle of a request."""
    return stage.marks.handle("site", issue_id, Address(chat))


def test_current_request_is_known(stage, look):
    """An open current request takes messages."""
    stage.link()
    assert Situation(current="1") == look()


@pytest.mark.parametrize(
    ("changes", "takes"),
    [
        ({}, True),
        ({"told": Told(ended=True)}, False),
        ({"state": LinkState.GONE}, False),
        ({"state": LinkState.SUSPENDED, "reason": "no_access"}, False),
        ({"state": LinkState.HELD, "reason": "moved"}, False),
        ({"state": LinkState.SUSPENDED, "reason": "blocked"}, True),
        ({"state": LinkState.HELD, "reason": "burst"}, True),
        ({"chat": "c2"}, False),
        ({"bot_id": "8"}, False),
        (None, False),
    ],
)
def test_request_takes_messages_only_while_it_can(stage, look, changes, takes):
    """Ended, lost, foreign and missing requests take none, whatever the conversation says."""
    kept = stage.link()
    if changes is None:
        stage.vault.delete(kept)
    else:
        stage.vault.replace(kept, evolve(kept.record, **changes))
    reply = evolve(stage.event(), reply_to=ReplyTo(handle=handle(stage)))
    assert ("1" if takes else "", "1" if takes else "") == (look().current, look(reply).addressed)


def test_who_names_a_request_is_known(stage, look):
    """What the platform says of every message is told apart from what the person answered."""
    stage.link()
    said = [evolve(stage.event(), reply_to=ReplyTo(handle=handle(stage), implied=implied))
            for implied in (True, False)]  # fmt: skip
    assert [("1", True), ("1", False)] == [(look(e).addressed, look(e).implied) for e in said]
    assert not look().implied


def test_reply_and_start_link_address_a_request(stage, look):
    """A handle names its request, whichever way it comes back."""
    stage.link("1")
    stage.link("2")
    reply = evolve(stage.event(), reply_to=ReplyTo(handle=handle(stage)))
    start = evolve(stage.event(), command=Command("start", handle(stage)))
    opened = ConversationStarted(event_id="s", address=Address(CHAT), payload=handle(stage))
    looks = [look(event) for event in (reply, start, opened)]
    assert [("2", "1")] * 3 == [(now.current, now.addressed) for now in looks]


@pytest.mark.fault("F60")
@pytest.mark.parametrize("given", ["", "nonsense", "\ud800", None])
def test_unknown_handle_addresses_nothing(stage, look, given):
    """What is no handle of this chat is as if nothing was named."""
    stage.link()
    assert "" == look(evolve(stage.event(), reply_to=ReplyTo(handle=given))).addressed


@pytest.mark.fault("F60")
@pytest.mark.invariant("I22")
def test_handle_of_another_chat_addresses_nothing(stage, look):
    """A handle is good in its own chat, even for a request that both chats once had."""
    stage.link()
    stage.link("2", "c2")
    for issue_id in ("1", "2"):
        foreign = evolve(stage.event(), reply_to=ReplyTo(handle=handle(stage, issue_id, "c2")))
        assert "" == look(foreign).addressed


def test_other_commands_address_nothing(stage, look):
    """Only /start carries a handle."""
    stage.link()
    assert "" == look(evolve(stage.event(), command=Command("help", handle(stage)))).addressed


def test_picked_choice_is_read(stage, look, clock):
    """A signed choice names its action and request; also where the request takes no messages."""
    kept = stage.link(told=Told(ended=True))
    data = stage.marks.sign_choice("more", handle(stage), Address(CHAT), clock.time() + 60)
    event = ChoicePicked(event_id="c:1", address=Address(CHAT), data=data)
    assert ("more", "1") == (look(event).choice, look(event).addressed)
    forged = evolve(event, data=data[:-1] + "!")
    assert ("", "") == (look(forged).choice, look(forged).addressed)
    clock.advance(1000)
    assert "" == look(event).choice
    assert isinstance(kept.record, Link)


def test_edits_address_nothing(stage, look):
    """An edit goes to the current request."""
    stage.link()
    event = MessageEdited(event_id="e:1", address=Address(CHAT), message_id="1")
    assert Situation(current="1") == look(event)


@pytest.mark.fault("F52")
def test_open_requests_are_counted(stage, look):
    """Ended and foreign requests do not count against the limit; it holds for open ones."""
    stage.link("1")
    assert look().may_open
    stage.link("2")
    assert not look().may_open
    kept = stage.vault.read(Link, "site", "1")
    stage.vault.replace(kept, evolve(kept.record, told=Told(ended=True)))
    assert look().may_open


def test_who_has_no_current_request_may_always_open_one(stage, look):
    """Nobody is left without a place for a message."""
    stage.link("1")
    stage.link("2")
    assert look(current="").may_open


def test_wish_for_a_new_request_is_passed_on(stage, look):
    """/new is remembered in the conversation."""
    stage.link()
    assert (True, False) == (look(wants_new=True).wants_new, look().wants_new)
