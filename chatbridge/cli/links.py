"""`chatbridge links`: looks at the links between chats and customer requests, and changes them."""

from __future__ import annotations

import json

import click

from chatbridge import Bridge, ConfigurationError
from chatbridge.cli.display import busy, may_ask, show_table
from chatbridge.cli.invocation import Invocation, pass_invocation
from chatbridge.link_care import places_of
from chatbridge.links import Link


@click.group()
def links() -> None:
    """Look at the links between chats and customer requests."""


@links.command("list")
@click.option("--project", help="Only those of this project.")
@click.option("--chats", is_flag=True, help="Show the chats, too; they are personal data.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_invocation
def list_(invocation: Invocation, project: str | None, chats: bool, as_json: bool) -> None:
    """List the links."""
    with invocation.bridge() as bridge:
        if project is not None:
            bridge.admin.project(project)
        with busy("reading links"):
            found = sorted(bridge.links.all(project), key=_order)
    rows = [_shown(link, chats=chats) for link in found]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif rows:
        show_table([name.upper() for name in rows[0]], [list(row.values()) for row in rows])
    else:
        click.echo("there are no links")


@links.command()
@click.argument("issue")
@click.option("--site", help="The Jira site, where an issue of this id is on several.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def remove(invocation: Invocation, issue: str, site: str | None, yes: bool) -> None:
    """Remove the link of a request. It is named by its issue id or key; nothing changes in Jira.

    Nothing that agents write there will reach the chat any more.
    """
    with invocation.bridge() as bridge:
        link = _link_of(bridge, issue, site)
        if not yes and may_ask():
            click.confirm(f"Remove the link of issue {issue} for good?", abort=True)
        bridge.links.remove(link.site, link.issue_id)
    click.echo(f"the link of issue {issue} is removed")


@links.command()
@click.argument("issue")
@click.option("--site", help="The Jira site, where an issue of this key is on several.")
@click.option("--project", help="Whose bots take it, where several serve the request's desk.")
@click.option(
    "--minutes", type=click.IntRange(1, 1440), default=60, show_default=True,
    help="For how long it is good.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_invocation
def invite(
    invocation: Invocation, issue: str, site: str | None, project: str | None, minutes: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Make a link by which one chat may join a request.

    The request is named by its issue id or key. Whoever opens the link first gets the conversation,
    and the chat that had it does not any more.
    """
    with invocation.bridge() as bridge:
        made = bridge.links.invite(issue, site=site, project=project, minutes=minutes)
    if as_json:
        rows = [{"platform": each.platform, "bot": each.username, "url": each.url} for each in made]
        click.echo(json.dumps(rows, indent=2))
        return
    for each in made:
        click.echo(f"{each.platform} @{each.username}: {each.url}")
    click.echo(f"good once, for {minutes} minutes; hand it to nobody but the customer")


@links.command()
@click.option("--project", help="Only those of this project.")
@click.option(
    "--skip", is_flag=True, help="Do not send the comments that are there now; take them as known."
)
@pass_invocation
def release(invocation: Invocation, project: str | None, skip: bool) -> None:
    """Let links go on that were held, as after a flood of comments."""
    with invocation.bridge() as bridge:
        if project is not None:
            bridge.admin.project(project)
        with busy("releasing links"):
            count = bridge.links.release(project, skip=skip)
    click.echo(f"links released: {count}")


def _order(link: Link) -> tuple[str, str, int]:
    return (link.project, link.site, int(link.issue_id))


def _shown(link: Link, *, chats: bool) -> dict[str, str]:
    shown = {
        "issue": link.issue_id,
        "site": link.site,
        "project": link.project,
        "platform": link.platform,
        "state": link.state.value,
        "reason": link.reason,
    }
    return {**shown, "chat": link.chat} if chats else shown


def _link_of(bridge: Bridge, issue: str, site: str | None) -> Link:
    """Return the link that is meant.

    Raises:
        ConfigurationError: there is none, or more than one.
    """
    places = None if issue.isdigit() else places_of(bridge.engine.roster, issue)
    found = [
        link
        for link in bridge.links.all()
        if (link.issue_id == issue if places is None else (link.site, link.issue_id) in places)
        and site in {None, link.site}
    ]
    if not found:
        where = "" if site is None else f" on site '{site}'"
        raise ConfigurationError(
            f"there is no link of issue {issue}{where}; 'chatbridge links list' shows all, and an "
            "issue that is gone from Jira is named by its id"
        )
    if len(found) > 1:
        sites = ", ".join(sorted(link.site for link in found))
        raise ConfigurationError(
            f"issue {issue} is on several sites; name one with --site: {sites}"
        )
    return found[0]
