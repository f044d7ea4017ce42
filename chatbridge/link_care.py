"""What the Jira administrator does with links: list, remove, release, settle after a restore."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from attrs import evolve

from chatbridge.engine import Engine
from chatbridge.erasure import Eraser
from chatbridge.errors import RefusedError
from chatbridge.invitations import Invitation
from chatbridge.inviting import InvitationLink, Inviting
from chatbridge.links import RELEASED, Link, LinkState
from chatbridge.roster import Roster
from chatbridge.setbacks import RESTORED
from chatbridge.subjects import RequestSubject
from chatbridge.vault import Kept

_log = logging.getLogger("chatbridge.link_care")


class LinkCare:
    """Looks at and changes links.

    Args:
        engine: the working parts.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._vault = engine.vault
        self._roster = engine.roster

    def all(self, project: str | None = None) -> Iterator[Link]:
        """Return the links of a project, or all."""
        for kept in self._vault.scan(Link):
            if project is None or kept.record.project == project:
                yield kept.record

    def remove(self, site: str, issue_id: str) -> bool:
        """Remove a link and the chat's memory of it; return whether it was there."""
        if self._vault.read(Link, site, issue_id) is None:
            return False
        for _ in Eraser(self._vault).erase(RequestSubject(site, issue_id)):
            pass
        return True

    def release(self, project: str | None = None, *, skip: bool = False) -> int:
        """Let held links go on; return how many.

        Args:
            project: only those of this project.
            skip: take the comments that are there now as known, instead of sending them.
        """
        count = 0
        for kept in self._vault.scan(Link):
            link = kept.record
            if link.state is LinkState.HELD and (project is None or link.project == project):
                count += self._release(kept, skip=skip)
        return count

    def invite(
        self, issue: str, *, site: str | None = None, project: str | None = None, minutes: int = 60
    ) -> tuple[InvitationLink, ...]:
        """Make a link for each bot of a project by which one chat may join a request.

        Whoever opens one gets the conversation: it leaves the chat that it has now. All of them
        are one invitation, good once; an earlier one of the request is worth nothing any more.

        Args:
            issue: the request's id or key.
            site: the Jira site, where several have such an issue.
            project: whose bots take it, where several serve the request's desk.
            minutes: for how long it is good; a day at most.

        Raises:
            ConfigurationError: there is no such request or bot, or it is not clear which one.
            DeliveryError: the site cannot be asked now.
        """
        return Inviting(self._engine).invite(issue, site, project, minutes)

    def storage_restored(self) -> int:
        """Hold every link until its present comments are taken as known; return how many.

        A storage from a backup does not know what was sent after it was made; sending all of that
        again would flood the customers. A link whose request cannot be read now stays held; this
        may be called again. Invitations end: one that was used since would be good once more.
        """
        count = 0
        for invitation in self._vault.scan(Invitation):
            self._vault.erase(invitation.key)
        for kept in self._vault.scan(Link):
            if kept.record.state is not LinkState.GONE:
                self._vault.update(kept, _held_after_restore)
                count += 1
        for kept in self._vault.scan(Link):
            if kept.record.reason == RESTORED:
                self._release(kept, skip=True)
        return count

    def _release(self, kept: Kept[Link], *, skip: bool) -> bool:
        """Let a link go on; return False where its request cannot be read, so that it stays."""
        present: frozenset[int] = frozenset()
        if skip:
            try:
                present = self._present(kept.record)
            except RefusedError as error:
                _log.warning("a link stays held, its request cannot be read (%s)", error.reason)
                return False
        # Who chose to skip did not choose a flood of what comes next.
        reason = "" if skip else RELEASED
        self._vault.update(
            kept,
            lambda link: evolve(
                link, state=LinkState.ACTIVE, reason=reason, seen=link.seen | present
            ),
        )
        self._engine.queue.add(kept.key)
        return True

    def _present(self, link: Link) -> frozenset[int]:
        """Return the public comments that are there; an empty list alone would prove nothing."""
        desk = self._roster.desk(link.site)
        desk.call(desk.desk.read_request(link.issue_id))
        present = desk.call(desk.desk.public_comments(link.issue_id))
        return frozenset(int(comment.comment_id) for comment in present)


def _held_after_restore(link: Link) -> Link:
    return evolve(link, state=LinkState.HELD, reason=RESTORED, inflight=None)


def places_of(roster: Roster, issue_key: str) -> set[tuple[str, str]]:
    """Return the sites that have an issue of this key, each with its id there.

    Args:
        roster: the sites.
        issue_key: such as HELP-12.

    Raises:
        DeliveryError: a site cannot be asked now.
    """
    found = set()
    for name in roster.sites():
        desk = roster.desk(name)
        try:
            found.add((name, desk.call(desk.desk.read_request(issue_key)).issue_id))
        except RefusedError:
            continue
    return found
