"""Text of a simulated desk in its two forms, ADF and wiki markup, as far as a stand-in needs them.

Written apart from `chatbridge.jira` on purpose, so that a mistake there is not repeated here.
"""

from __future__ import annotations

import json
import re
from typing import Any


def adf_of(text: str) -> dict[str, Any]:
    """Return plain text as an ADF document: paragraphs at empty lines, breaks at line ends."""
    return {"type": "doc", "version": 1, "content": [_paragraph(p) for p in text.split("\n\n")]}


def _paragraph(text: str) -> dict[str, Any]:
    nodes: list[dict[str, Any]] = []
    for at, line in enumerate(text.split("\n")):
        if at:
            nodes.append({"type": "hardBreak"})
        if line:
            nodes.append({"type": "text", "text": line})
    return {"type": "paragraph", "content": nodes} if nodes else {"type": "paragraph"}


def text_of(node: Any) -> str:
    """Return the text of an ADF document, its blocks apart by an empty line."""
    blocks = node.get("content", []) if isinstance(node, dict) else []
    return "\n\n".join(_inner(block) for block in blocks)


def _inner(node: Any) -> str:
    if not isinstance(node, dict):
        return ""
    if node.get("type") == "hardBreak":
        return "\n"
    own = node.get("text") or node.get("attrs", {}).get("text") or ""
    between = "" if node.get("type") in {"paragraph", "heading", "codeBlock", "taskItem"} else "\n"
    return str(own) + between.join(_inner(child) for child in node.get("content", []))


def text_of_wiki(markup: str) -> str:
    """Return the text that wiki markup with escapes stands for; other markup stays as it is."""
    return re.sub(r"(?<!\\)\\([-#*_+?^~|%{}\[\]()!@])", r"\1", markup).replace("\u2060", "")


def adf_problem(body: Any) -> str | None:
    """Return what is wrong with a document, or None: the checks that Jira is known to make."""
    if not isinstance(body, dict) or body.get("type") != "doc" or body.get("version") != 1:
        return "INVALID_INPUT"
    if not isinstance(body.get("content"), list):
        return "INVALID_INPUT"
    waiting: list[Any] = list(body["content"])
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict) or not isinstance(node.get("type"), str):
            return "INVALID_INPUT"
        if node["type"] == "text" and not (isinstance(node.get("text"), str) and node["text"]):
            return "INVALID_INPUT"
        waiting += node.get("content", [])
    return None


def stored_length(body: Any) -> int:
    """Return what counts against the limit: the serialized document, in UTF-16 units."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False,
                                                         separators=(",", ":"))  # fmt: skip
    return len(text.encode("utf-16-le", "replace")) // 2
