"""`chatbridge links`, `webhook` and `storage`: looking after what is kept."""

from __future__ import annotations

import json

import pytest

from chatbridge.configuration import open_bridge, read_configuration
from chatbridge.links import LinkState


def _states() -> list[tuple[str, str]]:
    with open_bridge(read_configuration()) as bridge:
        return [(link.issue_id, link.state.value) for link in bridge.links.all()]


def _hold() -> None:
    from attrs import evolve

    from chatbridge.links import Link

    with open_bridge(read_configuration()) as bridge:
        for kept in bridge.engine.vault.scan(Link):
            bridge.engine.vault.update(kept, lambda link: evolve(link, state=LinkState.HELD))


def test_links_are_listed_without_chats(linked):
    """The list names issues and projects; the chat, personal data, only when asked for."""
    assert ["10001", "127.0.0.1", "support", "telegram", "active"] == (
        linked.good("links", "list").splitlines()[1].split()
    )
    (plain,) = json.loads(linked.good("links", "list", "--project", "support", "--json"))
    assert "chat" not in plain
    (full,) = json.loads(linked.good("links", "list", "--json", "--chats"))
    assert "7" == full["chat"]


def test_an_empty_list_says_so(set_up):
    """No links are told in words, and as an empty list in JSON."""
    assert "there are no links\n" == set_up.good("links", "list")
    assert [] == json.loads(set_up.good("links", "list", "--json"))


@pytest.mark.parametrize("name", ["10001", "HELP-1"])
def test_a_link_is_removed_by_id_or_key(linked, name):
    """Either names the request; afterwards it is gone, and a second time says so."""
    linked.good("links", "remove", name)
    assert [] == _states()
    assert "there is no link of issue" in linked.bad("links", "remove", name)


def test_a_link_of_another_site_is_not_removed(linked):
    """`--site` must fit."""
    linked.bad("links", "remove", "10001", "--site", "elsewhere")
    assert [("10001", "active")] == _states()


def test_somebody_at_a_terminal_is_asked_before_a_link_goes(linked, monkeypatch):
    """No leaves it; --yes does not ask."""
    monkeypatch.setattr("chatbridge.cli.links.may_ask", lambda: True)
    assert 130 == linked("links", "remove", "10001", input="n\n").exit_code
    assert [("10001", "active")] == _states()
    linked.good("links", "remove", "10001", "--yes")
    assert [] == _states()


@pytest.mark.parametrize(("option", "sent"), [([], True), (["--skip"], False)])
def test_held_links_are_released(world, linked, option, sent):
    """What came while it was held is sent, or skipped on request."""
    _hold()
    world.desk.control("comment", {"issue": "HELP-1", "text": "Press the red button"})
    linked.good("run", "--once")
    assert not any("red button" in text for text in world.shown())
    assert "links released: 1\n" == linked.good("links", "release", *option)
    assert [("10001", "active")] == _states()
    linked.good("run", "--once")
    assert sent == any("red button" in text for text in world.shown())


@pytest.mark.fault("F63")
@pytest.mark.invariant("I15")
def test_a_restored_storage_repeats_nothing(world, linked):
    """After `storage restored` old comments stay unsent, new ones are sent."""
    world.desk.control("comment", {"issue": "HELP-1", "text": "Said before the backup came back"})
    assert "links that go on: 1" in linked.good("storage", "restored")
    world.desk.control("comment", {"issue": "HELP-1", "text": "Said afterwards"})
    linked.good("run", "--once")
    shown = " ".join(world.shown())
    assert "Said afterwards" in shown and "before the backup" not in shown


@pytest.mark.fault("F64")
def test_a_storage_of_another_installation_is_adopted_first(world, linked, monkeypatch):
    """The name in the configuration counts for `run`; `storage adopt` hands the storage over."""
    monkeypatch.setenv("CHATBRIDGE_INSTALLATION", "production")
    linked.good("run", "--once")
    monkeypatch.setenv("CHATBRIDGE_INSTALLATION", "staging")
    world.desk.control("comment", {"issue": "HELP-1", "text": "Said once"})
    assert "belongs to the installation 'production'" in linked.bad("run", "--once")
    assert "Said once" not in " ".join(world.shown())
    assert "belongs to this installation now" in linked.good("storage", "adopt")
    linked.good("run", "--once")
    assert "Said once" in " ".join(world.shown())


def test_the_webhook_is_set_shown_and_removed(world, set_up, monkeypatch):
    """The platform is told; the address, which is a secret of a kind, is not shown."""
    monkeypatch.setenv("CHATBRIDGE_PUBLIC_URL", "https://chat.example.com/b")
    told = set_up.good("webhook", "set", "support")
    assert "@simulated_bot on telegram: events come by webhook now" in told
    assert "https://chat.example.com/b/hints/127.0.0.1" in told
    url = world.chat.control("state", {})["webhook"]["url"]
    assert url.startswith("https://chat.example.com/b/webhooks/telegram/")
    shown = set_up.good("webhook", "show", "support")
    assert ["@simulated_bot", "telegram", "webhook", "here", "0", "-"] == (
        shown.splitlines()[1].split()
    )
    assert url.rpartition("/")[2] not in told + shown
    assert "is polled now" in set_up.good("webhook", "remove", "support")
    assert not world.chat.control("state", {})["webhook"]["url"]
    assert " poll " in set_up.good("webhook", "show", "support")


def test_a_webhook_needs_a_public_url(set_up):
    """Without one the mend is named, and the bot goes on being polled."""
    assert "public_url is not set" in set_up.bad("webhook", "set", "support")
    assert "(poll)" in set_up.good("project", "list")


def test_a_project_without_bots_has_no_webhook(initialised):
    """A project that has no bot says so instead of doing nothing in silence."""
    initialised.good("project", "set", "p", "--service-desk", "10", "--request-type", "25")
    assert "has no bot that can act" in initialised.bad("webhook", "show", "p")


@pytest.mark.parametrize("name", ["10001", "HELP-1"])
def test_an_invitation_is_printed_with_its_life(linked, name):
    """The link of each bot is told, for how long it is good, and that it is to be kept close."""
    told = linked.good("links", "invite", name, "--minutes", "15")
    assert "telegram @simulated_bot: https://t.me/simulated_bot?start=" in told
    assert "good once, for 15 minutes" in told
    (link,) = json.loads(linked.good("links", "invite", name, "--json"))
    assert {"platform", "bot", "url"} == set(link)
    assert link["url"] not in told


def test_an_invitation_into_nothing_says_so(linked):
    """An unknown request is refused in one line."""
    assert "there is no request HELP-77" in linked.bad("links", "invite", "HELP-77")
