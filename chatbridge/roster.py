"""Who takes part: the projects as they are kept now, their bots with adapters, and the desks.

Every look-up of a project reads the storage, so that a change by the administrator holds at once;
adapters are made again only when the record changed. Nothing is kept here that is not in storage.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping

from attrs import field, frozen

from chatbridge.adapter import Adapter, AnswersWebhooks, BotIdentity, CompletesEvents
from chatbridge.content import Address
from chatbridge.desk import Desk
from chatbridge.errors import ChatbridgeError, ConfigurationError
from chatbridge.exchange import Exchange, Party, Result, Transport, carry_out, origin
from chatbridge.http_types import HttpRequest
from chatbridge.plugins import Plugins
from chatbridge.records import BotRecord, Project, ProjectState
from chatbridge.settings import structure
from chatbridge.texts import Texts
from chatbridge.vault import Kept, Vault

_log = logging.getLogger("chatbridge.roster")

Check = Callable[[HttpRequest], None]


@frozen
class OpenBot:
    """A bot that can act.

    Args:
        record: as kept.
        project: the name of its project.
        adapter: made from its settings.
        party: whom its calls reach.

    Attributes:
        completes: the adapter, where it completes events; else None.
        answers: the adapter, where it answers webhooks; else None.
    """

    record: BotRecord = field(repr=False)
    project: str
    adapter: Adapter = field(repr=False)
    party: Party
    # Known once for all webhooks: to find out that an adapter lacks one takes 20 us.
    completes: CompletesEvents | None = field(init=False, repr=False)
    answers: AnswersWebhooks | None = field(init=False, repr=False)

    @completes.default
    def _completes(self) -> CompletesEvents | None:
        return self.adapter if isinstance(self.adapter, CompletesEvents) else None

    @answers.default
    def _answers(self) -> AnswersWebhooks | None:
        return self.adapter if isinstance(self.adapter, AnswersWebhooks) else None

    @property
    def key(self) -> tuple[str, str]:
        """Platform and bot id."""
        return (self.record.platform, self.record.bot_id)


@frozen
class OpenProject:
    """A project as it is kept now, with its bots."""

    kept: Kept[Project] = field(repr=False)
    bots: tuple[OpenBot, ...]

    @property
    def settings(self) -> object:
        """Its settings."""
        return self.kept.record.settings

    @property
    def texts(self) -> Texts:
        """What its bots say."""
        settings = self.kept.record.settings
        return Texts(settings.language, settings.texts)

    @property
    def works(self) -> bool:
        """Whether anything may happen in it."""
        return self.kept.record.state is ProjectState.ACTIVE


class Roster:
    """The projects, bots and desks of one bridge.

    Args:
        vault: the records.
        plugins: where adapters come from.
        desks: by site name.
        transport: what makes the calls.
    """

    def __init__(
        self, vault: Vault, plugins: Plugins, desks: Mapping[str, Desk], transport: Transport
    ) -> None:
        self._vault = vault
        self._plugins = plugins
        self._desks = {
            site: OpenDesk(desk, party_of_desk(desk), transport) for site, desk in desks.items()
        }
        self._transport = transport
        self._lock = threading.Lock()
        self._open: dict[str, OpenProject] = {}
        self._homes: dict[tuple[str, str], str] = {}

    def refresh(self) -> tuple[OpenProject, ...]:
        """Read all projects again and return them; one that cannot be opened is logged."""
        found = [self._reopened(kept) for kept in self._vault.scan(Project)]
        projects = tuple(project for project in found if project is not None)
        with self._lock:
            self._open = {project.kept.record.settings.name: project for project in projects}
            self._homes = {
                bot.key: name for name, project in self._open.items() for bot in project.bots
            }
        return projects

    def project(self, name: str) -> OpenProject | None:
        """Return a project as it is kept at this moment, or None."""
        with self._lock:
            known = self._open.get(name)
        if known is not None:
            kept = self._vault.refresh(known.kept)
            if kept is known.kept:
                return known
        else:
            kept = self._vault.read(Project, name)
        project = self._opened(kept) if kept is not None else None
        with self._lock:
            self._open.pop(name, None)
            if project is not None:
                self._open[name] = project
                self._homes.update({bot.key: name for bot in project.bots})
        return project

    def bot(self, platform: str, bot_id: str) -> tuple[OpenProject, OpenBot] | None:
        """Return a bot with its project as kept at this moment; None where it may not act."""
        home = self._home(platform, bot_id)
        if home is None:
            # Nobody may have looked yet: work can be quicker than the first look after a start.
            self.refresh()
            home = self._home(platform, bot_id)
        project = self.project(home) if home is not None else None
        if project is None or not project.works:
            return None
        for bot in project.bots:
            if bot.key == (platform, bot_id):
                return project, bot
        return None

    def _home(self, platform: str, bot_id: str) -> str | None:
        with self._lock:
            return self._homes.get((platform, bot_id))

    def desk(self, site: str) -> OpenDesk:
        """Return the desk of a site.

        Raises:
            ConfigurationError: no such site is configured.
        """
        desk = self._desks.get(site)
        if desk is None:
            known = ", ".join(sorted(self._desks)) or "none"
            raise ConfigurationError(
                f"there is no site '{site}' in the configuration (there are: {known})"
            )
        return desk

    def sites(self) -> Iterator[str]:
        """Return the names of the configured sites."""
        return iter(self._desks)

    def call(self, bot: OpenBot, exchange: Exchange[Result], before: Check | None = None) -> Result:
        """Carry out an exchange with a bot's platform; `before` as of `carry_out`."""
        return carry_out(exchange, self._transport, bot.party, before)

    def adapter(self, record: BotRecord) -> Adapter:
        """Make an adapter from a bot's record.

        Raises:
            ConfigurationError: a setting is wrong, or the adapter is not installed.
        """
        plugin = self._plugins.adapter(record.platform)
        where = f"settings of the {record.platform} bot"
        settings = structure(record.settings, plugin.adapter.settings_schema, where=where)
        identity = BotIdentity(record.bot_id, record.username) if record.bot_id else None
        return plugin.adapter(settings, identity)

    def open_bot(self, record: BotRecord, project: str) -> OpenBot:
        """Return a bot that can act, made from its record.

        Raises:
            ConfigurationError: a setting is wrong, or the adapter is not installed.
        """
        adapter = self.adapter(record)
        return OpenBot(record, project, adapter, party_of_adapter(adapter))

    def _reopened(self, kept: Kept[Project]) -> OpenProject | None:
        """Return the project as it is open, or open it anew where its record has changed."""
        with self._lock:
            known = self._open.get(kept.record.settings.name)
        if known is not None and known.kept.version == kept.version:
            return known
        return self._opened(kept)

    def _opened(self, kept: Kept[Project]) -> OpenProject | None:
        name = kept.record.settings.name
        try:
            bots = tuple(self.open_bot(record, name) for record in kept.record.bots)
            return OpenProject(kept, bots)
        except ChatbridgeError as error:
            _log.error("project %s cannot be opened: %s", name, error)
            return None


