"""The contract of the desk: what the bridge needs from a Jira site, as exchanges.

Cloud and Data Center each meet it. Like an adapter, a desk describes calls and makes none. Issues
are named by their id, since keys change when an issue moves.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum

from attrs import field, frozen

from chatbridge.content import Content
from chatbridge.exchange import Exchange
from chatbridge.http_types import WebhookRequest
from chatbridge.richtext import EMPTY, Document
from chatbridge.secret import Secret


class StatusCategory(StrEnum):
    """How far a request is, the same in every language."""

    NEW = "new"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    UNDEFINED = "undefined"


class MarkerRung(StrEnum):
    """Where a new request carries its marker; the first that a request type allows is used."""

    FIELD = "field"
    DESCRIPTION = "description"
    LABEL = "label"


@frozen
class Account:
    """Who the desk says we are."""

    account_id: str = field(repr=False)
    name: str = field(default="", repr=False)


@frozen
class RequestField:
    """A field of a request type.

    Args:
        field_id: as Jira names it.
        name: as people see it.
        required: whether a request needs it.
        has_default: whether Jira fills it in itself.
        text: whether it takes plain text.
    """

    field_id: str
    name: str
    required: bool = False
    has_default: bool = False
    text: bool = False


@frozen
class RequestType:
    """A kind of customer request."""

    type_id: str
    name: str
    fields: tuple[RequestField, ...] = ()


@frozen(kw_only=True)
class NewRequest:
    """A customer request that shall be opened.

    Args:
        service_desk: id or project key.
        request_type: its id.
        summary: one line, at most 255 characters.
        description: the text; who wrote it is part of it.
        marker: what the look-up after an unknown outcome searches for.
        rung: where the marker goes.
        marker_field: the field's id where `rung` is FIELD.
        on_behalf_of: the customer's account, or None for the bot's own.
    """

    service_desk: str
    request_type: str
    summary: str = field(repr=False)
    description: Document
    marker: str
    rung: MarkerRung = MarkerRung.DESCRIPTION
    marker_field: str | None = None
    on_behalf_of: str | None = field(default=None, repr=False)


@frozen
class OpenedRequest:
    """What opening returned, or what a look-up found."""

    issue_id: str
    issue_key: str


@frozen
class RequestState:
    """A customer request as it is now.

    Args:
        issue_id: never changes.
        issue_key: what people see.
        service_desk: the id of the desk it belongs to now.
        status: the name that customers see.
        category: how far it is.
        portal_url: the customer's own page of it, or None.
    """

    issue_id: str
    issue_key: str = field(repr=False)
    service_desk: str
    status: str = field(repr=False)
    category: StatusCategory
    portal_url: str | None = field(default=None, repr=False)


@frozen
class CommentFile:
    """A file of a comment.

    Args:
        file_id: as the site names it.
        name: its file name.
        media_type: as the site calls it.
        size: bytes, or None where the site does not say.
        created: Unix milliseconds, 0 where the site does not say.
    """

    file_id: str
    name: str = field(repr=False)
    media_type: str = "application/octet-stream"
    size: int | None = None
    created: int = 0


@frozen
class PublicComment:
    """A comment that the customer API shows with `public` exactly true: the first witness.

    Args:
        comment_id: its id.
        created: Unix milliseconds.
        author_id: the author's account.
        author_name: as customers see it.
        body: its text as the customer API gives it; used where the second witness has none.
        files: what is attached to it, in the site's order.
    """

    comment_id: str
    created: int
    author_id: str = field(default="", repr=False)
    author_name: str = field(default="", repr=False)
    body: Document = EMPTY
    files: tuple[CommentFile, ...] = ()


@frozen
class Witness:
    """What the platform API says about a comment: the second witness.

    Args:
        comment_id: its id.
        unrestricted: whether no role or group restriction is on it and nothing calls it internal.
        body: its text.
        marker: the bridge's own marker on it, or None.
    """

    comment_id: str
    unrestricted: bool
    body: Document = EMPTY
    marker: str | None = field(default=None, repr=False)


@frozen
class Change:
    """An issue that changed lately; `updated` is compared for equality only."""

    issue_id: str
    updated: str


@frozen
class Hint:
    """News that something may have changed.

    Args:
        issue_id: which issue; empty where the webhook named only its key.
        comment_id: which of its comments, or None.
        issue_key: the issue's key, or None; a read of the request turns it into the id.
    """

    issue_id: str
    comment_id: str | None = None
    issue_key: str | None = field(default=None, repr=False)


class Desk(ABC):
    """A Jira site with service desks."""

    site: str
    """A short name of the site that never changes; links are bound to it."""

    account_id: str = ""
    """The bridge's own account once `identify` or `public_comments` was carried out."""

    @abstractmethod
    def urls(self) -> tuple[str, ...]:
        """Return a URL on each origin that requests go to."""

    @abstractmethod
    def secrets(self) -> tuple[Secret, ...]:
        """Return what must never be shown."""

    @abstractmethod
    def identify(self) -> Exchange[Account]:
        """Ask who we are; finds out where the API is reached (site or gateway) as well."""

    @abstractmethod
    def request_type(self, service_desk: str, request_type: str) -> Exchange[RequestType]:
        """Read a request type with its fields."""

    @abstractmethod
    def request_types(self, service_desk: str) -> Exchange[tuple[RequestType, ...]]:
        """List the request types of a desk, without their fields."""

    @abstractmethod
    def open_request(self, draft: NewRequest) -> Exchange[OpenedRequest]:
        """Open a customer request; unrepeatable."""

    @abstractmethod
    def find_request(self, draft_of: NewRequest) -> Exchange[OpenedRequest | None]:
        """Look for the request with the draft's marker; texts of the draft are not needed.

        Where several have it, the one with the lowest id is returned.
        """

    @abstractmethod
    def add_comment(self, issue_id: str, body: Document, marker: str) -> Exchange[str]:
        """Add a public comment that carries the marker in the same write; return its id."""

    @abstractmethod
    def find_comments(
        self, issue_id: str, markers: frozenset[str]
    ) -> Exchange[dict[str, tuple[str, ...]]]:
        """Return marker -> ids of the comments that carry it, the lowest first.

        A marker that no comment carries is left out; more than one id is a doubled write.
        """

    @abstractmethod
    def remove_comment(self, issue_id: str, comment_id: str) -> Exchange[None]:
        """Remove a comment of our own that was written twice; fine if it is gone already."""

    @abstractmethod
    def split_comment(self, body: Document) -> tuple[Document, ...]:
        """Cut a text into what one comment can hold each."""

    @abstractmethod
    def upload_limit(self) -> Exchange[int | None]:
        """Return the most bytes that a file may have; None where the site does not say.

        Raises:
            RefusedError: with `Refusal.BAD_FILE` where the site takes no files at all.
        """

    @abstractmethod
    def upload_file(self, service_desk: str, name: str, content: Content) -> Exchange[str]:
        """Bring a file to the site, where nobody sees it until it is attached; repeatable.

        Args:
            service_desk: id or project key.
            name: the file name to keep, safe and with its marker.
            content: the bytes; read while they are sent.

        Returns:
            A ticket for `attach_file`; it is good for minutes.

        Raises:
            RefusedError: `Refusal.BAD_FILE` where the site does not want it (too large, a type
                that it does not allow).
        """

    @abstractmethod
    def attach_file(self, issue_id: str, ticket: str, body: Document, marker: str) -> Exchange[str]:
        """Attach a file publicly, with a comment of its own; return that comment's id.

        Args:
            issue_id: the request.
            ticket: from `upload_file`.
            body: the text of the comment; may be empty.
            marker: for the comment. It is written after the comment, so it may be missing; what
                counts is the one in the file's name.

        Raises:
            RefusedError: `Refusal.BAD_FILE` where the ticket is no longer good.
        """

    @abstractmethod
    def find_files(
        self, issue_id: str, markers: frozenset[str]
    ) -> Exchange[dict[str, tuple[str, ...]]]:
        """Return marker -> ids of the issue's files that carry it in their name.

        A marker that no file carries is left out; more than one id is a doubled write.
        """

    @abstractmethod
    def open_file(self, file_id: str) -> Exchange[Content]:
        """Return the bytes of an attached file as a stream that can be read once.

        Raises:
            RefusedError: NOT_FOUND or FORBIDDEN where there is none that we may see.
        """

    @abstractmethod
    def add_note(self, issue_id: str, text: str) -> Exchange[None]:
        """Add an internal note, for agents only."""

    @abstractmethod
    def has_note(self, issue_id: str, text: str) -> Exchange[bool]:
        """Tell whether an internal note of ours with exactly this text is there."""

    @abstractmethod
    def read_request(self, issue_id: str) -> Exchange[RequestState]:
        """Read a customer request.

        Raises:
            RefusedError: NOT_FOUND or FORBIDDEN where it is none that we may see.
        """

    @abstractmethod
    def public_comments(self, issue_id: str) -> Exchange[tuple[PublicComment, ...]]:
        """Return all comments that the customer API calls public, all pages of them."""

    @abstractmethod
    def cross_read(self, issue_id: str, comment_ids: tuple[str, ...]) -> Exchange[list[Witness]]:
        """Read exactly these comments through the platform API."""

    @abstractmethod
    def changes(self, service_desks: tuple[str, ...], minutes: int) -> Exchange[list[Change]]:
        """List what changed in these desks' projects within so many minutes, newest first."""

    @abstractmethod
    def verify_hint(self, webhook: WebhookRequest) -> None:
        """Return if a webhook proves that it comes from this site.

        Raises:
            WebhookVerificationError: it does not.
        """

    @abstractmethod
    def parse_hint(self, webhook: WebhookRequest) -> list[Hint]:
        """Return what may have changed; reads ids only, nothing that people wrote.

        Raises:
            WebhookPayloadError: there is no issue in it.
        """
