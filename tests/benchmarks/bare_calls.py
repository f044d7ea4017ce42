"""The calls that any bridge must make, by a plain `requests.Session` and with nothing around them.

Answers are not even read as JSON, and headers and addresses are ready-made: the least that somebody
who uses `requests` could pay.
"""

from __future__ import annotations

import requests

from tests.benchmarks import canned_answers as canned
from tests.benchmarks.stage import AUTHORIZATION, TOKEN


class BareCalls:
    """One session; one thread.

    Args:
        url: of the far side.
    """

    def __init__(self, url: str) -> None:
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", "Authorization": AUTHORIZATION})
        self._jira = f"{url}/rest/api/3"
        self._customer = f"{url}/rest/servicedeskapi/request"
        self._bot = f"{url}/bot{TOKEN}"

    def poll(self) -> None:
        """Ask for updates."""
        asked = {"limit": 100, "timeout": 0, "allowed_updates": ["message", "edited_message"]}
        self._session.post(f"{self._bot}/getUpdates", json=asked)

    def comment(self, issue: str) -> None:
        """Write a customer's message into Jira, with the marker that makes it findable."""
        name = {"type": "text", "text": "Olena Koval", "marks": [{"type": "strong"}]}
        attribution = [name, {"type": "text", "text": " (Telegram)"}]
        text = [{"type": "text", "text": canned.SAID}]
        paragraphs = [{"type": "paragraph", "content": each} for each in (attribution, text)]
        body = {
            "body": {"type": "doc", "version": 1, "content": paragraphs},
            "properties": [
                {"key": "sd.public.comment", "value": {"internal": False}},
                {"key": "chatbridge", "value": {"v": 1, "m": "abcdefghijklmnopqrstuvwxyz"}},
            ],
        }
        self._session.post(f"{self._jira}/issue/{issue}/comment", json=body)

    def read(self, issue: str, comments: list[int]) -> None:
        """Read a request and its comments by both witnesses."""
        self._session.get(f"{self._customer}/{issue}?requestLanguage=en-US")
        query = "public=true&internal=false&start=0&limit=100"
        self._session.get(f"{self._customer}/{issue}/comment?{query}")
        self._session.post(f"{self._jira}/comment/list?expand=properties", json={"ids": comments})

    def send(self, chat: int) -> None:
        """Show a comment in a chat."""
        text = f"SUP-1\nAda Agent: {canned.TEXT}"
        message = {
            "chat_id": chat,
            "text": text,
            "entities": [
                {"type": "text_link", "url": "https://t.me/acme_bot?start=h", "offset": 0,
                 "length": 5},
                {"type": "bold", "offset": 6, "length": 10},
            ],
            "link_preview_options": {"is_disabled": True},
        }  # fmt: skip
        self._session.post(f"{self._bot}/sendMessage", json=message)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()
