"""Keyed hashes that stand for things: event keys, markers, handles, part digests, choice data.

Whoever lacks the key can neither make nor read them. Nothing here is stored by itself.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from typing import Protocol

from attrs import frozen

from chatbridge.content import Address
from chatbridge.filenames import marker_in

_EVENT_BYTES = 10
_SEED_BYTES = 10
_CHECK_BYTES = 6
_FILE_SEED_BYTES = 6
_FILE_CHECK_BYTES = 4
_MAC_BYTES = 12
_CHOICE_VERSION = 1
_INVITATION_BYTES = 16
_INVITATION_CHECK_BYTES = 8
_INVITATION = re.compile(r"[a-z2-7]{39}")


class Hashes(Protocol):
    """What a sealer offers for marks."""

    def mark(self, *parts: str | bytes, size: int = 16) -> bytes:
        """Return the keyed hash for markers."""
        ...

    def token(self, *parts: str | bytes, size: int = 16) -> bytes:
        """Return the keyed hash for tokens that people's programs carry."""
        ...

    def tokens(self, *parts: str | bytes, size: int = 16) -> list[bytes]:
        """Return all keyed hashes that such a token may be, the one of `token` first."""
        ...


@frozen
class ChoiceToken:
    """What a picked choice says, after its signature was checked.

    Args:
        action: what is to be done; one of the bridge's own words, at most 8 ASCII characters.
        handle: of the request it is about.
    """

    action: str
    handle: str


