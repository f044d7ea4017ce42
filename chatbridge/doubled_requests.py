"""Repairs doubled openings: of requests with one marker, the linked one goes on.

A double appears when Jira takes an opening later than the bridge waited for it. The other request
is linked to the first as its duplicate and says so to agents; no request is ever deleted. Looked
for only where an opening was asked for twice, ten times within about a day.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from attrs import evolve

from chatbridge.claims import new_word
from chatbridge.clock import Clock
from chatbridge.delivery_jobs import LostClaimError
from chatbridge.desk import OpenedRequest
from chatbridge.drafts import look_up
from chatbridge.errors import ConflictError, RefusedError
from chatbridge.links import Inflight, Link, LinkState, Opening
from chatbridge.marks import Marks
from chatbridge.project import ProjectSettings
from chatbridge.roster import OpenDesk
from chatbridge.state_texts import duplicate_note
from chatbridge.vault import Kept, Vault

_log = logging.getLogger("chatbridge.doubles")

LOOKS: Final = 10
"""How often a double is looked for, each time after twice the pause before."""

DOUBLED: Final = "doubled"
"""Reason of a link whose request turned out to be a double of another one."""


class DoubledRequests:
    """Looks for doubles of requests, and settles them.

    Args:
        vault: the records.
        marks: makes the markers.
        owner: this process.
        clock: the time.
        settle: seconds after which an opening of unknown outcome is asked for again.
    """

    def __init__(self, vault: Vault, marks: Marks, owner: str, clock: Clock, settle: float) -> None:
        self._vault = vault
        self._marks = marks
        self._owner = owner
        self._clock = clock
        self._settle = settle
        self._lock = threading.Lock()
        self._agenda: dict[str, float] = {}
        self._due: set[str] = set()

    def due(self) -> tuple[list[str], float]:
        """Return the keys of links to look at from now on, each once, and when the next is due."""
        now = self._clock.monotonic()
        with self._lock:
            keys = [key for key, at in self._agenda.items() if at <= now]
            for key in keys:
                del self._agenda[key]
            self._due.update(keys)
            return keys, min((at - now for at in self._agenda.values()), default=float("inf"))

    def forget(self, key: str) -> None:
        """Drop what is remembered of a link."""
        with self._lock:
            self._agenda.pop(key, None)
            self._due.discard(key)

    def care(
        self, kept: Kept[Link], desk: OpenDesk, settings: ProjectSettings, issue_key: str
    ) -> Kept[Link]:
        """Look for a double of a link's request where one may be and it is time to.

        Args:
            kept: the link, on which nobody works.
            desk: of its site.
            settings: of its project.
            issue_key: of its request, for agents to read.

        Raises:
            LostClaimError: another process works on the link.
            RetryLaterError: the site asks for patience.
        """
        opening = kept.record.opening
        if opening is None:
            self.forget(kept.key)
            return kept
        if not self._is_due(kept.key, opening):
            return kept
        mine = Inflight(DOUBLED, (), self._owner, new_word(3))
        kept = self._replace(kept, evolve(kept.record, inflight=mine))
        found = self._find(desk, settings, opening)
        if self._goes_on(kept.record, found):
            for double in found:
                if double.issue_id != kept.record.issue_id:
                    self._settle_double(kept.record, double, desk, issue_key)
        looks = opening.looks + 1
        pause = self._pause(looks)
        moment = int((self._clock.time() + pause) // 60)
        rest = evolve(opening, looks=looks, moment=moment) if looks < LOOKS else None
        kept = self._replace(kept, evolve(kept.record, inflight=None, opening=rest))
        self.forget(kept.key)
        if rest is not None:
            with self._lock:
                self._agenda[kept.key] = self._clock.monotonic() + pause
        return kept

    def _is_due(self, key: str, opening: Opening) -> bool:
        """Tell whether to look now, by this process's clock or, after a restart, by the date."""
        with self._lock:
            if key not in self._due and key not in self._agenda:
                self._agenda[key] = self._clock.monotonic() + self._pause(opening.looks)
            return key in self._due or self._clock.time() >= opening.moment * 60

    def _pause(self, looks: int) -> float:
        return self._settle * 2.0**looks

    def _find(
        self, desk: OpenDesk, settings: ProjectSettings, opening: Opening
    ) -> tuple[OpenedRequest, ...]:
        wanted = look_up(settings, self._marks.request_marker(opening.event))
        try:
            return desk.call(desk.desk.find_requests(wanted))
        except RefusedError as error:
            _log.warning("a doubled request could not be looked for (%s)", error.reason)
            return ()

    def _goes_on(self, link: Link, found: tuple[OpenedRequest, ...]) -> bool:
        """Tell whether this link's request is the one that stays; of several linked, the first."""
        linked = [each.issue_id for each in found if self._is_linked(link, each.issue_id)]
        return not linked or min(linked, key=int) == link.issue_id

    def _is_linked(self, link: Link, issue_id: str) -> bool:
        other = self._vault.read(Link, link.site, issue_id)
        return other is not None and _was_opened(other.record)

    def _settle_double(
        self, link: Link, double: OpenedRequest, desk: OpenDesk, issue_key: str
    ) -> None:
        """Say of a double what it is; the note comes last, so it tells that all is done."""
        text = duplicate_note(issue_key)
        try:
            if desk.call(desk.desk.has_note(double.issue_id, text)):
                return
            self._link_duplicate(link, double, desk)
            self._stop_link(link, double)
            desk.call(desk.desk.add_note(double.issue_id, text))
        except RefusedError as error:
            _log.warning("agents could not be told of a doubled request (%s)", error.reason)
            return
        _log.warning("a request that Jira opened twice goes on in one of both; agents are told")

    def _link_duplicate(self, link: Link, double: OpenedRequest, desk: OpenDesk) -> None:
        try:
            linked = desk.call(desk.desk.link_duplicate(double.issue_id, link.issue_id))
        except RefusedError as error:
            _log.warning("a doubled request could not be linked (%s); see 'doctor'", error.reason)
            return
        if not linked:
            _log.info("the site has no links for duplicates; the note has to do")

    def _stop_link(self, link: Link, double: OpenedRequest) -> None:
        """Let nothing more reach a chat from a double that a process had linked before it died."""
        other = self._vault.read(Link, link.site, double.issue_id)
        if other is not None and _was_opened(other.record):
            self._vault.update(other, lambda record: record.stopped(LinkState.GONE, DOUBLED))

    def _replace(self, kept: Kept[Link], link: Link) -> Kept[Link]:
        try:
            return self._vault.replace(kept, link)
        except ConflictError:
            raise LostClaimError("the link changed") from None


def _was_opened(link: Link) -> bool:
    """Tell whether a link was made by opening its request, of which there may be a double."""
    return link.opening is not None and link.state is not LinkState.GONE
