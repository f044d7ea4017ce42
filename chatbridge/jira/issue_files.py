"""Reads the files of an issue from the platform API, and which of them a text in markup names.

Where the customer API lists no files, those of a comment are the ones that its text names: that is
how both the portal and the attaching call put a file into a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from attrs import evolve

from chatbridge.desk_values import CommentFile, PublicComment
from chatbridge.jira.answers import as_numeric_id, items, mapping, text_or

_NAMED: Final = re.compile(
    r"(?<!\\)!([^!\n|]+)(?:\|[^!\n]*)?!|(?<!\\)\[(?:[^\]\n|]*\|)?\^([^\]\n|]+)\]"
)
_LATER: Final = 10_000
"""Milliseconds by which a file may be younger than the comment that the same call makes of it."""


def files_of_issue(value: Any) -> list[CommentFile]:
    """Return the files of an issue that was read with its field `attachment`."""
    found = []
    for file in items(mapping(value).get("fields"), "attachment"):
        file_id = as_numeric_id(mapping(file).get("id"))
        if file_id is not None:
            size = file.get("size")
            found.append(
                CommentFile(
                    file_id,
                    text_or(file, "filename"),
                    text_or(file, "mimeType") or "application/octet-stream",
                    size if isinstance(size, int) and size >= 0 else None,
                    _milliseconds(text_or(file, "created")),
                )
            )
    return found


def names_in(markup: str) -> list[str]:
    """Return the names of files in wiki markup, each once, in order."""
    found = ((match[1] or match[2]).strip() for match in _NAMED.finditer(markup))
    return list(dict.fromkeys(name for name in found if "://" not in name))


def with_files(comment: PublicComment, files: Iterable[CommentFile]) -> PublicComment:
    """Return a comment with those of an issue's files that its text names.

    Of several with one name it is the youngest that was there when the comment was written.
    """
    known = sorted(files, key=lambda file: (file.created, int(file.file_id)))
    by_name = {file.name: file for file in known if file.created <= comment.created + _LATER}
    named = [by_name[name] for name in names_in(comment.wording) if name in by_name]
    return evolve(comment, files=tuple(named))


def _milliseconds(moment: str) -> int:
    try:
        return int(datetime.fromisoformat(moment).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0
