"""Writes changes of a link whose claim is held, and of none that somebody else works on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from chatbridge.claims import new_word
from chatbridge.delivery_jobs import LostClaimError
from chatbridge.errors import ConflictError
from chatbridge.links import Link
from chatbridge.vault import Kept, Vault

_MOST_CONFLICTS: Final = 8


def change_link(vault: Vault, kept: Kept[Link], change: Callable[[Link], Link]) -> Kept[Link]:
    """Write a change of a link that nobody else works on; see `Delivery.change`."""
    now, mine = kept, (kept.record.state, kept.record.claim)
    for _ in range(_MOST_CONFLICTS):
        try:
            return vault.replace(now, _fresh_beat(change(now.record)))
        except ConflictError:
            again = vault.read_key(Link, kept.key)
        if again is None or (again.record.state, again.record.claim) != mine:
            raise LostClaimError("another process works on the link, or it may not send")
        now = again
    raise LostClaimError("the link changes too often; looked at again")


def with_inflight(link: Link, **changes: Any) -> Link:
    """Return the link with its claim changed.

    Raises:
        LostClaimError: nobody claims it.
    """
    if link.inflight is None:
        raise LostClaimError("the claim is gone")
    return evolve(link, inflight=evolve(link.inflight, **changes))


def _fresh_beat(link: Link) -> Link:
    return link if link.inflight is None else with_inflight(link, beat=new_word(3))
