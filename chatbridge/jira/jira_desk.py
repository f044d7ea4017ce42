"""A Jira site as the bridge sees it, of either kind; describes calls, makes none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve

from chatbridge.content import Content
from chatbridge.desk import (
    Account,
    Change,
    Desk,
    Hint,
    NewRequest,
    OpenedRequest,
    PublicComment,
    RequestState,
    RequestType,
    SeenClock,
    SeenWebhook,
    Witness,
)
from chatbridge.errors import ConfigurationError
from chatbridge.exchange import Exchange
from chatbridge.http_types import WebhookRequest
from chatbridge.jira import (
    attaching,
    commenting,
    desks,
    feed,
    hints,
    linking,
    opening,
    reading,
    sharing,
    standing,
    trials,
)
from chatbridge.jira.access import Access
from chatbridge.jira.site import SiteKind, SiteSettings
from chatbridge.richtext import Document
from chatbridge.secret import Secret
from chatbridge.splitting import split_document


class JiraDesk(Desk):
    """The service desks of one Jira site, Cloud or Data Center.

    Args:
        settings: of the site; where neither `kind` nor the address says which Jira it is, the site
            itself is asked.
        bearer: returns an OAuth access token that is valid now, where the site is entered with
            OAuth; it is asked for every call. None: the token of the settings.

    Raises:
        ConfigurationError: there is no credential, more than one, or one of the other kind.
    """

    def __init__(self, settings: SiteSettings, bearer: Callable[[], Secret] | None = None) -> None:
        self.settings = settings
        self.site = settings.name
        self._access = Access(settings, bearer)
        self._reader = _reader_of(settings)
        self._desks = desks.DeskBook()

    @property
    def login_mend(self) -> str:
        """See `Desk.login_mend`."""
        return "; ".join(dialect.login_mend for dialect in self._access.spoken)

    def urls(self) -> tuple[str, ...]:
        """See `Desk.urls`."""
        possible = [dialect.urls(self.settings) for dialect in self._access.possible]
        return tuple(dict.fromkeys(url for urls in possible for url in urls))

    def secrets(self) -> tuple[Secret, ...]:
        """See `Desk.secrets`."""
        more = self._reader.secrets() if self._reader is not None else ()
        return (*self._access.secrets(), *more)

    def identify(self) -> Exchange[Account]:
        """See `Desk.identify`."""
        calls = yield from self._access.probe()
        self.account_id = calls.account.account_id
        return calls.account

    def request_type(self, service_desk: str, request_type: str) -> Exchange[RequestType]:
        """See `Desk.request_type`."""
        return desks.read_request_type(self._access, service_desk, request_type)

    def request_types(self, service_desk: str) -> Exchange[tuple[RequestType, ...]]:
        """See `Desk.request_types`."""
        return desks.list_request_types(self._access, service_desk)

    def open_request(self, draft: NewRequest) -> Exchange[OpenedRequest]:
        """See `Desk.open_request`."""
        return opening.open_request(self._access, self._desks, draft)

    def find_request(self, draft_of: NewRequest) -> Exchange[OpenedRequest | None]:
        """See `Desk.find_request`."""
        found = yield from self.find_requests(draft_of)
        return found[0] if found else None

    def find_requests(self, draft_of: NewRequest) -> Exchange[tuple[OpenedRequest, ...]]:
        """See `Desk.find_requests`."""
        return opening.find_requests(self._access, self._desks, draft_of)

    def link_duplicate(self, issue_id: str, original_id: str) -> Exchange[bool]:
        """See `Desk.link_duplicate`."""
        return linking.link_duplicate(self._access, issue_id, original_id)

    def add_comment(self, issue_id: str, body: Document, marker: str) -> Exchange[str]:
        """See `Desk.add_comment`."""
        return commenting.add_comment(self._access, issue_id, body, marker)

    def find_comments(
        self, issue_id: str, markers: frozenset[str]
    ) -> Exchange[dict[str, tuple[str, ...]]]:
        """See `Desk.find_comments`."""
        return commenting.find_comments(self._access, issue_id, markers)

    def remove_comment(self, issue_id: str, comment_id: str) -> Exchange[None]:
        """See `Desk.remove_comment`."""
        return commenting.remove_comment(self._access, issue_id, comment_id)

    def split_comment(self, body: Document) -> tuple[Document, ...]:
        """See `Desk.split_comment`."""
        # Where the kind has to be asked, a piece fits both: how a text was cut must not depend on
        # what was known when.
        possible = self._access.possible
        return split_document(body, lambda piece: all(each.fits(piece) for each in possible))

    def upload_limit(self) -> Exchange[int | None]:
        """See `Desk.upload_limit`."""
        return attaching.upload_limit(self._access)

    def upload_file(self, service_desk: str, name: str, content: Content) -> Exchange[str]:
        """See `Desk.upload_file`."""
        return attaching.upload_file(self._access, service_desk, name, content)

    def attach_files(
        self, issue_id: str, tickets: tuple[str, ...], body: Document, marker: str
    ) -> Exchange[str]:
        """See `Desk.attach_files`."""
        return attaching.attach_files(self._access, issue_id, tickets, body, marker)

    def find_files(
        self, issue_id: str, markers: frozenset[str]
    ) -> Exchange[dict[str, tuple[str, ...]]]:
        """See `Desk.find_files`."""
        return attaching.find_files(self._access, issue_id, markers)

    def open_file(self, file_id: str) -> Exchange[Content]:
        """See `Desk.open_file`."""
        return attaching.open_file(self._access, file_id)

    def add_note(self, issue_id: str, text: str) -> Exchange[None]:
        """See `Desk.add_note`."""
        return commenting.add_note(self._access, issue_id, text)

    def has_note(self, issue_id: str, text: str) -> Exchange[bool]:
        """See `Desk.has_note`."""
        return commenting.has_note(self._access, issue_id, text)

    def read_request(self, issue_id: str) -> Exchange[RequestState]:
        """See `Desk.read_request`; takes a key as well, for hints that name nothing else."""
        return reading.read_request(self._access, issue_id)

    def public_comments(self, issue_id: str) -> Exchange[tuple[PublicComment, ...]]:
        """See `Desk.public_comments`; asked as the reader account where there is one."""
        if self._reader is None:
            comments = yield from reading.public_comments(self._access, issue_id)
        else:
            # Our own comments are known by the account that wrote them.
            yield from self._access.reach()
            comments = yield from sharing.reader_comments(self._reader, self._access, issue_id)
        self.account_id = self._access.account_id
        return comments

    def cross_read(self, issue_id: str, comment_ids: tuple[str, ...]) -> Exchange[list[Witness]]:
        """See `Desk.cross_read`."""
        return reading.cross_read(self._access, issue_id, comment_ids)

    def service_desk_id(self, service_desk: str) -> Exchange[str]:
        """See `Desk.service_desk_id`; asks the site once."""
        calls = yield from self._access.reach()
        found = yield from self._desks.find(calls, service_desk)
        return found.desk_id

    def changes(self, service_desks: tuple[str, ...], minutes: int) -> Exchange[list[Change]]:
        """See `Desk.changes`."""
        return feed.read_changes(self._access, self._desks, service_desks, minutes)

    def permissions(self, service_desk: str, names: Sequence[str]) -> Exchange[dict[str, bool]]:
        """Return whether the account has each of these of Jira's permission keys on the desk.

        A key that the site does not name is left out.
        """
        return standing.read_permissions(self._access, self._desks, service_desk, names)

    @property
    def has_reader(self) -> bool:
        """Whether another account reads the public comments."""
        return self._reader is not None

    def reader_permissions(self, service_desk: str, names: Sequence[str]) -> Exchange[list[str]]:
        """Return which of these of Jira's permission keys the reader account has on the desk.

        Raises:
            RefusedError: UNAUTHORISED where the site does not take its credential.
        """
        assert self._reader is not None
        return standing.reader_permissions(
            self._reader, self._access, self._desks, service_desk, names
        )

    def statuses(self) -> Exchange[tuple[str, ...]]:
        """Return the names of the site's statuses, in the account's language."""
        return standing.read_statuses(self._access)

    def webhooks(self) -> Exchange[tuple[SeenWebhook, ...] | None]:
        """Return the webhooks that administrators set up; None where we may not know them."""
        return standing.read_webhooks(self._access)

    def time(self) -> Exchange[float | None]:
        """Return the site's time in Unix seconds, None where it does not say."""
        return standing.read_time(self._access)

    def trial_note(self, issue_id: str, text: str) -> Exchange[str]:
        """Add an internal note to a test issue; return its id."""
        return trials.add_internal(self._access, issue_id, text)

    def trial_restricted(
        self, issue_id: str, body: Document, marker: str, role: str
    ) -> Exchange[str]:
        """Add a comment for one role of the project to a test issue; return its id."""
        return trials.add_restricted(self._access, issue_id, body, marker, role)

    def clocks(self, issue_id: str) -> Exchange[tuple[SeenClock, ...] | None]:
        """Return the clocks (SLA) of a request, None where they are not shown."""
        return trials.read_clocks(self._access, issue_id)

    def verify_hint(self, webhook: WebhookRequest) -> None:
        """See `Desk.verify_hint`."""
        hints.verify_hint(self.settings, webhook)

    def parse_hint(self, webhook: WebhookRequest) -> list[Hint]:
        """See `Desk.parse_hint`."""
        return hints.parse_hint(webhook)


