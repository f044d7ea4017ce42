"""Gets one item onto a chat, part by part, under a claim written before each part is sent.

The record says what was sent before anything else happens, so that a crash at any moment repeats at
most the one part whose outcome nobody can know. No text is kept, logged or raised.
"""

from __future__ import annotations

from collections.abc import Callable

from chatbridge.clock import Clock
from chatbridge.delivery_jobs import Job, LostClaimError, Means
from chatbridge.link_changes import change_link
from chatbridge.links import Link, Shown
from chatbridge.marks import Marks
from chatbridge.observation import Observer
from chatbridge.project import Timings
from chatbridge.receipts import Receipts
from chatbridge.roster import Roster
from chatbridge.sending import Sending
from chatbridge.vault import Kept, Vault


class Delivery:
    """Sends items under a claim.

    Args:
        vault: the records.
        marks: digests and keys.
        roster: the way to the platforms.
        owner: this process.
        clock: the time.
        timings: the lease.
        observer: is told of parts that could not be shown.
    """

    def __init__(
        self, vault: Vault, marks: Marks, roster: Roster, owner: str, clock: Clock,
        timings: Timings, observer: Observer | None = None,
    ) -> None:  # fmt: skip
        self.observer = observer or Observer(clock)
        self.owner = owner
        self._means = Means(
            vault, marks, roster, owner, clock, timings, self.observer, Receipts(vault)
        )

    def deliver(self, kept: Kept[Link], job: Job) -> Kept[Link]:
        """Send what is missing of the item and return the record in which it is complete.

        Raises:
            LostClaimError: another process works on the link.
            StaleWitnessError: the draft has to be read again.
            RefusedError: the chat cannot be reached (blocked, gone, migrated, window closed, ...).
            RetryLaterError: not now; what was sent is kept.
        """
        return Sending(self._means, kept, job).run()

    def edit(self, kept: Kept[Link], job: Job, shown: Shown) -> tuple[Kept[Link], bool]:
        """Show the item in place of a message; return the record and whether that was possible.

        Args:
            kept: the link.
            job: the item as it is now; one part long, or it is not possible.
            shown: what shows it as it was, in one message.

        Raises:
            LostClaimError: another process works on the link.
            StaleWitnessError: the draft has to be read again.
            RefusedError: the chat cannot be reached.
            RetryLaterError: not now; it may be repeated.
        """
        try:
            return Sending(self._means, kept, job).edit(shown.messages[0])
        except LostClaimError:
            # Who stood still in the call has put an older wording over a newer one, perhaps.
            fresh = self._means.vault.read_key(Link, kept.key)
            if fresh is not None:
                self._means.vault.update(fresh, lambda link: link.with_unsure(shown.comment_id))
            raise

    def change(self, kept: Kept[Link], change: Callable[[Link], Link]) -> Kept[Link]:
        """Write a change of a link that nobody else works on.

        Raises:
            LostClaimError: somebody does, or the link is gone.
        """
        return change_link(self._means.vault, kept, change)
