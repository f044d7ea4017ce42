"""What shall be shown in a chat, and the word that it was taken.

One `OutgoingMessage` handed to an adapter is one part: what a single visible request shows.
"""

from __future__ import annotations

from attrs import field, frozen

from chatbridge.content import Address, Attachment, Choice
from chatbridge.richtext import EMPTY, Document


@frozen
class RequestLabel:
    """Names the customer request that a message is about; stands at the start of its text.

    Args:
        key: what people see, such as HELP-12.
        handle: at most 48 characters of A-Z a-z 0-9 _ -; an adapter puts it where a reply to this
            message, or a tap on the key, brings it back (`ReplyTo.handle`, or the argument of the
            command start).
    """

    key: str = field(repr=False)
    handle: str = field(repr=False)


@frozen(kw_only=True)
class OutgoingMessage:
    """One part of what shall be shown.

    Args:
        address: where.
        key: 32 hex digits that stay the same when this part is sent again; for platforms with
            idempotency keys.
        text: the formatted text; already short enough, `label` and `sender_name` included.
        label: the request it is about, or None.
        sender_name: who speaks, where the platform can show it apart from the text.
        choices: options to offer.
        attachments: one file, or the files of one album; `text` is the caption then, and goes
            with the first of them.
        reply_to: the platform's id of the message it answers.
        plain: draw the text without any formatting (a second try after bad markup).
    """

    address: Address
    key: str = field(repr=False)
    text: Document = EMPTY
    label: RequestLabel | None = None
    sender_name: str = field(default="", repr=False)
    choices: tuple[Choice, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    reply_to: str | None = field(default=None, repr=False)
    plain: bool = False


@frozen
class Receipt:
    """The platform took it.

    Args:
        message_ids: what one part became; several for an album.
        charged: whether the platform says that it costs money.
    """

    message_ids: tuple[str, ...] = field(default=(), repr=False)
    charged: bool = False
