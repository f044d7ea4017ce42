"""What `chatbridge doctor` asks a Jira site: the time, permissions and request types."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from chatbridge import Finding, JiraDesk
from chatbridge.checks import check_request_type, check_site
from chatbridge.records import Project
from chatbridge.roster import Roster

NEEDED: Final = {
    "BROWSE_PROJECTS": "Browse projects",
    "ADD_COMMENTS": "Add comments",
    "SERVICEDESK_AGENT": "Service desk agent",
}
"""Permissions without which the bridge cannot do its work, and what Jira's pages call them."""

_MAY_DIFFER: Final = 120.0


def check_login(roster: Roster, site: str, closed: set[str]) -> Iterator[Finding]:
    """Tell whether the site takes our credentials; put it among the closed ones if not."""
    finding = check_site(roster.desk(site))
    if not finding.ok:
        closed.add(site)
    yield finding


def check_clock(roster: Roster, site: str) -> Iterator[Finding]:
    """Tell whether this machine and the site agree on the time."""
    desk = roster.desk(site)
    theirs = desk.call(desk.desk.time()) if isinstance(desk.desk, JiraDesk) else None
    if theirs is None:
        return
    difference = abs(time.time() - theirs)
    if difference <= _MAY_DIFFER:
        yield Finding("clock", True, f"this machine and Jira site {site} agree on the time")
    else:
        text = f"this machine's clock and that of Jira site {site} differ by {difference:.0f} s"
        yield Finding("clock", False, text, "set this machine's clock, best by NTP")


def check_permissions(roster: Roster, project: Project) -> Iterator[Finding]:
    """Tell whether the account may do in the project what the bridge has to do."""
    desk = roster.desk(project.settings.site)
    if not isinstance(desk.desk, JiraDesk):
        return
    held = desk.call(desk.desk.permissions(project.settings.service_desk, list(NEEDED)))
    missing = [shown for name, shown in NEEDED.items() if held.get(name) is False]
    subject = f"permissions in project {project.settings.name}"
    if missing:
        yield Finding(
            subject,
            False,
            f"the account lacks {', '.join(missing)}",
            "give it a licence of Jira Service Management and the project's role Service Desk Team",
        )
    else:
        yield Finding(subject, True, "the account has all that are needed")


def check_type(roster: Roster, project: Project) -> Iterator[Finding]:
    """Tell whether requests of the project's type can be opened."""
    finding, _ = check_request_type(roster.desk(project.settings.site), project.settings)
    yield finding
