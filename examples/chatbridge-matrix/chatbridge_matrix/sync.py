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
from .lookups import Lookups
from .reading import TYPES, RoomEvent, standing_of

_FIRST = "first:"
_PAGE = 50
_MOST_PAGES = 100
_LONGEST_POLL = 50.0
_NOTHING: dict[str, Any] = {"types": []}


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
                "timeline": {"types": TYPES, "limit": limit},
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
            joined = (yield from self._lookups.join(room)) or joined
        return joined

    def _events(self, room: str, joined: Any, since: str) -> cb.Exchange[list[cb.Event]]:
        """Return what is new in a room, in the order in which it happened."""
        found: list[cb.Event] = []
        for event in (yield from self._timeline(room, joined, since)):
            standing = standing_of(event, self.bot)
            if isinstance(standing, cb.AvailabilityChanged) and standing.available:
                found.append(standing)
            if event.is_written and event.sender != self.bot:
                found.append((yield from self._lookups.read(event)))
        return found

    def _timeline(self, room: str, joined: Any, since: str) -> cb.Exchange[list[RoomEvent]]:
        """Return the new events of a room, those that the server left out filled in."""
        try:
            timeline = object_at(an_object(joined, "the room"), "timeline")
            raw = list_at(timeline, "events")
            back = text_at(timeline, "prev_batch") if flag_at(timeline, "limited") else ""
        except cb.WebhookPayloadError:
            return []
        events = RoomEvent.read_all(room, raw)
        for _ in range(_MOST_PAGES):
            if not back or any(map(self._begins, events)):
                break
            query = {"dir": "b", "from": back, "to": since, "limit": str(_PAGE)}
            query["filter"] = json.dumps({"types": TYPES}, separators=(",", ":"))
            path = ("client", "v3", "rooms", room, "messages")
            page = checked((yield call(self.settings, "GET", path, query=query))).json_object()
            chunk = page.get("chunk")
            events = RoomEvent.read_all(room, chunk)[::-1] + events
            end = page.get("end")
            back = end if isinstance(end, str) and chunk else ""
        starts = [at for at, event in enumerate(events) if self._begins(event)]
        return events[starts[-1] :] if starts else events

    def _begins(self, event: RoomEvent) -> bool:
        """Tell whether the bot's time in a room begins here; what was before is not for it."""
        now = event.stands(self.bot)
        return now == "invite" or (now == "join" and event.stood not in {"invite", "join"})

    def _departure(self, room: str, left: Any) -> cb.Event | None:
        """Return that the bot was sent away, where a room that was left says so."""
        try:
            raw = list_at(object_at(an_object(left, "the room"), "timeline"), "events")
        except cb.WebhookPayloadError:
            return None
        for event in reversed(RoomEvent.read_all(room, raw)):
            if event.stands(self.bot):
                return cb.AvailabilityChanged(**event.origin, available=False)
        return None

    @property
    def _lookups(self) -> Lookups:
        return Lookups(self.settings, self.bot)


def _rooms(batch: dict[str, Any], membership: str) -> dict[str, Any]:
    rooms = batch.get("rooms")
    found = rooms.get(membership) if isinstance(rooms, dict) else None
    return {room: each for room, each in found.items() if room} if isinstance(found, dict) else {}
