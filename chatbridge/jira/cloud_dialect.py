"""Jira Cloud: platform API 3 with ADF, account ids, searches by token, comments read in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from chatbridge.desk_values import PublicComment
from chatbridge.errors import ConfigurationError
from chatbridge.exchange import Exchange
from chatbridge.http_types import HttpRequest
from chatbridge.jira.adf_read import read_adf
from chatbridge.jira.adf_write import adf_length, write_adf
from chatbridge.jira.answers import as_numeric_id, items, mapping, text_or
from chatbridge.jira.dialect import Ask, Dialect, Query
from chatbridge.jira.outcomes import understood
from chatbridge.jira.site import SiteSettings
from chatbridge.jira.wiki import escape_document
from chatbridge.richtext import Document

MEDIA_URL: Final = "https://api.media.atlassian.com"
"""Where Cloud sends those who read a file; it is given no credential of ours."""

LONGEST: Final = 30_000
"""UTF-16 units of serialized ADF in one comment; Jira's own limit is 32,767."""

_AT_ONCE = 1000


class CloudDialect(Dialect):
    """How Jira Cloud wants to be spoken to."""

    platform = "/rest/api/3"
    experimental = "opt-in"
    has_gateway = True
    with_files = (("expand", "attachment"),)
    file_content = "/attachment/content/{}"
    login_mend = "check account and token; make a token at id.atlassian.com > Security > API tokens"

    def urls(self, settings: SiteSettings) -> tuple[str, ...]:
        """See `Dialect.urls`: the site itself, Atlassian's gateway and its host of files."""
        return (settings.url, settings.gateway_url, MEDIA_URL)

    def check_credential(self, settings: SiteSettings, *, oauth: bool) -> None:
        """See `Dialect.check_credential`."""
        if not oauth and (settings.token is None or settings.account is None):
            raise ConfigurationError(
                "the site is Jira Cloud: it needs account and token (an API token), or an OAuth "
                "access token"
            )

    def person_id(self, user: Any) -> str:
        """See `Dialect.person_id`."""
        return text_or(user, "accountId")

    def as_participant(self, user: Any) -> dict[str, list[str]]:
        """See `Dialect.as_participant`."""
        return {"accountIds": [text_or(user, "accountId")]}

    def write_body(self, document: Document) -> Any:
        """See `Dialect.write_body`."""
        return write_adf(document)

    def read_body(self, body: Any) -> Document:
        """See `Dialect.read_body`."""
        return read_adf(body)

    def fits(self, document: Document) -> bool:
        """See `Dialect.fits`."""
        return adf_length(document) < LONGEST

    def descriptions(self, document: Document) -> Iterator[tuple[Any, dict[str, Any]]]:
        """See `Dialect.descriptions`; ADF is an experimental field that a site may refuse."""
        yield write_adf(document), {"isAdfRequest": True}
        yield escape_document(document), {"isAdfRequest": False}

    def language(self, tag: str) -> Query:
        """See `Dialect.language`."""
        return (("requestLanguage", tag),)

    def search(
        self, ask: Ask, jql: str, fields: list[str], most: int, after: str | None
    ) -> HttpRequest:
        """See `Dialect.search`."""
        body: dict[str, Any] = {"jql": jql, "fields": fields, "maxResults": most}
        if after is not None:
            body["nextPageToken"] = after
        return ask("POST", f"{self.platform}/search/jql", json=body, repeatable=True)

    def next_page(self, page: dict[str, Any]) -> str | None:
        """See `Dialect.next_page`."""
        token = page.get("nextPageToken")
        is_last = page.get("isLast") is True or not isinstance(token, str) or not token
        return None if is_last else token

    def read_comments(
        self,
        ask: Ask,
        issue_id: str,  # noqa: ARG002 - of the contract
        ids: list[int],
    ) -> Exchange[list[dict[str, Any]]]:
        """See `Dialect.read_comments`."""
        found: list[dict[str, Any]] = []
        waiting = list(ids)
        while waiting:
            asked = waiting[:_AT_ONCE]
            answer = yield self._bulk(ask, asked)
            told = understood(answer, _values)
            # What nobody asked for is no progress: with it the asking might never end.
            numbers = {number: comment for number, comment in told if number in asked}
            found += numbers.values()
            is_last = understood(answer, mapping).get("isLast") is not False
            # A page that holds less than was asked for, and says so, is followed by another one.
            unanswered = [] if is_last or not numbers else [n for n in asked if n not in numbers]
            waiting = unanswered + waiting[_AT_ONCE:]
        return found

    def files_of(
        self,
        ask: Ask,  # noqa: ARG002 - of the contract
        issue_id: str,  # noqa: ARG002 - of the contract
        comments: list[PublicComment],
    ) -> Exchange[list[PublicComment]]:
        """See `Dialect.files_of`: they came with the list."""
        yield from ()
        return comments

    def with_properties(
        self,
        ask: Ask,
        comments: list[dict[str, Any]],
        account_id: str,  # noqa: ARG002
    ) -> Exchange[list[dict[str, Any]]]:
        """See `Dialect.with_properties`: listing with them is undocumented, by id it is not."""
        known = (as_numeric_id(comment.get("id")) for comment in comments)
        answer = yield self._bulk(ask, [int(each) for each in known if each is not None])
        return understood(answer, lambda value: [mapping(each) for each in items(value, "values")])

    def _bulk(self, ask: Ask, ids: list[int]) -> HttpRequest:
        return ask(
            "POST",
            f"{self.platform}/comment/list",
            query=(("expand", "properties"),),
            json={"ids": ids},
            repeatable=True,
        )


def _values(value: Any) -> list[tuple[int, dict[str, Any]]]:
    comments = [mapping(each) for each in items(value, "values")]
    known = [(as_numeric_id(each.get("id")), each) for each in comments]
    return [(int(number), each) for number, each in known if number is not None]
