"""Lets a chat join a customer request by an invitation; the request leaves the chat it had.

Every step can be repeated, and every prefix of the steps is safe: the invitation is used up for
this chat first, readers believe only links that exist and name the chat, and nobody sends while a
link changes hands.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from attrs import evolve, field, frozen

from chatbridge.budgets import Budget
from chatbridge.claims import Watch, new_word
from chatbridge.clock import Clock
from chatbridge.errors import ConflictError, DeliveryError, RefusedError, RetryLaterError
from chatbridge.events import ConversationStarted, Event, MessageReceived
from chatbridge.invitations import Invitation, Invitations
from chatbridge.links import Inflight, Link, LinkState
from chatbridge.marks import Marks
from chatbridge.records import Conversation
from chatbridge.replies import Replies
from chatbridge.roster import Roster
from chatbridge.scenes import Scene
from chatbridge.setbacks import RESTORED
from chatbridge.state_texts import note_of
from chatbridge.vault import Kept, Vault

_log = logging.getLogger("chatbridge.joining")

TRIES: Final = 10
"""Links that lead nowhere which a chat may open in an hour, before no link of it is looked at."""
_HOUR: Final = 3600.0
_AT_WORK: Final = 2.0


@frozen
class _Guest:
    """A chat that may join a request.

    Args:
        scene: the event that brought the invitation.
        chat: the conversation, as it was before.
        taken: the invitation, used up for this chat.
        issue_key: of the request.
        present: ids of the comments that customers see there now.
    """

    scene: Scene
    chat: Conversation
    taken: Kept[Invitation]
    issue_key: str = field(repr=False)
    present: frozenset[int]

    def joined(self, link: Link, known: frozenset[int]) -> Link:
        """Return the link with this chat; `known` are ids of comments that need no sending."""
        thread = self.scene.event.address.thread
        return link.joined(self.chat, self.scene.settings.name, thread, known)


class Joining:
    """Connects chats to requests.

    Args:
        vault: the records.
        marks: checks invitations.
        roster: bots.
        replies: says things.
        watch: when claims changed last.
        wake: called with the key of a link that has news.
        clock: the time.
        lease: seconds for which an unchanged claim counts as alive.
    """

    def __init__(
        self, vault: Vault, marks: Marks, roster: Roster, replies: Replies,
        watch: Watch, wake: Callable[[str], None], clock: Clock, lease: float,
    ) -> None:  # fmt: skip
        self._vault = vault
        self._invitations = Invitations(vault, marks, clock)
        self._roster = roster
        self._replies = replies
        self._watch = watch
        self._wake = wake
        self._clock = clock
        self._lease = lease
        # Not that of the process: its own workers have to wait as well while a link changes hands.
        self._owner = new_word()
        self._tries = Budget(TRIES)
        self._goodbyes = Budget(1)

    def join(self, scene: Scene, kept: Kept[Conversation]) -> str:
        """Connect a chat to the request that it was invited to; return the name of the answer.

        Args:
            scene: the event that brought the invitation.
            kept: its conversation.

        Returns:
            The name of a text; empty where the request's own news say it.

        Raises:
            RetryLaterError: somebody is at work on the link, or the site cannot be asked.
            ConflictError: somebody was quicker; look again.
        """
        if scene.event.shared:
            return "link_in_group"
        place = f"{' '.join(scene.subject)} {self._clock.monotonic() // _HOUR}"
        found = None
        if not self._tries.is_spent(place):
            found = self._invitations.find(word_of(scene.event), scene.settings.name, scene.subject)
        if found is None:
            self._tries.spend(place)
            return "link_old"
        return self._use(scene, kept, found)

    def _use(self, scene: Scene, kept: Kept[Conversation], found: Kept[Invitation]) -> str:
        issue_id = found.record.issue_id
        link = self._vault.read(Link, found.record.site, issue_id)
        has_link = link is not None and link.record.belongs_to(kept.record)
        if found.record.done:
            return self._repeated(link) if link is not None and has_link else "link_old"
        desk = scene.desk.desk
        try:
            state = scene.desk.call(desk.read_request(issue_id))
            there = scene.desk.call(desk.public_comments(issue_id))
        except RefusedError as error:
            _log.warning("an invitation leads to a request that cannot be read (%s)", error.reason)
            return "link_old"
        taken = self._invitations.take(found, scene.subject)
        present = frozenset(int(comment.comment_id) for comment in there)
        guest = _Guest(scene, kept.record, taken, state.issue_key, present)
        self._expect(kept, issue_id)
        key = self._connect(guest)
        self._invitations.finish(taken)
        self._wake(key)
        return "switched" if has_link and not found.record.taker else ""

    def _repeated(self, link: Kept[Link]) -> str:
        """Return the answer to who opens a link again that connected this very chat."""
        # Whoever finished the invitation may have been cut off before the link was woken.
        self._wake(link.key)
        return "switched" if link.record.told.opened else ""

    def _expect(self, kept: Kept[Conversation], issue_id: str) -> None:
        """Let the chat know of the request before it has the link, which alone is believed."""

        def expecting(record: Conversation) -> Conversation:
            issues = tuple(dict.fromkeys((*record.issues, issue_id)))
            return evolve(record, issues=issues, current=issue_id, wants_new=False, greeted=True)

        if self._vault.update(kept, expecting) is None:
            raise ConflictError("the chat was erased; routed again")

    def _connect(self, guest: _Guest) -> str:
        """Give the link to the chat; return its key."""
        site, issue_id = guest.taken.record.site, guest.taken.record.issue_id
        note = note_of("joined", self._clock.time())
        link = self._vault.read(Link, site, issue_id)
        if link is None:
            fresh = guest.joined(Link(site, issue_id, *guest.scene.subject), guest.present)
            key = self._vault.create(evolve(fresh, note=note)).key
        elif not link.record.belongs_to(guest.chat):
            before = link.record
            link = self._claim(guest, link)
            # What the other chat still lacks is shown here, save where nobody knows what that is.
            known = guest.present if before.reason == RESTORED else frozenset()
            key = self._vault.replace(link, evolve(guest.joined(before, known), note=note)).key
            self._leave((before.platform, before.bot_id, before.chat), issue_id)
        else:
            key = link.key
        if self._was_erased(guest):
            self._vault.erase(key)
            self._leave(guest.chat.identity(), issue_id)
            raise ConflictError("the chat or its request was erased; routed again")
        return key

    def _claim(self, guest: _Guest, link: Kept[Link]) -> Kept[Link]:
        """Let nobody send on a link any more, and tell its chat that the request goes away."""
        at_work = link.record.inflight
        if at_work is not None and at_work.owner not in {"", self._owner}:
            look = f"{at_work.owner}.{at_work.beat}"
            if self._watch.unchanged_for(f"joining {link.key}", look) < self._lease:
                raise RetryLaterError("somebody works on the link", retry_after=_AT_WORK)
        since = self._clock.monotonic()
        mine = Inflight("joining", (), self._owner, new_word(3))
        link = self._vault.replace(link, evolve(link.record, inflight=mine))
        if not self._invitations.is_taken_by(guest.taken, guest.scene.subject):
            raise ConflictError("the invitation is over; routed again")
        self._say_goodbye(guest, link.record, since)
        return link

    def _say_goodbye(self, guest: _Guest, link: Link, since: float) -> None:
        """Tell a chat that its request goes away, once where this process can know."""
        found = self._roster.bot(link.platform, link.bot_id)
        said = self._goodbyes.is_spent(guest.taken.key)
        if found is None or link.state is not LinkState.ACTIVE or said:
            return
        if self._clock.monotonic() - since > self._lease / 4:
            raise ConflictError("the claim is old; routed again")
        project, bot = found
        text = project.texts.say("moved_away", key=guest.issue_key)
        try:
            self._replies.say(bot, link.address, f"{guest.scene.key} left", text)
            self._goodbyes.spend(guest.taken.key)
        except DeliveryError as error:
            # A chat that cannot be told must not keep the request from going on elsewhere.
            _log.info("a chat was not told that its request left (%s)", type(error).__name__)

    def _leave(self, chat: tuple[str, ...], issue_id: str) -> None:
        """Let a chat forget a request."""
        other = self._vault.read(Conversation, *chat)
        if other is None:
            return

        def without(record: Conversation) -> Conversation:
            issues = tuple(issue for issue in record.issues if issue != issue_id)
            current = "" if record.current == issue_id else record.current
            return evolve(record, issues=issues, current=current)

        self._vault.update(other, without)

    def _was_erased(self, guest: _Guest) -> bool:
        """Tell whether chat or request was erased before the link was there to be found."""
        talk = self._vault.read(Conversation, *guest.chat.identity())
        known = talk is not None and guest.taken.record.issue_id in talk.record.issues
        return not known or self._invitations.is_erased(guest.taken)


def word_of(event: Event) -> str:
    """Return the word that a link brought with an event, or an empty text."""
    if isinstance(event, ConversationStarted):
        return event.payload
    if isinstance(event, MessageReceived) and event.command is not None:
        return event.command.argument
    return ""
