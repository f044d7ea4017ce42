"""What a message can hold beside text and files, as the simulated people send it."""

from __future__ import annotations

from typing import Any

_BOARD = [{"file_id": "board", "file_unique_id": "board", "width": 90, "height": 90}]
_LOCATION = {"latitude": 50.087, "longitude": 14.4208}

CONTENTS: dict[str, dict[str, Any]] = {
    "location": {"location": _LOCATION},
    "venue": {
        "venue": {"location": _LOCATION, "title": "Charles Bridge", "address": "Prague"},
        "location": _LOCATION,
    },
    "contact": {"contact": {"phone_number": "+420123456789", "first_name": "Jana"}},
    "poll": {
        "poll": {
            "id": "1",
            "question": "Tea or coffee?",
            "options": [
                {"persistent_id": "a", "text": "Tea", "voter_count": 0},
                {"persistent_id": "b", "text": "Coffee", "voter_count": 0},
            ],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": True,
            "members_only": False,
        }
    },
    "dice": {"dice": {"emoji": "🎲", "value": 4}},
    "story": {"story": {"chat": {"id": 1, "type": "private", "first_name": "Jana"}, "id": 1}},
    "game": {"game": {"title": "Chess", "description": "A game", "photo": _BOARD}},
    "rich_message": {
        "rich_message": {
            "blocks": [
                {"type": "heading", "text": "Rich", "size": 1},
                {"type": "paragraph", "text": ["with ", {"type": "bold", "text": "bold"}]},
            ]
        }
    },
    "unheard_of": {"unheard_of": {"what": "newer than this simulator"}},
}
"""Members of the Message, by the name of the kind."""