@frozen
class OpenDesk:
    """A desk and the way to it; `before` as of `carry_out`."""

    desk: Desk
    party: Party
    transport: Transport = field(repr=False)
    before: Check | None = field(default=None, repr=False)

    def checked(self, before: Check) -> OpenDesk:
        """Return the same way with a check before each request."""
        return OpenDesk(self.desk, self.party, self.transport, before)

    def call(self, exchange: Exchange[Result]) -> Result:
        """Carry out an exchange with the site."""
        return carry_out(exchange, self.transport, self.party, self.before)


def party_of_adapter(adapter: Adapter) -> Party:
    """Return whom an adapter's calls may reach."""
    secrets = tuple(secret.reveal() for secret in adapter.secrets())
    who = f" {adapter.identity.bot_id}" if adapter.identity is not None else ""
    return Party(f"{adapter.name} bot{who}", frozenset(map(origin, adapter.urls())), secrets)


def party_of_desk(desk: Desk) -> Party:
    """Return whom a desk's calls may reach."""
    secrets = tuple(secret.reveal() for secret in desk.secrets())
    return Party(f"site {desk.site}", frozenset(map(origin, desk.urls())), secrets)


def conversation_subject(bot: OpenBot, address: Address) -> tuple[str, str, str]:
    """Return what identifies the conversation of an address."""
    return (*bot.key, address.chat)
