"""Writes single calls to one Jira site: address, headers, and the limits they count against.

Limits are those of Atlassian's page on rate limiting: per issue 20 writes in 2 s and 100 in 30 s,
and a token bucket per endpoint and method.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from attrs import field, frozen

from chatbridge.desk import Account
from chatbridge.http_types import FormPart, HttpRequest, Pace
from chatbridge.jira.dialect import Dialect

JSM = "/rest/servicedeskapi"

_WRITE_SECONDS = 20.0
"""For a write that must not be repeated. It begins within a quarter of the settle time (15 s for a
comment), so that it has ended, or is under way in Jira alone, well before anybody looks for it."""


@frozen(kw_only=True)
class Calls:
    """The way into a site, as it was found to work.

    Args:
        site: its short name.
        base: the address that paths are put behind.
        dialect: how the site wants to be spoken to.
        authorization: returns the value of the Authorization header, fresh for each call.
        account: who we are there.
    """

    site: str
    base: str
    dialect: Dialect
    authorization: Callable[[], str] = field(repr=False)
    account: Account = field(factory=lambda: Account(""))

    @property
    def platform(self) -> str:
        """The root of the platform API."""
        return self.dialect.platform

    def request(
        self,
        method: str,
        template: str,
        *names: str,
        query: Sequence[tuple[str, str]] = (),
        json: Any = None,
        parts: tuple[FormPart, ...] | None = None,
        stream: bool = False,
        repeatable: bool | None = None,
        writes_to: str | None = None,
    ) -> HttpRequest:
        """Return one call.

        Args:
            method: the verb.
            template: the path with a pair of braces per name.
            names: what goes there; quoted.
            query: of the address.
            json: the body.
            parts: a form with files, instead of `json`.
            stream: hand the answer's body over as a stream.
            repeatable: as of `HttpRequest`.
            writes_to: the id of the issue that is changed, or None.
        """
        url = self.base + template.format(*(quote(name, safe="") for name in names))
        if query:
            url += "?" + urlencode(query)
        writes = repeatable is False and json is not None
        headers = {"Accept": "application/json", "Authorization": self.authorization()}
        if template.startswith(JSM):
            # Some operations answer 412 without it; the others ignore it.
            headers["X-ExperimentalApi"] = self.dialect.experimental
        if parts is not None:
            # Without it Jira takes a form for one that another site has sent.
            headers["X-Atlassian-Token"] = "no-check"
        return HttpRequest(
            method,
            url,
            headers=headers,
            json=json,
            parts=parts,
            stream=stream,
            repeatable=repeatable,
            timeout=_WRITE_SECONDS if writes else None,
            paces=self._paces(method, template, writes_to),
            about=f"{self.site} {names[0]}" if names else "",
        )

    def _paces(self, method: str, template: str, issue_id: str | None) -> tuple[Pace, ...]:
        paces = (
            Pace("endpoint", f"{self.site} {method} {template}", per_second=50, burst=50),
            Pace("site", self.site, per_second=100, burst=100),
        )
        if issue_id is None:
            return paces
        # 14 at once and 2.5 a second are 19 within 2 s and 89 within 30 s.
        return (Pace("issue", f"{self.site} {issue_id}", per_second=2.5, burst=14), *paces)
