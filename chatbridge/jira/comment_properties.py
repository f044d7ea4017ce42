"""Properties on a comment of the platform API: whether it is internal, and the bridge's marker."""

from __future__ import annotations

from typing import Any

VISIBILITY_PROPERTY = "sd.public.comment"
MARKER_PROPERTY = "chatbridge"


def properties_with(marker: str) -> list[dict[str, Any]]:
    """Return the properties of a public comment that carries the marker."""
    return [
        {"key": VISIBILITY_PROPERTY, "value": {"internal": False}},
        {"key": MARKER_PROPERTY, "value": {"v": 1, "m": marker}},
    ]


def marker_of(comment: dict[str, Any]) -> str | None:
    """Return our marker on a comment, or None."""
    value = property_of(comment, MARKER_PROPERTY)
    marker = value.get("m") if isinstance(value, dict) and value.get("v") == 1 else None
    return marker if isinstance(marker, str) else None


def property_of(comment: dict[str, Any], key: str) -> Any:
    """Return the value of a comment's property, or None where it has none."""
    properties = comment.get("properties")
    for each in properties if isinstance(properties, list) else []:
        if isinstance(each, dict) and each.get("key") == key:
            return each.get("value")
    return None


def is_unrestricted(comment: dict[str, Any]) -> bool:
    """Tell whether nothing on a comment, read with its properties, speaks against showing it.

    A role or group restriction, `jsdPublic` and the visibility property each may; where neither of
    the last two is there at all, nothing says that the comment is public.
    """
    if comment.get("visibility") is not None or comment.get("jsdPublic", True) is not True:
        return False
    switch = property_of(comment, VISIBILITY_PROPERTY)
    if switch is not None:
        internal = switch.get("internal", False) if isinstance(switch, dict) else True
        return internal is False or internal == "false"
    return "jsdPublic" in comment or isinstance(comment.get("properties"), list)
