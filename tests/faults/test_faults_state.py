"""Faults of records, keys and copies of the storage that no other test names."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from chatbridge import (
    Bridge,
    CloudDesk,
    ConfigurationError,
    MemoryStorage,
    Secret,
    SiteSettings,
    Timings,
    new_root_key,
    root_key_from_text,
)
from chatbridge.links import Inflight, Link, LinkState, Told
from chatbridge.records import Claim, Conversation, Intent, IntentKind, Project

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.fault("F64", "F65")
@pytest.mark.invariant("I2", "I22")
def test_a_copy_of_the_storage_beside_another_site_does_nothing(world: Any, opened: str) -> None:
    """A bridge that is configured for another site refuses to work on the records, by name."""
    known = world.desk.credentials()
    site = SiteSettings(
        url="https://acme.atlassian.net", name="acme-sandbox", account=known["account"],
        token=Secret(known["api_token"]),
    )  # fmt: skip
    copy = Bridge(
        storage=world.storage, root_keys=world.root, sites=[CloudDesk(site)],
        plugins=world.plugins, transport=world.transport, clock=world.clock, timings=Timings(),
    )  # fmt: skip
    before, calls = world.transcript(), len(world.calls)
    world.agent(opened, "for the customer of the real site")
    world.clock.advance(700_000)
    with pytest.raises(ConfigurationError, match="acme-sandbox"):
        copy.run_once(30.0)
    copy.close()
    made = [request.url for request, _ in world.calls[calls:]]
    assert before == world.transcript()
    assert [] == [url for url in made if "telegram" not in url or "sendMessage" in url]
    world.run()
    assert 1 == world.shown("for the customer of the real site")


def _opened(world: Any, storage: Any, installation: str) -> Bridge:
    """Open a bridge under a name, as another process would."""
    known = world.desk.credentials()
    site = SiteSettings(
        url=world.site_url, name="acme", account=known["account"], token=Secret(known["api_token"])
    )
    return Bridge(
        storage=storage, root_keys=world.root, sites=[CloudDesk(site)], plugins=world.plugins,
        transport=world.transport, clock=world.clock, timings=Timings(), installation=installation,
    )  # fmt: skip


def _copy(storage: MemoryStorage) -> MemoryStorage:
    made = MemoryStorage()
    made._entries, made._names = deepcopy((storage._entries, storage._names))
    return made


@pytest.mark.fault("F64")
@pytest.mark.invariant("I3")
@pytest.mark.parametrize("name", ["staging", ""])
def test_a_copy_under_another_name_does_nothing(world: Any, opened: str, name: str) -> None:
    """It neither polls nor sends until somebody adopts it; the original goes on."""
    original = _opened(world, world.storage, "production")
    original.run_once(30.0)
    copy = _opened(world, _copy(world.storage), name)
    world.agent(opened, "for the customer")
    world.clock.advance(700)
    calls = len(world.calls)
    for act in (copy.start, copy.run_once):
        with pytest.raises(ConfigurationError, match="belongs to the installation 'production'"):
            act()
    assert calls == len(world.calls)
    original.run_once(30.0)
    assert 1 == world.shown("for the customer")
    copy.adopt_storage()
    copy.run_once(30.0)
    assert 2 == world.shown("for the customer"), "a copy that goes on is a copy"


@pytest.mark.fault("F64")
def test_all_processes_of_an_installation_need_no_ceremony(world: Any, opened: str) -> None:
    """Several hosts with one storage and one name, or with none, work; a new name is adopted."""
    bridges = [_opened(world, world.storage, "") for _ in range(2)]
    bridges += [_opened(world, world.storage, "production") for _ in range(2)]
    for bridge in bridges:
        bridge.run_once(30.0)
    with pytest.raises(ConfigurationError, match="this one has no name"):
        bridges[0].run_once(30.0)
    renamed = _opened(world, world.storage, "live")
    renamed.adopt_storage()
    renamed.run_once(30.0)
    with pytest.raises(ConfigurationError, match="this one is named 'production'"):
        bridges[2].run_once(30.0)
    bridges[0].adopt_storage()
    bridges[0].run_once(30.0)


@pytest.mark.fault("F69")
def test_what_to_do_without_the_key_is_documented() -> None:
    """The page on backups says that a lost key cannot be helped, and how to begin anew."""
    page = (ROOT / "docs" / "howto" / "backup-and-restore.md").read_text(encoding="utf-8")
    assert "Without the key a backup is worthless" in page
    _, _, lost = page.partition("## When the key or the storage is lost")
    steps = ("Nothing in Jira is lost", "chatbridge keys new", "chatbridge project set")
    assert [] == [step for step in steps if step not in lost]


@pytest.mark.fault("F69")
def test_beginning_anew_without_the_key_keeps_jira_as_it_is(make_world: Any) -> None:
    """With an empty storage and another key the next message opens a request; the old ones stay."""
    world = make_world()
    world.says("My printer is on fire")
    world.run()
    (old,) = world.requests()
    world.bridge.close()
    world.storage = MemoryStorage(now=world.clock.time)
    world.root = root_key_from_text(new_root_key())
    world.bridge = world.open_bridge()
    world.set_project()
    world.says("It is still burning")
    world.run()
    assert [old, "It is still burning"] == [world.requests()[0], world.requests()[1]["summary"]]


LINK = (
    '["acme","10012","telegram","110201543","1001","5","support",[10001,1,8],'
    '["10020",["0011223344556677"],"o1","b1",2],[1,"aabbccddeeff",0,1],"held","burst","blocked"]'
)
CONVERSATION = (
    '["telegram","110201543","1001",["10012"],"10012",[["00112233445566778899","comment",'
    '"10012",1800000000,"o1","b1",2,0,1,3,"5"]],"aaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbb",1,0]'
)
CLAIM = '[["poll","telegram","7"],"o1","b1",5]'
GOLDEN: dict[type[Any], tuple[str, Any]] = {
    Link: (LINK, Link(
        "acme", "10012", "telegram", "110201543", "1001", "5", "support",
        frozenset({10001, 10002, 10010}),
        Inflight("10020", ("0011223344556677",), "o1", "b1", 2),
        Told(True, "aabbccddeeff", False, True), LinkState.HELD, "burst", "blocked",
    )),
    Conversation: (CONVERSATION, Conversation(
        "telegram", "110201543", "1001", ("10012",), "10012",
        (Intent("00112233445566778899", IntentKind.COMMENT, "10012", 1800000000, "o1", "b1",
                2, False, True, 3, "5"),),
        ("a" * 20, "b" * 20), True, False,
    )),
    Claim: (CLAIM, Claim(("poll", "telegram", "7"), "o1", "b1", 5)),
}  # fmt: skip
"""What the first version wrote, byte for byte; it is never changed, only added to."""


@pytest.mark.fault("F84")
@pytest.mark.parametrize("kind", GOLDEN, ids=lambda kind: kind.__name__)
def test_records_of_the_first_version_are_read_for_ever(kind: Any) -> None:
    """What stands in a storage of the first version means what it meant then."""
    written, meant = GOLDEN[kind]
    assert meant == kind.from_plain(json.loads(written), 1)


@pytest.mark.fault("F84")
def test_projects_of_the_first_version_are_read_for_ever() -> None:
    """Settings that came later have their defaults, and no old one is unknown."""
    written = (
        '{"settings":{"name":"support","site":"acme","service_desk":"10","request_type":"25",'
        '"language":"en","texts":{},"privacy_notice":"x","closed_statuses":["Done"],'
        '"announce":"all","agent_name":"alias","agent_alias":"Support","contact_name":true,'
        '"max_open_requests":5,"marker_rung":"description","marker_field":null},'
        '"bots":[["telegram","7","a_bot","poll",{"token":"t"}]],"state":"paused"}'
    )
    made = Project.from_plain(json.loads(written), 1)
    assert ("alias", ("Done",)) == (made.settings.agent_name, made.settings.closed_statuses)
    assert ("paused", "7") == (made.state.value, made.bots[0].bot_id)
