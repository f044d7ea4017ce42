"""What a call to a platform shows in a chat, read before it is made: words, files, the chat.

Read from the call itself, not from what the bridge says of it; no bytes of a file are read here.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from attrs import frozen

from chatbridge.http_types import HttpRequest
from chatbridge.testing.world.faults import Effect

_WORD: Final = re.compile(r"q(\d+)q")
_SHOW: Final = re.compile(r"send(Message|Photo|Document|Video|Audio|Voice|Animation|MediaGroup)")
_CHANGE: Final = re.compile(r"editMessage(Text|Caption)")


@frozen
class ShownCall:
    """What one call shows.

    Args:
        chat: where.
        text: the text, the caption, or both where there are several.
        files: names of the files.
        changes: whether it changes a message instead of showing another one.
    """

    chat: str
    text: str
    files: tuple[str, ...] = ()
    changes: bool = False

    @property
    def words(self) -> list[int]:
        """The numbers of all words in it, names of files among them."""
        return words_in(" ".join((self.text, *self.files)))

    @property
    def ids(self) -> list[str]:
        """What it is known by: chat and word for each word, else chat and text."""
        words = [f"{self.chat} q{number}q" for number in self.words]
        return words or [f"{self.chat} {self.text}"]


def shown_by(request: HttpRequest, effect: Effect) -> ShownCall | None:
    """Return what a call shows, None where it shows nothing."""
    changes = _CHANGE.fullmatch(effect.name) is not None
    if effect.place == "desk" or not (changes or _SHOW.fullmatch(effect.name)):
        return None
    given, files = _members(request)
    texts = [str(given[name]) for name in ("text", "caption") if given.get(name)]
    texts += [str(item["caption"]) for item in given.get("media", ()) if item.get("caption")]
    return ShownCall(str(given.get("chat_id", "")), "\n".join(texts), files, changes)


def words_in(text: str) -> list[int]:
    """Return the numbers of the words in a text."""
    return [int(number) for number in _WORD.findall(text)]


def words_in_bytes(data: bytes) -> list[int]:
    """Return the numbers of the words in the bytes of a file."""
    return words_in(data.decode("latin-1"))


def _members(request: HttpRequest) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the parameters of a call and the names of the files that it brings."""
    if request.parts is None:
        return dict(request.json or {}), ()
    files = tuple(part.filename for part in request.parts if part.filename is not None)
    given: dict[str, Any] = {
        part.name: part.value for part in request.parts if isinstance(part.value, str)
    }
    if "media" in given:
        given["media"] = json.loads(given["media"])
    return given, files
