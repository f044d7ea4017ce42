"""Inventory, export and erasure agree with a scan that decrypts everything, whatever is kept."""

from __future__ import annotations

import json
from collections import Counter
from types import SimpleNamespace

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbridge import ConfigurationError, MemoryStorage, ProjectSettings, UnknownPluginError
from chatbridge.administration import Administration
from chatbridge.invitations import Invitation
from chatbridge.keys import new_root_key, root_key_from_text
from chatbridge.keyset_record import open_sealer
from chatbridge.links import Link, LinkState, Told
from chatbridge.privacy import Privacy
from chatbridge.receipts import Receipt
from chatbridge.records import BotRecord, Claim, Conversation, Intent, IntentKind, Project
from chatbridge.roster import Roster
from chatbridge.subjects import ChatSubject, RequestSubject
from chatbridge.testing.virtual_clock import VirtualClock
from chatbridge.vault import Vault

ROOT = root_key_from_text(new_root_key())
SITES = {"p0": "site-a", "p1": "site-a", "p2": "site-b"}
CHATS = [f"chat-{number}" for number in range(4)]
KINDS = ("project", "conversation", "link", "receipt", "claim", "invitation")

issue_ids = st.integers(10_000, 10_005).map(str)
link_states = st.sampled_from(LinkState)


@st.composite
def stores(draw):
    """Return a storage with random records of three projects on two sites, and its vault."""
    storage = MemoryStorage()
    vault = Vault(storage, open_sealer(storage, [ROOT]))
    for name, site in SITES.items():
        config = ProjectSettings(name=name, site=site, service_desk="1", request_type="2")
        bot = BotRecord("acme", f"bot-{name}", f"{name}_bot", "poll", {"token": f"secret-{name}"})
        vault.create(Project(config, (bot,)))
        vault.create(Claim(("poll", "acme", f"bot-{name}"), "owner", "beat"))
    for site in set(SITES.values()):
        vault.create(Claim(("feed", site), "owner", "beat"))
    homes = draw(st.lists(st.tuples(st.sampled_from(sorted(SITES)), issue_ids), unique_by=_place))
    talks: dict[tuple[str, str], list[str]] = {}
    for name, issue_id in homes:
        chat = draw(st.sampled_from(CHATS))
        told = Told(opened=True, ended=draw(st.booleans()))
        state = draw(link_states)
        vault.create(
            Link(SITES[name], issue_id, "acme", f"bot-{name}", chat, None, name, told=told,
                 state=state)
        )  # fmt: skip
        for number in range(draw(st.integers(0, 2))):
            message = f"message-{number} {SITES[name]} {issue_id}"
            sent = Receipt("acme", f"bot-{name}", message, chat, SITES[name], issue_id)
            vault.create(sent)
        if draw(st.booleans()):
            mark = f"bot-{name} {issue_id}"
            vault.create(Invitation(mark, SITES[name], issue_id, name, 2**33))
        talks.setdefault((name, chat), []).append(issue_id)
    for name in SITES:
        for chat in draw(st.sets(st.sampled_from(CHATS))):
            talks.setdefault((name, chat), [])
    for (name, chat), issues in talks.items():
        pending = tuple(
            Intent(f"{at:020x}", IntentKind.COMMENT, issue, 1, "owner", "beat")
            for at, issue in enumerate(draw(st.sets(issue_ids, max_size=2)))
        )
        current = draw(st.sampled_from(["", *issues]))
        vault.create(Conversation("acme", f"bot-{name}", chat, tuple(issues), current, pending))
    return storage, vault


def _place(home):
    return (SITES[home[0]], home[1])


class NoAdapters:
    """Nothing is installed, so every setting of a bot counts as secret."""

    def adapter(self, name):
        """See `Plugins.adapter`."""
        raise UnknownPluginError(f"no adapter {name}")


def _privacy(vault):
    roster = Roster(vault, NoAdapters(), {}, None)
    engine = SimpleNamespace(vault=vault, roster=roster, clock=VirtualClock())
    return Privacy(engine, Administration(engine, None, None), NoAdapters())


@given(stores())
@settings(max_examples=25, deadline=None)
def test_the_inventory_counts_what_is_there(kept):
    """Each kind has as many records as the storage has rows of it, split by their lives."""
    storage, vault = kept
    counts = {each.kind.name: each.count for each in _privacy(vault).inventory()}
    assert {kind: len(storage.scan(kind).rows) for kind in (*KINDS, "keyset")} == counts
    for each in _privacy(vault).inventory():
        assert each.kind.name == "keyset" or each.count == sum(each.lives.values())


@given(stores())
@settings(max_examples=25, deadline=None)
def test_exports_of_all_projects_are_all_there_is(kept):
    """What belongs to some project is everything but nothing twice, and never a token."""
    _, vault = kept
    privacy = _privacy(vault)
    told = [privacy.export(privacy.project(name)) for name in SITES]
    counts = Counter(each["kind"] for export in told for each in export["records"])
    shared = 1  # the feed of site-a, which two projects use
    inventory = {each.kind.name: each.count for each in privacy.inventory()}
    assert inventory["claim"] - shared == counts["claim"]
    assert [inventory[kind] for kind in KINDS[:4]] == [counts[kind] for kind in KINDS[:4]]
    assert "secret-" not in json.dumps(told)


