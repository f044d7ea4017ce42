"""Events that the homeserver brings by itself, to the bot as an application service; pure.

Facts are from the Matrix specification, Application Service API. A transaction is brought again,
under the same number, until it is answered 200; what came twice is known by its events' ids.
"""

from __future__ import annotations

from urllib.parse import parse_qs

import chatbridge as cb
from chatbridge.payloads import an_object, list_at, text_at

from .calls import MatrixSettings
from .reading import RoomEvent, event_of, standing_of

ROUTES = (
    "PUT /_matrix/app/v1/transactions/*",
    "POST /_matrix/app/v1/ping",
    "GET /_matrix/app/v1/users/*",
    "GET /_matrix/app/v1/rooms/*",
)
"""What a homeserver calls, below the URL of the registration."""
_BEARER = "Bearer "


def verify(settings: MatrixSettings, webhook: cb.WebhookRequest) -> None:
    """Return if a call carries the homeserver's token: in its header, or in the query as of old."""
    if not settings.hs_tokens:
        raise cb.WebhookVerificationError("no hs_token is set, so no transaction is accepted")
    header = webhook.headers.get("Authorization")
    if header is None:
        given = parse_qs(webhook.query).get("access_token", [""])[0]
    else:
        given = header.removeprefix(_BEARER) if header.startswith(_BEARER) else ""
    cb.check_shared_secret(settings.hs_tokens, given)


def parse(webhook: cb.WebhookRequest, bot: str) -> list[cb.Event]:
    """Return the events of a transaction; those of the bot itself mean nothing.

    Args:
        webhook: the call.
        bot: the bot's account.
    """
    if webhook.method == "GET" or webhook.path.endswith("/ping"):
        return []
    found: list[cb.Event] = []
    for raw in list_at(an_object(webhook.json(), "the transaction"), "events"):
        try:
            room = text_at(an_object(raw, "the event"), "room_id")
            event = RoomEvent.read(room, raw) if room else None
        except cb.WebhookPayloadError:
            continue  # Without an identity or a content there is nothing to tell anybody.
        if event is not None:
            found += _read(event, bot)
    return found


def answer(webhook: cb.WebhookRequest) -> cb.WebhookAnswer:
    """Return what to answer; the bot's names are all there are, so none is made on demand."""
    known = webhook.method != "GET"
    body = b"{}" if known else b'{"errcode": "M_NOT_FOUND"}'
    return cb.WebhookAnswer(200 if known else 404, body, "application/json")


def _read(event: RoomEvent, bot: str) -> list[cb.Event]:
    standing = standing_of(event, bot)
    if standing is not None:
        return [standing]
    if not event.is_written or event.sender == bot:
        return []
    try:
        return [event_of(event)]
    except cb.WebhookPayloadError:
        # What one person's program sent must not stop everybody's messages.
        return [cb.NothingToDo(**event.origin, reason="unreadable")]
