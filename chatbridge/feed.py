"""Asks a site what changed lately, so that the bridge needs no public URL and no hint is needed.

It only wakes links; what changed is found out by their reconciles.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from chatbridge.claims import ClaimKeeper
from chatbridge.clock import Clock
from chatbridge.errors import RefusedError, RetryLaterError
from chatbridge.links import Link
from chatbridge.observation import NoticeKind, Observer
from chatbridge.project import Timings
from chatbridge.roster import Roster
from chatbridge.vault import Vault

_log = logging.getLogger("chatbridge.feed")

_REMEMBERED: Final = 50_000
_LONGEST_WINDOW: Final = 7 * 24 * 60
_TROUBLE: Final = 60.0


class Feed:
    """Looks at the changes of one site.

    Args:
        site: its name.
        vault: the records.
        roster: which desks are in use.
        claim: only its holder asks; its mark is the minute up to which all was seen.
        wake: called with the key of a link that may have news.
        wake_all: called when changes may have been missed.
        clock: the time.
        timings: how often, and how much looks overlap.
        observer: is told when the site refuses.
    """

    def __init__(
        self, site: str, vault: Vault, roster: Roster, claim: ClaimKeeper,
        wake: Callable[[str], None], wake_all: Callable[[], object], clock: Clock, timings: Timings,
        observer: Observer | None = None,
    ) -> None:  # fmt: skip
        self._site = site
        self._vault = vault
        self._roster = roster
        self._claim = claim
        self._wake = wake
        self._wake_all = wake_all
        self._clock = clock
        self._timings = timings
        self._observer = observer or Observer(clock)
        self._woken: OrderedDict[str, str] = OrderedDict()
        self._seen_until: float | None = None
        self._failures = 0
        self.problem = ""

    def step(self) -> float:
        """Look once and return the seconds until the next look."""
        if not self._claim.hold():
            self._seen_until = None
            return self._timings.lease / 3
        desks = self._desks()
        if not desks:
            return self._timings.feed_every
        started = self._clock.monotonic()
        desk = self._roster.desk(self._site)
        try:
            changes = desk.call(desk.desk.changes(desks, self._window()))
        except RetryLaterError as error:
            self._failures = min(self._failures + 1, 6)
            self.problem = "the site does not answer"
            return max(error.retry_after or 0.0, 2.0**self._failures)
        except RefusedError as error:
            self.problem = f"the site refuses the change feed ({error.reason})"
            self._observer.notice(NoticeKind.SITE_TROUBLE, self._site, self.problem)
            _log.error("%s; see 'doctor'", self.problem)
            return _TROUBLE
        for change in changes:
            self._note(change.issue_id, change.updated)
        self._failures = 0
        self.problem = ""
        self._seen_until = started
        self._claim.hold(mark=int(self._clock.time() // 60))
        return self._timings.feed_every

    def release(self) -> None:
        """Let another process feed."""
        self._claim.release()

    def _desks(self) -> tuple[str, ...]:
        settings = [
            project.kept.record.settings for project in self._roster.refresh() if project.works
        ]
        return tuple(
            dict.fromkeys(each.service_desk for each in settings if each.site == self._site)
        )

    def _window(self) -> int:
        """Return how many minutes to look back; by one's own clock except after a start."""
        if self._seen_until is not None:
            missed = (self._clock.monotonic() - self._seen_until) / 60
        else:
            missed = self._clock.time() // 60 - self._claim.mark
        if not 0 <= missed <= _LONGEST_WINDOW:
            # Never looked before, too long ago, or the wall clock was set back.
            self._wake_all()
            missed = 0
        return int(missed) + self._timings.feed_overlap

    def _note(self, issue_id: str, updated: str) -> None:
        if self._woken.get(issue_id) == updated:
            return
        if self._vault.read(Link, self._site, issue_id) is not None:
            self._wake(self._vault.key(Link, self._site, issue_id))
        self._woken[issue_id] = updated
        self._woken.move_to_end(issue_id)
        if len(self._woken) > _REMEMBERED:
            self._woken.popitem(last=False)
