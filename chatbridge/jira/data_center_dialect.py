"""Jira Data Center: platform API 2 with wiki markup, user names, searches by position.

It has no call that reads comments in bulk: they are listed with their properties, which is the only
place where the platform API of Data Center shows whether a comment is internal (JSDSERVER-1261).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from chatbridge.desk_values import PublicComment
from chatbridge.errors import ConfigurationError, RetryLaterError
from chatbridge.exchange import Exchange
from chatbridge.http_types import HttpRequest
from chatbridge.jira.answers import (
    MalformedAnswerError,
    as_numeric_id,
    items,
    mapping,
    number,
    text_or,
)
from chatbridge.jira.comment_properties import MARKER_PROPERTY, VISIBILITY_PROPERTY
from chatbridge.jira.dialect import Ask, Dialect, Query
from chatbridge.jira.issue_files import files_of_issue, names_in, with_files
from chatbridge.jira.outcomes import understood
from chatbridge.jira.site import SiteSettings
from chatbridge.jira.wiki import APART
from chatbridge.jira.wiki_read import read_wiki
from chatbridge.jira.wiki_write import write_wiki
from chatbridge.richtext import EMPTY, Document

LONGEST: Final = 30_000
"""UTF-16 units of wiki markup in one comment; Jira's own limit is 32,767 unless it is changed."""

_PAGE = 100
_PAGES = 100
_GONE = 404


