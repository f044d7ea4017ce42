"""What customers do on the simulated Viber: they write, open, press, subscribe, read and cheat."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final

from chatbridge.testing.world.chats import CustomerStep
from chatbridge.testing.world.desk_truth import bytes_with

IDS: Final[Mapping[int, str]] = {
    1001: "xy5/5y6O81+/kbWHpLhBoA==",
    1002: "01234567890A=",
    1003: "Zm9v/mJh+ciA9PT0/cXV4Lw==",
}
"""Three people by their numbers; ids of Viber's hold what paths and queries do not."""

_PEOPLE: Final = tuple(IDS)
_SENT: Final = {
    "photo": ("picture", "photo.jpg"),
    "bare photo": ("picture", "photo.jpg"),
    "document": ("file", ""),
    "sticker": ("sticker", "sticker.png"),
}


def _number(chat: int) -> int:
    return _PEOPLE[chat % len(_PEOPLE)]


def _does(world: Any, action: str, chat: int, **more: Any) -> Any:
    number = _number(chat)
    given = {"chat": IDS[number], "name": f"Person {number}", **more}
    return world.chats.simulator.control(action, given)


def _user(world: Any, chat: int) -> Any:
    """Return somebody who has been here; raises LookupError for a stranger."""
    return world.chats.simulator.state.users[IDS[_number(chat)]]


def _brings(world: Any, words: list[Any], act: Callable[[], Any]) -> None:
    """Let somebody send words, and note which callback brings them."""
    try:
        act()
    except (LookupError, ValueError):
        # Without a webhook nobody can write.
        for word in words:
            word.command = True
        return
    callback = world.chats.simulator.state.callbacks.waiting[-1]
    world.truth.updates[callback.number] = tuple(word.number for word in words)


def _says(world: Any, chat: int) -> None:
    word = world.truth.word(chat=_number(chat))
    _brings(world, [word], lambda: _does(world, "message", chat, text=f"customer {word}"))


def _sends(world: Any, chat: int, kind: str) -> None:
    """Send a photo with a caption or without, a document or a sticker."""
    number, (kind_of, name) = _number(chat), _SENT[kind]
    file = world.truth.word(chat=number)
    words = [world.truth.word(chat=number)] if kind == "photo" else []
    file.file = name or f"paper {file.number}.pdf"
    given = {
        "kind": kind_of,
        "content": b64encode(bytes_with(file)).decode(),
        "caption": f"customer {words[0]}" if words else "",
        "file_name": file.file,
    }
    _brings(world, [file, *words], lambda: _does(world, "file", chat, **given))


def _borrows(world: Any, chat: int, other: int) -> None:
    """Write with what the bot has sent to somebody else's device, as a forged client can."""
    mine, theirs = _user(world, chat), _user(world, other)
    mine.tracking_data = theirs.tracking_data
    _says(world, chat)


def _commands(world: Any, chat: int, text: str) -> None:
    _does(world, "message", chat, text=text)


def _opens(world: Any, chat: int) -> None:
    """Open the chat, which greets; nothing is subscribed by that."""
    _does(world, "open", chat)


def _follows(world: Any, chat: int, other: int) -> None:
    """Open the chat by a link that names the request of somebody, oneself or not."""
    _does(world, "open", chat, context=_user(world, other).tracking_data)


def _in_chat(action: str, **more: Any) -> CustomerStep:
    def act(world: Any, chat: int) -> None:
        _user(world, chat)
        _does(world, action, chat, **more)

    return act


def _subscribes(world: Any, chat: int) -> None:
    if not _user(world, chat).subscribed:
        _does(world, "subscribe", chat)


def _strange(world: Any, chat: int) -> None:
    """Let Viber send a callback of a kind that nobody knows yet."""
    _does(world, "strange", chat)


def _refuses(world: Any, status: int) -> None:
    """Let Viber refuse the next message, inside of HTTP 200."""
    world.chats.simulator.control("refuse", {"status": status, "times": 1})


def _loses_webhook(world: Any) -> None:
    world.chats.simulator.state.callbacks.url = ""


def _registers(world: Any, process: int) -> None:
    """Let the administrator set the webhook; Viber calls back before it answers."""
    world.processes[process % len(world.processes)].register()


STEPS: Final[Mapping[str, CustomerStep]] = {
    "says": _says,
    "sends": _sends,
    "borrows": _borrows,
    "commands": _commands,
    "presses": _in_chat("press", choice=0),
    "opens": _opens,
    "follows": _follows,
    "reads": _in_chat("seen"),
    "fails": _in_chat("failed"),
    "blocks": _in_chat("unsubscribe"),
    "unblocks": _subscribes,
    "strange": _strange,
    "refuses": _refuses,
    "loses_webhook": _loses_webhook,
    "registers": _registers,
}
"""Every step of Viber's people, of its servers and of the administrator of its bot, by its name."""
