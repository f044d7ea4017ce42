"""What the bridge and a desk tell each other: requests, comments, files, witnesses, hints.

Texts that people wrote, and what names a person or a request, are hidden from repr.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen

from chatbridge.richtext import EMPTY, Document


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
        created: when it was opened; Unix milliseconds, 0 where that is not said.
    """

    issue_id: str
    issue_key: str = field(repr=False)
    service_desk: str
    status: str = field(repr=False)
    category: StatusCategory
    portal_url: str | None = field(default=None, repr=False)
    created: int = 0


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
        wording: the text exactly as the site gives it, to see whether it was changed; empty where
            `body` has to do.
    """

    comment_id: str
    created: int
    author_id: str = field(default="", repr=False)
    author_name: str = field(default="", repr=False)
    body: Document = EMPTY
    files: tuple[CommentFile, ...] = ()
    wording: str = field(default="", repr=False)


@frozen
class Witness:
    """What the platform API says about a comment: the second witness.

    Args:
        comment_id: its id.
        unrestricted: whether no role or group restriction is on it and nothing calls it internal.
        body: its text.
        marker: the bridge's own marker on it, or None.
        parent: the id of the comment that it answers, or None; sites that know none say nothing.
    """

    comment_id: str
    unrestricted: bool
    body: Document = EMPTY
    marker: str | None = field(default=None, repr=False)
    parent: str | None = None


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


@frozen
class SeenWebhook:
    """A webhook that the site sends to somebody, as its administrators see it.

    Args:
        url: where it leads; whoever knows it may knock, so it is hidden.
        enabled: whether it is sent.
        signed: whether it is signed; None where the site does not say.
        events: what it tells of, by the site's names.
    """

    url: str = field(repr=False)
    enabled: bool = True
    signed: bool | None = None
    events: frozenset[str] = frozenset()


@frozen
class SeenClock:
    """A clock of a request (an SLA metric).

    Args:
        name: as the site's administrators called it.
        state: running, paused, or none where it does not go at all.
        finished: how many of its rounds have ended.
    """

    name: str
    state: str
    finished: int
