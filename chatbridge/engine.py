"""The working parts of one bridge in one process, wired together; threads only once started.

Journeys meet in storage and in the queue of handles; nothing here knows what a message says.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final

from chatbridge.claims import ClaimKeeper, Watch, new_word
from chatbridge.clock import Clock
from chatbridge.comments import OwnComments
from chatbridge.completion import Completion
from chatbridge.delivery import Delivery
from chatbridge.desk import Desk, Hint
from chatbridge.doubled_requests import DoubledRequests
from chatbridge.errors import ChatbridgeError, DeliveryError, RefusedError, RetryLaterError
from chatbridge.exchange import Transport
from chatbridge.feed import Feed
from chatbridge.file_serving import FileServing
from chatbridge.file_urls import FileUrls
from chatbridge.inbound import Inbound
from chatbridge.jira_writes import JiraWrites
from chatbridge.lanes import PREFIX, Lanes
from chatbridge.links import Link
from chatbridge.marks import Marks
from chatbridge.observation import Observer
from chatbridge.outbound import Outbound
from chatbridge.plugins import Plugins
from chatbridge.polling import Poller
from chatbridge.project import Timings
from chatbridge.replies import Replies
from chatbridge.roster import Roster
from chatbridge.upkeep import Upkeep
from chatbridge.vault import Vault
from chatbridge.webhook_watch import WebhookWatch
from chatbridge.workqueue import WorkQueue

_log = logging.getLogger("chatbridge.engine")

_BY_KEY: Final = "key:"
_TROUBLE: Final = 60.0


class Engine:
    """Everything that works; makes no thread by itself.

    Args:
        vault: the records.
        plugins: where adapters come from.
        desks: by site name.
        transport: what makes the calls.
        clock: the time.
        timings: how long to wait for what.
        owns_url: tells whether a webhook URL is one of this bridge.
        observer: is told what an operator should know.
        public_url: under which the host serves the web app, or None.
    """

    def __init__(
        self, vault: Vault, plugins: Plugins, desks: Mapping[str, Desk], transport: Transport,
        clock: Clock, timings: Timings, owns_url: Callable[[str], bool], observer: Observer,
        public_url: str | None = None,
    ) -> None:  # fmt: skip
        self.owner = new_word()
        self.vault = vault
        self.clock = clock
        self.timings = timings
        self.marks = Marks(vault.sealer)
        self.watch = Watch(clock)
        self.queue = WorkQueue(clock)
        self.roster = Roster(vault, plugins, desks, transport)
        self.file_urls = FileUrls(public_url, vault.sealer, clock)
        self.files = FileServing(vault, self.roster, self.file_urls)
        self._owns_url = owns_url
        self._has_address = public_url is not None
        self._webhooks_due = 0.0
        self.observer = observer
        self._own = OwnComments()
        writes = JiraWrites(self.marks, self._own)
        replies = Replies(self.roster, self.marks, observer)
        delivery = Delivery(vault, self.marks, self.roster, self.owner, clock, timings, observer)
        doubled = DoubledRequests(vault, self.marks, self.owner, clock, timings.request_settle)
        self.outbound = Outbound(
            vault, self.marks, self.roster, delivery, self.watch, self._own, self.owner, clock,
            timings, self.file_urls, doubled,
        )  # fmt: skip
        self.inbound = Inbound(
            vault, self.marks, self.roster, replies, writes, self.watch, self.queue.add,
            self.owner, clock, timings,
        )  # fmt: skip
        self.lanes = Lanes(self.inbound, self.queue, self.marks, clock, observer)
        self.upkeep = Upkeep(
            vault, self.roster, self.lanes, writes, replies, Completion(vault, self.queue.add),
            self.queue, self.watch, self._claim(("pass",)), doubled, self.owner, clock, timings,
        )  # fmt: skip

    def poller(self, bot_key: tuple[str, str], *, lasting: bool = True) -> Poller:
        """Return what polls a bot; `lasting` as of `Poller`."""
        claim = self._claim(("poll", *bot_key))
        return Poller(
            bot_key, self.roster, self.lanes, claim, self.clock, self.timings, self._owns_url,
            self.observer, lasting=lasting,
        )  # fmt: skip

    def webhook_watch(self) -> WebhookWatch:
        """Return what looks at the webhooks of all bots."""
        owns_url = self._owns_url if self._has_address else None
        return WebhookWatch(self.roster, owns_url, self.observer)

    def look_at_webhooks(self) -> None:
        """Look at the webhooks of all bots, unless that was done a short while ago."""
        now = self.clock.monotonic()
        if now >= self._webhooks_due:
            self._webhooks_due = now + self.webhook_watch().step()

    def feed(self, site: str) -> Feed:
        """Return what looks at the changes of a site."""
        claim = self._claim(("feed", site))
        return Feed(
            site, self.vault, self.roster, claim, self.queue.add, self.upkeep.wake_all, self.clock,
            self.timings, self.observer, is_waiting=self.queue.__contains__,
        )  # fmt: skip

    def hint(self, site: str, hint: Hint) -> None:
        """Wake the link that a hint is about; makes no call."""
        if hint.comment_id is not None and (site, hint.comment_id) in self._own:
            return
        if hint.issue_id:
            if self.vault.holds(Link, site, hint.issue_id):
                self.queue.add(self.vault.key(Link, site, hint.issue_id))
        elif hint.issue_key:
            self.queue.add(f"{_BY_KEY}{site}/{hint.issue_key}")

    def work(self, handle: str) -> None:
        """Work on one handle of the queue; whatever fails comes back later."""
        try:
            again = self._work(handle)
        except RetryLaterError as error:
            self.queue.retry(handle, at_least=error.retry_after)
        except DeliveryError as error:
            _log.warning("a link has to wait: %s", error)
            self.queue.retry(handle, at_least=_TROUBLE)
        except ChatbridgeError as error:
            _log.error("a link has to wait: %s", error)
            self.queue.retry(handle, at_least=2.0)
        else:
            if not handle.startswith(PREFIX):
                self.queue.forget(handle)
            if again is not None:
                self.queue.add_after(handle, again)

    def _work(self, handle: str) -> float | None:
        if handle.startswith(PREFIX):
            self.lanes.work(handle)
            return None
        if handle.startswith(_BY_KEY):
            self._resolve(handle.removeprefix(_BY_KEY))
            return None
        return self.outbound.reconcile(handle)

    def _resolve(self, name: str) -> None:
        """Wake the link of an issue that a hint named by its key only."""
        site, _, issue_key = name.partition("/")
        desk = self.roster.desk(site)
        try:
            state = desk.call(desk.desk.read_request(issue_key))
        except RefusedError as error:
            # Rules tell of every issue of a project; this one is no request that we may see.
            _log.info("a hint names an issue that is no request (%s)", error.reason)
            return
        self.hint(site, Hint(state.issue_id))

    def _claim(self, subject: tuple[str, ...]) -> ClaimKeeper:
        return ClaimKeeper(
            self.vault, self.watch, self.owner, subject, self.timings.lease, self.clock
        )
