"""What the Jira administrator does: projects, links, webhooks, restored storages.

Every change is durable when the call returns, and holds from then on in every process, since each
effect reads the project again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from chatbridge.adapter import Polls, RegistersWebhooks, WebhookState
from chatbridge.checks import (
    Finding,
    check_mode,
    check_request_type,
    check_site,
    identify_bot,
    with_marker_rung,
)
from chatbridge.desk_checks import check_closed_statuses, check_may_work
from chatbridge.engine import Engine
from chatbridge.erasure import Eraser, Trace
from chatbridge.errors import ConfigurationError, ConflictError, DeliveryError
from chatbridge.exchange import Transport
from chatbridge.project import ProjectSettings
from chatbridge.records import BotRecord, Project, ProjectState
from chatbridge.roster import OpenBot
from chatbridge.subjects import ProjectSubject
from chatbridge.vault import Kept

_log = logging.getLogger("chatbridge.administration")


@frozen
class NewBot:
    """A bot that shall belong to a project.

    Args:
        platform: the adapter's name.
        settings: of the adapter, as plain values.
        mode: "poll" or "webhook".
    """

    platform: str
    settings: Mapping[str, Any]
    mode: str = "poll"


class Administration:
    """Changes what is kept.

    Args:
        engine: the working parts.
        transport: for questions to site and platforms.
        webhook_url: gives the URL of a bot's webhook; raises ConfigurationError without one.
    """

    def __init__(self, engine: Engine, transport: Transport, webhook_url: Any) -> None:
        self._engine = engine
        self._vault = engine.vault
        self._roster = engine.roster
        self._transport = transport
        self._webhook_url = webhook_url

    def projects(self) -> list[Project]:
        """Return all projects, in the order of their names."""
        kept = (each.record for each in self._vault.scan(Project))
        return sorted(kept, key=lambda project: project.settings.name)

    def project(self, name: str) -> Project:
        """Return a project.

        Raises:
            ConfigurationError: there is none of this name; the text lists those there are.
        """
        return self._kept(name).record

    def set_project(self, settings: ProjectSettings, bots: Sequence[NewBot]) -> list[Finding]:
        """Keep a project's settings and bots, after site and platforms agreed.

        Args:
            settings: all settings of the project.
            bots: all bots of the project.

        Returns:
            What was checked; all of it is ok.

        Raises:
            ConfigurationError: something cannot work; nothing was kept.
            RetryLaterError: the site or a platform cannot be asked now; nothing was kept.
        """
        settings = self._with_site(settings)
        desk = self._roster.desk(settings.site)
        findings = [check_site(desk)]
        _raise_first_problem(findings)
        finding, kind = check_request_type(desk, settings)
        findings.append(finding)
        _raise_first_problem(findings)
        findings += [*check_may_work(desk, settings), *check_closed_statuses(desk, settings)]
        _raise_first_problem(findings)
        if kind is not None:
            settings = with_marker_rung(settings, kind)
        records = []
        for bot in bots:
            record = self._identified(settings.name, bot)
            records.append(record)
            findings.append(Finding(f"{bot.platform} bot", True, f"is @{record.username}"))
            if record.mode == "webhook":
                # Asked for now, so that nothing is kept where there is no URL to be told.
                self._webhook_url(self._roster.open_bot(record, settings.name))
        self._keep(Project(settings, tuple(records)))
        for opened in self._opened(settings.name):
            if opened.record.mode == "webhook":
                self._register(opened, self._webhook_url(opened))
                findings.append(Finding(f"{opened.record.platform} webhook", True, "is set"))
        return findings

    def set_state(self, name: str, state: ProjectState) -> None:
        """Pause a project or let it go on."""
        kept = self._kept(name)
        self._vault.update(kept, lambda project: evolve(project, state=state))
        if state is ProjectState.ACTIVE:
            self._engine.upkeep.wake_all()

    def remove_project(self, name: str) -> Iterator[int]:
        """Let nothing happen in a project any more, then remove all of its records.

        The first holds once this returns, the second goes on while the result is iterated.

        Returns:
            How many records are removed so far, after each.
        """
        traces = self.erase_project(name)
        return (count for count, _ in enumerate(traces, start=1))

    def erase_project(self, name: str) -> Iterator[Trace]:
        """Remove a project as `remove_project` does; return what its records looked like."""
        kept = self._kept(name)
        bots = self._opened(name)
        subject = self.subject(name)
        self._vault.update(kept, lambda record: evolve(record, state=ProjectState.REMOVED))
        for bot in bots:
            if bot.record.mode == "webhook":
                self._remove_webhook_of(bot)
        return self._remove_records(kept, subject)

    def subject(self, name: str) -> ProjectSubject:
        """Return a project with what belongs to it alone.

        Raises:
            ConfigurationError: there is none of this name.
        """
        project = self._kept(name).record
        others = {each.settings.site for each in self.projects() if each.settings.name != name}
        return ProjectSubject(
            name,
            frozenset((bot.platform, bot.bot_id) for bot in project.bots),
            frozenset({project.settings.site} - others),
        )

    def _remove_webhook_of(self, bot: OpenBot) -> None:
        try:
            self._register(bot, None)
        except DeliveryError as error:
            # A revoked token must not keep a project alive; what comes is refused from now on.
            _log.warning("the webhook of a removed bot is still set: %s", error)

    def _remove_records(self, kept: Kept[Project], subject: ProjectSubject) -> Iterator[Trace]:
        eraser = Eraser(self._vault)
        yield from eraser.erase(subject)
        yield from eraser.erase_record(kept)
        self._roster.refresh()

    def set_webhook(self, name: str) -> list[str]:
        """Let the bots of a project be told of events by webhook; return what was set."""
        return self._set_mode(name, "webhook")

    def remove_webhook(self, name: str) -> list[str]:
        """Let the bots of a project be polled; return which were changed.

        A bot of a platform that cannot be polled keeps its webhook.

        Raises:
            ConfigurationError: none of the bots can be polled.
        """
        return self._set_mode(name, "poll")

    def webhook_states(self, name: str) -> list[tuple[OpenBot, WebhookState | None]]:
        """Return what the platforms say of the webhooks of a project's bots."""
        states: list[tuple[OpenBot, WebhookState | None]] = []
        for bot in self._opened(name):
            adapter = bot.adapter
            known = isinstance(adapter, RegistersWebhooks)
            state = self._roster.call(bot, adapter.webhook_state()) if known else None  # type: ignore[attr-defined]
            states.append((bot, state))
        return states

    def _set_mode(self, name: str, mode: str) -> list[str]:
        kept, bots = self._kept(name), self._opened(name)
        able = [bot for bot in bots if mode == "webhook" or isinstance(bot.adapter, Polls)]
        if bots and not able:
            check_mode(bots[0].adapter, mode)
        for bot in able:
            self._register(bot, self._webhook_url(bot) if mode == "webhook" else None)
        keys = {bot.key for bot in able}
        self._vault.update(kept, lambda project: _in_mode(project, keys, mode))
        return [f"@{bot.record.username} on {bot.record.platform}" for bot in able]

    def _register(self, bot: OpenBot, url: str | None) -> None:
        if isinstance(bot.adapter, RegistersWebhooks):
            self._roster.call(bot, bot.adapter.register_webhook(url))

    def _with_site(self, settings: ProjectSettings) -> ProjectSettings:
        if settings.site:
            return settings
        sites = list(self._roster.sites())
        if len(sites) != 1:
            raise ConfigurationError(f"site: name one of {', '.join(sites) or 'none configured'}")
        return evolve(settings, site=sites[0])

    def _identified(self, project: str, bot: NewBot) -> BotRecord:
        record = BotRecord(bot.platform, "", "", bot.mode, dict(bot.settings))
        check_mode(self._roster.adapter(record), bot.mode)
        identity = identify_bot(self._roster, self._transport, record)
        for other in self.projects():
            taken = {(each.platform, each.bot_id) for each in other.bots}
            if other.settings.name != project and (bot.platform, identity.bot_id) in taken:
                raise ConfigurationError(
                    f"the bot @{identity.username} belongs to project '{other.settings.name}'; "
                    "a bot has one project"
                )
        return evolve(record, bot_id=identity.bot_id, username=identity.username)

    def _keep(self, project: Project) -> None:
        kept = self._vault.read(Project, project.settings.name)
        try:
            if kept is None:
                self._vault.create(project)
            elif kept.record.state is ProjectState.REMOVED:
                raise ConfigurationError(
                    f"project '{project.settings.name}' is being removed; remove it again to "
                    "finish that, then set it"
                )
            else:
                self._vault.replace(kept, evolve(project, state=kept.record.state))
        except ConflictError:
            raise ConfigurationError("somebody else changed the project; try again") from None
        self._roster.refresh()

    def _kept(self, name: str) -> Kept[Project]:
        kept = self._vault.read(Project, name)
        if kept is None:
            known = ", ".join(project.settings.name for project in self.projects()) or "none"
            raise ConfigurationError(f"there is no project '{name}' (there are: {known})")
        return kept

    def _opened(self, name: str) -> tuple[OpenBot, ...]:
        project = self._roster.project(name)
        return project.bots if project is not None else ()


def _in_mode(project: Project, keys: set[tuple[str, str]], mode: str) -> Project:
    """Return the project with these bots in another mode."""
    bots = (
        evolve(bot, mode=mode) if (bot.platform, bot.bot_id) in keys else bot
        for bot in project.bots
    )
    return evolve(project, bots=tuple(bots))


def _raise_first_problem(findings: list[Finding]) -> None:
    for finding in findings:
        if not finding.ok:
            raise ConfigurationError(f"{finding.subject}: {finding.text}; {finding.mend}")
