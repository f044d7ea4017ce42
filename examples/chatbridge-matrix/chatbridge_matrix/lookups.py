"""What an event leaves out and the homeserver tells when it is asked: the message that is answered.

Also lets the bot into a room that invites it. All calls may be repeated.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve, frozen

import chatbridge as cb

from .calls import MatrixSettings, call, checked
from .reading import TYPES, RoomEvent, event_of, reply_of

_PAGE = 50
_MOST_PAGES = 100


@frozen
class Lookups:
    """Asks one homeserver for one bot.

    Args:
        settings: whose server and token.
        bot: the bot's account, empty where it is not known.
    """

    settings: MatrixSettings
    bot: str

    def read(self, event: RoomEvent) -> cb.Exchange[cb.Event]:
        """Return what an event of another account means, with what it answers."""
        try:
            return (yield from self.with_reply(event_of(event)))
        except cb.WebhookPayloadError:
            # What one person's program sent must not stop everybody's messages.
            return cb.NothingToDo(**event.origin, reason="unreadable")

    def with_reply(self, event: cb.Event) -> cb.Exchange[cb.Event]:
        """Return an event with what it answers; a message that is gone names no request."""
        if not isinstance(event, cb.MessageReceived) or event.reply_to is None:
            return event
        reply = event.reply_to
        if reply.message_id is None:
            return event
        path = ("client", "v3", "rooms", event.address.chat, "event", reply.message_id)
        try:
            found = checked((yield call(self.settings, "GET", path))).json_object()
            original = RoomEvent.read(event.address.chat, found)
            person = event.sender.user_id if event.sender is not None else ""
            reply = reply_of(original, self.bot, person)
        except cb.RefusedError as error:
            if error.reason is cb.Refusal.UNAUTHORISED:
                raise
        except cb.WebhookPayloadError:
            pass
        return evolve(event, reply_to=reply)

    def join(self, room: str) -> cb.Exchange[bool]:
        """Accept an invitation; return whether it still held."""
        try:
            checked(
                (
                    yield call(
                        self.settings, "POST", ("client", "v3", "rooms", room, "join"), json={}
                    )
                )
            )
        except cb.RefusedError as error:
            if error.reason is cb.Refusal.UNAUTHORISED:
                raise
            return False  # It was taken back, or its room is out of reach.
        return True

    def waited(self, room: str, invitation: str) -> cb.Exchange[list[cb.Event]]:
        """Return what was written between an invitation and the bot's coming, as it happened.

        Args:
            room: that the bot is in now.
            invitation: the event's id.
        """
        path = ("client", "v3", "rooms", room)
        query = {"limit": "0"}
        try:
            around = checked(
                (yield call(self.settings, "GET", (*path, "context", invitation), query=query))
            ).json_object()
            return (yield from self._until_entered(room, around.get("end")))
        except cb.RefusedError as error:
            if error.reason is cb.Refusal.UNAUTHORISED:
                raise
            return []  # The room shows newcomers nothing of before.

    def _until_entered(self, room: str, start: Any) -> cb.Exchange[list[cb.Event]]:
        found: list[cb.Event] = []
        for _ in range(_MOST_PAGES):
            if not isinstance(start, str) or not start:
                break
            query = {"dir": "f", "from": start, "limit": str(_PAGE)}
            query["filter"] = json.dumps({"types": TYPES}, separators=(",", ":"))
            path = ("client", "v3", "rooms", room, "messages")
            page = checked((yield call(self.settings, "GET", path, query=query))).json_object()
            chunk = page.get("chunk")
            for event in RoomEvent.read_all(room, chunk):
                if event.stands(self.bot) == "join":
                    return found  # From here on the homeserver tells by itself.
                if event.is_written and event.sender != self.bot:
                    found.append((yield from self.read(event)))
            start = page.get("end") if chunk else None
        return found
