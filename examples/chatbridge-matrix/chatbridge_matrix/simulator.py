"""A stand-in for a homeserver: rooms, people and one bot, in memory; it talks to nobody."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, ClassVar
from urllib.parse import unquote

from chatbridge import Clock, HttpResponse
from chatbridge.testing import Control, OwedWebhook, SimulatedCall, Simulator, json_answer

from .simulated_pushes import Pushes
from .simulated_rooms import Problem, Room

BOT = "@helpdesk:simulated.example"
TOKEN = "token-of-tests"  # noqa: S105 - opens nothing real
HS_TOKEN = "homeserver-token-of-tests"  # noqa: S105 - opens nothing real
_MOST_BYTES = 65_536
_SENT = "m.room.message"


class MatrixSimulator(Simulator):
    """A homeserver."""

    name: ClassVar[str] = "matrix"

    def __init__(self, *, clock: Clock | None = None, seed: int = 0) -> None:
        super().__init__(clock=clock, seed=seed)
        self.rooms: dict[str, Room] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        self.sent: dict[tuple[str, str], str] = {}
        self.number = 0
        self.pushes = Pushes(HS_TOKEN)

    def answer(self, call: SimulatedCall) -> HttpResponse:
        """See `Simulator.answer`."""
        return self.through_faults(call, self._answer)

    def controls(self) -> dict[str, tuple[str, Control]]:
        """See `Simulator.controls`."""
        return {
            "block": ("Send the bot away from a room: {chat}.", self._block),
            "edit": ("Change a message of one's own: {chat, message_id, text}.", self._edit),
            "file": ("Send a file: {chat, file_name, text}.", self._file),
            "message": (
                "Write a text: {chat, text, reply_to, thread, name}; a new room invites the bot.",
                self._message,
            ),
            "photo": ("Send a picture: {chat, content, media_type, caption}.", self._photo),
            "transcript": ("Show a room as its person sees it: {chat}.", self._transcript),
            "unblock": ("Invite the bot again: {chat}.", self._unblock),
            "webhook": ("Bring what happens from now on to this URL: {url}.", self._register),
        }

    def credentials(self) -> dict[str, str]:
        """See `Simulator.credentials`."""
        return {"access_token": TOKEN, "user_id": BOT, "hs_token": HS_TOKEN}

    def owed_webhooks(self) -> list[OwedWebhook]:
        """See `Simulator.owed_webhooks`."""
        with self.changed:
            return self.pushes.owed(self._news(), self.clock.monotonic())

    def webhook_answered(
        self, webhook_id: str, status: int | None, retry_after: int | None, body: bytes = b""
    ) -> None:
        """See `Simulator.webhook_answered`."""
        with self.changed:
            self.pushes.answered(status, self.clock.monotonic())

    def _news(self) -> list[tuple[int, dict[str, Any]]]:
        """Return what concerns the bot: what is about it, and what happens where it is."""
        news = [
            (at, {**event, "room_id": name})
            for name, room in self.rooms.items()
            for at, event in room.seen_by(BOT)
        ]
        return sorted(news, key=lambda each: each[0])

    # --- people -----------------------------------------------------------------------------------

    def _message(self, given: dict[str, Any]) -> str:
        content: dict[str, Any] = {"msgtype": "m.text", "body": str(given.get("text", ""))}
        if given.get("reply_to"):
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": given["reply_to"]}}
        elif given.get("thread"):
            content["m.relates_to"] = {"rel_type": "m.thread", "event_id": given["thread"]}
        return self._write(given, content)

    def _file(self, given: dict[str, Any]) -> str:
        body = str(given.get("text", "")).encode()
        content = {"msgtype": "m.file", "body": str(given["file_name"])}
        place = self._keep("", body)
        return self._write(given, {**content, "url": place, "info": {"size": len(body)}})

    def _photo(self, given: dict[str, Any]) -> dict[str, str]:
        body, media_type = base64.b64decode(given["content"]), str(given.get("media_type", ""))
        content = {
            "msgtype": "m.image", "body": given.get("caption") or "picture",
            "filename": "picture", "url": self._keep(media_type, body),
            "info": {"size": len(body), "mimetype": media_type},
        }  # fmt: skip
        return {"message_id": self._write(given, content)}

    def _edit(self, given: dict[str, Any]) -> str:
        new = {"msgtype": "m.text", "body": str(given["text"])}
        relation = {"rel_type": "m.replace", "event_id": given["message_id"]}
        return self._write(given, {**new, "m.new_content": new, "m.relates_to": relation})

    def _write(self, given: dict[str, Any], content: dict[str, Any]) -> str:
        room, person = _room(given), _person(given)
        if room not in self.rooms:
            self._member(room, person, person, "join")
            self._member(room, person, BOT, "invite")
        return self._happen(room, person, _SENT, content)

    def _block(self, given: dict[str, Any]) -> None:
        self._member(_room(given), _person(given), BOT, "leave")

    def _unblock(self, given: dict[str, Any]) -> None:
        self._member(_room(given), _person(given), BOT, "invite")

    def _register(self, given: dict[str, Any]) -> None:
        self.pushes.register(str(given["url"]), self.number)

    def _member(self, name: str, by: str, who: str, membership: str) -> None:
        room = self.rooms.setdefault(name, Room())
        before = room.members.get(who)
        room.members[who] = membership
        more: dict[str, Any] = {"state_key": who}
        if before is not None:
            more["unsigned"] = {"prev_content": {"membership": before}}
        self._happen(name, by, "m.room.member", {"membership": membership}, more)

    def _transcript(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        shown: dict[str, dict[str, Any]] = {}
        for _, event in self.rooms.get(_room(given), Room()).events:
            content = event["content"]
            if event["type"] != _SENT:
                continue
            relation = content.get("m.relates_to", {})
            if relation.get("rel_type") == "m.replace":
                new = {"text": content["m.new_content"]["body"], "edited": True}
                shown[relation["event_id"]] |= new
                continue
            line = {
                "message_id": event["event_id"], "text": content["body"],
                "from": "bot" if event["sender"] == BOT else "customer",
                "date": event["origin_server_ts"] / 1000,
            }  # fmt: skip
            if relation.get("rel_type") == "m.thread":
                line["thread"] = relation["event_id"]
            if "m.in_reply_to" in relation:
                line["reply_to"] = relation["m.in_reply_to"]["event_id"]
            if "url" in content:
                line["file"] = self._described(content)
            shown[event["event_id"]] = line
        return list(shown.values())

    def _described(self, content: dict[str, Any]) -> dict[str, Any]:
        body = self.files[content["url"]][1]
        name = content.get("filename") or content["body"]
        return {"name": name, "size": len(body), "sha256": hashlib.sha256(body).hexdigest()}

    def _happen(
        self, name: str, sender: str, kind: str, content: dict[str, Any], more: Any = None
    ) -> str:
        self.number += 1
        event = {
            "event_id": f"$event{self.number}", "type": kind, "sender": sender,
            "content": content, "origin_server_ts": int(self.clock.time() * 1000), **(more or {}),
        }  # fmt: skip
        self.rooms[name].events.append((self.number, event))
        return str(event["event_id"])

    def _keep(self, media_type: str, body: bytes) -> str:
        place = f"mxc://simulated.example/file{len(self.files)}"
        self.files[place] = (media_type or "application/octet-stream", body)
        return place

    # --- the Client-Server API --------------------------------------------------------------------

    def _answer(self, call: SimulatedCall) -> HttpResponse:
        if call.headers.get("Authorization") != f"Bearer {TOKEN}":
            return json_answer({"errcode": "M_UNKNOWN_TOKEN", "error": "simulated"}, 401)
        with self.changed:
            try:
                found = self._route(call, [unquote(part) for part in call.path.split("/")[2:]])
            except Problem as problem:
                found = {"errcode": problem.code, "error": "simulated"}
                return json_answer(found, problem.status)
            self.changed.notify_all()
        return found if isinstance(found, HttpResponse) else json_answer(found)

    def _route(self, call: SimulatedCall, path: list[str]) -> Any:
        match call.method, path:
            case "GET", ["client", "v3", "account", "whoami"]:
                return {"user_id": BOT, "device_id": "SIMULATED"}
            case "GET", ["client", "v3", "sync"]:
                return self._sync(call.query)
            case "POST", ["media", "v3", "upload"]:
                return {"content_uri": self._keep(call.headers.get("Content-Type", ""), call.body)}
            case "GET", ["client", "v1", "media", "download", server, media]:
                if f"mxc://{server}/{media}" in self.files:
                    media_type, body = self.files[f"mxc://{server}/{media}"]
                    return HttpResponse(200, {"Content-Type": media_type}, body)
            case method, ["client", "v3", "rooms", name, *rest]:
                return self._in_room(method, name, rest, call)
        raise Problem(404, "M_NOT_FOUND")

    def _in_room(self, method: str, name: str, path: list[str], call: SimulatedCall) -> Any:
        match method, path:
            case "POST", ["join"]:
                return self._enter(name)
            case "PUT", ["send", kind, key]:
                return {"event_id": self._take(name, kind, key, call.body)}
            case "PUT", ["typing", _]:
                self._inside(name)
                return {}
            case "GET", ["event" | "context" as wanted, event_id]:
                at, event = self._inside(name).find(event_id)
                return event if wanted == "event" else {"event": event, "end": f"t{at + 1}"}
            case "GET", ["messages"]:
                return self._inside(name).page(call.query)
        raise Problem(404, "M_NOT_FOUND")

    def _enter(self, name: str) -> dict[str, str]:
        membership = self.rooms.get(name, Room()).members.get(BOT)
        if membership not in {"invite", "join"}:
            raise Problem(403, "M_FORBIDDEN")
        if membership == "invite":
            self._member(name, BOT, BOT, "join")
        return {"room_id": name}

    def _inside(self, name: str) -> Room:
        room = self.rooms.get(name, Room())
        if room.members.get(BOT) != "join":
            raise Problem(403, "M_FORBIDDEN")
        return room

    def _take(self, name: str, kind: str, key: str, body: bytes) -> str:
        self._inside(name)
        content = json.loads(body)
        if len(json.dumps(content, ensure_ascii=False).encode()) > _MOST_BYTES:
            raise Problem(413, "M_TOO_LARGE")
        if (name, key) not in self.sent:
            self.sent[name, key] = self._happen(name, BOT, kind, content)
        return self.sent[name, key]

    def _sync(self, query: dict[str, str]) -> dict[str, Any]:
        since = int(query.get("since", "s0")[1:])
        limit = json.loads(query["filter"])["room"]["timeline"]["limit"]
        rooms: dict[str, dict[str, Any]] = {"join": {}, "invite": {}, "leave": {}}
        for name, room in self.rooms.items():
            if found := room.synced(BOT, since, limit):
                rooms[found[0]][name] = found[1]
        return {"next_batch": f"s{self.number}", "rooms": rooms}


def _room(given: dict[str, Any]) -> str:
    return f"!{given.get('chat', '')}:simulated.example"


def _person(given: dict[str, Any]) -> str:
    name = str(given.get("name", "")).lower()
    local = name if name.isascii() and name.isalnum() else f"person{given.get('chat')}"
    return f"@{local}:simulated.example"
