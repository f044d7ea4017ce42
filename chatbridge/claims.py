"""Who may act: claims in the storage, alive while their beat changes, and no clock but one's own.

A claim of somebody else is dead when its owner and beat have not changed for the length of a lease
on this process's monotonic clock, so clocks of several machines need not agree.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from contextlib import suppress

from attrs import evolve

from chatbridge.clock import Clock
from chatbridge.errors import ConflictError
from chatbridge.records import Claim
from chatbridge.vault import Kept, Vault

_WATCHED = 10_000


def new_word(size: int = 6) -> str:
    """Return a random word for an owner or a beat."""
    return secrets.token_hex(size)


class Watch:
    """Remembers since when (by this process's clock) things have looked the same.

    Args:
        clock: the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._since: dict[str, tuple[str, float]] = {}

    def unchanged_for(self, subject: str, look: str) -> float:
        """Return for how many seconds the subject has had this look."""
        now = self._clock.monotonic()
        with self._lock:
            known, since = self._since.pop(subject, ("", now))
            if known != look:
                since = now
            self._since[subject] = (look, since)
            while len(self._since) > _WATCHED:
                # Forgetting one only makes somebody wait a lease longer.
                self._since.pop(next(iter(self._since)))
        return now - since

    def forget(self, subject: str) -> None:
        """Drop what is remembered of the subject."""
        with self._lock:
            self._since.pop(subject, None)


class ClaimKeeper:
    """Holds one claim for this process, taking it over when its holder is dead.

    Args:
        vault: the records.
        watch: the observations.
        owner: this process.
        subject: what is claimed.
        lease: seconds after which an unchanged claim is dead.
        clock: the time.
    """

    def __init__(
        self, vault: Vault, watch: Watch, owner: str, subject: tuple[str, ...], lease: float,
        clock: Clock, beat: Callable[[], str] = new_word,
    ) -> None:  # fmt: skip
        self._vault = vault
        self._watch = watch
        self._owner = owner
        self._subject = subject
        self._lease = lease
        self._clock = clock
        self._beat = beat
        self._kept: Kept[Claim] | None = None
        self._renewed = float("-inf")

    @property
    def mark(self) -> int:
        """The mark that the claim carries."""
        return self._kept.record.mark if self._kept else 0

    @property
    def position(self) -> str:
        """The polling position that the claim carries, empty where there is none."""
        return self._kept.record.position if self._kept else ""

    def hold(self, mark: int | None = None, position: str | None = None) -> bool:
        """Try to hold or renew the claim; return whether it is held now.

        Args:
            mark: what to write into it, or None to leave it.
            position: likewise.
        """
        now = self._clock.monotonic()
        unchanged = mark is None and position is None
        if self._kept and unchanged and now - self._renewed < self._lease / 3:
            return True
        kept = self._vault.read(Claim, *self._subject)
        try:
            self._kept = self._take(kept, mark, position)
        except ConflictError:
            self._kept = None
        if self._kept:
            self._renewed = now
        return self._kept is not None

    def release(self) -> None:
        """Let go, so that another process need not wait for the lease to end."""
        kept, self._kept = self._kept, None
        if kept is None:
            return
        with suppress(ConflictError):  # Somebody else holds it already.
            self._vault.replace(kept, evolve(kept.record, owner="", beat=self._beat()))

    def _take(
        self, kept: Kept[Claim] | None, mark: int | None, position: str | None
    ) -> Kept[Claim] | None:
        if kept is None:
            claim = Claim(self._subject, self._owner, self._beat(), mark or 0, position or "")
            return self._vault.create(claim)
        claim = kept.record
        if claim.owner not in {"", self._owner}:
            look = f"{claim.owner}.{claim.beat}"
            if self._watch.unchanged_for(kept.key, look) < self._lease:
                return None
        mine = Claim(
            self._subject,
            self._owner,
            self._beat(),
            claim.mark if mark is None else mark,
            claim.position if position is None else position,
        )
        # A beat that a power failure undoes says that nobody has renewed the claim: no harm.
        only_renewed = claim.owner == self._owner and mark is None and position is None
        return self._vault.replace(kept, mine, synced=not only_renewed)
