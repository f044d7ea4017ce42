"""Which calls of a platform are its webhooks: a method, and a path below the webhook's URL.

Decided before anything is verified: a call that no platform makes costs and tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatbridge.http_types import WebhookAnswer, WebhookRequest

ROUTE = re.compile(r"(?P<method>[A-Z]{3,10})(?: (?P<path>(?:/[^/ ]+)+))?")
"""A method, and perhaps a path; a segment `*` stands for any one."""


def unrouted(routes: Sequence[str], webhook: WebhookRequest) -> WebhookAnswer | None:
    """Return the answer to a call that is no webhook of the platform; None where it is one.

    Args:
        routes: as in `Capabilities.webhook_routes`.
        webhook: the call.
    """
    fitting = [method for method, path in map(_read, routes) if _fits(path, webhook.path)]
    if webhook.method in fitting:
        return None
    if not fitting:
        return WebhookAnswer(404)
    return WebhookAnswer(405, headers={"Allow": ", ".join(dict.fromkeys(fitting))})


def _read(route: str) -> tuple[str, str]:
    method, _, path = route.partition(" ")
    return method, path


def _fits(pattern: str, path: str) -> bool:
    wanted, given = pattern.split("/"), path.split("/")
    return len(wanted) == len(given) and all(
        bool(there) if each == "*" else each == there
        for each, there in zip(wanted, given, strict=True)
    )
