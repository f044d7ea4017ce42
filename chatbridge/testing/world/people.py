"""What people do: customers write, edit, press and block; agents comment, flip, move and delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from chatbridge.testing.world.stage import World

CHATS: Final = (1001, 1002, -500)
LONG_PIECES: Final = 9

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
        world.truth.updates[said["update_id"]] = word.number


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
    pieces = LONG_PIECES if kind == "long" else 1
    words = [world.truth.word(issue_id=found.issue_id, part=part) for part in range(pieces)]
    text = ("\n\n" + "more " * 200).join(f"agent {word}" for word in words)
    done = world.desk.control(
        "comment",
        {"issue": found.issue_id, "text": text, "public": kind != "internal",
         "restricted": kind == "restricted"},
    )  # fmt: skip
    for word in words:
        word.comment_id = done["id"]


def _many_comments(world: World, issue: int, count: int) -> None:
    for _ in range(count):
        _comments(world, issue)


def _on_comment(action: str) -> Callable[[World, int, int], None]:
    def act(world: World, issue: int, comment: int) -> None:
        found = _issue(world, issue)
        agents = [each for each in found.comments.values() if each.marker is None]
        agents = [each for each in agents if "agent" in each.wiki]
        if not agents:
            return
        chosen = agents[comment % len(agents)]
        given = {"issue": found.issue_id, "comment": chosen.comment_id}
        if action == "edit_comment":
            word = world.truth.word(issue_id=found.issue_id, comment_id=chosen.comment_id)
            given["text"] = f"agent changed {word}"
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
    "deletes_comment": _on_comment("delete_comment"),
    "sets_status": _on_issue("transition"),
    "moves": _on_issue("move", project="OPS"),
    "deletes": _on_issue("delete"),
}
"""Every step of people by its name."""
