"""Tells senders that a message did not get into Jira, or not whole, and ends its event."""

from __future__ import annotations

from attrs import field, frozen

from chatbridge.completion import Completion
from chatbridge.errors import RetryLaterError
from chatbridge.records import Conversation, Intent
from chatbridge.replies import Replies
from chatbridge.scenes import Scene
from chatbridge.vault import Kept, Vault


class UntoldError(RetryLaterError):
    """Who sent what came in part is still to be told; what came is to be linked then."""


@frozen
class Losses:
    """Ends events that are lost.

    Args:
        vault: the records.
        replies: says it.
        completion: links what came all the same.
    """

    vault: Vault = field(repr=False)
    replies: Replies
    completion: Completion

    def say(self, scene: Scene) -> None:
        """Tell the sender.

        Raises:
            RetryLaterError: the sender cannot be told now.
        """
        event = scene.event
        self.replies.apologise(scene.project, scene.bot, event.address, scene.key, event.sent_at)

    def apologise(self, scene: Scene) -> None:
        """Tell the sender, and count the event as done.

        Raises:
            RetryLaterError: the sender cannot be told now.
        """
        kept = self.vault.read(Conversation, *scene.subject)
        self.say(scene)
        if kept is not None:
            self.vault.update(kept, lambda record: record.finished(scene.key))

    def end(self, scene: Scene, kept: Kept[Conversation], intent: Intent, issue_id: str) -> None:
        """Tell the sender, link the request that was found, and count the event as done.

        Args:
            scene: the event.
            kept: its conversation.
            intent: the event's.
            issue_id: the request that a part of it is in, empty for none.

        Raises:
            UntoldError: the sender cannot be told now.
            ConflictError: somebody removes its link at this moment.
        """
        try:
            self.say(scene)
        except RetryLaterError as error:
            # Not as any other delay: who only apologised would leave the request without a link.
            wait = error.retry_after
            raise UntoldError("the sender cannot be told now", retry_after=wait) from None
        project, site = scene.settings.name, scene.desk.desk.site
        self.completion.end(kept, intent, project=project, site=site, issue_id=issue_id)
