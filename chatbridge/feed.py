"""Asks a site what changed lately, so that the bridge needs no public URL and no hint is needed.

It only wakes links; what changed is found out by their reconciles.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from chatbridge.claims import ClaimKeeper
from chatbridge.clock import Clock
from chatbridge.errors import RefusedError, RetryLaterError
from chatbridge.links import Link
from chatbridge.observation import NoticeKind, Observer
from chatbridge.project import Timings
from chatbridge.records import ProjectState
from chatbridge.roster import OpenProject, Roster
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
        wake_all: called when changes may have been missed; returns the keys of the links.
        clock: the time.
        timings: how often, and how much looks overlap.
        observer: is told when the site refuses.
        is_waiting: tells whether a link that was woken has still to be looked at.
    """

    def __init__(
        self, site: str, vault: Vault, roster: Roster, claim: ClaimKeeper,
        wake: Callable[[str], None], wake_all: Callable[[], Iterable[str]], clock: Clock,
        timings: Timings, observer: Observer | None = None, *, is_waiting: Callable[[str], bool],
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
        self._is_waiting = is_waiting
        self._unfinished: dict[str, int] = {}  # link -> the minute from which on it has news
        self._working: set[str] | None = None
        self._seen_until: float | None = None
        self._failures = 0
        self.problem = ""

    def step(self) -> float:
        """Look once and return the seconds until the next look."""
        if not self._claim.hold():
            self._seen_until = self._working = None
            self._unfinished.clear()
            return self._timings.lease / 3
        projects = self._projects()
        working = [project for project in projects if project.works]
        self._heed_resumed({project.kept.record.settings.name for project in working})
        if not working:
            return self._timings.feed_every
        started = self._clock.monotonic()
        desk = self._roster.desk(self._site)
        window = self._window()
        try:
            changes = desk.call(desk.desk.changes(_desks(working), window))
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
            self._note(change.issue_id, change.updated, self._minute() - window)
        self._failures = 0
        self.problem = ""
        self._seen_until = started
        # While a project is paused its changes are still to be looked at.
        done = len(working) == len(projects)
        self._claim.hold(mark=self._complete_until() if done else None)
        return self._timings.feed_every

    def release(self) -> None:
        """Let another process feed."""
        self._claim.release()

    def _projects(self) -> list[OpenProject]:
        """Return the projects of the site that work or will work again."""
        return [
            project
            for project in self._roster.refresh()
            if project.kept.record.settings.site == self._site
            and project.kept.record.state is not ProjectState.REMOVED
        ]

    def _heed_resumed(self, working: set[str]) -> None:
        """Look at everything when a project works again: its changes were passed over."""
        if self._working is not None and working - self._working:
            self._catch_up()
        self._working = working

    def _catch_up(self) -> None:
        for key in self._wake_all():
            self._unfinished.setdefault(key, self._claim.mark)

    def _complete_until(self) -> int:
        """Return the minute up to which nothing is left to do, should this process end now."""
        self._unfinished = {
            key: minute for key, minute in self._unfinished.items() if self._is_waiting(key)
        }
        return min(self._unfinished.values(), default=self._minute())

    def _minute(self) -> int:
        return int(self._clock.time() // 60)

    def _window(self) -> int:
        """Return how many minutes to look back; by one's own clock except after a start."""
        if self._seen_until is not None:
            missed = (self._clock.monotonic() - self._seen_until) / 60
        else:
            missed = self._clock.time() // 60 - self._claim.mark
        if not 0 <= missed <= _LONGEST_WINDOW:
            # Never looked before, too long ago, or the wall clock was set back.
            self._catch_up()
            missed = 0
        return int(missed) + self._timings.feed_overlap

    def _note(self, issue_id: str, updated: str, since: int) -> None:
        if self._woken.get(issue_id) == updated:
            return
        # A link that nobody can read is woken too, which tells of it, and holds up no other one.
        if self._vault.holds(Link, self._site, issue_id):
            key = self._vault.key(Link, self._site, issue_id)
            self._wake(key)
            self._unfinished.setdefault(key, since)
        self._woken[issue_id] = updated
        self._woken.move_to_end(issue_id)
        if len(self._woken) > _REMEMBERED:
            self._woken.popitem(last=False)


def _desks(projects: Iterable[OpenProject]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.kept.record.settings.service_desk for each in projects))
