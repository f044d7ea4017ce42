"""The contract of the desk: what the bridge needs from a Jira site, as exchanges.

Cloud and Data Center each meet it. Like an adapter, a desk describes calls and makes none. Issues
are named by their id, since keys change when an issue moves. The values that go in and out are
those of `desk_values`, handed out here as well.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from chatbridge.content import Content
from chatbridge.desk_values import (
    Account,
    Change,
    CommentFile,
    Hint,
    MarkerRung,
    NewRequest,
    OpenedRequest,
    PublicComment,
    RequestField,
    RequestState,
    RequestType,
    SeenClock,
    SeenWebhook,
    StatusCategory,
    Witness,
)
from chatbridge.exchange import Exchange
from chatbridge.http_types import WebhookRequest
from chatbridge.richtext import Document
from chatbridge.secret import Secret

__all__ = [
    "Account",
    "Change",
    "CommentFile",
    "Desk",
    "Hint",
    "MarkerRung",
    "NewRequest",
    "OpenedRequest",
    "PublicComment",
    "RequestField",
    "RequestState",
    "RequestType",
    "SeenClock",
    "SeenWebhook",
    "StatusCategory",
    "Witness",
]


class Desk(ABC):
    """A Jira site with service desks."""

    site: str
    """A short name of the site that never changes; links are bound to it."""

    account_id: str = ""
    """The bridge's own account once `identify` or `public_comments` was carried out."""

    @property
    def login_mend(self) -> str:
        """What to do where the site refuses the credential, for a diagnosis."""
        return "check the credential that the bridge was given for the site"

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

    def find_requests(self, draft_of: NewRequest) -> Exchange[tuple[OpenedRequest, ...]]:
        """Return every request with the draft's marker, that with the lowest id first.

        More than one are a doubled write. A desk on which that cannot happen, or cannot be seen,
        need not have it.
        """
        found = yield from self.find_request(draft_of)
        return () if found is None else (found,)

    def link_duplicate(self, issue_id: str, original_id: str) -> Exchange[bool]:
        """Link a request as a duplicate of another one; repeatable.

        Args:
            issue_id: the request that nobody goes on with.
            original_id: the one that goes on.

        Returns:
            Whether it is linked; False where the site has no such links.

        Raises:
            RefusedError: the account may not link, or one of them is gone.
        """
        del issue_id, original_id
        yield from ()
        return False

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
            A ticket for `attach_files`; it is good for minutes.

        Raises:
            RefusedError: `Refusal.BAD_FILE` where the site does not want it (too large, a type
                that it does not allow).
        """

    @abstractmethod
    def attach_files(
        self, issue_id: str, tickets: tuple[str, ...], body: Document, marker: str
    ) -> Exchange[str]:
        """Attach files publicly, with one comment of their own; return that comment's id.

        Args:
            issue_id: the request.
            tickets: from `upload_file`; all are attached, or none.
            body: the text of the comment; may be empty.
            marker: for the comment. It is written after the comment, so it may be missing; what
                counts are those in the files' names.

        Raises:
            RefusedError: `Refusal.BAD_FILE` where a ticket is no longer good.
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
    def service_desk_id(self, service_desk: str) -> Exchange[str]:
        """Return the id of a service desk that is named by its id or by its project's key.

        Raises:
            RefusedError: NOT_FOUND or FORBIDDEN where there is none that we may see.
        """

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