@pytest.mark.fault("F79")
@pytest.mark.invariant("I17")
@given(stores(), st.sampled_from(sorted(SITES)), st.sampled_from(CHATS))
@settings(max_examples=25, deadline=None)
def test_an_erased_chat_is_nowhere_and_others_are_untouched(looks_at, kept, name, chat):
    """Export and erasure take the same records; the rest stays to the last byte."""
    storage, vault = kept
    subject = ChatSubject("acme", f"bot-{name}", chat)
    before, mine = looks_at(storage), ("acme", f"bot-{name}", chat)
    about = {key for key, value in before.items() if _names(value, mine)}
    privacy = _privacy(vault)
    exported = privacy.export(subject)["records"]
    assert len(about) == len(exported)
    proof = privacy.erase(subject)
    assert (True, len(about)) == (proof.holds, sum(proof.removed.values()))
    assert {key: value for key, value in before.items() if key not in about} == looks_at(storage)


@pytest.mark.fault("F79")
@given(stores(), st.sampled_from(sorted(set(SITES.values()))), issue_ids)
@settings(max_examples=25, deadline=None)
def test_an_erased_request_is_nowhere(looks_at, kept, site, issue_id):
    """Only a site of another project may still know a request of that number."""
    storage, vault = kept
    privacy = _privacy(vault)
    elsewhere = frozenset(("acme", f"bot-{name}") for name in SITES if SITES[name] != site)
    subject = RequestSubject(site, issue_id, elsewhere)
    assert privacy.erase(subject).holds
    assert [] == privacy.export(subject)["records"]
    left = [
        value
        for value in looks_at(storage).values()
        if isinstance(value, list) and issue_id in json.dumps(value)
        and not (str(value[0]).startswith("bot-") and value[1] != site)
        and f"bot-{_other(site)}" not in json.dumps(value)
    ]  # fmt: skip
    assert [] == [value for value in left if not _is_elsewhere(value, elsewhere)]


@pytest.mark.fault("F78")
@given(stores(), st.sampled_from(sorted(SITES)))
@settings(max_examples=25, deadline=None)
def test_an_erased_project_is_nowhere(looks_at, kept, name):
    """With bots, chats, links and claims; other projects keep all of theirs."""
    storage, vault = kept
    before = looks_at(storage)
    proof = _privacy(vault).erase(_privacy(vault).project(name))
    after = looks_at(storage)
    assert proof.holds
    assert [] == [value for value in after.values() if f"bot-{name}" in json.dumps(value)]
    others = {key for key, value in before.items() if f"bot-{name}" not in json.dumps(value)}
    lost = [before[key] for key in others - set(after)]
    assert [["feed", "site-b"]] * (name == "p2") == [value[0] for value in lost]


@pytest.mark.fault("F78")
@pytest.mark.invariant("I17")
@given(stores(), st.sampled_from(sorted(SITES)))
@settings(max_examples=25, deadline=None)
def test_an_erasure_of_a_project_goes_on_after_its_record_went(looks_at, kept, name):
    """Whatever was left when only the project's record went is found again; others keep theirs."""
    storage, vault = kept
    before = looks_at(storage)
    record = vault.read(Project, name)
    vault.erase(record.key)
    proof = _privacy(vault).erase(_privacy(vault).project(name, or_gone=True))
    after = looks_at(storage)
    assert proof.holds
    assert [] == [value for value in after.values() if f"bot-{name}" in json.dumps(value)]
    others = {key for key, value in before.items() if f"bot-{name}" not in json.dumps(value)}
    lost = [before[key] for key in others - set(after)]
    assert [["feed", "site-b"]] * (name == "p2") == [value[0] for value in lost]


@given(stores())
@settings(max_examples=10, deadline=None)
def test_what_a_project_keeps_of_a_former_bot_is_not_taken_for_left_over(looks_at, kept):
    """Links of a bot that its project has no more, and its chats, belong to the project."""
    storage, vault = kept
    vault.update(vault.read(Project, "p0"), lambda project: evolve(project, bots=()))
    before = looks_at(storage)
    with_links = {kept.record.project for kept in vault.scan(Link)}
    _privacy(vault).erase(_privacy(vault).project("never", or_gone=True))
    lost = {key: value for key, value in before.items() if key not in looks_at(storage)}
    assert ("p0" in with_links) is not any("bot-p0" in json.dumps(each) for each in lost.values())


def test_one_unreadable_project_keeps_everything_that_may_be_its_own():
    """Nobody can tell what belongs to no project while one cannot be read."""
    storage = MemoryStorage()
    vault = Vault(storage, open_sealer(storage, [ROOT]))
    vault.create(Conversation("acme", "bot-p0", "chat"))
    storage.put("project:damaged", b"no record")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        _privacy(vault).project("p9", or_gone=True)


def _names(value, chat):
    """Tell whether a plain conversation, link or receipt names the chat."""
    if not isinstance(value, list):
        return False
    return list(chat) in (value[:3], value[2:5], [*value[:2], *value[3:4]])


def _other(site):
    return next(name for name, where in SITES.items() if where != site)


def _is_elsewhere(value, bots):
    return any((value[at], value[at + 1]) in bots for at in (0, 2) if isinstance(value[at], str))


@pytest.fixture(scope="module")
def looks_at():
    """Return what decrypts everything, by no class of the records."""

    def look(storage):
        sealer = open_sealer(storage, [ROOT])
        return {
            row.key: json.loads(sealer.unseal(row.key, row.value)[1])
            for kind in KINDS
            for row in storage.scan(kind, limit=100_000).rows
        }

    return look
