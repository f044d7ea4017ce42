"""Looks into an ADF node that may hold anything; never fails, never recurses."""

from __future__ import annotations

from typing import Any

from chatbridge.jira.characters import clean

DEEPEST = 60
"""Nesting beyond this is shown as the text that is in it."""


def flat_text(node: dict[str, Any]) -> str:
    """Return all text below a node, in order, without recursion."""
    texts: list[str] = []
    waiting: list[Any] = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            texts.append(text_of(each, "text") or text_of(attrs_of(each), "text"))
            waiting += reversed(children(each))
    return " ".join(text for text in texts if text)


def children(node: dict[str, Any]) -> list[Any]:
    """Return the nodes directly inside."""
    content = node.get("content")
    return content if isinstance(content, list) else []


def attrs_of(node: Any) -> dict[str, Any]:
    """Return the attributes, an empty mapping where there are none."""
    attrs = node.get("attrs") if isinstance(node, dict) else None
    return attrs if isinstance(attrs, dict) else {}


def text_of(holder: dict[str, Any], name: str) -> str:
    """Return a text, cleaned; empty where it is absent or something else."""
    value = holder.get(name)
    return clean(value) if isinstance(value, str) else ""
