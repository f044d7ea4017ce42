"""Asks a Jira site about a project: permissions, statuses, files and the reader account.

Only questions: nothing is changed there. A desk that is no Jira is not asked.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve, frozen

from chatbridge.checks import Finding, explain
from chatbridge.errors import ChatbridgeError, Refusal, RefusedError
from chatbridge.jira.jira_desk import JiraDesk
from chatbridge.project import ProjectSettings
from chatbridge.roster import OpenDesk


@frozen
class Need:
    """A permission of the bridge's account.

    Args:
        name: what Jira's pages call it.
        purpose: what does not work without it.
        must: whether nothing works without it.
    """

    name: str
    purpose: str
    must: bool = True


NEEDED: Final = {
    "BROWSE_PROJECTS": Need("Browse projects", "it sees no request"),
    "ADD_COMMENTS": Need("Add comments", "customers' messages cannot be passed on"),
    "SERVICEDESK_AGENT": Need("Service desk agent", "it cannot tell notes from answers"),
    "CREATE_ATTACHMENTS": Need("Create attachments", "customers' files stay out", must=False),
    "EDIT_OWN_COMMENTS": Need(
        "Edit own comments", "comments with files cannot be marked as its own", must=False
    ),
    "DELETE_OWN_COMMENTS": Need(
        "Delete own comments", "a comment that Jira took twice stays", must=False
    ),
    "LINK_ISSUES": Need(
        "Link issues", "a request that Jira opened twice is not linked to the other", must=False
    ),
}
"""Jira's keys of the permissions that the bridge uses; see Jira's page of project permissions."""

_OF_AGENTS: Final = ("SERVICEDESK_AGENT", "EDIT_ISSUES", "ADMINISTER_PROJECTS", "ADMINISTER")


def check_permissions(desk: OpenDesk, settings: ProjectSettings) -> list[Finding]:
    """Tell whether the account may do in the project what the bridge has to do."""
    if not isinstance(desk.desk, JiraDesk):
        return []
    missing = _missing(desk, desk.desk, settings)
    subject = f"permissions in project {settings.name}"
    if not missing:
        return [Finding(subject, True, "the account has all that are needed")]
    lacks = "; ".join(
        f"the account lacks {need.name} ({key}): {need.purpose}" for key, need in missing.items()
    )
    names = ", ".join(need.name for need in missing.values())
    mend = (
        f"in the Jira project's settings > Permissions, grant {names} to the role Service Desk "
        "Team, and give the account that role"
    )
    if "SERVICEDESK_AGENT" in missing:
        mend += " and a licence of Jira Service Management"
    return [Finding(subject, False, lacks, mend)]


def check_may_work(desk: OpenDesk, settings: ProjectSettings) -> list[Finding]:
    """Tell the same as `check_permissions`; what the bridge can do without is a hint only."""
    findings = check_permissions(desk, settings)
    if not isinstance(desk.desk, JiraDesk) or all(finding.ok for finding in findings):
        return findings
    must = any(need.must for need in _missing(desk, desk.desk, settings).values())
    return findings if must else [evolve(finding, ok=True) for finding in findings]


def _missing(desk: OpenDesk, jira: JiraDesk, settings: ProjectSettings) -> dict[str, Need]:
    held = desk.call(jira.permissions(settings.service_desk, list(NEEDED)))
    return {key: need for key, need in NEEDED.items() if held.get(key) is False}


def check_closed_statuses(desk: OpenDesk, settings: ProjectSettings) -> list[Finding]:
    """Tell whether the statuses that mean closed exist on the site; nothing where none is named."""
    if not settings.closed_statuses or not isinstance(desk.desk, JiraDesk):
        return []
    known = {name.casefold() for name in desk.call(desk.desk.statuses())}
    unknown = [name for name in settings.closed_statuses if name.casefold() not in known]
    subject = "closed_statuses"
    if not unknown:
        return [Finding(subject, True, "the site knows them")]
    # Customers may see another name than the one that agents work with, and that one counts.
    return [
        Finding(
            subject,
            True,
            f"the site has no status {', '.join(repr(name) for name in unknown)}",
            "if it is no name that customers are shown in their portal, write it as Jira does",
        )
    ]


def check_files(desk: OpenDesk, settings: ProjectSettings) -> list[Finding]:
    """Tell whether the site takes the files that the project passes on."""
    if not settings.customer_files:
        return []
    subject = f"files in project {settings.name}"
    try:
        limit = desk.call(desk.desk.upload_limit())
    except RefusedError as error:
        if error.reason is not Refusal.BAD_FILE:
            raise
        text = "the site takes no files, so those of customers stay out"
        mend = (
            "in Jira's settings > System > Attachments, allow them; or let the bridge pass none "
            f"on: chatbridge project set {settings.name} --set customer_files="
        )
        return [Finding(subject, False, text, mend)]
    if limit is None or limit >= settings.max_file_megabytes * 1_000_000:
        return [Finding(subject, True, "the site takes them")]
    text = (
        f"the site takes them up to {limit / 1e6:.0f} MB, and the project up to "
        f"{settings.max_file_megabytes} MB"
    )
    mend = (
        "raise the limit in Jira's settings > System > Attachments; larger files stay out, and "
        "their senders are told"
    )
    return [Finding(subject, True, text, mend)]


def check_reader(desk: OpenDesk, settings: ProjectSettings) -> list[Finding]:
    """Tell whether the account that reads public comments has no more rights than a customer."""
    if not isinstance(desk.desk, JiraDesk) or not desk.desk.has_reader:
        return []
    subject = f"reader account in project {settings.name}"
    try:
        held = desk.call(desk.desk.reader_permissions(settings.service_desk, _OF_AGENTS))
    except ChatbridgeError as error:
        mends = {Refusal.UNAUTHORISED: "check reader_account and reader_token in [site]"}
        return [explain(error, subject, mends)]
    if not held:
        return [Finding(subject, True, "is no agent: Jira itself keeps internal notes from it")]
    text = f"it has rights of agents ({', '.join(held)}), so it may be shown internal notes"
    mend = "take its licence of Jira Service Management and its roles in the project away"
    return [Finding(subject, False, text, mend)]
