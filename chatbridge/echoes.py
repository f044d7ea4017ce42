"""Knows the comments that came about by attaching a customer's file, by the marker in its name.

That call takes no other marker at first, and who made it may have died before it could write one.
"""

from __future__ import annotations

import re
from typing import Final

from chatbridge.desk import PublicComment
from chatbridge.marks import Marks
from chatbridge.roster import OpenDesk

_ATTACHED_WITHIN: Final = 10_000
"""Milliseconds between a file and the comment that the same call makes of it."""
_REFERENCE: Final = re.compile(r"!(.+?)(?:\|[^|!]*)?!|\[\^(.+)\]")


def brought_by_us(marks: Marks, desk: OpenDesk, comment: PublicComment) -> bool:
    """Tell whether a comment came about by our attaching a customer's file.

    Args:
        marks: knows our markers.
        desk: of its site.
        comment: as customers see it.
    """
    if comment.author_id != desk.desk.account_id:
        return False
    site = desk.desk.site
    if not comment.files:
        # Data Center lists no files; Jira writes a reference to each below the text.
        found = _REFERENCE.fullmatch(comment.wording.rstrip().rpartition("\n")[2].strip())
        return found is not None and marks.is_our_file(site, found[1] or found[2])
    # Who shows such a file again does it in a comment that is younger than the file.
    return all(
        marks.is_our_file(site, file.name)
        and abs(file.created - comment.created) <= _ATTACHED_WITHIN
        for file in comment.files
    )
