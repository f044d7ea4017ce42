"""How the simulated Viber checks what a message holds, before it takes it and on the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from chatbridge.capabilities import LengthUnit

from .simulated_state import StatusError

MAX_REQUEST = 30_000
_MAX_NAME = 28
_MAX_TRACKING = 4000
_FORBIDDEN_EXTENSIONS = frozenset({
    "action", "apk", "app", "bat", "bin", "cmd", "com", "command", "cpl", "csh", "exe", "gadget",
    "inf1", "ins", "inx", "ipa", "isu", "job", "jse", "ksh", "lnk", "msc", "msi", "msp", "mst",
    "osx", "out", "paf", "pif", "ps1", "reg", "rgs", "run", "sct", "shb", "shs", "u3p", "vb",
    "vbe", "vbs", "vbscript", "workflow", "ws", "wsf",
})  # fmt: skip
_ACTIONS = frozenset({"reply", "open-url", "location-picker", "share-phone", "open-map", "none"})

Members: TypeAlias = dict[str, Any]


def check_message(message: Members) -> None:
    """Return if Viber would take a message, without looking at its receiver.

    Raises:
        StatusError: 3 for what is wrong, 4 for what is missing.
    """
    sender = message.get("sender")
    name = sender.get("name") if isinstance(sender, dict) else None
    if not name:
        raise StatusError(4, "sender.name is missing")
    _check_text("sender.name", name, _MAX_NAME)
    if message.get("tracking_data") is not None:
        _check_text("tracking_data", message["tracking_data"], _MAX_TRACKING)
    keyboard = message.get("keyboard")
    if keyboard is not None and (
        not isinstance(keyboard, dict) or keyboard.get("Type") != "keyboard"
    ):
        raise StatusError(3, "keyboard is not valid")
    kind = message.get("type")
    if kind is None and keyboard is not None:
        return
    if kind not in _CHECKS:
        raise StatusError(4 if kind is None else 3, "type is not valid")
    _CHECKS[kind](message)


def complaint_of_client(message: Members) -> str:
    """Return why a device would refuse a message that Viber has taken, empty where it shows it."""
    keyboard = message.get("keyboard")
    if keyboard is None:
        return ""
    buttons = keyboard.get("Buttons")
    if not isinstance(buttons, list) or not buttons:
        return "keyboard is not valid: no buttons"
    for button in buttons:
        problem = _button_problem(button)
        if problem:
            return f"keyboard is not valid: {problem}"
    return ""


def _button_problem(button: Any) -> str:
    if not isinstance(button, dict) or not isinstance(button.get("ActionBody"), str):
        return "ActionBody is missing"
    if button.get("ActionType", "reply") not in _ACTIONS:
        return "ActionType is not known"
    if not any(button.get(name) for name in ("Text", "BgMedia", "Image", "BgColor")):
        return "a button shows nothing"
    if len(str(button.get("Text", ""))) > 250:
        return "Text is too long"
    columns, rows = button.get("Columns", 6), button.get("Rows", 1)
    return "" if columns in range(1, 7) and rows in (1, 2) else "Columns or Rows are not valid"


def _check_text(name: str, value: Any, most: int, least: int = 1) -> None:
    if not isinstance(value, str):
        raise StatusError(3, f"{name} is not valid")
    if not least <= LengthUnit.UTF16.measure(value) <= most:
        raise StatusError(3, f"{name} has a length that is not valid")


def _check_url(name: str, value: Any, *endings: str) -> str:
    if not value:
        raise StatusError(4, f"{name} is missing")
    parts = urlsplit(str(value))
    last = parts.path.rpartition("/")[2].lower()
    if parts.scheme not in {"http", "https"} or not (not endings or last.endswith(endings)):
        raise StatusError(3, f"{name} is not valid")
    return last


def _check_size(message: Members, most: int) -> None:
    size = message.get("size")
    if size is None:
        raise StatusError(4, "size is missing")
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= most:
        raise StatusError(3, "size is not valid")


def _text(message: Members) -> None:
    if not message.get("text"):
        raise StatusError(4, "text is missing")
    _check_text("text", message["text"], 7000)


def _picture(message: Members) -> None:
    if message.get("text") is None:
        raise StatusError(4, "text is missing")
    _check_text("text", message["text"], 768, least=0)
    _check_url("media", message.get("media"), ".jpeg", ".jpg", ".png", ".gif")


def _video(message: Members) -> None:
    _check_url("media", message.get("media"), ".mp4")
    _check_size(message, 27_262_976)
    if message.get("text"):
        _check_text("text", message["text"], 512)


def _file(message: Members) -> None:
    _check_url("media", message.get("media"))
    _check_size(message, 52_428_800)
    if not message.get("file_name"):
        raise StatusError(4, "file_name is missing")
    _check_text("file_name", message["file_name"], 256)
    extension = message["file_name"].rpartition(".")[2].lower()
    if extension in _FORBIDDEN_EXTENSIONS:
        raise StatusError(3, "file_name has an extension that is not allowed")


def _url(message: Members) -> None:
    if not message.get("media"):
        raise StatusError(4, "media is missing")
    _check_text("media", message["media"], 2000)


def _object(name: str, *members: str) -> Callable[[Members], None]:
    def check(message: Members) -> None:
        value = message.get(name)
        if not isinstance(value, dict) or any(value.get(each) is None for each in members):
            raise StatusError(4, f"{name} is missing")

    return check


def _sticker(message: Members) -> None:
    if not str(message.get("sticker_id") or "").isdigit():
        raise StatusError(4, "sticker_id is missing")


_CHECKS: dict[str, Callable[[Members], None]] = {
    "text": _text,
    "picture": _picture,
    "video": _video,
    "file": _file,
    "url": _url,
    "sticker": _sticker,
    "contact": _object("contact", "name", "phone_number"),
    "location": _object("location", "lat", "lon"),
    "rich_media": _object("rich_media", "Type", "Buttons"),
}
