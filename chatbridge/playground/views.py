"""What the page shows of phones, desk and bridge, as JSON can carry it; changes nothing."""

from __future__ import annotations

from typing import Any, Final

from attrs import asdict

from chatbridge.playground.phones import Phone
from chatbridge.playground.pictures import Pictures
from chatbridge.playground.stage import DESK, Stage
from chatbridge.testing.desk_people import BOT, STATUSES

_ENTITY_MEMBERS: Final = ("type", "offset", "length")


def phones(stage: Stage, pictures: Pictures) -> list[dict[str, Any]]:
    """Return all phones; of a platform that may have more of them, the last one says so."""
    return [
        {
            **_phone(each, pictures),
            "more": each is stage.phones.of(each.platform.name)[-1]
            and stage.phones.may_grow(each.platform.name),
        }
        for each in stage.phones
    ]


def _phone(phone: Phone, pictures: Pictures) -> dict[str, Any]:
    """Return a phone with all messages of its chat."""
    platform = phone.platform
    try:
        messages = phone.does("transcript")
    except LookupError:
        # Nobody has opened the chat yet.
        messages = []
    return {
        "platform": platform.name,
        "title": platform.title,
        "customer": phone.customer,
        "person": phone.person,
        "pictures": platform.can("photo", "content"),
        "replies": platform.can("message", "reply_to"),
        "messages": [_message(each, phone.name, pictures) for each in messages],
    }


def requests(stage: Stage, pictures: Pictures) -> list[dict[str, Any]]:
    """Return all customer requests, the newest first."""
    found = stage.desk.control("requests", {})
    return [
        {
            "key": each["key"],
            "summary": each["summary"],
            "description": each["description"],
            "status": each["status"],
            "comments": [_comment(comment, pictures) for comment in each["comments"]],
        }
        for each in reversed(found)
    ]


def bridge(stage: Stage) -> dict[str, Any]:
    """Return how the bridge is, and what it called lately."""
    titles = {DESK: "Jira", **{name: each.title for name, each in stage.platforms.items()}}
    running = stage.bridge is not None
    return {
        "runs": running,
        "starts": stage.starts,
        "waiting": len(stage.bridge.engine.queue) if stage.bridge is not None else 0,
        "problems": stage.problems(),
        "dies": ("", "crash") in stage.calls.armed,
        "calls": [
            {**asdict(each), "place": titles.get(each.place, each.place)}
            for each in reversed(stage.calls.told)
        ],
    }


def statuses() -> list[str]:
    """Return what a request's status can be."""
    return list(STATUSES)


def _message(shown: dict[str, Any], phone: str, pictures: Pictures) -> dict[str, Any]:
    entities = shown.get("entities") or []
    file = _file(shown.get("file"), pictures)
    if file is None and (shown.get("media") or shown.get("file_name")):
        # Sent by the person, or not fetched by the platform yet.
        digest = pictures.shown_by(phone, shown.get("message_id"))
        file = {"name": shown.get("file_name") or "", "size": None, "picture": digest}
    return {
        "id": shown.get("message_id"),
        "bot": shown.get("from") == "bot",
        "text": shown.get("text") or "",
        "entities": [{name: each.get(name) for name in _ENTITY_MEMBERS} for each in entities],
        "choices": shown.get("choices") or [],
        "reply_to": shown.get("reply_to"),
        "edited": bool(shown.get("edited")),
        "at": shown.get("date"),
        "file": file,
    }


def _comment(comment: dict[str, Any], pictures: Pictures) -> dict[str, Any]:
    return {
        "id": comment["id"],
        "author": comment["author"],
        "bot": comment["author"] == BOT.name,
        "public": comment["public"],
        "text": comment["text"].strip(),
        "at": comment["created"] / 1000,
        "files": [_file(each, pictures) for each in comment["files"]],
    }


def _file(file: object, pictures: Pictures) -> dict[str, Any] | None:
    """Return a file's name and, where it is a picture that was sent here, its digest."""
    if not isinstance(file, dict):
        # A stranger's simulator may tell a name alone.
        return {"name": str(file), "size": None, "picture": None} if file else None
    digest = file.get("sha256")
    return {
        "name": file.get("name") or "",
        "size": file.get("size"),
        "picture": digest if digest in pictures else None,
    }
