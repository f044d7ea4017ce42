"""What people do: customers write, edit, press and block; agents comment, flip, move and delete."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any, Final

from chatbridge.testing.desk_people import BOT
from chatbridge.testing.world.desk_truth import Word
from chatbridge.testing.world.stage import World

CHATS: Final = (1001, 1002, -500)
LONG_PIECES: Final = 9

_FILE_SIZE: Final = 40
_PICTURE: Final = b"\xff\xd8\xff"
_ATTACHED: Final[dict[str, tuple[str, ...]]] = {
    "file": ("pdf",), "bare file": ("pdf",), "internal file": ("pdf",), "restricted file": ("pdf",),
    "files": ("png", "png", "pdf"), "by account": ("pdf",),
}  # fmt: skip
"""Kind of comment -> what sort of files it brings."""
_TYPES: Final = {"pdf": "application/pdf", "png": "image/png"}

# --- customers --------------------------------------------------------------------------------


def _says(world: World, chat: int, **more: Any) -> None:
    number = world.truth.home(CHATS[chat % len(CHATS)])
    word = world.truth.word(chat=number)
    try:
        said = world.telegram.control(
            "message", {"chat": number, "text": f"customer {word}", **more}
        )
    except (LookupError, ValueError):
        word.command = True
        return
    if said["update_id"] is not None:
        world.truth.updates[said["update_id"]] = (word.number,)


def _sends(world: World, chat: int, kind: str) -> None:
    """Send a photo, a document, a bare photo, which has no caption, or an album."""
    number = world.truth.home(CHATS[chat % len(CHATS)])
    count = 2 if kind == "album" else 1
    files = [world.truth.word(chat=number) for _ in range(count)]
    words = [] if kind == "bare photo" else [world.truth.word(chat=number)]
    given = {
        "chat": number, "kind": "document" if kind == "document" else "photo",
        "caption": f"customer {words[0]}" if words else "",
        "content": b64encode(_bytes_with(files[0])).decode(),
    }  # fmt: skip
    try:
        if kind == "album":
            said = world.telegram.control("album", {**given, "count": count})
        else:
            name = f"paper {files[0].number}.pdf"
            said = world.telegram.control("file", {**given, "file_name": name})
            said = {"update_ids": [said["update_id"]], "message_ids": [said["message_id"]]}
    except (LookupError, ValueError):
        for word in (*files, *words):
            word.command = True
        return
    messages = world.telegram.state.chats[number].messages
    for at, word in enumerate(files):
        kept = messages[said["message_ids"][at]].file
        word.file = kept.name or "photo.jpg"
        kept.data = _bytes_with(word)
        update = said["update_ids"][at]
        if update is not None:
            world.truth.updates[update] = (word.number, *(each.number for each in words if not at))


def _bytes_with(word: Word) -> bytes:
    return (_PICTURE + f" {word} ".encode()).ljust(_FILE_SIZE, b"x")


def _edits(world: World, chat: int) -> None:
    number = world.truth.home(CHATS[chat % len(CHATS)])
    own = [each for each in _transcript(world, number) if each["from"] == "customer"]
    own = [each for each in own if "customer" in each["text"]]
    if not own or world.telegram.state.chats[number].removed:
        return
    # Whether an edit has a place in Jira depends on what became of its request.
    word = world.truth.word(chat=number, command=True)
    text = f"customer changed {word}"
    world.telegram.control(
        "edit", {"chat": number, "message_id": own[-1]["message_id"], "text": text}
    )


def _replies(world: World, chat: int) -> None:
    number = world.truth.home(CHATS[chat % len(CHATS)])
    bots = [each for each in _transcript(world, number) if each["from"] == "bot"]
    more = {"reply_to": bots[0]["message_id"]} if bots else {}
    _says(world, chat, **more)


def _commands(world: World, chat: int, text: str) -> None:
    number = world.truth.home(CHATS[chat % len(CHATS)])
    world.telegram.control("message", {"chat": number, "text": text})


def _in_chat(action: str, **more: Any) -> Callable[[World, int], None]:
    def act(world: World, chat: int) -> None:
        number = world.truth.home(CHATS[chat % len(CHATS)])
        if action == "unblock" and not world.telegram.state.chats[number].removed:
            return
        world.telegram.control(action, {"chat": number, **more})

    return act


def _migrates(world: World) -> None:
    old = CHATS[2]
    if world.telegram.state.chats[old].removed:
        return
    new = world.telegram.control("migrate", {"chat": old})["chat"]
    world.truth.moved_chats[old] = new


def _transcript(world: World, chat: int) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = world.telegram.control("transcript", {"chat": chat})
    return shown


# --- agents -----------------------------------------------------------------------------------


def _issue(world: World, number: int) -> Any:
    issues = list(world.desk.state.issues.values())
    if not issues:
        raise LookupError
    return issues[number % len(issues)]


def _comments(world: World, issue: int, kind: str = "public") -> None:
    found = _issue(world, issue)
    pieces = {"long": LONG_PIECES, "bare file": 0}.get(kind, 1)
    words = [world.truth.word(issue_id=found.issue_id, part=part) for part in range(pieces)]
    text = ("\n\n" + "more " * 200).join(f"agent {word}" for word in words)
    files = []
    for ending in _ATTACHED.get(kind, ()):
        word = world.truth.word(issue_id=found.issue_id)
        word.file = f"agent-{word}.{ending}"
        data = b64encode(_bytes_with(word)).decode()
        files.append({"name": word.file, "media_type": _TYPES[ending], "base64": data})
        words.append(word)
    done = world.desk.control(
        "comment",
        {"issue": found.issue_id, "text": text, "public": not kind.startswith("internal"),
         "restricted": kind.startswith("restricted"), **({"files": files} if files else {}),
         **({"as": BOT.name} if kind == "by account" else {})},
    )  # fmt: skip
    for word in words:
        word.comment_id = done["id"]


def agents_files(world: World, issue: int) -> list[tuple[str, str, Any]]:
    """Return all files of agents on an issue: its id, the comment's, and the file."""
    found = _issue(world, issue)
    return [
        (found.issue_id, comment.comment_id, file)
        for comment in found.comments.values()
        for file in comment.files
        if file.name.startswith("agent-")
    ]


