"""Poll by `/sync`: join rooms that invite the bot, fill gaps, and look up what replies answer.

The position is the server's own token, kept by the bridge. Nothing is joined before a position is
kept, so that no message written after the joining can be missed: the first position is marked, and
asking from it looks for older invitations once.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import frozen

import chatbridge as cb
from chatbridge.payloads import an_object, flag_at, list_at, object_at, text_at

from .calls import MatrixSettings, call, checked
from .reading import RoomEvent, event_of, reply_of

_FIRST = "first:"
_PAGE = 50
_MOST_PAGES = 100
_LONGEST_POLL = 50.0
_NOTHING: dict[str, Any] = {"types": []}
_TYPES = ["m.room.message", "m.room.encrypted", "m.sticker", "m.room.member"]


@frozen
class Sync:
    """Asks one homeserver for one bot.

    Args:
        settings: whose server and token.
        bot: the bot's account, empty where it is not known.
    """

    settings: MatrixSettings
    bot: str

    def poll(self, position: str | None, wait: float) -> cb.Exchange[cb.Batch]:
        """See `Polls.poll`."""
        if position is None:
            batch = yield from self._sync(None, 0.0, limit=1)
            return cb.Batch(next=_FIRST + str(batch["next_batch"]))
        since = position.removeprefix(_FIRST)
        if since != position:
            known = yield from self._sync(None, 0.0, limit=1)
            yield from self._join(known)
            wait = 0.0
        batch = yield from self._sync(since, wait)
        if (yield from self._join(batch)):
            batch = yield from self._sync(since, 0.0)
        updates: list[cb.Update] = []
        for room, joined in _rooms(batch, "join").items():
            events = yield from self._events(room, joined, since)
            updates += [cb.Update(position, (event,)) for event in events]
        for room, left in _rooms(batch, "leave").items():
            gone = self._departure(room, left)
            updates += [cb.Update(position, (gone,))] if gone is not None else []
        return cb.Batch(tuple(updates), next=str(batch["next_batch"]))

    def _sync(
        self, since: str | None, wait: float, limit: int = _PAGE
    ) -> cb.Exchange[dict[str, Any]]:
        held = min(max(wait, 0.0), _LONGEST_POLL)
        wanted = {
            "presence": _NOTHING,
            "account_data": _NOTHING,
            "room": {
                "account_data": _NOTHING,
                "ephemeral": _NOTHING,
                "state": _NOTHING,
                "timeline": {"types": _TYPES, "limit": limit},
            },
        }
        query = {"timeout": str(int(held * 1000)), "set_presence": "offline"}
        query["filter"] = json.dumps(wanted, separators=(",", ":"))
        query |= {"since": since} if since is not None else {}
        request = call(
            self.settings, "GET", ("client", "v3", "sync"), query=query, timeout=held + 20.0
        )
        answer = checked((yield request)).json_object("next_batch")
        if isinstance(answer["next_batch"], str) and answer["next_batch"]:
            return answer
        raise cb.RetryLaterError("the homeserver does not say where to go on")

    def _join(self, batch: dict[str, Any]) -> cb.Exchange[bool]:
        """Accept invitations; return whether there was one that still holds."""
        joined = False
        for room in _rooms(batch, "invite"):
            try:
                path = ("client", "v3", "rooms", room, "join")
                checked((yield call(self.settings, "POST", path, json={})))
                joined = True
            except cb.RefusedError as error:
                if error.reason is cb.Refusal.UNAUTHORISED:
                    raise
                # The invitation was taken back, or its room is out of reach.
        return joined

    def _events(self, room: str, joined: Any, since: str) -> cb.Exchange[list[cb.Event]]:
        """Return what is new in a room, in the order in which it happened."""
        found: list[cb.Event] = []
        for event in (yield from self._timeline(room, joined, since)):
            entered = self._entered(event)
            if entered is not None:
                found.append(entered)
            if event.kind == "m.room.member" or event.sender == self.bot:
                continue
            reply = yield from self._reply(event)
            try:
                found.append(event_of(event, reply))
            except cb.WebhookPayloadError:
                # What one person's program sent must not stop everybody's messages.
                found.append(cb.NothingToDo(**event.origin, reason="unreadable"))
        return found

    def _timeline(self, room: str, joined: Any, since: str) -> cb.Exchange[list[RoomEvent]]:
        """Return the new events of a room, those that the server left out filled in."""
        try:
            timeline = object_at(an_object(joined, "the room"), "timeline")
            raw = list_at(timeline, "events")
            back = text_at(timeline, "prev_batch") if flag_at(timeline, "limited") else ""
        except cb.WebhookPayloadError:
            return []
        events = _readable(room, raw)
        for _ in range(_MOST_PAGES):
            if not back or any(map(self._begins, events)):
                break
            query = {"dir": "b", "from": back, "to": since, "limit": str(_PAGE)}
            query["filter"] = json.dumps({"types": _TYPES}, separators=(",", ":"))
            path = ("client", "v3", "rooms", room, "messages")
            page = checked((yield call(self.settings, "GET", path, query=query))).json_object()
            chunk = page.get("chunk")
            events = _readable(room, chunk if isinstance(chunk, list) else [])[::-1] + events
            end = page.get("end")
            back = end if isinstance(end, str) and chunk else ""
        starts = [at for at, event in enumerate(events) if self._begins(event)]
        return events[starts[-1] :] if starts else events

    def _begins(self, event: RoomEvent) -> bool:
        """Tell whether the bot's time in a room begins here; what was before is not for it."""
        if event.kind != "m.room.member" or event.raw.get("state_key") != self.bot:
            return False
        now, before = event.content.get("membership"), _membership_before(event)
        return now == "invite" or (now == "join" and before not in {"invite", "join"})

    def _entered(self, event: RoomEvent) -> cb.Event | None:
        if event.kind != "m.room.member" or event.raw.get("state_key") != self.bot:
            return None
        if event.content.get("membership") != "join" or _membership_before(event) == "join":
            return None
        return cb.AvailabilityChanged(**event.origin, available=True)

    def _departure(self, room: str, left: Any) -> cb.Event | None:
        """Return that the bot was sent away, where a room that was left says so."""
        try:
            raw = list_at(object_at(an_object(left, "the room"), "timeline"), "events")
        except cb.WebhookPayloadError:
            return None
        for event in reversed(_readable(room, raw)):
            if event.kind == "m.room.member" and event.raw.get("state_key") == self.bot:
                return cb.AvailabilityChanged(**event.origin, available=False)
        return None

    def _reply(self, event: RoomEvent) -> cb.Exchange[cb.ReplyTo | None]:
        """Look up what a message answers; one that is gone answers nothing in particular."""
        try:
            answered = event.answered
        except cb.WebhookPayloadError:
            return None
        if answered is None:
            return None
        path = ("client", "v3", "rooms", event.room, "event", answered)
        try:
            found = checked((yield call(self.settings, "GET", path))).json_object()
            original = RoomEvent.read(event.room, found)
            return reply_of(original.content, original.sender, self.bot, answered)
        except cb.RefusedError as error:
            if error.reason is cb.Refusal.UNAUTHORISED:
                raise
        except cb.WebhookPayloadError:
            pass
        return cb.ReplyTo(message_id=answered)


def _rooms(batch: dict[str, Any], membership: str) -> dict[str, Any]:
    rooms = batch.get("rooms")
    found = rooms.get(membership) if isinstance(rooms, dict) else None
    return {room: each for room, each in found.items() if room} if isinstance(found, dict) else {}


def _readable(room: str, raw: list[Any]) -> list[RoomEvent]:
    events = []
    for each in raw:
        try:
            events.append(RoomEvent.read(room, each))
        except cb.WebhookPayloadError:
            continue  # Without an identity or a content there is nothing to tell anybody.
    return events


def _membership_before(event: RoomEvent) -> str:
    unsigned = event.raw.get("unsigned")
    before = unsigned.get("prev_content") if isinstance(unsigned, dict) else None
    membership = before.get("membership") if isinstance(before, dict) else None
    return membership if isinstance(membership, str) else ""
