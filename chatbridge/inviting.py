"""Makes invitations for the Jira administrator: which request is meant, whose bots take it.

The word of an invitation is in the links that are returned and nowhere else.
"""

from __future__ import annotations

from attrs import field, frozen

from chatbridge.adapter import OpensByLink
from chatbridge.desk import RequestState
from chatbridge.engine import Engine
from chatbridge.errors import ConfigurationError, RefusedError
from chatbridge.invitations import DAY, Invitations
from chatbridge.links import Link
from chatbridge.roster import OpenDesk, OpenProject


@frozen
class InvitationLink:
    """A link by which one chat may join a request.

    Args:
        platform: where it opens a chat.
        username: of the bot.
        url: the link; whoever has it gets the conversation.
    """

    platform: str
    username: str
    url: str = field(repr=False)


class Inviting:
    """Makes invitations.

    Args:
        engine: the working parts.
    """

    def __init__(self, engine: Engine) -> None:
        self._vault = engine.vault
        self._roster = engine.roster
        self._invitations = Invitations(engine.vault, engine.marks, engine.clock)

    def invite(
        self, issue: str, site: str | None, project: str | None, minutes: int
    ) -> tuple[InvitationLink, ...]:
        """See `LinkCare.invite`."""
        if not 1 <= minutes <= DAY // 60:
            raise ConfigurationError(f"minutes must be 1 to {DAY // 60}")
        where, state = self._request(issue, site)
        home = self._home(where, state, project)
        bots = [bot for bot in home.bots if isinstance(bot.adapter, OpensByLink)]
        name = home.kept.record.settings.name
        if not bots:
            raise ConfigurationError(
                f"no bot of project '{name}' is on a platform that opens chats by a link"
            )
        word = self._invitations.make(where, state.issue_id, name, minutes * 60)
        return tuple(
            InvitationLink(bot.record.platform, bot.record.username, bot.adapter.deep_link(word))
            for bot in bots
            if isinstance(bot.adapter, OpensByLink)
        )

    def _request(self, issue: str, site: str | None) -> tuple[str, RequestState]:
        """Return the site and the state of the request that is meant."""
        found = []
        for name in self._roster.sites():
            desk = self._roster.desk(name)
            try:
                if site in {None, name}:
                    found.append((name, desk.call(desk.desk.read_request(issue))))
            except RefusedError:
                continue
        if not found:
            where = "" if site is None else f" on site '{site}'"
            raise ConfigurationError(
                f"there is no request {issue}{where} that the bridge's account may see"
            )
        if len(found) > 1:
            sites = ", ".join(sorted(name for name, _ in found))
            raise ConfigurationError(
                f"request {issue} is on several sites; name one with --site: {sites}"
            )
        return found[0]

    def _home(self, site: str, state: RequestState, wanted: str | None) -> OpenProject:
        """Return the project whose bots take the invitation."""
        link = self._vault.read(Link, site, state.issue_id)
        projects = {
            project.kept.record.settings.name: project
            for project in self._roster.refresh()
            if project.kept.record.settings.site == site and self._serves(project, state)
        }
        if wanted is None and link is not None and link.record.project in projects:
            wanted = link.record.project
        names = [wanted] if wanted is not None else list(projects)
        if len(names) == 1 and names[0] in projects:
            return projects[names[0]]
        if wanted is not None or not projects:
            if wanted is not None and self._roster.project(wanted) is None:
                serving = ", ".join(projects) or "none"
                raise ConfigurationError(
                    f"there is no project '{wanted}' (on the request's desk: {serving})"
                )
            raise ConfigurationError("the request is not on the service desk of the project")
        raise ConfigurationError(
            f"several projects serve its desk; name one with --project: {', '.join(projects)}"
        )

    def _serves(self, project: OpenProject, state: RequestState) -> bool:
        settings = project.kept.record.settings
        desk = self._roster.desk(settings.site)
        try:
            return _desk_id(desk, settings.service_desk) == state.service_desk
        except RefusedError:
            return False


def _desk_id(desk: OpenDesk, service_desk: str) -> str:
    if service_desk.isdigit():
        return service_desk
    return desk.call(desk.desk.service_desk_id(service_desk))
