"""What belongs to nothing any more is stopped or removed, and nothing else."""

from __future__ import annotations

import pytest
from attrs import evolve

from chatbridge.leftovers import Leftovers
from chatbridge.links import NO_BOT, Link, LinkState
from chatbridge.records import YEAR, Claim, Conversation, Intent, IntentKind, Project

INTENT = Intent("0" * 20, IntentKind.COMMENT, "1", 0, "owner", "beat")


@pytest.mark.fault("F85")
@pytest.mark.invariant("I19")
def test_what_belongs_to_a_project_stays(stage):
    """A sweep of a sound storage changes nothing."""
    stage.link("1")
    stage.vault.create(Claim(("poll", "acme", "7"), "a", "b"))
    stage.vault.create(Claim(("feed", "site"), "a", "b"))
    stage.vault.create(Claim(("pass",), "a", "b"))
    assert 0 == Leftovers(stage.vault).sweep()


@pytest.mark.fault("F85")
@pytest.mark.invariant("I19")
def test_a_link_whose_bot_is_gone_ends_in_a_year(stage):
    """It is suspended and says why; back in its project it goes on by itself."""
    kept = stage.link("1")
    project = stage.vault.read(Project, "support")
    emptied = stage.vault.replace(project, evolve(project.record, bots=()))
    assert 1 == Leftovers(stage.vault).sweep()
    link = stage.now(kept)
    assert (LinkState.SUSPENDED, NO_BOT, YEAR) == (link.state, link.reason, link.lifetime())
    assert 0 == Leftovers(stage.vault).sweep()
    stage.vault.replace(emptied, project.record)
    assert [kept.key] == stage.upkeep.wake_all()


@pytest.mark.fault("F85")
def test_records_of_a_project_that_is_gone_go(stage):
    """Links and claims are removed; a conversation loses what nobody can finish, and ends."""
    kept = stage.link("1")
    talk = stage.vault.read(Conversation, "acme", "7", "c1")
    stage.vault.replace(talk, talk.record.with_intent(INTENT))
    stage.vault.create(Claim(("poll", "acme", "7"), "a", "b"))
    stage.vault.create(Claim(("feed", "site"), "a", "b"))
    stage.vault.erase(stage.vault.key(Project, "support"))
    assert 4 == Leftovers(stage.vault).sweep()
    assert (None, [], YEAR) == (
        stage.now(kept),
        list(stage.vault.scan(Claim)),
        stage.talk().lifetime(),
    )


@pytest.mark.fault("F66")
def test_a_project_that_cannot_be_read_stops_the_sweep(stage):
    """Damage is no proof that something belongs to nobody."""
    kept = stage.link("1")
    key = stage.vault.key(Project, "support")
    stage.storage.put(key, b"damaged")
    assert 0 == Leftovers(stage.vault).sweep()
    assert isinstance(stage.now(kept), Link)


@pytest.mark.fault("F79")
def test_what_another_process_erased_is_forgotten_in_memory(make_stage):
    """Within one round of upkeep nobody remembers a record that is gone."""
    one, two = make_stage(), make_stage()
    one.project()
    kept = one.link("1")
    assert two.vault.read_key(Link, kept.key) is not None
    one.vault.erase(kept.key)
    assert kept.key in two.vault._unsealed.places()
    two.upkeep.wake()
    assert kept.key not in two.vault._unsealed.places()


@pytest.mark.parametrize("cls", [Project, Conversation, Link, Claim])
def test_a_life_in_words_is_the_life_in_seconds(stage, cls):
    """What the documentation says of a kind is what its records do."""
    stage.link("1")
    stage.link("2", state=LinkState.HELD)
    stage.vault.create(Claim(("pass",), "a", "b"))
    found = [kept.record for kept in stage.vault.scan(cls)]
    assert found
    assert [each.lives[each.phase()] for each in found] == [each.lifetime() for each in found]
