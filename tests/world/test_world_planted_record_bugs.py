"""Bugs about altered records and replaced keys, planted into the real code; each must be caught."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import chain, count, islice
from typing import Any

import pytest

from chatbridge import conversations, inbound, rotation, sealing
from chatbridge.claims import ClaimKeeper
from chatbridge.errors import SealedValueError
from chatbridge.keyset_record import RECORD_KINDS
from chatbridge.live_sealer import LiveSealer
from chatbridge.record_bytes import from_bytes
from chatbridge.records import Claim, Conversation
from chatbridge.rotation import Rotation
from chatbridge.sealing import Sealer
from chatbridge.storage import Row, Storage
from chatbridge.testing.world.enumeration import Scenario
from chatbridge.testing.world.histories import History, beginning, run
from chatbridge.testing.world.operations import Step
from chatbridge.testing.world.overheard import JudgesVault
from chatbridge.testing.world.random_histories import kept_history_of
from chatbridge.testing.world.record_faults import alterations, rotations, worked_in
from chatbridge.vault import Kept, Vault

MOST_RUNS = 500
"""Runs within which each bug must show."""

Patch = Callable[[pytest.MonkeyPatch], None]
Hunt = Iterator[tuple[History, Any]]


def _altered(name: str, *operations: str) -> Hunt:
    return alterations(Scenario(operations or ("public", "says"), start="two"), name)


def _told(*steps: Step) -> Hunt:
    history = History(steps, "two")
    yield history, run(history)


def _rotated(*operations: str) -> Hunt:
    scenario = Scenario(operations or ("public", "other says"))
    return chain(worked_in(scenario), rotations(scenario))


def _rotated_on_viber() -> Hunt:
    """Receipts are made once and never written again, so nothing mends their keys later."""
    return rotations(Scenario(("public",), "webhook", platform="viber"))


def _drawn() -> Hunt:
    for seed in count(0):
        history = kept_history_of(seed)
        yield history, run(history)


# --- altered records ------------------------------------------------------------------------------


def a_place_does_not_count(patch: pytest.MonkeyPatch) -> None:
    """A record opens wherever it stands, and nobody compares what it says of itself."""
    patch.setattr(sealing, "_binding", lambda header, _key, instance: header + instance)

    def opened(self: Vault, cls: type[Any], row: Row) -> Kept[Any]:
        schema, plain = self.sealer.unseal(row.key, row.value)
        return Kept(row.key, from_bytes(cls, schema, plain), row.version)

    patch.setattr(Vault, "opened", opened)
    patch.setattr(Vault, "read", lambda self, cls, *who: self._found(cls, self.key(cls, *who)))


def unreadable_is_absent(patch: pytest.MonkeyPatch) -> None:
    """A record that cannot be read counts as one that is not there."""
    find = Vault._found

    def found(self: Vault, cls: type[Any], key: str) -> Kept[Any] | None:
        try:
            return find(self, cls, key)
        except SealedValueError:
            return None

    patch.setattr(Vault, "_found", found)


def an_unreadable_conversation_begins_anew(patch: pytest.MonkeyPatch) -> None:
    """A chat whose record cannot be read gets an empty one."""
    known = conversations.conversation_of

    def conversation(vault: Vault, roster: Any, subject: tuple[str, str, str]) -> Any:
        try:
            return known(vault, roster, subject)
        except SealedValueError:
            vault.erase(vault.key(Conversation, *subject))
            return vault.create(Conversation(*subject))

    patch.setattr(inbound, "conversation_of", conversation)


def an_unreadable_claim_is_taken(patch: pytest.MonkeyPatch) -> None:
    """A claim that cannot be read is made anew, with nothing in it."""
    hold = ClaimKeeper.hold

    def holding(self: ClaimKeeper, *position: Any, **more: Any) -> bool:
        try:
            return hold(self, *position, **more)
        except SealedValueError:
            self._vault.erase(self._vault.key(Claim, *self._subject))
            return hold(self, *position, **more)

    patch.setattr(ClaimKeeper, "hold", holding)


def one_link_stops_the_feed(patch: pytest.MonkeyPatch) -> None:
    """Whoever only asks whether a link is there has to be able to read it."""
    patch.setattr(Vault, "holds", lambda self, cls, *who: self.read(cls, *who) is not None)


def a_check_that_sees_nothing(patch: pytest.MonkeyPatch) -> None:
    """The check of the records does not open them."""

    def opened(self: Vault, cls: type[Any], row: Row) -> Any:
        return plain(self, cls, row) if isinstance(self, JudgesVault) else known(self, cls, row)

    plain = Vault.opened

    def known(self: Vault, cls: type[Any], row: Row) -> Any:
        if isinstance(self.storage, Storage) and type(self.storage).__name__ == "MemoryStorage":
            return Kept(row.key, object(), row.version)
        return plain(self, cls, row)

    patch.setattr(Vault, "opened", opened)


# --- replaced keys --------------------------------------------------------------------------------


def the_old_key_goes_at_once(patch: pytest.MonkeyPatch) -> None:
    """The key before is dropped before anything was sealed anew."""

    def scan(self: Rotation, _sealer: Sealer, _current: int) -> Iterator[Any]:
        yield self._progress(rotation.Stage.SEALING)
        return False

    patch.setattr(Rotation, "_scan", scan)


def nobody_is_waited_for(patch: pytest.MonkeyPatch) -> None:
    """Whoever has not met the new key yet is taken for one who has."""
    patch.setattr(rotation, "SETTLE", 0.0)


def a_kind_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Conversations are not sealed anew."""
    kinds = tuple(kind for kind in RECORD_KINDS if kind != "conversation")
    patch.setitem(Rotation.__init__.__kwdefaults__, "kinds", kinds)


