"""Read Viber's callbacks into events.

A callback that no kind here knows becomes `NothingToDo`, so that Viber does not repeat it for an
hour. The identity of an event comes from the callback alone, so the same bytes give equal events.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from chatbridge.content import Address, Contact
from chatbridge.errors import WebhookPayloadError
from chatbridge.events import (
    AvailabilityChanged,
    ConversationStarted,
    DeliveryReported,
    Event,
    NothingToDo,
)
from chatbridge.payloads import an_object, number_text_at, object_at, text_at

from .messages import message_received

WANTED = (
    "delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started", "message",
)  # fmt: skip
"""The kinds that the adapter asks for (`event_types`)."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")

_Source: TypeAlias = dict[str, Any]
_Reader: TypeAlias = Callable[[_Source, str, _Source], Event]


def event_of(callback: Any) -> Event:
    """Return what one callback says.

    Args:
        callback: the body of a webhook, read as JSON.

    Raises:
        WebhookPayloadError: it is none, or a known member has another shape.
    """
    source = an_object(callback, "the callback")
    kind = text_at(source, "event")
    if not kind:
        raise WebhookPayloadError("the callback names no event")
    token = number_text_at(source, "message_token")
    origin = _origin(source, kind, token)
    if kind not in _READERS:
        return NothingToDo(**origin, reason="an unknown kind of callback")
    read, needs_token = _READERS[kind]
    if needs_token and not (token and origin["address"].chat):
        raise WebhookPayloadError(f"a callback {kind} names no message_token or no user")
    return read(source, token, origin)


def _origin(source: _Source, kind: str, token: str) -> _Source:
    """Return the members of `EventOrigin`: a repeat has the same kind, token and user."""
    person = _person_in(source)
    user = text_at(person, "id") if person is not None else text_at(source, "user_id")
    number = source.get("timestamp")
    known = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**53
    return {
        "event_id": f"{kind}:{token or _digest(source)}:{user}",
        "address": Address(user),
        "sender": None if person is None or not user else _contact(person, user),
        "sent_at": number / 1000 if known and isinstance(number, int) else 0.0,
        "raw": source,
    }


def _person_in(source: _Source) -> _Source | None:
    for name in ("sender", "user"):
        if isinstance(source.get(name), dict):
            found: _Source = source[name]
            return found
    return None


def _contact(person: _Source, user: str) -> Contact:
    language = text_at(person, "language")
    return Contact(
        user_id=user,
        name=text_at(person, "name"),
        language=language.replace("_", "-") if _LANGUAGE.fullmatch(language) else None,
    )


def _digest(source: _Source) -> str:
    """Return what stands for a callback without a token, which none that is documented is."""
    written = json.dumps(source, sort_keys=True).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(written, digest_size=8).hexdigest()


def _message(source: _Source, token: str, origin: _Source) -> Event:
    return message_received(object_at(source, "message"), token, origin)


def _started(source: _Source, _token: str, origin: _Source) -> Event:
    return ConversationStarted(**origin, payload=text_at(source, "context"))


def _subscribed(_source: _Source, _token: str, origin: _Source) -> Event:
    return AvailabilityChanged(**origin, available=True)


def _unsubscribed(_source: _Source, _token: str, origin: _Source) -> Event:
    return AvailabilityChanged(**origin, available=False)


def _reported(source: _Source, token: str, origin: _Source) -> Event:
    return DeliveryReported(**origin, message_id=token, status=text_at(source, "event"))


def _registered(_source: _Source, _token: str, origin: _Source) -> Event:
    return NothingToDo(**origin, reason="Viber asks whether the webhook answers")


def _payment(_source: _Source, _token: str, origin: _Source) -> Event:
    return NothingToDo(**origin, reason="client_status is not carried")


_READERS: dict[str, tuple[_Reader, bool]] = {
    "message": (_message, True),
    "conversation_started": (_started, True),
    "subscribed": (_subscribed, True),
    "unsubscribed": (_unsubscribed, True),
    "delivered": (_reported, True),
    "seen": (_reported, True),
    "failed": (_reported, True),
    "webhook": (_registered, False),
    "client_status": (_payment, False),
}
"""Kind -> what reads it, and whether it is about one person."""
