"""Reads what stands in brackets and between exclamation marks of wiki markup.

That is links, mentions, attachments and images. Accounts are never shown; only an address that a
person may open becomes a link.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from chatbridge.richtext import FileName, Mention, Text

SAFE = ("https://", "http://", "mailto:", "tel:")
_INNER = re.compile(r"[#/]")
_ATTACHMENT = re.compile(r"[^\s!|][^!|]*\.\w{1,8}\Z")
_PARTS = re.compile(r"\\.|(\|)", re.DOTALL)


def parts_of(inside: str) -> list[str]:
    """Return the parts between pipes; a pipe behind a backslash is none."""
    edges = [found.start() for found in _PARTS.finditer(inside) if found[1]]
    starts = [0, *(edge + 1 for edge in edges)]
    return [inside[start:end] for start, end in zip(starts, [*edges, len(inside)], strict=True)]


def read_target(target: str, alias: str) -> Mention | Text | FileName | None:
    """Return what a pair of brackets says, None where it is no link at all.

    Args:
        target: where it leads, as written.
        alias: the text of the link, empty where it has none.

    Returns:
        A text with a link, whose characters are to be replaced by those of the alias; a text
        without one, or a mention, that stands for the whole.
    """
    target = target.strip()
    if target.startswith("~") and len(target) > 1:
        return Mention(alias.strip().lstrip("@") or "someone")
    if target.startswith("^") and len(target) > 1:
        name = target[1:].strip()
        return Text(f"{alias.strip()} {FileName(name).text}") if alias.strip() else FileName(name)
    if target.lower().startswith(SAFE) and not re.search(r"\s", target):
        return Text(alias or _shown(target), link=target)
    if _INNER.match(target) and (alias.strip() or target.startswith("#")) and len(target) > 1:
        # A place on this page or this site: nothing that a customer could open.
        return Text(alias or target)
    return None


def read_image(inside: str) -> Text | FileName | None:
    """Return what stands between two exclamation marks as a file's name, None if it is no image."""
    source = parts_of(inside)[0].strip()
    if source.lower().startswith(SAFE[:2]) and not re.search(r"\s", source):
        name = unquote(_path(source).rpartition("/")[2])
        return Text(FileName(name).text, link=source)
    if not _ATTACHMENT.match(source) or inside[0].isspace():
        return None
    return FileName(source.lstrip("^").rpartition("/")[2])


def _shown(target: str) -> str:
    return target[len("mailto:") :] if target.lower().startswith("mailto:") else target


def _path(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        return ""
