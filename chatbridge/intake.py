"""Webhooks in: whose they are, whether they are genuine, and what to answer.

A platform's webhook is answered well only when all of its events are done. A webhook of Jira is a
hint: it is verified, its ids are read, and nothing else of it is.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Mapping
from typing import Final

from chatbridge.answers import greeting, travels_in_answer
from chatbridge.clock import Clock
from chatbridge.desk import Desk
from chatbridge.engine import Engine
from chatbridge.errors import ConfigurationError, DeliveryError, RetryLaterError, WebhookError
from chatbridge.events import Event
from chatbridge.http_types import MAX_WEBHOOK, WebhookAnswer, WebhookRequest
from chatbridge.invitations import Invitations
from chatbridge.joining import word_of
from chatbridge.marks import looks_like_invitation
from chatbridge.observation import NoticeKind, Observer
from chatbridge.one_shot import drain
from chatbridge.records import Conversation
from chatbridge.roster import OpenBot, OpenProject, conversation_subject
from chatbridge.routing import Action, decide
from chatbridge.situations import Situations
from chatbridge.webhook_routes import unrouted

_log = logging.getLogger("chatbridge.intake")

_HINTS_RECENT: Final = 3600.0
_LOOK_FOR_NEW_BOTS: Final = 1.0
_PAUSED: Final = 60
_SOON: Final = 2.0


class Intake:
    """Takes webhooks in for one bridge.

    Args:
        engine: gives the working parts of this process.
        sites: the desks by name.
        public_url: under which webhooks arrive, without a slash at its end; None where none do.
        observer: is told of refused webhooks.
        clock: the time.
    """

    def __init__(
        self, engine: Callable[[], Engine], sites: Mapping[str, Desk], public_url: str | None,
        observer: Observer, clock: Clock,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._sites = sites
        self._public_url = public_url
        self._observer = observer
        self._clock = clock
        self._routes: dict[tuple[str, str], tuple[str, str]] = {}
        self._looking = threading.Lock()
        self._looked = float("-inf")
        self._hints: dict[str, float] = {}
        self.last_webhook: dict[str, float] = {}

    def receive_webhook(
        self, platform: str, token: str, webhook: WebhookRequest, *, inline: bool
    ) -> WebhookAnswer:
        """Take a platform's webhook in and return what to answer.

        Args:
            platform: from the path.
            token: from the path.
            webhook: as it came.
            inline: work on it in this thread, since no others were started.
        """
        if len(webhook.body) > MAX_WEBHOOK:
            return WebhookAnswer(413)
        key = self._bot_key(platform, token)
        if key is None:
            return WebhookAnswer(404)
        found = self._engine().roster.bot(*key)
        if found is None:
            return WebhookAnswer(503, retry_after=_PAUSED)
        project, bot = found
        strange = unrouted(bot.adapter.capabilities.webhook_routes, webhook)
        if strange is not None:
            return strange
        try:
            bot.adapter.verify(webhook)
            events = self._completed(bot, bot.adapter.parse(webhook))
        except WebhookError as error:
            return self._refused(platform, error)
        except DeliveryError as error:
            # What was not understood is not taken: it comes again.
            _log.warning("a webhook of %s cannot be completed now: %s", platform, error)
            return WebhookAnswer(503, retry_after=_seconds(error))
        self.last_webhook[bot.party.name] = self._clock.time()
        greeted = [event for event in events if travels_in_answer(bot, event)]
        if greeted:
            # What greets somebody waits for nothing: it can travel in this very answer only.
            welcome = self._welcome(project, bot, greeted[0])
            answer = self._noted(bot, events)
        else:
            welcome = None
            answer = self._carried(bot, events, inline=inline)
        if answer.status == 200 and bot.answers is not None:
            return bot.answers.answer(webhook, welcome) or answer
        return answer

    def receive_hint(self, site: str, webhook: WebhookRequest) -> WebhookAnswer:
        """Take a webhook of Jira in and return what to answer.

        Args:
            site: name of the site, from the path.
            webhook: as it came.
        """
        if len(webhook.body) > MAX_WEBHOOK:
            return WebhookAnswer(413)
        desk = self._sites.get(site)
        if desk is None:
            return WebhookAnswer(404)
        try:
            desk.verify_hint(webhook)
            hints = desk.parse_hint(webhook)
        except WebhookError as error:
            return self._refused(f"site {site}", error)
        for hint in hints:
            self._engine().hint(site, hint)
        self._hints[site] = self._clock.monotonic()
        self.last_webhook[f"site {site}"] = self._clock.time()
        return WebhookAnswer(200)

    def webhook_url(self, platform: str, bot_id: str) -> str:
        """Return the URL to which a bot's platform sends its webhooks.

        Raises:
            ConfigurationError: no public URL is set.
        """
        if self._public_url is None:
            raise ConfigurationError(
                "public_url is not set: webhooks need an https URL that the platform can reach; "
                "set it, or use polling"
            )
        token = self._tokens(platform, bot_id)[0]
        return f"{self._public_url}/webhooks/{platform}/{token}"

    def owns_url(self, url: str) -> bool:
        """Tell whether a webhook URL, as a platform knows it, is one of this bridge.

        The address counts as well: a bridge on a copy of the storage has the same paths, and must
        not take the webhook away from the one that it was copied from.
        """
        if self._public_url is None:
            return False
        projects = self._engine().roster.refresh()
        ours = {
            f"{self._public_url}/webhooks/{bot.record.platform}/{token}"
            for project in projects
            for bot in project.bots
            for token in self._tokens(*bot.key)
        }
        return url.rstrip("/") in ours

    def is_hinted(self, site: str) -> bool:
        """Tell whether hints of a site came lately."""
        at = self._hints.get(site)
        return at is not None and self._clock.monotonic() - at < _HINTS_RECENT

    def _welcome(self, project: OpenProject, bot: OpenBot, event: Event) -> str:
        """Return the greeting, or what is said where a link led to a request of this chat's.

        A repeat of its event gets the same one.
        """
        engine = self._engine()
        subject = conversation_subject(bot, event.address)
        kept = engine.vault.read(Conversation, *subject)
        talk = kept.record if kept is not None else Conversation(*subject)
        situations = Situations(engine.vault, engine.marks, self._clock)
        situation = situations.of(event, talk, project.kept.record.settings)
        action = decide(event, situation).action
        if action is Action.SWITCH:
            return project.texts.say("switched")
        if action is Action.JOIN:
            return project.texts.say(self._welcome_of_invited(project, bot, event))
        key = engine.marks.event_key(*bot.key, event.event_id)
        told = talk.greeted and key not in talk.done
        return greeting(project, with_notice=not told)

    def _completed(self, bot: OpenBot, events: list[Event]) -> list[Event]:
        """Let the adapter ask its platform for what the webhook left out."""
        if bot.completes is None:
            return events
        return self._engine().roster.call(bot, bot.completes.complete(events))

    def _welcome_of_invited(self, project: OpenProject, bot: OpenBot, event: Event) -> str:
        """Return the name of what somebody is told at once whose link may lead to a request."""
        engine, name = self._engine(), project.kept.record.settings.name
        invitations = Invitations(engine.vault, engine.marks, self._clock)
        found = invitations.find(word_of(event), name, conversation_subject(bot, event.address))
        return "link_old" if found is None or event.shared else "joining"

    def _noted(self, bot: OpenBot, events: list[Event]) -> WebhookAnswer:
        """Let the events be noted some time; but for invitations, nothing is lost with one."""
        for event in events:
            keep = looks_like_invitation(word_of(event))
            self._engine().lanes.submit(bot.key, event, keep=keep)
        return WebhookAnswer(200)

    def _carried(self, bot: OpenBot, events: list[Event], *, inline: bool) -> WebhookAnswer:
        """Let the events be worked on and return the answer that is true of them."""
        engine = self._engine()
        tickets = [engine.lanes.submit(bot.key, event, keep=False) for event in events]
        within = bot.adapter.capabilities.answer_within * 0.9
        if inline:
            deadline = self._clock.monotonic() + within
            drain(engine, self._clock, deadline, lambda: engine.lanes.wait(tickets, 0))
        if engine.lanes.wait(tickets, within) and all(ticket.finished for ticket in tickets):
            return WebhookAnswer(200)
        waits = [ticket.retry_after or _SOON for ticket in tickets if not ticket.finished]
        return WebhookAnswer(503, retry_after=math.ceil(max(waits, default=_SOON)))

    def _refused(self, subject: str, error: WebhookError) -> WebhookAnswer:
        self._observer.notice(NoticeKind.WEBHOOK_REFUSED, subject, str(error))
        _log.warning("a webhook of %s was refused: %s", subject, error)
        return WebhookAnswer(error.status_hint)

    def _tokens(self, platform: str, bot_id: str) -> list[str]:
        """Return the last parts of a bot's webhook paths; the first is the one to register."""
        sealer = self._engine().vault.sealer
        return [raw.hex() for raw in sealer.tokens("webhook", platform, bot_id, size=12)]

    def _bot_key(self, platform: str, token: str) -> tuple[str, str] | None:
        """Return the bot whose webhook has this path; a stranger's guesses cost next to nothing."""
        known = self._routes.get((platform, token))
        if known is not None:
            return known
        # Whoever comes while another looks waits for what is found.
        with self._looking:
            now = self._clock.monotonic()
            if (platform, token) not in self._routes and now - self._looked >= _LOOK_FOR_NEW_BOTS:
                self._looked = now
                for project in self._engine().roster.refresh():
                    for bot in project.bots:
                        for taken in self._tokens(*bot.key):
                            self._routes[(bot.record.platform, taken)] = bot.key
            return self._routes.get((platform, token))


def _seconds(error: DeliveryError) -> int:
    """Return when to come again; who was refused is asked about again much later."""
    if isinstance(error, RetryLaterError):
        return math.ceil(error.retry_after or _SOON)
    return _PAUSED
