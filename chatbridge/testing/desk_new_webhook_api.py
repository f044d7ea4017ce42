"""The administrators' API for webhooks of Jira 10 and later: `/rest/jira-webhook/1.0/webhooks`."""

from __future__ import annotations

from typing import Any

from chatbridge.http_types import HttpResponse
from chatbridge.testing.desk_answers import DeskCall, Route, platform_refusal, reply, route
from chatbridge.testing.desk_webhooks import HintSender, Registration

_ROOT = "/rest/jira-webhook/1.0/webhooks"


class NewWebhookApi:
    """Lists, adds and removes webhooks; the bot is an administrator here.

    A secret counts in `configuration` only: one beside it is ignored without a word, as by the
    real one.

    Args:
        hints: keeps the registrations.
    """

    def __init__(self, hints: HintSender) -> None:
        self._hints = hints

    def routes(self) -> list[Route]:
        """Return what it answers to."""
        return [
            route("GET", _ROOT, self._list),
            route("POST", _ROOT, self._add),
            route("GET", _ROOT + "/{}", self._get),
            route("DELETE", _ROOT + "/{}", self._remove),
        ]

    def _find(self, call: DeskCall) -> Registration:
        found = self._hints.registrations.get(call.names[0])
        if found is None:
            raise platform_refusal(404, "The webhook does not exist.")
        return found

    def _list(self, _call: DeskCall) -> HttpResponse:
        return reply(200, [_shape(each) for each in self._hints.registrations.values()])

    def _get(self, call: DeskCall) -> HttpResponse:
        return reply(200, _shape(self._find(call)))

    def _add(self, call: DeskCall) -> HttpResponse:
        body = call.json()
        url, name = body.get("url"), body.get("name")
        if not isinstance(url, str) or not isinstance(name, str) or not name:
            raise platform_refusal(400, "A webhook needs a name and a URL.")
        configuration = body.get("configuration")
        secret = configuration.get("SECRET") if isinstance(configuration, dict) else None
        made = self._hints.register(
            url, secret=secret or None, events=body.get("events"), name=name
        )
        return reply(201, _shape(made))

    def _remove(self, call: DeskCall) -> HttpResponse:
        del self._hints.registrations[self._find(call).webhook_id]
        return reply(204)


def _shape(registration: Registration) -> dict[str, Any]:
    """Return a webhook; its secret is never shown again."""
    return {
        "id": int(registration.webhook_id),
        "name": registration.name,
        "url": registration.url,
        "events": registration.events,
        "active": True,
        "scopeType": "global",
        "configuration": {"EXCLUDE_BODY": "false"},
        "sslVerificationRequired": True,
    }
