"""Asks both witnesses about one comment, for whoever shows something of it later than its text.

Whatever is missing, restricted, doubtful or unreadable counts as not public.
"""

from __future__ import annotations

from chatbridge.desk import PublicComment
from chatbridge.roster import OpenDesk


def public_comment(desk: OpenDesk, issue_id: str, comment_id: str) -> PublicComment | None:
    """Return a comment if at this moment both APIs call it public, else None; two calls at most.

    Args:
        desk: of its site.
        issue_id: the request.
        comment_id: the comment.

    Raises:
        DeliveryError: the site refuses to say, or cannot be asked now.
    """
    public = desk.call(desk.desk.public_comments(issue_id))
    found = [comment for comment in public if comment.comment_id == comment_id]
    if len(found) != 1:
        return None
    witnesses = desk.call(desk.desk.cross_read(issue_id, (comment_id,)))
    said = [witness.unrestricted for witness in witnesses if witness.comment_id == comment_id]
    return found[0] if said == [True] else None
