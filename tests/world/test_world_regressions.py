"""Faults that the world found once, by the shortest history that shows each."""

from __future__ import annotations

import pytest

from chatbridge.testing.world.histories import History, run

FOUND = {
    "a cut-off worker loses no message": '["opened","poll",1,false,'
    '[["says",0],["arms","cancel",2],["run",0]]]',
    "a cut-off worker loses no comment": '["opened","poll",1,false,'
    '[["comments",0],["arms","cancel",3],["run",0]]]',
    "a process that stood still before a write leaves it to the one that took over": '["opened",'
    '"poll",1,false,[["says",0],["arms","pause",12],["run",0]]]',
    "a process that stood still compares nothing old with a newer record": '["opened","poll",1,'
    'false,[["says",0],["comments",0],["arms","pause",25],["run",0]]]',
}
"""Promise -> the history that once broke it."""


@pytest.mark.parametrize("promise", FOUND)
def test_what_was_found_stays_mended(promise: str) -> None:
    """Each history that once broke an invariant keeps all of them."""
    assert () == run(History.from_text(FOUND[promise])).problems
