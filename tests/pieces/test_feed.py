"""The feed wakes every link whose issue changed, whatever stops and starts in between."""

from __future__ import annotations

import pytest
from attrs import evolve

from chatbridge.desk import Change
from chatbridge.errors import Refusal, RefusedError, RetryLaterError
from chatbridge.feed import Feed
from chatbridge.records import Project, ProjectState

WEEK = 7 * 24 * 3600.0


def feed_of(stage):
    """Return a feed of the site, as a process makes one at its start."""
    return Feed(
        "site", stage.vault, stage.roster, stage.claim(("feed", "site")), stage.queue.add,
        stage.upkeep.wake_all, stage.clock, stage.timings, stage.observer,
        is_waiting=stage.queue.__contains__,
    )  # fmt: skip


def woken(stage):
    """Return the keys of the links that were woken since the last look, and work on them."""
    keys = []
    stage.work(act=keys.append)
    return keys


def set_state(stage, name, state):
    """Change a project's state, as another process would."""
    kept = stage.vault.read(Project, name)
    stage.vault.replace(kept, evolve(kept.record, state=state))


@pytest.fixture
def link(stage):
    """Return a link."""
    return stage.link()


@pytest.fixture
def feed(stage, link):
    """Return a feed that has looked at everything, with nothing left to do."""
    made = feed_of(stage)
    made.step()
    woken(stage)
    made.step()
    return made


@pytest.mark.fault("F8")
def test_changed_issue_wakes_its_link_once(stage, feed, link):
    """A change wakes its link; the same change seen again does not."""
    stage.desk.changed = [Change("1", "a")]
    feed.step()
    assert [link.key] == woken(stage)
    feed.step()
    assert [] == woken(stage)
    stage.desk.changed = [Change("1", "b")]
    feed.step()
    assert [link.key] == woken(stage)


@pytest.mark.invariant("I18")
def test_issue_without_a_link_wakes_nothing(stage, feed):
    """What is not ours costs no work."""
    stage.desk.changed = [Change("99", "a")]
    feed.step()
    assert [] == woken(stage)


@pytest.mark.fault("F8")
def test_first_look_ever_wakes_everything(stage, link):
    """Nobody knows what was missed before the first look."""
    feed_of(stage).step()
    assert [link.key] == woken(stage)


@pytest.mark.fault("F8")
def test_window_covers_what_was_missed(stage, feed, clock):
    """A look reaches back to the last one, and some minutes more against index lag."""
    clock.advance(600)
    feed.step()
    assert [5, 15] == stage.desk.windows[-2:]


@pytest.mark.fault("F8", "F21")
def test_failed_look_is_made_up_for(stage, feed, clock):
    """While the site fails the window grows, so that nothing falls between two looks."""
    stage.desk.then("changes", RetryLaterError("down"), RetryLaterError("down", retry_after=90))
    assert [2.0, 90] == [feed.step(), feed.step()]
    assert "does not answer" in feed.problem
    clock.advance(1200)
    feed.step()
    assert (25, "") == (stage.desk.windows[-1], feed.problem)


@pytest.mark.fault("F22")
def test_refused_feed_is_told(stage, feed):
    """A site that refuses is left alone for a minute, and the operator reads why."""
    stage.desk.then("changes", RefusedError(Refusal.FORBIDDEN))
    assert (60.0, True) == (feed.step(), "forbidden" in feed.problem)


@pytest.mark.fault("F8")
def test_restart_looks_back_to_the_last_look(stage, feed, clock):
    """The mark in the storage says up to when all was seen."""
    feed.release()
    clock.advance(1800)
    feed_of(stage).step()
    assert 35 == stage.desk.windows[-1]
    assert [] == woken(stage)


@pytest.mark.fault("F8")
def test_restart_after_long_wakes_everything(stage, feed, link, clock):
    """Beyond a week no window is trusted."""
    feed.release()
    clock.advance(WEEK + 3600)
    feed_of(stage).step()
    assert [link.key] == woken(stage)


