"""A chat joins a request by a link: once, for a short time, and the old chat leaves it."""

from __future__ import annotations

import pytest
from attrs import evolve

from chatbridge import ConfigurationError
from chatbridge.invitations import Invitation
from chatbridge.joining import TRIES
from chatbridge.links import Inflight, Link

NEW = 1002
"""The chat that is invited."""


def _word(world, issue, **more):
    (link,) = world.bridge.links.invite(issue, **more)
    return link.url.partition("?start=")[2]


def _opens(world, word, chat=NEW, **more):
    world.says(f"/start {word}", chat=chat, **more)
    world.run()


def _alone(world, text="From the portal"):
    """Return the key of a request that no chat has: its link was removed by the administrator."""
    (request,) = world.requests()
    world.agent(request["key"], text)
    world.bridge.links.remove("acme", request["id"])
    return request["key"]


@pytest.mark.both_editions
def test_a_chat_joins_a_request_without_one(world, opened):
    """It is told key and status, gets what comes from then on, and can add to it (F59, I22)."""
    key = _alone(world)
    _opens(world, _word(world, key))
    (greeting,) = [each for each in world.transcript(NEW) if "connected" in each]
    assert greeting.startswith(key) and "Waiting for support" in greeting
    assert 0 == world.shown("From the portal", NEW)
    world.agent(key, "And on the phone")
    world.says("It is me", chat=NEW)
    world.run()
    assert 1 == world.shown("And on the phone", NEW)
    (request,) = world.requests()
    assert 1 == sum("It is me" in each["text"] for each in request["comments"])


@pytest.mark.both_editions
def test_a_request_moves_to_the_chat_that_joins(world, opened):
    """The chat that had it is told once and gets nothing of it any more (I22)."""
    _opens(world, _word(world, opened))
    world.agent(opened, "Only for the new chat")
    world.run()
    assert (1, 0) == (world.shown("goes on in another chat"), world.shown("Only for the new chat"))
    assert 1 == world.shown("Only for the new chat", NEW)
    world.says("Another question")
    world.run()
    assert 2 == len(world.requests())


def test_what_the_old_chat_had_not_been_shown_comes_to_the_new_one(world, opened):
    """No public comment is lost between two chats, and none is shown again (I1, I3)."""
    world.agent(opened, "Seen before")
    world.run()
    word = _word(world, opened)
    world.telegram.control("block", {"chat": 1001})
    world.agent(opened, "Not seen yet")
    world.run()
    _opens(world, word)
    assert (0, 1) == (world.shown("Seen before", NEW), world.shown("Not seen yet", NEW))
    (link,) = world.bridge.links.all()
    assert (str(NEW), "active", "") == (link.chat, link.state, link.reason)


@pytest.mark.fault("F59")
def test_a_link_is_good_once(world, opened):
    """Of two chats the first gets the request; the other hears the same as of any bad link."""
    word = _word(world, opened)
    _opens(world, word)
    _opens(world, word, chat=1003)
    world.agent(opened, "Secret")
    world.run()
    assert (1, 0) == (world.shown("Secret", NEW), world.shown("Secret", 1003))
    assert ["This link is not valid any more. Please ask for a new one."] == world.transcript(1003)


@pytest.mark.fault("F59")
def test_two_chats_at_once_have_one_winner(world, opened):
    """Whoever of two is quicker gets the request, and the other nothing of it (F59)."""
    word = _word(world, opened)
    for chat in (1002, 1003):
        world.says(f"/start {word}", chat=chat)
    world.run()
    world.agent(opened, "Secret")
    world.run()
    assert [0, 1] == sorted(world.shown("Secret", chat) for chat in (1002, 1003))
    assert 1 == sum(world.shown("not valid any more", chat) for chat in (1002, 1003))


def test_the_same_chat_may_open_its_link_twice(world, opened):
    """A second tap on the link is answered, and changes nothing."""
    word = _word(world, opened)
    _opens(world, word)
    _opens(world, word)
    assert (1, 1) == (world.shown("is now connected", NEW), world.shown("messages now go", NEW))
    assert 1 == world.shown("goes on in another chat")


def test_the_chat_of_a_request_uses_its_own_link_up(world, opened):
    """The customer who has the request already keeps it, and nobody else can use the link."""
    word = _word(world, opened)
    _opens(world, word, chat=1001)
    _opens(world, word)
    assert (1, 1) == (world.shown("messages now go"), world.shown("not valid any more", NEW))


@pytest.mark.fault("F59")
@pytest.mark.parametrize("how", ["late", "forged", "altered", "replaced", "of another project"])
def test_a_bad_link_is_answered_the_same_whatever_is_wrong(world, opened, how):
    """Expired, forged, superseded and foreign links are not told apart (F59)."""
    word = _word(world, opened, minutes=5)
    if how == "late":
        world.clock.advance(301)
    elif how == "forged":
        word = "a" * 39
    elif how == "altered":
        word = ("b" if word[0] == "a" else "a") + word[1:]
    elif how == "replaced":
        _word(world, opened)
    else:
        (kept,) = world.bridge.engine.vault.scan(Invitation)
        world.bridge.engine.vault.replace(kept, evolve(kept.record, project="other"))
    _opens(world, word)
    assert ["This link is not valid any more. Please ask for a new one."] == world.transcript(NEW)
    assert [opened] == [each["key"] for each in world.requests()]


