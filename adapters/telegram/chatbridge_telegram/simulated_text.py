"""What the simulated server checks in a text, its entities and its buttons.

Limits and texts of errors are the real server's; nothing is checked against the adapter's own code.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .simulated_parameters import Parameters, bad_request

_MOST_UNITS = 4096
_MOST_CAPTION_UNITS = 1024
_MOST_RAW_BYTES = 32768
_MOST_CALLBACK_BYTES = 64
_MOST_MARKUP_BYTES = 10_000
_KINDS = frozenset({
    "bold", "italic", "underline", "strikethrough", "spoiler", "blockquote",
    "expandable_blockquote", "code", "pre", "text_link", "text_mention", "custom_emoji",
    "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "date_time",
})  # fmt: skip
_COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(@[A-Za-z0-9_]{3,32})?(?=\s|$)")
_URL = re.compile(r"https?://[^\s<>]+")


def units(text: str) -> int:
    """Return the length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def read_text(parameters: Parameters) -> tuple[str, list[dict[str, Any]]]:
    """Return text and entities of a message as the server would keep them.

    Raises:
        ApiError: 400, with the server's text.
    """
    text, entities = _formatted(parameters, "text", "entities", _MOST_UNITS, "message is too long")
    if not text:
        raise bad_request("message text is empty")
    return text, entities


def read_caption(parameters: Parameters) -> tuple[str, list[dict[str, Any]]]:
    """Return caption and its entities, which may be empty; see `read_text`."""
    too_long = "message caption is too long"
    return _formatted(parameters, "caption", "caption_entities", _MOST_CAPTION_UNITS, too_long)


def _formatted(
    parameters: Parameters, member: str, looks: str, longest: int, too_long: str
) -> tuple[str, list[dict[str, Any]]]:
    raw = parameters.text(member)
    if len(raw.encode("utf-8", "surrogatepass")) > _MOST_RAW_BYTES:
        raise bad_request("text is too long")
    if re.search("[\ud800-\udfff]", raw):
        raise bad_request("strings must be encoded in UTF-8")
    if parameters.text("parse_mode"):
        raise bad_request("unsupported parse_mode")
    entities = _entities(parameters.nested(looks), raw)
    cleaned = raw.replace("\x00", " ")
    text = cleaned.strip()
    if units(text) > longest:
        raise bad_request(too_long)
    cut = units(cleaned) - units(cleaned.lstrip())
    return text, list(_fitted(entities, cut, units(text)))


def read_markup(parameters: Parameters) -> dict[str, Any] | None:
    """Return the inline keyboard of a message, or None.

    Raises:
        ApiError: 400, with the server's text.
    """
    markup = parameters.nested("reply_markup")
    if markup is None:
        return None
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" must be of type Array')
    if len(json.dumps(markup).encode()) > _MOST_MARKUP_BYTES:
        raise bad_request("reply markup is too long")
    for button in (button for row in rows for button in row):
        _check_button(button)
    return {"inline_keyboard": rows} if any(rows) else None


def found_entities(text: str) -> list[dict[str, Any]]:
    """Return the commands and web addresses that a client finds in what a person types."""
    found = [("bot_command", match) for match in _COMMAND.finditer(text)]
    found += [("url", match) for match in _URL.finditer(text)]
    return [
        {"type": kind, "offset": units(text[: match.start()]), "length": units(match.group())}
        for kind, match in sorted(found, key=lambda item: item[1].start())
    ]


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad_request(
            'can\'t parse inline keyboard button: Field "text" must be of type String'
        )
    if not button["text"].strip():
        raise bad_request("can't parse inline keyboard button: Text must be non-empty")
    data = button.get("callback_data")
    if data is None and not any(name in button for name in ("url", "web_app", "copy_text")):
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed")
    if data is not None and not 1 <= len(str(data).encode()) <= _MOST_CALLBACK_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")


def _entities(given: Any, text: str) -> list[dict[str, Any]]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise bad_request("can't parse entities: expected an Array of MessageEntity")
    for entity in given:
        if not isinstance(entity, dict) or not isinstance(entity.get("type"), str):
            raise bad_request("can't parse entities: expected an Object as MessageEntity")
        if not all(_is_whole(entity.get(name)) for name in ("offset", "length")):
            raise bad_request("can't parse entities: offset and length must be of type Number")
        if entity["type"] == "text_link" and not isinstance(entity.get("url"), str):
            raise bad_request("can't parse entities: a text_link has no url")
        _check_edges(entity, text)
    return [entity for entity in given if entity["type"] in _KINDS]


def _check_edges(entity: dict[str, Any], text: str) -> None:
    """Refuse an entity that begins or ends within a character."""
    encoded = text.encode("utf-16-le")
    for edge in (entity["offset"], entity["offset"] + entity["length"]):
        unit = encoded[2 * edge : 2 * edge + 2] if edge >= 0 else b""
        if unit and 0xDC00 <= int.from_bytes(unit, "little") <= 0xDFFF:
            raise bad_request(
                f"entity beginning at UTF-16 offset {entity['offset']} ends in a middle of a"
                f" UTF-16 symbol at byte offset {edge}"
            )


def _fitted(entities: list[dict[str, Any]], cut: int, length: int) -> list[dict[str, Any]]:
    """Move entities with the cut start and clamp them; what covers nothing goes."""
    kept = []
    for entity in entities:
        start = max(entity["offset"] - cut, 0)
        end = min(entity["offset"] + entity["length"] - cut, length)
        if start < end:
            kept.append({**entity, "offset": start, "length": end - start})
    return sorted(kept, key=lambda entity: (entity["offset"], -entity["length"]))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