@pytest.mark.fault("F72")
@pytest.mark.invariant("I24")
def test_wall_clock_set_back_wakes_everything(stage, feed, link, clock):
    """A mark in the future proves nothing."""
    feed.release()
    clock.jump_wall(-86_400)
    feed_of(stage).step()
    assert [link.key] == woken(stage)


@pytest.mark.fault("F72")
@pytest.mark.invariant("I24")
def test_running_feed_trusts_no_wall_clock(stage, feed, clock):
    """While a process runs, its own clock says what was missed."""
    clock.jump_wall(10 * 365 * 86_400)
    clock.advance(60)
    feed.step()
    assert 6 == stage.desk.windows[-1]
    assert [] == woken(stage)


@pytest.mark.fault("F8")
@pytest.mark.invariant("I1")
def test_mark_waits_for_what_was_woken(stage, feed, link, clock):
    """A link that cannot be worked on yet is found again after a restart, however long it took."""
    stage.desk.changed = [Change("1", "a")]
    feed.step()
    for _ in range(4):
        stage.work(act=lambda handle: stage.queue.retry(handle, at_least=900.0))
        clock.advance(900)
        feed.step()
    feed.release()
    feed_of(stage).step()
    assert stage.desk.windows[-1] >= 60


def test_mark_moves_on_when_the_work_is_done(stage, feed, link, clock):
    """What was looked at successfully does not hold the mark back."""
    stage.desk.changed = [Change("1", "a")]
    feed.step()
    woken(stage)
    clock.advance(3600)
    feed.step()
    feed.release()
    feed_of(stage).step()
    assert 5 == stage.desk.windows[-1]


@pytest.mark.fault("F8")
def test_crash_after_everything_was_woken_wakes_everything_again(stage, link, clock):
    """Waking is not working: until it is done, a restart does it again."""
    first = feed_of(stage)
    first.step()
    first.release()
    clock.advance(60)
    second = feed_of(stage)
    stage.queue.done(stage.queue.get(0))
    second.step()
    assert [link.key] == woken(stage)


def test_project_that_works_again_wakes_everything(stage, feed, link, clock):
    """What changed during a pause was passed over, so all is looked at afterwards."""
    stage.project("other", service_desk="20")
    feed.step()
    woken(stage)
    set_state(stage, "support", ProjectState.PAUSED)
    stage.desk.changed = [Change("1", "a")]
    feed.step()
    woken(stage)
    set_state(stage, "support", ProjectState.ACTIVE)
    feed.step()
    assert [link.key] == woken(stage)


def test_mark_waits_while_a_project_is_paused(stage, feed, clock):
    """A process that starts after the pause looks back to before it."""
    stage.project("other", service_desk="20")
    feed.step()
    woken(stage)
    feed.step()
    set_state(stage, "support", ProjectState.PAUSED)
    for _ in range(3):
        clock.advance(1200)
        feed.step()
        woken(stage)
    feed.release()
    set_state(stage, "support", ProjectState.ACTIVE)
    feed_of(stage).step()
    assert 65 == stage.desk.windows[-1]


@pytest.mark.invariant("I16", "I18")
def test_paused_site_is_not_asked(stage, feed):
    """Where no project works, no call is made."""
    set_state(stage, "support", ProjectState.PAUSED)
    calls = len(stage.desk.calls)
    assert (stage.timings.feed_every, calls) == (feed.step(), len(stage.desk.calls))


@pytest.mark.invariant("I9")
def test_only_one_process_feeds(stage, feed, make_stage, clock):
    """A second process looks only when the first one is dead."""
    other = make_stage()
    second = feed_of(other)
    assert stage.timings.lease / 3 == second.step()
    looks = len(stage.desk.windows)
    clock.advance(stage.timings.lease + 1)
    second.step()
    assert looks + 1 == len(stage.desk.windows)
