"""The bytes of what was sent in the playground, by their digest, so that the page can show them.

Kept in memory only, and no more than a limit. Simulators tell digests, so a picture that is shown
on the other side is the one that was sent, byte for byte.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any, Final

from attrs import define, field

MOST_BYTES: Final = 2_000_000
_MOST_KEPT: Final = 20
_STARTS: Final = {
    b"\xff\xd8\xff": ("image/jpeg", "picture.jpg"),
    b"\x89PNG\r\n\x1a\n": ("image/png", "picture.png"),
    b"GIF8": ("image/gif", "picture.gif"),
}


@define
class Picture:
    """A picture that somebody has sent.

    Args:
        digest: the SHA-256 of its bytes, in hex.
        data: its bytes.
        media_type: by which its first bytes are known.
        name: for whoever needs one.
    """

    digest: str
    data: bytes = field(repr=False)
    media_type: str
    name: str

    @property
    def base64(self) -> str:
        """Its bytes, as simulators take them."""
        return base64.b64encode(self.data).decode()


@define
class Pictures:
    """The pictures of one playground."""

    _kept: dict[str, Picture] = field(factory=dict)
    _messages: dict[tuple[str, str], str] = field(factory=dict)

    def take(self, content: Any) -> Picture:
        """Keep a picture and return it.

        Args:
            content: its bytes, as base64.

        Raises:
            ValueError: it is no picture, or too large.
        """
        if not isinstance(content, str) or len(content) > MOST_BYTES * 4 // 3 + 4:
            raise ValueError(f"a picture may have at most {MOST_BYTES:,} bytes")
        try:
            data = base64.b64decode(content, validate=True)
        except binascii.Error:
            raise ValueError("the picture must be base64") from None
        for start, (media_type, name) in _STARTS.items():
            if data.startswith(start):
                digest = hashlib.sha256(data).hexdigest()
                picture = self._kept[digest] = Picture(digest, data, media_type, name)
                while len(self._kept) > _MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
                return picture
        raise ValueError("this is no picture; take a JPEG, PNG or GIF")

    def shown_by(self, phone: str, message_id: object) -> str | None:
        """Return the digest of the picture that a customer sent as this message."""
        return self._messages.get((phone, str(message_id)))

    def note(self, phone: str, sent: Any, picture: Picture) -> None:
        """Remember which message a customer's picture became.

        Args:
            phone: its name.
            sent: what the simulator returned; not all of them show people their own files.
            picture: what was sent.
        """
        if isinstance(sent, dict) and "message_id" in sent:
            self._messages[phone, str(sent["message_id"])] = picture.digest

    def find(self, digest: str) -> Picture | None:
        """Return a picture by the SHA-256 of its bytes, in hex."""
        return self._kept.get(digest)

    def __contains__(self, digest: object) -> bool:
        return digest in self._kept
