"""Sees whether the platforms' webhooks still lead here, since one that does not brings nothing.

It asks and tells, and never sets a webhook back: another program may have a right to the bot.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Final

from chatbridge.adapter import RegistersWebhooks
from chatbridge.errors import DeliveryError, Refusal, RefusedError
from chatbridge.observation import NoticeKind, Observer
from chatbridge.roster import OpenBot, Roster

_log = logging.getLogger("chatbridge.webhook_watch")

_EVERY: Final = 600.0
_GONE: Final = "the platform has no webhook of this bot any more; set it: chatbridge webhook set"
_TAKEN: Final = (
    "the bot's webhook leads elsewhere, so another program gets its messages; take it back with "
    "'chatbridge webhook set', or give that program a bot of its own"
)
_REVOKED: Final = "the platform refuses the bot's token; set a new one with 'project set'"


class WebhookWatch:
    """Looks at the webhooks of all bots that have one.

    Args:
        roster: projects and bots.
        owns_url: tells whether an address is one of this bridge; None without a public address,
            when nobody can tell.
        observer: told of trouble.
    """

    def __init__(
        self, roster: Roster, owns_url: Callable[[str], bool] | None, observer: Observer
    ) -> None:
        self._roster = roster
        self._owns_url = owns_url
        self._observer = observer
        self.problem = ""

    def step(self) -> float:
        """Look once and return the seconds until the next look."""
        found = ""
        for bot in self._bots():
            trouble = self._trouble(bot)
            if trouble:
                self._observer.notice(NoticeKind.BOT_TROUBLE, bot.party.name, trouble)
                _log.error("%s: %s", bot.party.name, trouble)
            found = found or trouble
        self.problem = found
        return _EVERY

    def release(self) -> None:
        """Nothing is held."""

    def _bots(self) -> Iterator[OpenBot]:
        for project in self._roster.refresh() if self._owns_url is not None else ():
            if project.works:
                yield from (bot for bot in project.bots if bot.record.mode == "webhook")

    def _trouble(self, bot: OpenBot) -> str:
        if not isinstance(bot.adapter, RegistersWebhooks) or self._owns_url is None:
            return ""
        try:
            url = self._roster.call(bot, bot.adapter.webhook_state()).url
        except RefusedError as error:
            return _REVOKED if error.reason is Refusal.UNAUTHORISED else ""
        except DeliveryError:
            # Whoever is away for a moment says nothing about the webhook.
            return ""
        if not url:
            return _GONE
        return "" if self._owns_url(url) else _TAKEN
