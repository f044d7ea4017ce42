"""What `chatbridge doctor` asks a Jira site: the time, webhooks, and what a project needs there.

Only questions: nothing is written there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from chatbridge import Bridge, Finding, JiraDesk
from chatbridge.checks import check_request_type, check_site
from chatbridge.cli.way_checks import with_cause
from chatbridge.desk import SeenWebhook
from chatbridge.desk_checks import (
    check_closed_statuses,
    check_files,
    check_permissions,
    check_reader,
)
from chatbridge.project import ProjectSettings
from chatbridge.roster import Roster

_MAY_DIFFER: Final = 120.0


def check_login(roster: Roster, site: str, closed: set[str]) -> Iterator[Finding]:
    """Tell whether the site takes our credentials; put it among the closed ones if not."""
    desk = roster.desk(site)
    finding = check_site(desk)
    if not finding.ok:
        closed.add(site)
        if isinstance(desk.desk, JiraDesk):
            finding = with_cause(finding, desk.desk.settings.url)
    yield finding
    if finding.ok:
        yield Finding(
            f"Jira site {site}",
            True,
            "Jira does not tell when the token ends, and sends its account e-mails",
            "note the day on which the token ends (a year after it was made at the latest), and "
            "give the account a mailbox that nobody reads",
        )


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


def check_hints(bridge: Bridge, site: str) -> Iterator[Finding]:
    """Tell whether Jira's webhooks lead here, where the account may know it."""
    url = bridge.hint_url(site)
    desk = bridge.engine.roster.desk(site)
    if url is None or not isinstance(desk.desk, JiraDesk):
        return
    subject = f"webhook of Jira site {site}"
    seen = desk.call(desk.desk.webhooks())
    if seen is None:
        yield Finding(
            subject,
            True,
            "only Jira's administrators may see it",
            f"let one of them look at Jira's settings > System > WebHooks for /hints/{site}; "
            "without a webhook answers arrive some seconds later",
        )
        return
    # A secret may stand behind the address, for a Data Center that cannot sign.
    mine = [each for each in seen if each.url == url or each.url.startswith(f"{url}/")]
    yield _hint_finding(subject, mine, len(seen), site)


def _hint_finding(subject: str, mine: list[SeenWebhook], count: int, site: str) -> Finding:
    if not mine:
        return Finding(
            subject,
            True,
            f"none of Jira's {count} webhooks leads here, so changes are asked for every 10 s",
            "for quicker answers, set one up in Jira's settings > System > WebHooks; chatbridge "
            "webhook show NAME tells its address",
        )
    if not any(each.enabled for each in mine):
        return Finding(subject, False, "it is switched off", "switch it on in System > WebHooks")
    if all(each.signed is False for each in mine):
        return Finding(
            subject,
            False,
            "it is not signed, so it is refused",
            f"give it the secret that hint_secret of site {site} has",
        )
    wanted = {"comment_created", "jira:issue_updated"}
    told = frozenset().union(*(each.events for each in mine))
    missing = ", ".join(sorted(wanted - told)) if told else ""
    if missing:
        return Finding(
            subject,
            True,
            f"it does not tell of {missing}",
            "tick these events in System > WebHooks, so that they need not be asked for",
        )
    return Finding(subject, True, "leads here")


def check_project(roster: Roster, settings: ProjectSettings) -> Iterator[Finding]:
    """Tell whether the site lets the project do its work."""
    desk = roster.desk(settings.site)
    yield from check_permissions(desk, settings)
    finding, _ = check_request_type(desk, settings)
    yield finding
    yield from check_closed_statuses(desk, settings)
    yield from check_files(desk, settings)
    yield from check_reader(desk, settings)
