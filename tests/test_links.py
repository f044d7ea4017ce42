"""Links survive being kept, compactly, and say exactly whose they are."""

from __future__ import annotations

import json

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from chatbridge.content import Address
from chatbridge.links import Inflight, Link, LinkState, Opening, Told
from chatbridge.records import Conversation

words = st.text(alphabet=st.characters(codec="utf-8"), max_size=12)
links = st.builds(
    Link,
    site=words,
    issue_id=words,
    platform=words,
    bot_id=words,
    chat=words,
    thread=st.none() | words,
    project=words,
    seen=st.frozensets(st.integers(0, 10**18), max_size=20),
    inflight=st.none()
    | st.builds(
        Inflight, words, st.lists(words, max_size=3).map(tuple), words, words, st.integers(0, 9)
    ),
    told=st.builds(Told, st.booleans(), words, st.booleans(), st.booleans(), st.booleans()),
    state=st.sampled_from(LinkState),
    reason=words,
    note=words,
    opening=st.none() | st.builds(Opening, words, st.integers(0, 9), st.integers(0, 10**8)),
)
LINK = Link("site", "1", "acme", "7", "c1")
SENT = Inflight("5", ("a", "b"), "me", "beat", 2)


@given(links)
def test_links_survive_being_kept(link):
    """What is read is what was written, to the last value."""
    assert link == Link.from_plain(json.loads(json.dumps(link.to_plain())), link.schema)


@pytest.mark.invariant("I19")
def test_seen_comments_cost_little():
    """Ids of a long conversation are kept as differences."""
    link = evolve(LINK, seen=frozenset(range(1_000_000, 1_005_000, 5)))
    assert 2_300 > len(json.dumps(link.to_plain(), separators=(",", ":")))


@pytest.mark.fault("F28")
@pytest.mark.invariant("I22")
@pytest.mark.parametrize(
    ("changes", "mine"),
    [({}, True), ({"chat": "c2"}, False), ({"bot_id": "8"}, False), ({"platform": "x"}, False)],
)
def test_link_belongs_to_one_chat_of_one_bot(changes, mine):
    """A request of another chat, bot or platform is none of this conversation's."""
    assert mine is evolve(LINK, **changes).belongs_to(Conversation("acme", "7", "c1"))


def test_link_is_named_by_its_request():
    """A request has one link."""
    assert ("site", "1") == LINK.identity()


def test_address_is_chat_and_thread():
    """Messages go where the link says."""
    assert Address("c1", "9") == evolve(LINK, thread="9").address


def test_stopped_link_has_nobody_at_work_and_forgets_no_sent_part():
    """When it goes on, what was sent is not sent again; the counts of doubt stay, too."""
    stopped = evolve(LINK, inflight=SENT).stopped(LinkState.SUSPENDED, "blocked", "blocked@1")
    assert (LinkState.SUSPENDED, "blocked", "blocked@1") == (
        stopped.state,
        stopped.reason,
        stopped.note,
    )
    assert evolve(SENT, owner="", beat="") == stopped.inflight


def test_stopped_link_forgets_a_claim_that_sent_nothing():
    """A claim alone is nothing to remember."""
    stopped = evolve(LINK, inflight=evolve(SENT, sent=())).stopped(LinkState.HELD, "burst")
    assert stopped.inflight is None
    assert LINK.stopped(LinkState.HELD, "burst").inflight is None


def test_stopping_keeps_an_older_note():
    """What agents have still to be told is not lost."""
    noted = evolve(LINK, note="blocked@1")
    assert "blocked@1" == noted.stopped(LinkState.HELD, "moved").note


def test_link_moves_with_its_chat_only():
    """The thread of the old chat means nothing in the new one; other chats' links stay."""
    moved = evolve(LINK, thread="9").moved("c1", "c2")
    assert (Address("c2"), None) == (moved.address, LINK.moved("c3", "c2"))


@pytest.mark.fault("F81")
def test_repr_shows_no_chat():
    """Tracebacks may hold links."""
    link = Link("site", "1", "acme", "7", "chat-4711", "thread-4711", seen=frozenset({4711}))
    assert "4711" not in repr(link)


def test_a_chat_that_joins_shows_what_the_other_one_lacks():
    """It begins anew in all but what is the request's own: comments seen, and a double perhaps."""
    opening = Opening("e" * 20)
    before = evolve(
        LINK, seen=frozenset({1, 2}), inflight=SENT, state=LinkState.SUSPENDED, reason="blocked",
        note="blocked@1", told=Told(True, "s", True), thread="t", opening=opening,
    )  # fmt: skip
    chat = Conversation("viber", "8", "c2")
    after = before.joined(chat, "support", None, frozenset({3}))
    assert after.belongs_to(chat) and after.identity() == before.identity()
    assert (frozenset({1, 2, 3}), None, opening) == (after.seen, after.inflight, after.opening)
    assert (LinkState.ACTIVE, "", "", None) == (after.state, after.reason, after.note, after.thread)
    assert Told(notice=True, joined=True) == after.told
