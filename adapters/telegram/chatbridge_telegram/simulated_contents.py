"""What a message can hold beside text, as the simulated people send it."""

from __future__ import annotations

from typing import Any


def _file(name: str, **members: Any) -> dict[str, Any]:
    return {"file_id": f"simulated-{name}", "file_unique_id": f"unique-{name}", **members}


_PICTURES = [
    _file("photo-small", width=90, height=60, file_size=1200),
    _file("photo-large", width=1280, height=853, file_size=120_000),
]
_LOCATION = {"latitude": 50.087, "longitude": 14.4208}

CONTENTS: dict[str, dict[str, Any]] = {
    "photo": {"photo": _PICTURES},
    "document": {
        "document": _file(
            "document", file_name="report.pdf", mime_type="application/pdf", file_size=34_000
        )
    },
    "video": {"video": _file("video", width=640, height=360, duration=12, mime_type="video/mp4")},
    "video_note": {"video_note": _file("video-note", length=240, duration=5)},
    "audio": {"audio": _file("audio", duration=180, file_name="song.mp3", mime_type="audio/mpeg")},
    "voice": {"voice": _file("voice", duration=4, mime_type="audio/ogg", file_size=9000)},
    "animation": {
        "animation": _file("animation", width=320, height=240, duration=3, mime_type="video/mp4"),
        "document": _file("animation", mime_type="video/mp4"),
    },
    "sticker": {
        "sticker": _file(
            "sticker",
            type="regular",
            width=512,
            height=512,
            is_animated=False,
            is_video=False,
            emoji="👍",
        )
    },
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
    "game": {"game": {"title": "Chess", "description": "A game", "photo": _PICTURES}},
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
