"""Items of one album that were polled together, as the one message that they are to people.

Pure. Whoever merges must be able to take the items one by one again: a file that is refused must
not take the others with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeGuard

from attrs import evolve

from chatbridge.events import Event, MessageReceived
from chatbridge.richtext import Document

MOST_ITEMS: Final = 10
"""Items that become one message; no platform's albums are larger."""


def is_item(event: Event | None) -> TypeGuard[MessageReceived]:
    """Tell whether an event is an item of an album: one file, perhaps with words."""
    return (
        isinstance(event, MessageReceived)
        and event.group is not None
        and event.command is None
        and len(event.attachments) == 1
    )


def goes_with(first: Event | None, other: Event | None) -> bool:
    """Tell whether two events are items of one album."""
    return is_item(first) and is_item(other) and _bound_by(first) == _bound_by(other)


def merged(items: Sequence[MessageReceived]) -> MessageReceived:
    """Return the items of an album, in order, as one message under the first one's ids."""
    unsupported = [item.unsupported for item in items if item.unsupported]
    return evolve(
        items[0],
        text=Document(tuple(block for item in items for block in item.text.blocks)),
        attachments=tuple(file for item in items for file in item.attachments),
        reply_to=next((item.reply_to for item in items if item.reply_to is not None), None),
        unsupported=", ".join(dict.fromkeys(unsupported)) or None,
    )


def _bound_by(item: MessageReceived) -> tuple[object, ...]:
    return item.group, item.address, item.sender, item.origin_name
