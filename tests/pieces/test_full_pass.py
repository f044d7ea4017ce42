"""The look at all links takes few at a time, goes on where it was, and passes none over."""

from __future__ import annotations

import pytest
from attrs import evolve

from chatbridge.full_pass import PER_SECOND, FullPass
from chatbridge.records import Claim, Conversation, Intent, IntentKind

DAY = 86_400


@pytest.fixture
def full_pass(stage, clock):
    """Return the look at all links, after a first one."""
    made = FullPass(stage.vault, stage.claim(("pass",)), clock, stage.timings)
    made.take([])
    return made


def keys(count):
    """Return the keys of so many links, in no order."""
    return [f"link:{at * 7919 % count:06d}" for at in range(count)]


def days(full_pass, clock, links, count, step=600):
    """Return what is taken in so many days."""
    taken = []
    for _ in range(count * DAY // step):
        clock.advance(step)
        taken.append(full_pass.take(links))
    return taken


@pytest.mark.fault("F8")
@pytest.mark.invariant("I1")
def test_each_link_has_its_turn_once_a_week(full_pass, clock):
    """In a week every link is looked at, a few at a time."""
    links = keys(2000)
    taken = days(full_pass, clock, links, 8)
    assert set(links) == {key for each in taken for key in each}
    assert max(len(each) for each in taken) <= 3
    assert sum(len(each) for each in taken) <= 2000 * 8 / 7 + 1


@pytest.mark.invariant("I18")
def test_very_many_links_cost_no_more_calls_but_more_time(full_pass, clock):
    """Of 100,000 links no more have their turn than the rate allows, and all of them in the end."""
    links = keys(100_000)
    taken = days(full_pass, clock, links, 16, step=6 * 3600)
    assert max(len(each) for each in taken) == int(6 * 3600 * PER_SECOND)
    assert set(links) == {key for each in taken for key in each}


def test_it_goes_on_where_another_process_stopped(full_pass, stage, clock):
    """Whoever takes over begins behind the link that was the last one."""
    links = keys(1000)
    first = [key for each in days(full_pass, clock, links, 2) for key in each]
    other = FullPass(stage.vault, stage.claim(("pass",)), clock, stage.timings)
    second = [key for each in days(other, clock, links, 2) for key in each]
    assert sorted(links)[: len(first) + len(second)] == first + second


def test_many_short_lived_processes_make_one_pass(stage, clock):
    """A job that runs every minute looks at no more than a process that runs all the time."""
    links, taken = keys(1000), []
    for _ in range(24 * 60):
        clock.advance(60)
        again = FullPass(stage.vault, stage.claim(("pass",)), clock, stage.timings)
        taken += again.take(links)[: None if taken else 0]
    assert len(taken) <= 1000 / 7 + 1


@pytest.mark.fault("F72")
@pytest.mark.parametrize("jump", [-30 * DAY, 30 * DAY])
def test_a_clock_that_jumps_begins_a_pass_anew(full_pass, clock, jump):
    """After a jump by more than a week all of not too many links are looked at."""
    days(full_pass, clock, keys(1000), 2)
    clock.jump_wall(jump)
    assert sorted(keys(1000)) == full_pass.take(keys(1000))
    assert [] == full_pass.take(keys(1000))


@pytest.mark.fault("F85")
def test_the_end_of_a_pass_removes_what_belongs_to_nothing(full_pass, stage, clock):
    """Messages to a bot that is in no project any more are forgotten, links or no links."""
    intent = Intent("k" * 20, IntentKind.COMMENT, "1", 0, "o", "b")
    orphan = stage.vault.create(evolve(Conversation("acme", "9", "c"), pending=(intent,)))
    days(full_pass, clock, [], 8, step=6 * 3600)
    assert () == stage.vault.read_key(Conversation, orphan.key).record.pending


def test_only_one_process_looks(full_pass, stage, clock, make_stage):
    """While one process holds the look, another takes nothing."""
    holder = stage.claim(("pass",))
    assert holder.hold()
    clock.advance(30)
    other = make_stage()
    clock.advance(DAY)
    kept = stage.vault.read(Claim, "pass")
    stage.vault.replace(kept, evolve(kept.record, owner="somebody", beat="new"))
    assert [] == FullPass(other.vault, other.claim(("pass",)), clock, other.timings).take(keys(99))
