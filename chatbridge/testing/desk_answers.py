"""What calls to a simulated desk are made of, and how its answers and errors look."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, TypeAlias

from attrs import frozen

from chatbridge.http_types import HttpResponse
from chatbridge.testing.desk_people import Person
from chatbridge.testing.simulator import SimulatedCall


class DeskRefusal(Exception):  # noqa: N818 - an answer, not an error of the simulator
    """The call is answered with an error."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(f"answered {response.status}")
        self.response = response


@frozen
class DeskCall:
    """A call that was let in.

    Args:
        call: as it came.
        names: what stood in the path's places.
        base: the site's address, for links.
        account: who calls.
        lag: seconds until others see what it writes.
    """

    call: SimulatedCall
    names: tuple[str, ...]
    base: str
    account: Person
    lag: float = 0.0

    def json(self) -> dict[str, Any]:
        """Return the body, which must be an object."""
        try:
            body = json.loads(self.call.body or b"{}")
        except ValueError:
            raise platform_refusal(400, "There was an error parsing JSON.") from None
        if not isinstance(body, dict):
            raise platform_refusal(400, "Invalid request payload.")
        return body

    def all(self, name: str) -> list[str]:
        """Return every value of a parameter; commas separate several in one."""
        found = [value for key, value in self.call.query_all if key == name]
        return [part for value in found for part in value.split(",")]

    def whole(self, name: str, default: int) -> int:
        """Return a number of the query."""
        try:
            return max(0, int(self.call.query.get(name, default)))
        except ValueError:
            raise platform_refusal(400, f"{name} must be a number") from None

    def yes(self, name: str, *, default: bool) -> bool:
        """Return a switch of the query."""
        return self.call.query.get(name, str(default)).lower() == "true"


Handler: TypeAlias = Callable[[DeskCall], HttpResponse]
Route: TypeAlias = tuple[str, re.Pattern[str], Handler]


def route(method: str, template: str, handler: Handler) -> Route:
    """Return a route; braces in the template take one part of the path."""
    return method, _pattern(template), handler


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.escape(template).replace(r"\{\}", "([^/]+)"))


def reply(status: int, value: Any = None, headers: dict[str, str] | None = None) -> HttpResponse:
    """Return an answer; no value, no body."""
    if value is None:
        return HttpResponse(status, headers or {})
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    media_type = {"Content-Type": "application/json;charset=UTF-8"}
    return HttpResponse(status, {**media_type, **(headers or {})}, body)


def platform_refusal(
    status: int, message: str = "", errors: dict[str, str] | None = None
) -> DeskRefusal:
    """Return an error as the platform API words it."""
    messages = [message] if message else []
    return DeskRefusal(reply(status, {"errorMessages": messages, "errors": errors or {}}))


def customer_refusal(status: int, message: str) -> DeskRefusal:
    """Return an error as the customer API words it."""
    i18n = {"i18nKey": "sd.simulated.error", "parameters": []}
    return DeskRefusal(reply(status, {"errorMessage": message, "i18nErrorMessage": i18n}))


def too_many(reason: str, seconds: int | None) -> HttpResponse:
    """Return a 429 with the reason that Atlassian's page on rate limiting names."""
    headers = {"RateLimit-Reason": reason} if reason else {}
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    return reply(429, {"errorMessages": ["Rate limit exceeded."], "errors": {}}, headers)


def customer_page(call: DeskCall, values: list[Any], cap: int) -> HttpResponse:
    """Return one page as the customer API wraps it; it names no total."""
    start = call.whole("start", 0)
    limit = min(call.whole("limit", 50), cap)
    shown = values[start : start + limit]
    page = {
        "_expands": [],
        "size": len(shown),
        "start": start,
        "limit": limit,
        "isLastPage": start + len(shown) >= len(values),
        "_links": {"base": call.base, "context": "", "self": call.base + call.call.path},
        "values": shown,
    }
    return reply(200, page)


def customer_date(milliseconds: int) -> dict[str, Any]:
    """Return a time as the customer API writes it."""
    return {
        "iso8601": _written(milliseconds, "%Y-%m-%dT%H:%M:%S+0000"),
        "jira": platform_date(milliseconds),
        "friendly": _written(milliseconds, "%d/%b/%y %I:%M %p"),
        "epochMillis": milliseconds,
    }


def platform_date(milliseconds: int) -> str:
    """Return a time as the platform API writes it; no colon in the offset."""
    return _written(milliseconds, "%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03}+0000"


@lru_cache(maxsize=4096)
def _written(milliseconds: int, form: str) -> str:
    return _utc(milliseconds).strftime(form)


def customer_user(person: Person, base: str) -> dict[str, Any]:
    """Return a person as the customer API shows them."""
    return {
        **person.identity,
        "displayName": person.name,
        "active": True,
        "timeZone": "Etc/UTC",
        "_links": {
            "jiraRest": f"{base}/rest/api/2/user?{person.query}",
            "self": f"{base}/rest/api/2/user?{person.query}",
        },
    }


def platform_user(person: Person, base: str) -> dict[str, Any]:
    """Return a person as the platform API shows them; e-mail addresses stay hidden."""
    version, kind = (2, {}) if person.username else (3, {"accountType": person.kind})
    return {
        "self": f"{base}/rest/api/{version}/user?{person.query}",
        **person.identity,
        **kind,
        "displayName": person.name,
        "active": True,
        "timeZone": "Etc/UTC",
    }


def _utc(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