@pytest.mark.fault("F59")
def test_a_chat_has_ten_tries_an_hour(world, opened):
    """After ten bad links even a good one is refused, until an hour is over (F59)."""
    for number in range(TRIES):
        world.says(f"/start {'a' * 38}{'bcdefghijk'[number]}", chat=NEW)
        world.run(1)
    word = _word(world, opened)
    _opens(world, word)
    assert (TRIES + 1, 0) == (
        world.shown("not valid any more", NEW),
        world.shown("is now connected", NEW),
    )
    world.clock.advance(3600)
    _opens(world, _word(world, opened))
    assert 1 == world.shown("is now connected", NEW)


@pytest.mark.fault("F60")
def test_a_group_joins_nothing(world, opened):
    """In a group the link is refused, stays good, and works in a chat of one's own (F60)."""
    word = _word(world, opened)
    bot = world.telegram.credentials()["username"]
    world.says(f"/start@{bot} {word}", chat=-500)
    world.run()
    assert 1 == world.shown("not in a group", -500)
    _opens(world, word)
    assert 1 == world.shown("is now connected", NEW)


def test_what_is_kept_of_a_link_opens_nothing(world, opened):
    """Neither the storage nor the record behind it holds the word of a link (I10)."""
    word = _word(world, opened)
    (kept,) = world.bridge.engine.vault.scan(Invitation)
    assert word not in str(kept.record.to_plain())
    assert word not in repr(world.bridge.links.invite(opened))


def test_agents_read_that_a_chat_joined(world, opened):
    """An internal note says so, since the right to a conversation went to somebody."""
    _opens(world, _word(world, opened))
    (request,) = world.requests()
    notes = [each["text"] for each in request["comments"] if not each["public"]]
    assert ["connected to this request by a link" in each for each in notes] == [True]


def test_a_request_that_is_gone_uses_no_link_up(world, opened):
    """A link into a request that cannot be read now works once it can."""
    word = _word(world, opened)
    world.desk.control("behaviour", {"access": False})
    _opens(world, word)
    world.desk.control("behaviour", {"access": True})
    _opens(world, word)
    assert (1, 1) == (
        world.shown("not valid any more", NEW),
        world.shown("is now connected", NEW),
    )


def test_a_link_waits_for_who_is_sending(world, opened):
    """While another process may be sending, the request does not change hands (F59, I9)."""
    vault = world.bridge.engine.vault
    (kept,) = vault.scan(Link)
    claim = Inflight("10000", (), "somebody", "b1")
    vault.replace(kept, evolve(kept.record, inflight=claim))
    word = _word(world, opened)
    world.says(f"/start {word}", chat=NEW)
    world.run(1)
    assert "1001" == vault.read_key(Link, kept.key).record.chat
    world.clock.advance(61)
    world.run()
    assert str(NEW) == vault.read_key(Link, kept.key).record.chat


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"issue": "HELP-99"}, "there is no request HELP-99"),
        ({"issue": "HELP-1", "site": "elsewhere"}, "there is no request HELP-1"),
        ({"issue": "HELP-1", "project": "other"}, "there is no project 'other' .*desk: support"),
        ({"issue": "HELP-1", "minutes": 0}, "minutes must be 1 to 1440"),
        ({"issue": "HELP-1", "minutes": 1441}, "minutes must be 1 to 1440"),
    ],
)
def test_an_invitation_that_cannot_be_made_says_why(world, opened, given, said):
    """A wrong request, site, project or time is named, and nothing is kept."""
    with pytest.raises(ConfigurationError, match=said):
        world.bridge.links.invite(given.pop("issue"), **given)
    assert [] == list(world.bridge.engine.vault.scan(Invitation))


@pytest.mark.parametrize("name", ["request", "project"])
def test_erasing_ends_an_invitation(world, opened, name):
    """With its request or project an invitation is gone, and the export shows it before."""
    word = _word(world, opened)
    privacy = world.bridge.privacy
    subject = privacy.request(opened) if name == "request" else privacy.project("support")
    kinds = [each["kind"] for each in privacy.export(subject)["records"]]
    assert 1 == kinds.count("invitation")
    assert privacy.erase(subject).holds
    assert [] == list(world.bridge.engine.vault.scan(Invitation))
    if name == "request":
        _opens(world, word)
        assert 1 == world.shown("not valid any more", NEW)


@pytest.mark.fault("F59", "F63")
def test_a_restored_storage_has_no_invitations(world, opened):
    """One that was used after the backup would be good once more, so all of them end."""
    word = _word(world, opened)
    world.bridge.links.storage_restored()
    _opens(world, word)
    assert (1, 0) == (
        world.shown("not valid any more", NEW),
        world.shown("is now connected", NEW),
    )
