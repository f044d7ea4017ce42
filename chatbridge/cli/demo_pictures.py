"""What the people of the demo say beside plain words: pictures and a formatted answer."""

from __future__ import annotations

from typing import Any, Final

ROOF: Final = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 64 + b"\xff\xd9"
PLAN: Final = b"\xff\xd8\xff\xe1" + bytes(reversed(range(256))) * 48 + b"\xff\xd9"
"""Pictures as far as a simulator looks at them: bytes that must arrive unchanged."""


def _line(before: str, bold: str, after: str) -> dict[str, Any]:
    return {
        "type": "paragraph",
        "content": [
            {"type": "text", "text": before},
            {"type": "text", "text": bold, "marks": [{"type": "strong"}]},
            {"type": "text", "text": after},
        ],
    }


ANSWER: Final[dict[str, Any]] = {
    "type": "doc",
    "version": 1,
    "content": [
        {"type": "paragraph", "content": [{"type": "text", "text": "Please try this:"}]},
        {
            "type": "orderedList",
            "content": [
                {"type": "listItem", "content": [_line("turn it ", "off", ", wait")]},
                {"type": "listItem", "content": [_line("turn it on ", "again", ", please")]},
            ],
        },
    ],
}
"""A list with bold words."""