def _many_comments(world: World, issue: int, count: int) -> None:
    for _ in range(count):
        _comments(world, issue)


def _on_comment(action: str, *, restricts: bool = False) -> Callable[[World, int, int], None]:
    def act(world: World, issue: int, comment: int) -> None:
        found = _issue(world, issue)
        agents = [each for each in found.comments.values() if each.marker is None]
        agents = [each for each in agents if "agent" in each.wiki]
        if not agents:
            return
        chosen = agents[comment % len(agents)]
        given = {"issue": found.issue_id, "comment": chosen.comment_id}
        if action == "edit_comment":
            own = [word.wording for word in world.truth.words.values()
                   if word.comment_id == chosen.comment_id]  # fmt: skip
            word = world.truth.word(
                issue_id=found.issue_id, comment_id=chosen.comment_id, wording=max(own) + 1
            )
            given["text"] = f"agent changed {word}"
            world.edited_between(found.issue_id, chosen.comment_id)
        if restricts:
            chosen.restricted_to = "Administrators"
        world.desk.control(action, given)

    return act


def _on_issue(action: str, **more: Any) -> Callable[..., None]:
    def act(world: World, issue: int, *values: str) -> None:
        found = _issue(world, issue)
        given = {"issue": found.issue_id, **more}
        if values:
            given["status"] = values[0]
        world.desk.control(action, given)
        if action in {"delete", "move"}:
            world.marks.add("request gone")

    return act


PEOPLE_STEPS: Final[dict[str, Callable[..., None]]] = {
    "says": _says,
    "sends": _sends,
    "edits": _edits,
    "replies": _replies,
    "commands": _commands,
    "presses": _in_chat("press", choice=0),
    "blocks": _in_chat("block"),
    "unblocks": _in_chat("unblock"),
    "migrates": _migrates,
    "comments": _comments,
    "many_comments": _many_comments,
    "flips": _on_comment("flip"),
    "changes": _on_comment("edit_comment"),
    "restricts": _on_comment("edit_comment", restricts=True),
    "deletes_comment": _on_comment("delete_comment"),
    "sets_status": _on_issue("transition"),
    "moves": _on_issue("move", project="OPS"),
    "deletes": _on_issue("delete"),
}
"""Every step of people by its name."""
