"""Whose turn it is in the slow look at all links, which finds what no look at the changes shows.

It takes a few links at a time, in the order of their keys, so that many of them cost a site no more
calls than it was promised and delay nobody. Where it stands is kept, however often processes start.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from chatbridge.claims import ClaimKeeper
from chatbridge.clock import Clock
from chatbridge.leftovers import Leftovers
from chatbridge.project import Timings
from chatbridge.vault import Vault

PER_SECOND: Final = 0.075
"""Links at most; each costs two calls of its site, where nothing is new."""
_MOST: Final = 5000
"""Links at once, after a long pause."""


class FullPass:
    """Goes through all links, again and again.

    Args:
        vault: the records.
        claim: only its holder looks; its mark is the minute of the last look, its position the key
            of the link that was the last one.
        clock: the time.
        timings: in which time all links shall have had their turn.
    """

    def __init__(self, vault: Vault, claim: ClaimKeeper, clock: Clock, timings: Timings) -> None:
        self._vault = vault
        self._claim = claim
        self._clock = clock
        self._every = timings.full_pass_every

    def take(self, keys: Sequence[str]) -> list[str]:
        """Return the links whose turn it is now, and note that they had it.

        At the end of each pass, records are removed that nothing leads to any more.

        Args:
            keys: of all links that may have news.
        """
        if not self._claim.hold():
            return []
        minute = int(self._clock.time() // 60)
        since = (minute - self._claim.mark) * 60
        # Never, too long ago, or the wall clock was set back: from the beginning.
        anew = not 0 <= since < self._every
        count = self._count(len(keys), self._every if anew else since)
        taken: list[str] = []
        if anew or count:
            ordered = sorted(keys)
            begin = 0 if anew else bisect_right(ordered, self._claim.position)
            taken = ordered[begin : begin + count]
            ended = begin + count >= len(ordered)
            if ended:
                Leftovers(self._vault).sweep()
            left = 0.0
            if not (anew or ended):
                # Time that was too short for one more link counts for the next look.
                turn = self._every / len(keys)
                left = min(since - count * turn, turn)
            self._claim.hold(mark=minute - int(left // 60), position="" if ended else taken[-1])
        self._claim.release()
        return taken

    def _count(self, links: int, seconds: float) -> int:
        """Return how many of the links have their turn after so many seconds."""
        return min(int(links * seconds / self._every), int(seconds * PER_SECOND), _MOST)
