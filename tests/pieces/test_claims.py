"""One holder at a time, dead when its beat stands still, by nobody's clock but one's own."""

from __future__ import annotations

import pytest

from chatbridge.claims import Watch, new_word
from chatbridge.records import Claim

SUBJECT = ("feed", "site")


@pytest.fixture
def two(make_stage):
    """Return the claims of two processes on one subject."""
    return make_stage().claim(SUBJECT), make_stage().claim(SUBJECT)


def test_first_comes_first_holds(two):
    """A free claim is taken, a held one is not."""
    first, second = two
    assert [True, False, True] == [first.hold(), second.hold(), first.hold()]


def test_released_claim_is_free(two):
    """Whoever lets go need not be waited for."""
    first, second = two
    first.hold()
    first.release()
    assert [True, False] == [second.hold(), first.hold()]


@pytest.mark.fault("F5")
def test_dead_holder_is_replaced_after_a_lease(two, clock):
    """A claim that did not change for a lease, as one has watched it, is taken over."""
    first, second = two
    first.hold()
    second.hold()
    clock.advance(59)
    assert not second.hold()
    clock.advance(2)
    assert [True, False] == [second.hold(), first.hold()]


@pytest.mark.fault("F72")
def test_watching_starts_with_the_first_look(two, clock):
    """How old a claim is says nothing: only what one has watched counts."""
    first, second = two
    first.hold()
    clock.advance(10_000)
    assert not second.hold()


@pytest.mark.fault("F5")
@pytest.mark.invariant("I9")
def test_living_holder_is_never_replaced(two, clock):
    """A holder that renews in time keeps the claim for ever."""
    first, second = two
    for _ in range(20):
        assert first.hold()
        assert not second.hold()
        clock.advance(40)


@pytest.mark.fault("F72")
@pytest.mark.invariant("I24")
@pytest.mark.parametrize("jump", [10.0**8, -(10.0**8)])
def test_wall_clocks_do_not_matter(two, clock, jump):
    """A wall clock that jumps kills no claim and revives none."""
    first, second = two
    first.hold()
    second.hold()
    clock.jump_wall(jump)
    assert (False, True) == (second.hold(), first.hold())


@pytest.mark.fault("F6")
@pytest.mark.invariant("I9")
def test_holder_that_slept_notices_its_loss(two, clock):
    """After a pause longer than the lease the storage is asked, not memory."""
    first, second = two
    first.hold()
    second.hold()
    clock.advance(61)
    second.hold()
    assert not first.hold()


def test_mark_is_carried_from_holder_to_holder(two):
    """What one holder wrote into the claim, the next one reads."""
    first, second = two
    first.hold(mark=17)
    first.release()
    second.hold()
    assert (17, 17) == (second.mark, first.mark or 17)


@pytest.mark.fault("F61")
@pytest.mark.invariant("I9")
def test_loser_of_a_race_holds_nothing(two, monkeypatch):
    """Two that read the same free claim: the storage lets one of them write."""
    first, second = two
    first.hold()
    first.release()
    read = first._vault.read

    def after_the_other(*arguments):
        kept = read(*arguments)
        second.hold()
        return kept

    monkeypatch.setattr(first._vault, "read", after_the_other)
    assert [False, True] == [first.hold(), second.hold()]


@pytest.mark.fault("F5")
def test_release_of_a_lost_claim_changes_nothing(two, clock, stage):
    """Letting go of what somebody else holds by now does them no harm."""
    first, second = two
    first.hold()
    second.hold()
    clock.advance(61)
    second.hold()
    first.release()
    kept = stage.vault.read(Claim, *SUBJECT)
    assert kept.record.owner == second._owner


def test_watch_measures_how_long_a_thing_looks_the_same(clock):
    """A change of looks starts the time anew; another subject has its own."""
    watch = Watch(clock)
    assert 0.0 == watch.unchanged_for("a", "x")
    clock.advance(5)
    assert [5.0, 0.0] == [watch.unchanged_for("a", "x"), watch.unchanged_for("b", "x")]
    assert 0.0 == watch.unchanged_for("a", "y")
    clock.advance(5)
    watch.forget("a")
    assert 0.0 == watch.unchanged_for("a", "y")


def test_watch_forgets_the_oldest(clock):
    """Memory is bounded, and forgetting only makes somebody wait longer."""
    watch = Watch(clock)
    for number in range(10_001):
        watch.unchanged_for(str(number), "x")
    clock.advance(5)
    assert [0.0, 5.0] == [watch.unchanged_for("0", "x"), watch.unchanged_for("9999", "x")]


def test_words_are_not_guessed():
    """Owners and beats are random and as long as asked for."""
    assert 100 == len({new_word() for _ in range(100)})
    assert [12, 6] == [len(new_word()), len(new_word(3))]


@pytest.fixture
def writes(make_stage, monkeypatch):
    """Return a claim, and a list of whether each of its later writes must outlive a power cut."""
    stage = make_stage()
    claim = stage.claim(SUBJECT)
    assert claim.hold()
    seen, replace = [], stage.vault.replace

    def watched(*given, **more):
        seen.append(more.get("synced", True))
        return replace(*given, **more)

    monkeypatch.setattr(stage.vault, "replace", watched)
    return claim, seen


def test_a_claim_is_renewed_once_in_a_third_of_its_lease(writes, clock):
    """Holding it again and again costs nothing before; nobody would take it over by then."""
    claim, seen = writes
    clock.advance(19.9)
    assert (True, []) == (claim.hold(), seen)
    clock.advance(0.1)
    assert (True, [False]) == (claim.hold(), seen)


@pytest.mark.parametrize("news", [{"mark": 5}, {"position": "p7"}, {"mark": 5, "position": "p7"}])
def test_what_a_claim_carries_is_written_at_once_and_durably(writes, news):
    """A mark or a position waits for no renewal, and a power cut does not take it back."""
    claim, seen = writes
    assert claim.hold(**news)
    assert [True] == seen
    assert (news.get("mark", 0), news.get("position", "")) == (claim.mark, claim.position)


@pytest.mark.parametrize("news", [{"mark": 5}, {"position": "p7"}])
def test_the_very_first_claim_carries_what_it_is_given(make_stage, news):
    """Who creates the claim writes mark and position with it."""
    claim = make_stage().claim(SUBJECT)
    assert claim.hold(**news)
    assert (news.get("mark", 0), news.get("position", "")) == (claim.mark, claim.position)
