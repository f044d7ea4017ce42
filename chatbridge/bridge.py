"""`Bridge`: the one object that a host makes; it opens, wires, starts and closes everything.

Making it opens the storage and nothing else: no thread, no call. It may be used from any thread,
and by the children of a process that forks.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from chatbridge.breaker import Breaker
from chatbridge.clock import Clock, SystemClock
from chatbridge.crew import Crew
from chatbridge.desk import Desk
from chatbridge.engine import Engine
from chatbridge.errors import ConfigurationError
from chatbridge.exchange import Transport
from chatbridge.file_serving import ServedFile
from chatbridge.green_threads import threads_are_patched
from chatbridge.health import Health, health_of
from chatbridge.http_types import WebhookAnswer, WebhookRequest
from chatbridge.installation import Installation
from chatbridge.intake import Intake
from chatbridge.keys import RootKey
from chatbridge.keyset_record import open_sealer
from chatbridge.observation import Notice, Observer, Tally
from chatbridge.one_shot import do_once
from chatbridge.plugins import Plugins
from chatbridge.project import Timings
from chatbridge.roster import OpenBot
from chatbridge.storage import Storage
from chatbridge.transport import HttpTransport
from chatbridge.vault import Vault

if TYPE_CHECKING:
    from chatbridge.administration import Administration
    from chatbridge.link_care import LinkCare
    from chatbridge.privacy import Privacy

_POLLED = 64
"""Connections kept beside those of the workers, for bots that are polled."""


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
        ca_bundle: file or folder of certificate authorities that are trusted instead of the usual
            ones; for a Jira behind a company's own. Of no effect where `transport` is given.
        on_notice: called, from any thread, with what an operator should hear of; content-free.
        clock: the time; None: the real one.
        installation: name of what the storage belongs to; a copy that is opened under another name,
            or none, is not worked on. Empty: no name.

    Raises:
        ConfigurationError: a setting is wrong, or the key does not open the storage.
        StorageError: the storage cannot be opened.
    """

    def __init__(
        self, *, storage: Storage | str, root_keys: RootKey | Sequence[RootKey],
        sites: Sequence[Desk], public_url: str | None = None, workers: int = 16,
        timings: Timings | None = None, plugins: Plugins | None = None,
        transport: Transport | None = None, ca_bundle: str | None = None,
        clock: Clock | None = None, installation: str = "",
        on_notice: Callable[[Notice], None] | None = None,
    ) -> None:  # fmt: skip
        self.plugins = plugins or Plugins()
        self._clock: Clock = clock or SystemClock()
        self._timings = timings or Timings()
        self._public_url = public_url.rstrip("/") if public_url else None
        self._workers = workers
        self._sites = {desk.site: desk for desk in sites}
        self._owned_transport = (
            None
            if transport is not None
            else HttpTransport(pool_size=workers + _POLLED, ca_bundle=ca_bundle)
        )
        self._observer = Observer(self._clock, on_notice)
        calls: Transport = transport or self._owned_transport  # type: ignore[assignment]
        self._transport = Breaker(calls, self._observer, self._clock)
        self._owns_storage = isinstance(storage, str)
        self._storage = self.plugins.open_storage(storage) if isinstance(storage, str) else storage
        roots = [root_keys] if isinstance(root_keys, RootKey) else list(root_keys)
        now, wall = self._clock.monotonic, self._clock.time
        try:
            sealer = open_sealer(self._storage, roots, now=now, wall=wall)
        except BaseException:
            self._close_own()
            raise
        self._vault = Vault(self._storage, sealer, self._observer.record_damaged)
        self._installation = Installation(self._vault, installation)
        self._green = threads_are_patched()
        self._lock = threading.RLock()
        self._intake = Intake(
            lambda: self.engine, self._sites, self._public_url, self._observer, self._clock
        )
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
        # Heavy, as are the next two (50 modules), and not needed to carry messages.
        from chatbridge.administration import Administration

        return Administration(self.engine, self._transport, self.webhook_url)

    @property
    def links(self) -> LinkCare:
        """What the Jira administrator does with links."""
        from chatbridge.link_care import LinkCare

        return LinkCare(self.engine)

    @property
    def privacy(self) -> Privacy:
        """What the Jira administrator may know of what is kept, and have erased."""
        from chatbridge.privacy import Privacy

        return Privacy(self.engine, self.admin, self.plugins)

    def start(self) -> None:
        """Start the threads that carry messages; returns at once.

        Raises:
            ConfigurationError: it was closed already, or the storage belongs to another
                installation.
        """
        engine = self.engine
        self._installation.check()
        with self._lock:
            if self._closed:
                raise ConfigurationError("this bridge was closed; make a new one")
            if threads_are_patched() != self._green:
                raise ConfigurationError(
                    "threads were replaced after this bridge was opened, and it would hang; call "
                    "monkey.patch_all() of gevent first, before anything imports chatbridge"
                )
            if self._crew is None:
                self._crew = Crew(engine, self._workers, self._intake.is_hinted)
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
        self._close_own()

    def run_once(self, seconds: float = 60.0) -> bool:
        """Do all that is to be done now, without threads; for a cron job.

        Args:
            seconds: after how long to stop.

        Returns:
            Whether everything was done.
        """
        self._installation.check()
        return do_once(self.engine, self._clock, seconds)

    def adopt_storage(self) -> None:
        """Let the storage belong to this installation from now on, by its name or without one.

        Stop the installation first that it belonged to: two copies send every answer twice.
        """
        self._installation.adopt()

    def receive_webhook(self, platform: str, token: str, webhook: WebhookRequest) -> WebhookAnswer:
        """Take a platform's webhook in and return what to answer.

        Args:
            platform: from the path, as in `webhook_url`.
            token: from the path, as in `webhook_url`.
            webhook: as it came.
        """
        inline = self._crew is None
        if inline:
            self._installation.check()
        return self._intake.receive_webhook(platform, token, webhook, inline=inline)

    def receive_hint(self, site: str, webhook: WebhookRequest) -> WebhookAnswer:
        """Take a webhook of Jira in and return what to answer; only ids of it are read.

        Args:
            site: name of the site, from the path.
            webhook: as it came.
        """
        return self._intake.receive_hint(site, webhook)

    def open_file(self, token: str, *, head: bool = False) -> ServedFile:
        """Return a file that a platform fetches, if it may be shown at this moment; close it.

        Args:
            token: from the path, as in the addresses that the bridge gives out.
            head: return all but the bytes.

        Raises:
            RefusedError: there is no such file, or nobody may see it any more: answer 404.
            RetryLaterError: not now: answer 503.
        """
        return self.engine.files.open(token, head=head)

    def webhook_url(self, bot: OpenBot | tuple[str, str]) -> str:
        """Return the URL to which a bot's platform sends its webhooks.

        Args:
            bot: a bot, or platform and id of one, which no project needs to have yet.

        Raises:
            ConfigurationError: no public URL is set.
        """
        return self._intake.webhook_url(*(bot if isinstance(bot, tuple) else bot.key))

    def hint_url(self, site: str) -> str | None:
        """Return the URL for a webhook in Jira, None without a public URL."""
        return f"{self._public_url}/hints/{site}" if self._public_url else None

    def health(self) -> Health:
        """Return how the bridge is, in numbers and words for an operator."""
        crew = self._crew
        return health_of(
            self.engine,
            self._transport,
            self._observer,
            running=crew is not None,
            complaints=crew.problems() if crew is not None else [],
            webhooks=self._intake.last_webhook,
        )

    def tally(self) -> Tally:
        """Return what was counted since the start of the process."""
        return self._observer.tally()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _close_own(self) -> None:
        if self._owned_transport is not None:
            self._owned_transport.close()
        if self._owns_storage:
            self._storage.close()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._engine = Engine(
            self._vault, self.plugins, self._sites, self._transport, self._clock, self._timings,
            self._intake.owns_url, self._observer, self._public_url,
        )  # fmt: skip