@frozen
class Marks:
    """Makes and checks all marks with one key.

    Args:
        hashes: the sealer.
    """

    hashes: Hashes

    def event_key(self, platform: str, bot_id: str, event_id: str) -> str:
        """Return the key under which an event counts as done."""
        return self.hashes.mark("event", platform, bot_id, event_id, size=_EVENT_BYTES).hex()

    def comment_marker(self, site: str, issue_id: str, event_key: str, ordinal: int) -> str:
        """Return the marker that the n-th comment made of an event carries."""
        seed = self.hashes.mark("comment", event_key, str(ordinal), size=_SEED_BYTES)
        return _word(seed + self._check(site, issue_id, seed))

    def file_marker(self, site: str, event_key: str, ordinal: int) -> str:
        """Return the marker in the name of the file that is the n-th write of an event.

        It does not say of which issue: a file gets its name before its request exists.
        """
        seed = self.hashes.mark("file", event_key, str(ordinal), size=_FILE_SEED_BYTES)
        return _word(seed + self._file_check(site, seed))

    def is_our_file(self, site: str, name: str) -> bool:
        """Tell whether the bridge gave a file of this site its name."""
        raw = _bytes(marker_in(name) or "")
        seed, check = raw[:_FILE_SEED_BYTES], raw[_FILE_SEED_BYTES:]
        return len(raw) == _FILE_SEED_BYTES + _FILE_CHECK_BYTES and hmac.compare_digest(
            check, self._file_check(site, seed)
        )

    def is_ours(self, site: str, issue_id: str, marker: str | None) -> bool:
        """Tell whether the bridge made this marker for a comment of this issue."""
        raw = _bytes(marker or "")
        seed, check = raw[:_SEED_BYTES], raw[_SEED_BYTES:]
        return len(raw) == _SEED_BYTES + _CHECK_BYTES and hmac.compare_digest(
            check, self._check(site, issue_id, seed)
        )

    def request_marker(self, event_key: str) -> str:
        """Return the marker that the request made of an event carries; one alphanumeric word."""
        return "cb" + _word(self.hashes.mark("request", event_key, size=_SEED_BYTES))

    def handle(self, site: str, issue_id: str, address: Address) -> str:
        """Return the word by which a chat can name one of its requests; tells nothing by itself."""
        return _word(self.hashes.token(*_handle_parts(site, issue_id, address), size=_SEED_BYTES))

    def is_handle(self, handle: str, site: str, issue_id: str, address: Address) -> bool:
        """Tell whether a word is the request's handle, or was it before the token key changed."""
        parts = _handle_parts(site, issue_id, address)
        given = handle.encode("utf-8", "surrogatepass")
        words = [_word(raw).encode() for raw in self.hashes.tokens(*parts, size=_SEED_BYTES)]
        return sum(hmac.compare_digest(word, given) for word in words) > 0

    def part_digest(self, site: str, issue_id: str, item: str, text: str, ordinal: int) -> str:
        """Return what a sent part is remembered by.

        Args:
            site: the Jira site.
            issue_id: the request.
            item: the comment or text of state it is a part of.
            text: the part as plain text, without addresses and edit marks.
            ordinal: how many equal parts of the item stand before it.
        """
        parts = ("part", site, issue_id, item, text, str(ordinal))
        return self.hashes.mark(*parts, size=8).hex()

    def message_key(self, site: str, issue_id: str, item: str, digest: str) -> str:
        """Return the 32 hex digits that a part keeps when it is sent again."""
        return self.hashes.mark("message", site, issue_id, item, digest, size=16).hex()

    def text_mark(self, site: str, issue_id: str, comment_id: str, text: str) -> str:
        """Return what the text of a comment is remembered by, to see that it was changed."""
        return self.hashes.mark("text", site, issue_id, comment_id, text, size=6).hex()

    def status_mark(self, status: str) -> str:
        """Return what a status name is remembered by."""
        return self.hashes.mark("status", status, size=6).hex()

    def sign_choice(self, action: str, handle: str, address: Address, expires: float) -> str:
        """Return choice data for one chat: at most 64 bytes of A-Z a-z 0-9 _ - and dots.

        Args:
            action: at most 8 characters of a-z.
            handle: of a request, from `handle`.
            address: the only chat in which it is good.
            expires: Unix seconds.
        """
        minutes = f"{int(expires // 60):x}"
        body = f"{_CHOICE_VERSION}.{action}.{handle}.{minutes}"
        return f"{body}.{self._choice_check(body, address)}"

    def read_choice(self, data: str, address: Address, now: float) -> ChoiceToken | None:
        """Return what choice data says, None where it is forged, foreign or too old."""
        body, _, check = data.rpartition(".")
        fields = body.split(".")
        given = check.encode("utf-8", "surrogatepass")
        taken = self.hashes.tokens("choice", body, address.chat, size=_MAC_BYTES)
        # Counted, so that every one is compared, whichever fits.
        if not sum(hmac.compare_digest(_check_text(mac).encode(), given) for mac in taken):
            return None
        if len(fields) != 4 or fields[0] != str(_CHOICE_VERSION):
            return None
        if int(fields[3], 16) * 60 < now - 60:
            return None
        return ChoiceToken(fields[1], fields[2])

    def invitation_word(self) -> str:
        """Return a new word for an invitation: 39 characters of a-z and 2-7, not to be guessed."""
        seed = secrets.token_bytes(_INVITATION_BYTES)
        return _word(seed + self.hashes.token("invitation", seed, size=_INVITATION_CHECK_BYTES))

    def invitation_mark(self, word: str) -> str | None:
        """Return what an invitation is kept under, None where nobody here made the word."""
        raw = _bytes(word) if looks_like_invitation(word) else b""
        seed, check = raw[:_INVITATION_BYTES], raw[_INVITATION_BYTES:]
        taken = self.hashes.tokens("invitation", seed, size=_INVITATION_CHECK_BYTES)
        if not sum(hmac.compare_digest(mac, check) for mac in taken) or _word(raw) != word:
            return None
        return self.hashes.mark("invitation", seed, size=16).hex()

    def taker_mark(self, platform: str, bot_id: str, chat: str) -> str:
        """Return what the chat that used an invitation is remembered by."""
        return self.hashes.mark("taker", platform, bot_id, chat, size=16).hex()

    def _check(self, site: str, issue_id: str, seed: bytes) -> bytes:
        return self.hashes.mark("ours", site, issue_id, seed, size=_CHECK_BYTES)

    def _file_check(self, site: str, seed: bytes) -> bytes:
        return self.hashes.mark("our file", site, seed, size=_FILE_CHECK_BYTES)

    def _choice_check(self, body: str, address: Address) -> str:
        return _check_text(self.hashes.token("choice", body, address.chat, size=_MAC_BYTES))


def looks_like_invitation(word: str) -> bool:
    """Tell whether a word has the form of an invitation's; nothing is said of who made it."""
    return _INVITATION.fullmatch(word) is not None


def _handle_parts(site: str, issue_id: str, address: Address) -> tuple[str, ...]:
    return ("handle", site, issue_id, address.chat)


def _check_text(mac: bytes) -> str:
    return base64.urlsafe_b64encode(mac).decode()


def _word(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _bytes(word: str) -> bytes:
    try:
        return base64.b32decode(word.upper() + "=" * (-len(word) % 8))
    except ValueError:
        return b""
