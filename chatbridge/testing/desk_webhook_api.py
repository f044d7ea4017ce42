"""The administrators' API for webhooks of a simulated site: `/rest/webhooks/1.0/webhook`."""

from __future__ import annotations

from typing import Any

from chatbridge.http_types import HttpResponse
from chatbridge.testing.desk_answers import DeskCall, Route, platform_refusal, reply, route
from chatbridge.testing.desk_webhooks import HintSender, Registration

_ROOT = "/rest/webhooks/1.0/webhook"


class WebhookApi:
    """Lists, adds, changes and removes webhooks; the bot is an administrator here.

    Args:
        hints: keeps the registrations.
    """

    def __init__(self, hints: HintSender) -> None:
        self._hints = hints

    def routes(self) -> list[Route]:
        """Return what it answers to."""
        one = _ROOT + "/{}"
        return [
            route("GET", _ROOT, self._list),
            route("POST", _ROOT, self._add),
            route("GET", one, self._get),
            route("PUT", one, self._change),
            route("DELETE", one, self._remove),
        ]

    def _find(self, call: DeskCall) -> Registration:
        found = self._hints.registrations.get(call.names[0])
        if found is None:
            raise platform_refusal(404, "The webhook does not exist.")
        return found

    def _list(self, call: DeskCall) -> HttpResponse:
        return reply(200, [_shape(each, call.base) for each in self._hints.registrations.values()])

    def _get(self, call: DeskCall) -> HttpResponse:
        return reply(200, _shape(self._find(call), call.base))

    def _add(self, call: DeskCall) -> HttpResponse:
        body = call.json()
        url, name = body.get("url"), body.get("name")
        if not isinstance(url, str) or not isinstance(name, str) or not name:
            raise platform_refusal(400, "A webhook needs a name and a URL.")
        made = self._hints.register(
            url, secret=body.get("secret"), events=body.get("events"), name=name
        )
        return reply(201, _shape(made, call.base))

    def _change(self, call: DeskCall) -> HttpResponse:
        found, body = self._find(call), call.json()
        found.url = body.get("url", found.url)
        found.name = body.get("name", found.name)
        found.events = list(body.get("events", found.events))
        # A change that names no secret keeps the old one.
        found.secret = body.get("secret", found.secret)
        return reply(200, _shape(found, call.base))

    def _remove(self, call: DeskCall) -> HttpResponse:
        del self._hints.registrations[self._find(call).webhook_id]
        return reply(204)


def _shape(registration: Registration, base: str) -> dict[str, Any]:
    """Return a webhook; its secret is never shown again."""
    return {
        "self": f"{base}{_ROOT}/{registration.webhook_id}",
        "name": registration.name,
        "url": registration.url,
        "events": registration.events,
        "enabled": True,
        "isSigned": registration.secret is not None,
        "filters": {},
        "excludeBody": False,
    }
