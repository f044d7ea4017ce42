"""What a call to a platform shows in a chat: words, files, the chat.

Read from the call itself before it is made (`Chats.shown_by`), not from what the bridge says of it;
no bytes of a file are read for it.
"""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

_WORD: Final = re.compile(r"(?<![a-z0-9])q(\d+)q(?![a-z0-9])")


@frozen
class ShownCall:
    """What one call shows.

    Args:
        chat: where, by its number.
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


def words_in(text: str) -> list[int]:
    """Return the numbers of the words in a text."""
    return [int(number) for number in _WORD.findall(text)]


def words_in_bytes(data: bytes) -> list[int]:
    """Return the numbers of the words in the bytes of a file."""
    return words_in(data.decode("latin-1"))