def a_newer_record_is_written_over(patch: pytest.MonkeyPatch) -> None:
    """What is sealed anew takes the place of what was written meanwhile."""

    def reseal(self: Rotation, sealer: Sealer, row: Row) -> bool:
        self._storage.put(row.key, sealer.seal(row.key, *sealer.unseal(row.key, row.value)))
        return True

    patch.setattr(Rotation, "_reseal", reseal)


def keys_are_read_once(patch: pytest.MonkeyPatch) -> None:
    """Who meets the id of an unknown key does not look for it."""
    patch.setattr(LiveSealer, "_knowing", lambda self, _key_id: self._keys)
    patch.setattr(LiveSealer, "_fresh", lambda self: self._keys)


def who_stood_still_does_not_look_again(patch: pytest.MonkeyPatch) -> None:
    """A record that was sealed before the change, and made after it, stays under the old key."""
    patch.setattr(Sealer, "is_current", lambda *_: True)


BUGS: dict[Patch, Callable[[], Hunt]] = {
    a_place_does_not_count: lambda: _altered("moved"),
    unreadable_is_absent: lambda: _altered("content"),
    an_unreadable_conversation_begins_anew: lambda: _altered("conversation", "says", "other says"),
    an_unreadable_claim_is_taken: lambda: _altered("claim"),
    one_link_stops_the_feed: lambda: _told(
        ("alters", "link", 0, "torn"), ("comments", 0), ("comments", 1), ("run", 0)
    ),
    a_check_that_sees_nothing: lambda: _altered("header"),
    the_old_key_goes_at_once: _rotated,
    nobody_is_waited_for: _rotated_on_viber,
    a_kind_is_forgotten: _drawn,
    a_newer_record_is_written_over: _rotated,
    keys_are_read_once: _rotated,
    who_stood_still_does_not_look_again: _rotated_on_viber,
}
"""Each bug and where it is looked for."""


@pytest.mark.invariant("I13", "I14")
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_the_world_catches_a_planted_bug(bug: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug that somebody could write is found within a few hundred runs."""
    logging.disable(logging.ERROR - 1)
    beginning.cache_clear()
    JudgesVault._known._read.clear()
    try:
        bug(monkeypatch)
        runs = (outcome for _, outcome in islice(BUGS[bug](), MOST_RUNS))
        caught = next((outcome for outcome in runs if outcome.problems), None)
    finally:
        logging.disable(logging.NOTSET)
        beginning.cache_clear()
        JudgesVault._known._read.clear()
    assert caught is not None


@pytest.mark.parametrize("bug", list(BUGS), ids=lambda bug: bug.__name__)
def test_without_the_bug_about_records_nothing_is_wrong(bug: Patch) -> None:
    """The same search finds nothing in the library as it is (a share of it, for time)."""
    wrong = [
        (history.as_text(), outcome.problems)
        for history, outcome in islice(BUGS[bug](), 8)
        if outcome.problems
    ]
    assert [] == wrong
