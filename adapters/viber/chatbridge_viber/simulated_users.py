"""The people of the simulated Viber, and every message that their chat with the bot shows."""

from __future__ import annotations

from typing import Any

from attrs import define, field

HOUR = 3600.0
SESSION = 24 * HOUR
MOST_UNANSWERED = 100
"""Messages that the bot may send within an hour of the clock while the person says nothing."""


@define(kw_only=True)
class ShownMessage:
    """One message as the chat shows it.

    Args:
        token: of the message, as text.
        date: Unix seconds.
        author: the shown sender name; empty for the person.
        content: the members of the message.
        welcome: whether it came in the answer to a callback.
        seen: whether the person has read it.
        file: size, media type and digest of what was fetched for it; None where nothing was.
    """

    token: str
    date: float
    author: str = ""
    content: dict[str, Any]
    welcome: bool = False
    seen: bool = False
    file: dict[str, Any] | None = None

    def as_shown(self) -> dict[str, Any]:
        """Return what a transcript tells."""
        content = self.content
        return {
            "message_id": self.token,
            "from": "bot" if self.author else "customer",
            "name": self.author,
            "type": content.get("type", "keyboard"),
            "text": content.get("text", ""),
            "media": content.get("media", ""),
            "file_name": content.get("file_name", ""),
            "file": self.file,
            "choices": [button.get("Text", "") for button in buttons_of(content)],
            "tracking_data": content.get("tracking_data", ""),
            "avatar": (content.get("sender") or {}).get("avatar"),
            "welcome": self.welcome,
            "seen": self.seen,
            "date": self.date,
        }


@define(kw_only=True)
class User:
    """Somebody with a chat with the bot.

    Args:
        user_id: for this bot; may hold `/`, `+` and `=`.
        name: what they are called.
        language: their Viber's language.
        country: where they are.
        api_version: of their Viber.
        subscribed: whether the bot may write to them.
        tracking_data: of the bot's last message; goes back with whatever they send.
        keyboard: the one sent last.
        messages: what the chat shows, in order.
        wrote_at: the clock's `time()` when they wrote last, None where never.
    """

    user_id: str
    name: str = "Customer"
    language: str = "en"
    country: str = "UA"
    api_version: int = 10
    subscribed: bool = False
    tracking_data: str = ""
    keyboard: dict[str, Any] | None = None
    messages: list[ShownMessage] = field(factory=list)
    wrote_at: float | None = None
    _unanswered: int = 0
    _hour: int = 0

    def as_json(self, *, named: bool) -> dict[str, Any]:
        """Return the object `user` of callbacks; without a name unless the bot asked for names."""
        known: dict[str, Any] = {
            "id": self.user_id,
            "country": self.country,
            "language": self.language,
            "api_version": self.api_version,
        }
        return {**known, "name": self.name} if named else known

    def in_session(self, now: float) -> bool:
        """Tell whether a message to them is free now."""
        return self.wrote_at is not None and now - self.wrote_at < SESSION

    def wrote(self, now: float) -> None:
        """Note that they sent something: it subscribes, and opens the way for more messages."""
        self.subscribed = True
        self.wrote_at = now
        self._unanswered = 0

    def may_get_more(self, now: float) -> bool:
        """Tell whether one more message fits into this hour."""
        return self._hour != int(now // HOUR) or self._unanswered < MOST_UNANSWERED

    def count(self, now: float) -> None:
        """Count a message of the bot."""
        hour = int(now // HOUR)
        self._unanswered = self._unanswered + 1 if self._hour == hour else 1
        self._hour = hour


def buttons_of(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the buttons that a message offers."""
    keyboard = content.get("keyboard")
    found = keyboard.get("Buttons") if isinstance(keyboard, dict) else None
    return [button for button in found if isinstance(button, dict)] if found else []
