"""What customers do on the simulated Telegram: they write, edit, reply, press, block and move."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final

from chatbridge.testing.world.chats import CustomerStep
from chatbridge.testing.world.desk_truth import bytes_with

CHATS: Final = (1001, 1002, -500)
"""Two people and a group."""


def _home(world: Any, chat: int) -> int:
    return int(world.truth.home(CHATS[chat % len(CHATS)]))


def _does(world: Any, action: str, **more: Any) -> Any:
    return world.chats.simulator.control(action, more)


def _messages(world: Any, number: int) -> Any:
    return world.chats.simulator.state.chats[number]


def _says(world: Any, chat: int, **more: Any) -> None:
    number = _home(world, chat)
    word = world.truth.word(chat=number)
    try:
        said = _does(world, "message", chat=number, text=f"customer {word}", **more)
    except (LookupError, ValueError):
        word.command = True
        return
    if said["update_id"] is not None:
        world.truth.updates[said["update_id"]] = (word.number,)


def _sends(world: Any, chat: int, kind: str) -> None:
    """Send a photo, a document, a bare photo, which has no caption, or an album."""
    number = _home(world, chat)
    count = 2 if kind == "album" else 1
    files = [world.truth.word(chat=number) for _ in range(count)]
    words = [] if kind == "bare photo" else [world.truth.word(chat=number)]
    given = {
        "chat": number, "kind": "document" if kind == "document" else "photo",
        "caption": f"customer {words[0]}" if words else "",
        "content": b64encode(bytes_with(files[0])).decode(),
    }  # fmt: skip
    try:
        if kind == "album":
            said = _does(world, "album", **given, count=count)
        else:
            said = _does(world, "file", **given, file_name=f"paper {files[0].number}.pdf")
            said = {"update_ids": [said["update_id"]], "message_ids": [said["message_id"]]}
    except (LookupError, ValueError):
        for word in (*files, *words):
            word.command = True
        return
    messages = _messages(world, number).messages
    for at, word in enumerate(files):
        kept = messages[said["message_ids"][at]].file
        word.file = kept.name or "photo.jpg"
        kept.data = bytes_with(word)
        update = said["update_ids"][at]
        if update is not None:
            world.truth.updates[update] = (word.number, *(each.number for each in words if not at))


def _edits(world: Any, chat: int) -> None:
    number = _home(world, chat)
    own = [each for each in _transcript(world, number) if each["from"] == "customer"]
    own = [each for each in own if "customer" in each["text"]]
    if not own or _messages(world, number).removed:
        return
    # Whether an edit has a place in Jira depends on what became of its request.
    word = world.truth.word(chat=number, command=True)
    text = f"customer changed {word}"
    _does(world, "edit", chat=number, message_id=own[-1]["message_id"], text=text)


def _replies(world: Any, chat: int) -> None:
    bots = [each for each in _transcript(world, _home(world, chat)) if each["from"] == "bot"]
    more = {"reply_to": bots[0]["message_id"]} if bots else {}
    _says(world, chat, **more)


def _commands(world: Any, chat: int, text: str) -> None:
    _does(world, "message", chat=_home(world, chat), text=text)


def _in_chat(action: str, **more: Any) -> Callable[[Any, int], None]:
    def act(world: Any, chat: int) -> None:
        number = _home(world, chat)
        if action == "unblock" and not _messages(world, number).removed:
            return
        _does(world, action, chat=number, **more)

    return act


def _migrates(world: Any) -> None:
    old = CHATS[2]
    if _messages(world, old).removed:
        return
    world.truth.moved_chats[old] = _does(world, "migrate", chat=old)["chat"]


def _renumbers(world: Any, number: int) -> None:
    _does(world, "renumber", update_id=number)


def _transcript(world: Any, number: int) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = _does(world, "transcript", chat=number)
    return shown


STEPS: Final[Mapping[str, CustomerStep]] = {
    "says": _says,
    "sends": _sends,
    "edits": _edits,
    "replies": _replies,
    "commands": _commands,
    "presses": _in_chat("press", choice=0),
    "blocks": _in_chat("block"),
    "unblocks": _in_chat("unblock"),
    "migrates": _migrates,
    "renumbers": _renumbers,
}
"""Every step of Telegram's people by its name."""