class DataCenterDialect(Dialect):
    """How Jira Data Center wants to be spoken to."""

    platform = "/rest/api/2"
    experimental = "true"
    has_gateway = False
    with_files = ()
    file_content = ""
    login_mend = (
        "make a personal access token in Jira (your picture > Profile > Personal access tokens) as "
        "the bridge's account, and put it where the token is"
    )

    def urls(self, settings: SiteSettings) -> tuple[str, ...]:
        """See `Dialect.urls`: nothing but the site itself."""
        return (settings.url,)

    def check_credential(self, settings: SiteSettings, *, oauth: bool) -> None:
        """See `Dialect.check_credential`."""
        if settings.account is not None:
            raise ConfigurationError(
                "the site is Jira Data Center, which takes no e-mail address with an API token: "
                f"leave account out, and {self.login_mend}"
            )
        if not oauth and settings.token is None:
            raise ConfigurationError(
                f"the site is Jira Data Center: it needs a token; {self.login_mend}"
            )

    def person_id(self, user: Any) -> str:
        """See `Dialect.person_id`: the key stays when somebody is renamed."""
        return text_or(user, "key") or text_or(user, "name")

    def as_participant(self, user: Any) -> dict[str, list[str]]:
        """See `Dialect.as_participant`; the key that names people elsewhere is not taken here."""
        return {"usernames": [text_or(user, "name")]}

    def write_body(self, document: Document) -> Any:
        """See `Dialect.write_body`."""
        # A comment of no characters at all is refused.
        return write_wiki(document) or APART

    def read_body(self, body: Any) -> Document:
        """See `Dialect.read_body`."""
        return read_wiki(body) if isinstance(body, str) else EMPTY

    def fits(self, document: Document) -> bool:
        """See `Dialect.fits`."""
        return len(write_wiki(document).encode("utf-16-le")) // 2 < LONGEST

    def descriptions(self, document: Document) -> Iterator[tuple[Any, dict[str, Any]]]:
        """See `Dialect.descriptions`."""
        yield write_wiki(document), {}

    def language(self, tag: str) -> Query:  # noqa: ARG002 - of the contract
        """See `Dialect.language`: it is the account's own."""
        return ()

    def search(
        self, ask: Ask, jql: str, fields: list[str], most: int, after: str | None
    ) -> HttpRequest:
        """See `Dialect.search`."""
        body = {"jql": jql, "fields": fields, "maxResults": most, "startAt": int(after or 0)}
        return ask("POST", f"{self.platform}/search", json=body, repeatable=True)

    def next_page(self, page: dict[str, Any]) -> str | None:
        """See `Dialect.next_page`."""
        shown = len(items(page, "issues"))
        reached = number(page, "startAt") + shown
        return str(reached) if shown and reached < number(page, "total") else None

    def read_comments(
        self, ask: Ask, issue_id: str, ids: list[int]
    ) -> Exchange[list[dict[str, Any]]]:
        """See `Dialect.read_comments`; the newest come first, as they are asked for mostly."""
        wanted = set(ids)
        found: dict[int, dict[str, Any]] = {}
        start = 0
        for _ in range(_PAGES):
            answer = yield ask(
                "GET",
                f"{self.platform}/issue/{{}}/comment",
                issue_id,
                query=(
                    ("startAt", str(start)),
                    ("maxResults", str(_PAGE)),
                    ("orderBy", "-created"),
                    ("expand", "properties"),
                ),
            )
            comments, total = understood(answer, _listed)
            for comment in comments:
                comment_id = as_numeric_id(comment.get("id"))
                if comment_id is not None and int(comment_id) in wanted:
                    found[int(comment_id)] = comment
            start += len(comments)
            if not comments or start >= total or len(found) == len(wanted):
                complete = yield from self._completed(ask, list(found.values()))
                return complete
        raise RetryLaterError("the list of comments does not end")

    def files_of(
        self, ask: Ask, issue_id: str, comments: list[PublicComment]
    ) -> Exchange[list[PublicComment]]:
        """See `Dialect.files_of`: the issue has them, and the texts name theirs."""
        if not any(names_in(comment.wording) for comment in comments):
            return comments
        query = (("fields", "attachment"),)
        answer = yield ask("GET", f"{self.platform}/issue/{{}}", issue_id, query=query)
        files = understood(answer, files_of_issue)
        return [with_files(comment, files) for comment in comments]

    def with_properties(
        self, ask: Ask, comments: list[dict[str, Any]], account_id: str
    ) -> Exchange[list[dict[str, Any]]]:
        """See `Dialect.with_properties`: each takes calls of its own, so only ours are read."""
        ours = [each for each in comments if self.person_id(each.get("author")) == account_id]
        complete = yield from self._completed(ask, ours)
        return complete

    def _completed(
        self, ask: Ask, comments: list[dict[str, Any]]
    ) -> Exchange[list[dict[str, Any]]]:
        """Return the comments, those without properties with what their own calls say."""
        complete = []
        for comment in comments:
            if isinstance(comment.get("properties"), list):
                complete.append(comment)
                continue
            properties = yield from self._properties(ask, as_numeric_id(comment.get("id")) or "0")
            if properties is not None:
                complete.append({**comment, "properties": properties})
        return complete

    def _properties(self, ask: Ask, comment_id: str) -> Exchange[list[dict[str, Any]] | None]:
        """Return a comment's properties that matter here, None where it or one of them goes."""
        path = f"{self.platform}/comment/{{}}/properties"
        answer = yield ask("GET", path, comment_id)
        if answer.status == _GONE:
            return None
        keys = understood(answer, _keys)
        properties = []
        for key in (VISIBILITY_PROPERTY, MARKER_PROPERTY):
            if key in keys:
                answer = yield ask("GET", path + "/{}", comment_id, key)
                if answer.status == _GONE:
                    return None
                properties.append(understood(answer, _key_and_value))
        return properties


def _listed(value: Any) -> tuple[list[dict[str, Any]], int]:
    return [mapping(comment) for comment in items(value, "comments")], number(value, "total")


def _keys(value: Any) -> set[str]:
    return {text_or(each, "key") for each in items(value, "keys")}


def _key_and_value(value: Any) -> dict[str, Any]:
    found = mapping(value)
    if "key" not in found or "value" not in found:
        raise MalformedAnswerError
    return {"key": found["key"], "value": found["value"]}
