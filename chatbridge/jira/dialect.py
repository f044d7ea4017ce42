"""What differs between Jira Cloud and Data Center, in one place: each of them fills a `Dialect`.

Whoever calls Jira asks the dialect and never which of the two it is. A dialect describes calls and
makes none.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Protocol

from chatbridge.desk_values import PublicComment
from chatbridge.exchange import Exchange
from chatbridge.http_types import HttpRequest
from chatbridge.jira.site import SiteSettings
from chatbridge.richtext import Document

Query = tuple[tuple[str, str], ...]


class Ask(Protocol):
    """Writes one call to the site, as `Calls.request` does."""

    def __call__(
        self,
        method: str,
        template: str,
        *names: str,
        query: Sequence[tuple[str, str]] = (),
        json: Any = None,
        repeatable: bool | None = None,
        writes_to: str | None = None,
    ) -> HttpRequest:
        """Return the call."""


class Dialect(ABC):
    """How one kind of Jira wants to be spoken to.

    Attributes:
        platform: root of the platform API.
        experimental: value of the header that experimental operations want.
        has_gateway: whether tokens that the site refuses may work on Atlassian's gateway.
        with_files: what asks for the files of each comment in a list of the customer API; empty
            where they cannot be asked for.
        file_content: path of a file's bytes below the platform API, a pair of braces for its id;
            empty where only the file's own record names the address.
        login_mend: what to do where the site refuses the credential.
    """

    platform: ClassVar[str]
    experimental: ClassVar[str]
    has_gateway: ClassVar[bool]
    with_files: ClassVar[Query]
    file_content: ClassVar[str]
    login_mend: ClassVar[str]

    @abstractmethod
    def urls(self, settings: SiteSettings) -> tuple[str, ...]:
        """Return a URL on each origin that calls may go to."""

    @abstractmethod
    def check_credential(self, settings: SiteSettings, *, oauth: bool) -> None:
        """Return if the credential can be one of this kind of site.

        Args:
            settings: of the site.
            oauth: whether the host hands over access tokens.

        Raises:
            ConfigurationError: it cannot; the text says which one to make.
        """

    @abstractmethod
    def person_id(self, user: Any) -> str:
        """Return what names a person in both APIs, empty where nothing does."""

    @abstractmethod
    def as_participant(self, user: Any) -> dict[str, list[str]]:
        """Return the body of the call that makes this person a participant of a request."""

    @abstractmethod
    def write_body(self, document: Document) -> Any:
        """Return the document as the body of a comment of the platform API."""

    @abstractmethod
    def read_body(self, body: Any) -> Document:
        """Return what the body of a comment of the platform API says."""

    @abstractmethod
    def fits(self, document: Document) -> bool:
        """Tell whether one comment can hold the document."""

    @abstractmethod
    def descriptions(self, document: Document) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Yield the forms in which a new request may give its description, the best first.

        Each comes with what else the call then has to say.
        """

    @abstractmethod
    def language(self, tag: str) -> Query:
        """Return what asks for a request's status in a language; empty where nothing does."""

    @abstractmethod
    def search(
        self, ask: Ask, jql: str, fields: list[str], most: int, after: str | None
    ) -> HttpRequest:
        """Return the call for one page of a search.

        Args:
            ask: writes calls.
            jql: what is searched for.
            fields: of each issue.
            most: how many issues.
            after: what `next_page` said of the page before; None for the first one.
        """

    @abstractmethod
    def next_page(self, page: dict[str, Any]) -> str | None:
        """Return what leads to the page after this one, None after the last.

        Raises:
            MalformedAnswerError: the page does not say.
        """

    @abstractmethod
    def read_comments(
        self, ask: Ask, issue_id: str, ids: list[int]
    ) -> Exchange[list[dict[str, Any]]]:
        """Return these comments as the platform API shows them, with their properties.

        What is not there is left out, and so is what nobody asked for.
        """

    @abstractmethod
    def with_properties(
        self, ask: Ask, comments: list[dict[str, Any]], account_id: str
    ) -> Exchange[list[dict[str, Any]]]:
        """Return comments with their properties that were listed without; ours at least.

        Args:
            ask: writes calls.
            comments: as listed.
            account_id: our own.
        """

    @abstractmethod
    def files_of(
        self, ask: Ask, issue_id: str, comments: list[PublicComment]
    ) -> Exchange[list[PublicComment]]:
        """Return comments of the customer API with their files, where its list has none.

        Args:
            ask: writes calls.
            issue_id: the request.
            comments: as listed.
        """