class CloudDesk(JiraDesk):
    """The service desks of one Jira Cloud site; the arguments are those of `JiraDesk`."""

    def __init__(self, settings: SiteSettings, bearer: Callable[[], Secret] | None = None) -> None:
        super().__init__(_of_kind(settings, SiteKind.CLOUD), bearer)


class DataCenterDesk(JiraDesk):
    """The service desks of one Jira Data Center; the arguments are those of `JiraDesk`."""

    def __init__(self, settings: SiteSettings, bearer: Callable[[], Secret] | None = None) -> None:
        super().__init__(_of_kind(settings, SiteKind.DATA_CENTER), bearer)


def _reader_of(settings: SiteSettings) -> Access | None:
    if settings.reader_token is None:
        return None
    reader = evolve(
        settings,
        account=settings.reader_account,
        token=settings.reader_token,
        reader_account=None,
        reader_token=None,
    )
    return Access(reader, None)


def _of_kind(settings: SiteSettings, kind: SiteKind) -> SiteSettings:
    if settings.kind not in {SiteKind.AUTO, kind}:
        raise ConfigurationError(f"the site's kind is {settings.kind}, and not {kind}")
    try:
        return evolve(settings, kind=kind.value)
    except ValueError as error:
        problem = str(error)
    raise ConfigurationError(problem)
