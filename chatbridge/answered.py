"""What a public comment answers, where Jira says so and customers may see that as well.

The answered comment has to be public by both witnesses, now; otherwise nothing of it is shown, and
no message is pointed at. Nothing here is worth a failure: an answer goes out without it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Final

from attrs import field, frozen

from chatbridge.desk import PublicComment, Witness
from chatbridge.errors import DeliveryError
from chatbridge.graphemes import clip
from chatbridge.links import Link
from chatbridge.marks import Marks
from chatbridge.records import Conversation
from chatbridge.richtext import Document
from chatbridge.roster import OpenDesk
from chatbridge.vault import Vault

_log = logging.getLogger("chatbridge.answered")

_LONGEST: Final = 120


@frozen
class Answered:
    """A comment that another one answers.

    Args:
        words: one line of what it says.
        message: the platform's id of the message that shows it, None where that is not known.
    """

    words: str = field(repr=False)
    message: str | None = field(default=None, repr=False)


@frozen
class AnsweredComments:
    """Finds what comments answer.

    Args:
        vault: the records.
        marks: knows our own comments.
    """

    vault: Vault
    marks: Marks

    def find(
        self,
        link: Link,
        desk: OpenDesk,
        public: Iterable[PublicComment],
        witnesses: Mapping[str, Witness],
    ) -> dict[str, Answered]:
        """Return what the comments of these witnesses answer, by their ids.

        Args:
            link: as kept.
            desk: of its site.
            public: all comments that the first witness calls public.
            witnesses: of the comments that shall be shown.
        """
        shown = {comment.comment_id: comment for comment in public}
        parents = {
            witness.comment_id: witness.parent
            for witness in witnesses.values()
            if witness.parent in shown and witness.parent != witness.comment_id
        }
        if not parents:
            return {}
        found = dict(witnesses)
        missing = tuple(dict.fromkeys(each for each in parents.values() if each not in found))
        try:
            if missing:
                asked = desk.call(desk.desk.cross_read(link.issue_id, missing))
                found |= {witness.comment_id: witness for witness in asked}
        except DeliveryError:
            _log.info("what a comment answers cannot be read now; it goes without")
            return {}
        messages = self._messages(link)
        return {
            comment_id: Answered(
                self._words(link, shown[parent], found[parent]), messages.get(parent)
            )
            for comment_id, parent in parents.items()
            if parent in found and found[parent].unrestricted
        }

    def _messages(self, link: Link) -> dict[str, str]:
        """Return comment id -> message, of the customer's last messages and our last answers."""
        kept = self.vault.read(Conversation, link.platform, link.bot_id, link.chat)
        messages = {} if kept is None else {str(c): m for _, c, m in kept.record.written}
        return messages | {
            str(each.comment_id): each.messages[0] for each in link.shown if each.messages
        }

    def _words(self, link: Link, comment: PublicComment, witness: Witness) -> str:
        body = comment.body if witness.body.is_empty() else witness.body
        if self.marks.is_ours(link.site, link.issue_id, witness.marker):
            # Who wrote it stands first; in the chat it is the reader.
            body = Document(body.blocks[1:])
        return clip(" ".join(body.plain().split()), _LONGEST)
