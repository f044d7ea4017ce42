"""`Bridge`: the one object that a host makes; it opens, wires, starts and closes everything.

Making it opens the storage and nothing else: no thread, no call. It may be used from any thread,
and by the children of a process that forks.
"""

from __future__ import annotations

import logging
import math
import os
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

from chatbridge.adapter import AnswersWebhooks
from chatbridge.administration import Administration
from chatbridge.breaker import Breaker
from chatbridge.clock import Clock, SystemClock
from chatbridge.crew import Crew
from chatbridge.desk import Desk
from chatbridge.engine import Engine
from chatbridge.errors import ConfigurationError, WebhookError
from chatbridge.exchange import Transport
from chatbridge.http_types import WebhookAnswer, WebhookRequest
from chatbridge.keys import RootKey, open_sealer
from chatbridge.link_care import LinkCare
from chatbridge.observation import Notice, NoticeKind, Observer
from chatbridge.one_shot import do_once, drain
from chatbridge.plugins import Plugins
from chatbridge.project import Timings
from chatbridge.roster import OpenBot
from chatbridge.storage import Storage
from chatbridge.transport import HttpTransport
from chatbridge.vault import Vault

_log = logging.getLogger("chatbridge.bridge")

_HINTS_RECENT: Final = 3600.0


class Bridge:
    """Carries conversations between chats and customer requests.

    Args:
        storage: where records are kept: an open storage, or "sqlite:support.db", "memory:", or
            the scheme of an installed storage plugin.
        root_keys: the key that opens the records; several while one is replaced.
        sites: the Jira sites, see `chatbridge.CloudDesk`.
        public_url: https URL under which the host serves this bridge's web app; None to poll.
        workers: how many threads carry messages.
        timings: how long to wait for what.
        plugins: where adapters come from; None: installed packages.
        transport: what makes the calls; None: HTTPS.
        on_notice: called, from any thread, with what an operator should hear of; content-free.
        clock: the time; None: the real one.

    Raises:
        ConfigurationError: a setting is wrong, or the key does not open the storage.
        StorageError: the storage cannot be opened.
    """

    def __init__(
        self,
        *,
        storage: Storage | str,
        root_keys: RootKey | Sequence[RootKey],
        sites: Sequence[Desk],
        public_url: str | None = None,
        workers: int = 16,
        timings: Timings | None = None,
        plugins: Plugins | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
        on_notice: Callable[[Notice], None] | None = None,
    ) -> None:
        self.plugins = plugins or Plugins()
        self._clock: Clock = clock or SystemClock()
        self._timings = timings or Timings()
        self._public_url = public_url.rstrip("/") if public_url else None
        self._workers = workers
        self._sites = {desk.site: desk for desk in sites}
        self._owned_transport = None if transport is not None else HttpTransport(pool_size=workers)
        self._observer = Observer(self._clock, on_notice)
        calls: Transport = transport or self._owned_transport  # type: ignore[assignment]
        self._transport = Breaker(calls, self._observer, self._clock)
        self._owns_storage = isinstance(storage, str)
        self._storage = self._opened(storage) if isinstance(storage, str) else storage
        roots = [root_keys] if isinstance(root_keys, RootKey) else list(root_keys)
        self._vault = Vault(self._storage, open_sealer(self._storage, roots))
        self._lock = threading.RLock()
        self._hints: dict[str, float] = {}
        self._routes: dict[tuple[str, str], tuple[str, str]] = {}
        self._crew: Crew | None = None
        self._closed = False
        self._begin()

    @property
    def engine(self) -> Engine:
        """The working parts of this process; new ones in a child that was forked."""
        if os.getpid() != self._pid:
            with self._lock:
                if os.getpid() != self._pid:
                    # Threads, claims and queues stay with the parent.
                    self._crew = None
                    self._begin()
        return self._engine

    @property
    def admin(self) -> Administration:
        """What the Jira administrator does."""
        return Administration(self.engine, self._transport, self.webhook_url)

    @property
    def links(self) -> LinkCare:
        """What the Jira administrator does with links."""
        return LinkCare(self.engine)

    def start(self) -> None:
        """Start the threads that carry messages; returns at once.

        Raises:
            ConfigurationError: it was closed already.
        """
        engine = self.engine
        with self._lock:
            if self._closed:
                raise ConfigurationError("this bridge was closed; make a new one")
            if self._crew is None:
                self._crew = Crew(engine, self._workers, self._hinted)
                self._crew.start()

    def stop(self, grace: float = 20.0) -> bool:
        """Finish what is under way and end the threads; return whether all of it ended in time.

        What did not end is safe: it is found and finished after the next start.

        Args:
            grace: seconds to wait.
        """
        with self._lock:
            crew, self._crew = self._crew, None
        ended = crew.stop(grace) if crew is not None and os.getpid() == self._pid else True
        if crew is not None:
            self._begin()
        return ended

    def close(self) -> None:
        """Stop, and close what this bridge has opened."""
        self.stop()
        with self._lock:
            if self._closed:
                return
            self._closed = True
        if self._owned_transport is not None:
            self._owned_transport.close()
        if self._owns_storage:
            self._storage.close()

    def run_once(self, seconds: float = 60.0) -> bool:
        """Do all that is to be done now, without threads; for a cron job.

        Args:
            seconds: after how long to stop.

        Returns:
            Whether everything was done.
        """
        return do_once(self.engine, self._clock, seconds)

    def receive_webhook(self, platform: str, token: str, webhook: WebhookRequest) -> WebhookAnswer:
        """Take a platform's webhook in and return what to answer.

        Args:
            platform: from the path, as in `webhook_url`.
            token: from the path, as in `webhook_url`.
            webhook: as it came.
        """
        engine = self.engine
        found = self._bot_of(platform, token)
        if found is None:
            return WebhookAnswer(404)
        try:
            found.adapter.verify(webhook)
            events = found.adapter.parse(webhook)
        except WebhookError as error:
            self._observer.notice(NoticeKind.WEBHOOK_REFUSED, platform, str(error))
            _log.warning("a webhook of %s was refused: %s", platform, error)
            return WebhookAnswer(error.status_hint)
        tickets = [engine.lanes.submit(found.key, event, keep=False) for event in events]
        within = found.adapter.capabilities.answer_within * 0.9
        if self._crew is None:
            deadline = self._clock.monotonic() + within
            drain(engine, self._clock, deadline, lambda: engine.lanes.wait(tickets, 0))
        if not engine.lanes.wait(tickets, within) or not all(each.finished for each in tickets):
            waits = [each.retry_after or 2.0 for each in tickets if not each.finished]
            return WebhookAnswer(503, retry_after=math.ceil(max(waits, default=2.0)))
        answer = None
        if isinstance(found.adapter, AnswersWebhooks):
            answer = found.adapter.answer(webhook, None)
        return answer or WebhookAnswer(200)

    def receive_hint(self, site: str, webhook: WebhookRequest) -> WebhookAnswer:
        """Take a webhook of Jira in and return what to answer; only ids of it are read.

        Args:
            site: name of the site, from the path.
            webhook: as it came.
        """
        desk = self._sites.get(site)
        if desk is None:
            return WebhookAnswer(404)
        try:
            desk.verify_hint(webhook)
            hints = desk.parse_hint(webhook)
        except WebhookError as error:
            self._observer.notice(NoticeKind.WEBHOOK_REFUSED, site, str(error))
            _log.warning("a webhook of site %s was refused: %s", site, error)
            return WebhookAnswer(error.status_hint)
        for hint in hints:
            self.engine.hint(site, hint)
        self._hints[site] = self._clock.monotonic()
        return WebhookAnswer(200)

    def webhook_url(self, bot: OpenBot) -> str:
        """Return the URL to which a bot's platform sends its webhooks.

        Raises:
            ConfigurationError: no public URL is set.
        """
        if self._public_url is None:
            raise ConfigurationError(
                "public_url is not set: webhooks need an https URL that the platform can reach; "
                "set it, or use polling"
            )
        return f"{self._public_url}/webhooks/{bot.record.platform}/{self._token(*bot.key)}"

    def hint_url(self, site: str) -> str | None:
        """Return the URL for a webhook in Jira, None without a public URL."""
        return f"{self._public_url}/hints/{site}" if self._public_url else None

    def problems(self) -> list[str]:
        """Return what pollers and feeds complain about now, in words for an operator."""
        crew = self._crew
        return crew.problems() if crew is not None else []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._engine = Engine(
            self._vault, self.plugins, self._sites, self._transport, self._clock, self._timings,
            self._owns_url, self._observer,
        )  # fmt: skip

    def _opened(self, setting: str) -> Storage:
        scheme, separator, rest = setting.partition(":")
        if not separator:
            raise ConfigurationError(
                "storage must look like sqlite:support.db or memory:, a scheme and a place"
            )
        return self.plugins.storage(scheme, rest)

    def _hinted(self, site: str) -> bool:
        at = self._hints.get(site)
        return at is not None and self._clock.monotonic() - at < _HINTS_RECENT

    def _token(self, platform: str, bot_id: str) -> str:
        return self._vault.sealer.token("webhook", platform, bot_id, size=12).hex()

    def _bot_of(self, platform: str, token: str) -> OpenBot | None:
        """Return the bot whose webhook has this path, if it may act."""
        key = self._routes.get((platform, token))
        if key is None:
            for project in self.engine.roster.refresh():
                for bot in project.bots:
                    self._routes[(bot.record.platform, self._token(*bot.key))] = bot.key
            key = self._routes.get((platform, token))
        found = self.engine.roster.bot(*key) if key is not None else None
        return found[1] if found is not None else None

    def _owns_url(self, url: str) -> bool:
        last = url.rstrip("/").rpartition("/")[2]
        return bool(last) and any(last == token for _, token in self._own_tokens())

    def _own_tokens(self) -> list[tuple[str, str]]:
        return [
            (bot.record.platform, self._token(*bot.key))
            for project in self.engine.roster.refresh()
            for bot in project.bots
        ]
