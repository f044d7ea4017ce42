"""What happened on a platform, normalised; each event keeps the platform's own words in `raw`.

Events are values: parsing the same bytes twice gives equal events. Nothing that people wrote shows
in a repr.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from attrs import field, frozen

from chatbridge.content import Address, Attachment, Contact
from chatbridge.richtext import EMPTY, Document


@frozen
class Command:
    """A word that a person wrote to steer the bot, such as /new.

    Args:
        name: without the slash, in lower case.
        argument: what followed it.
    """

    name: str = field(repr=False)
    argument: str = field(default="", repr=False)


@frozen
class ReplyTo:
    """The message that a person answered.

    Args:
        message_id: the platform's id of it, or None.
        handle: the request handle found in it, where it was one of the bot's (see
            `outgoing.RequestLabel`); the bridge checks it before use.
        quote: the part that was quoted, empty where none was.
        implied: whether the platform says so of every message, after the last one shown, and not
            the person of this one; what the person asked for goes first then.
    """

    message_id: str | None = field(default=None, repr=False)
    handle: str | None = field(default=None, repr=False)
    quote: str = field(default="", repr=False)
    implied: bool = False


@frozen(kw_only=True)
class EventOrigin:
    """What every event says.

    Args:
        event_id: unique for this bot for as long as the platform may repeat it; the adapter makes
            it of what a repeat does not change.
        address: where it happened and where an answer goes.
        sender: who did it, None where the platform did.
        sent_at: Unix seconds by the platform's clock, 0 where it does not say.
        shared: whether others than the sender see the chat, as in a group; such a chat joins no
            request by a link.
        raw: the platform's own object, untouched.
    """

    event_id: str = field(repr=False)
    address: Address
    sender: Contact | None = None
    sent_at: float = 0.0
    shared: bool = False
    raw: Any = field(default=None, repr=False)


@frozen(kw_only=True)
class MessageReceived(EventOrigin):
    """A person wrote or sent something.

    Args:
        message_id: the platform's id, unique in its chat.
        text: what was written, caption included.
        command: set where the text is one that addresses the bot.
        attachments: files that came with it.
        reply_to: what it answers.
        origin_name: whom a forwarded message is shown to come from, empty where not forwarded.
        group: what binds the items of one album, or None.
        unsupported: what part of it the adapter cannot carry ("poll"), None where all is carried.
    """

    message_id: str = field(repr=False)
    text: Document = EMPTY
    command: Command | None = None
    attachments: tuple[Attachment, ...] = ()
    reply_to: ReplyTo | None = None
    origin_name: str = field(default="", repr=False)
    group: str | None = field(default=None, repr=False)
    unsupported: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class MessageEdited(EventOrigin):
    """A person changed what they wrote; `text` is the whole new text."""

    message_id: str = field(repr=False)
    text: Document = EMPTY


@frozen(kw_only=True)
class ChoicePicked(EventOrigin):
    """A person picked an option.

    Args:
        data: what the option carried; may be forged, the bridge checks it.
        query_id: what `answer_choice` needs.
        message_id: the message that offered it, or None.
    """

    data: str = field(repr=False)
    query_id: str = field(default="", repr=False)
    message_id: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class ConversationStarted(EventOrigin):
    """A person opened the chat without writing anything; `payload` is what their link carried."""

    payload: str = field(default="", repr=False)


@frozen(kw_only=True)
class AvailabilityChanged(EventOrigin):
    """The chat can, or can no longer, be written to (blocked, left, unblocked)."""

    available: bool


@frozen(kw_only=True)
class ConversationMigrated(EventOrigin):
    """The chat got a new id; `address` is the old one."""

    moved_to: str = field(repr=False)


@frozen(kw_only=True)
class DeliveryReported(EventOrigin):
    """The platform says what became of a message; `status` is delivered, seen or failed."""

    message_id: str = field(repr=False)
    status: str


@frozen(kw_only=True)
class NothingToDo(EventOrigin):
    """A genuine event that needs no answer; kept so that it is acknowledged on purpose."""

    reason: str = ""


Event: TypeAlias = (
    MessageReceived
    | MessageEdited
    | ChoicePicked
    | ConversationStarted
    | AvailabilityChanged
    | ConversationMigrated
    | DeliveryReported
    | NothingToDo
)
