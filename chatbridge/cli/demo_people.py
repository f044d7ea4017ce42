"""The people of the demo: what they do at their phones and at the desk, and what they see there."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Final

from chatbridge.testing.simulator import Simulator

CHATS: Final = {"telegram": "700100200", "viber": "demo/customer+1=="}
NAMES: Final = {"telegram": "Olena", "viber": "Petro"}
"""Who writes on which platform."""


class People:
    """Two customers and an agent.

    Args:
        desk: the simulated Jira site.
        chats: the simulated platforms, by name.
    """

    def __init__(self, desk: Simulator, chats: Mapping[str, Simulator]) -> None:
        self._desk = desk
        self._chats = chats

    def customer_says(self, platform: str, text: str) -> None:
        """Let a customer write to the bot."""
        self._at(platform, "message", text=text)

    def customer_sends(self, platform: str, picture: bytes, caption: str) -> None:
        """Let a customer send a picture."""
        self._at(platform, "photo", content=base64.b64encode(picture).decode(), caption=caption)

    def agent_says(
        self, issue: str, text: str | dict[str, Any], *, public: bool = True,
        picture: bytes | None = None,
    ) -> str:  # fmt: skip
        """Let the agent comment on a request; return the comment's id.

        Args:
            issue: the request's key.
            text: plain, or an ADF document.
            public: whether customers may see it.
            picture: a JPEG to attach, or None.
        """
        said: dict[str, Any] = {"text": text} if isinstance(text, str) else {"adf": text}
        if picture is not None:
            content = base64.b64encode(picture).decode()
            said["files"] = [{"name": "plan.jpg", "media_type": "image/jpeg", "base64": content}]
        arguments = {"issue": issue, "public": public, **said}
        return str(self._desk.control("comment", arguments)["id"])

    def agent_changes(self, issue: str, comment: str, text: str) -> None:
        """Let the agent change what they wrote."""
        self._desk.control("edit_comment", {"issue": issue, "comment": comment, "text": text})

    def agent_moves(self, issue: str, status: str) -> None:
        """Let the agent change a request's status."""
        self._desk.control("transition", {"issue": issue, "status": status})

    def requests(self) -> list[dict[str, Any]]:
        """Return the customer requests in Jira."""
        found: list[dict[str, Any]] = self._desk.control("requests", {})
        return found

    def comments(self, text: str) -> list[dict[str, Any]]:
        """Return the comments in Jira that hold a text."""
        return [
            comment
            for request in self.requests()
            for comment in request["comments"]
            if text in comment["text"]
        ]

    def in_jira(self, picture: bytes) -> int:
        """Return how often a picture is attached in Jira, byte for byte."""
        files = [each for comment in self.comments("") for each in comment["files"]]
        return sum(file["sha256"] == _digest(picture) for file in files)

    def shown(self, platform: str, text: str) -> list[str]:
        """Return the bot's messages in a chat that hold a text."""
        return [each["text"] for each in self._bot(platform) if text in each["text"]]

    def marked(self, text: str) -> list[str]:
        """Return how the part of a Telegram message that says this is formatted."""
        found = []
        for message in self._bot("telegram"):
            at = message["text"].find(text)
            if at >= 0:
                found += [
                    each["type"]
                    for each in message["entities"]
                    if (each["offset"], each["length"]) == (at, len(text))
                ]
        return found

    def in_chat(self, platform: str, picture: bytes) -> int:
        """Return how often a picture stands in a chat, byte for byte."""
        files = [each["file"] for each in self._bot(platform) if each["file"]]
        return sum(file["sha256"] == _digest(picture) for file in files)

    def _bot(self, platform: str) -> list[dict[str, Any]]:
        try:
            messages = self._at(platform, "transcript")
        except LookupError:
            # Nobody has opened the chat yet.
            return []
        return [message for message in messages if message["from"] == "bot"]

    def _at(self, platform: str, action: str, **more: Any) -> Any:
        chat = {"chat": CHATS[platform], "name": NAMES[platform]}
        return self._chats[platform].control(action, {**chat, **more})


def _digest(picture: bytes) -> str:
    return hashlib.sha256(picture).hexdigest()
