"""Gathers what routing needs to know about a conversation from the records, and nothing more."""

from __future__ import annotations

from functools import partial
from typing import Final, TypeAlias

from attrs import evolve, field, frozen

from chatbridge.adapter import Adapter
from chatbridge.clock import Clock
from chatbridge.content import Address
from chatbridge.events import ChoicePicked, ConversationStarted, Event, MessageReceived
from chatbridge.http_types import Pace
from chatbridge.links import Link, LinkState
from chatbridge.marks import Marks, looks_like_invitation
from chatbridge.pacing import Pacer
from chatbridge.pieces import sorted_files
from chatbridge.project import ProjectSettings
from chatbridge.records import Conversation
from chatbridge.routing import Action, Decision, Situation, decide
from chatbridge.setbacks import ASKED_AGAIN
from chatbridge.texts import Texts
from chatbridge.vault import Kept, Vault

MetLinks: TypeAlias = dict[str, Kept[Link] | None]
"""What was read of a chat's links for one event, by the ids of their requests."""

MORE: Final = "more"
"""The command, and the word, that lets held answers be shown."""


@frozen
class Situations:
    """Looks at conversations.

    Args:
        vault: the records.
        marks: checks handles and choices.
        clock: the time, for the life of choices.
        new_per_minute: requests that this process opens for one project in a minute, at most.
    """

    vault: Vault
    marks: Marks
    clock: Clock
    new_per_minute: float = 60.0
    _pacer: Pacer = field(init=False)

    @_pacer.default
    def _make_pacer(self) -> Pacer:
        return Pacer(self.clock)

    def decide(
        self, event: Event, conversation: Conversation, settings: ProjectSettings, adapter: Adapter,
        met: MetLinks,
    ) -> Decision:  # fmt: skip
        """Return what the event means now; a flood of strangers opens only so many requests.

        Args:
            event: what came.
            conversation: where.
            settings: of the project.
            adapter: of the platform.
            met: the links that were read for this event, none yet; those read here are added.
        """
        carried = bool(sorted_files(event, adapter, settings)[0])
        held = ""
        if asks_for_more(event, settings, buttons=adapter.capabilities.choices):
            held = self._held(event, conversation, settings.site, met)
        situation = self.of(event, conversation, settings, met, carried=carried, held=held)
        decision = decide(event, situation)
        if decision.action is Action.OPEN:
            per_second = self.new_per_minute / 60
            pace = Pace("project", settings.name, per_second, max(1, int(self.new_per_minute)))
            if self._pacer.wait_for((pace,), longest=0.0)[0] > 0:
                return evolve(decision, action=Action.TOO_MANY_NEW)
        return decision

    def of(
        self, event: Event, conversation: Conversation, settings: ProjectSettings,
        met: MetLinks | None = None, *, carried: bool = False, held: str = "",
    ) -> Situation:  # fmt: skip
        """Return the situation in which the event arrives.

        Args:
            event: what came.
            conversation: where.
            settings: of the project.
            met: as of `decide`.
            carried: as of `Situation`.
            held: as of `Situation`.
        """
        met = {} if met is None else met
        choice, handle = self._named(event)
        addressed = self._addressed(conversation, settings.site, handle)
        takes = partial(self._takes_messages, conversation, settings.site, met)
        if choice != "more" and not takes(addressed):
            addressed = ""
        current = conversation.current
        if not takes(current):
            current = ""
        return Situation(
            current=current,
            addressed=addressed,
            implied=_is_implied(event),
            wants_new=conversation.wants_new,
            may_open=not current or self._may_open(conversation, settings, met),
            choice=choice,
            carried=carried,
            invited=looks_like_invitation(handle),
            held=held,
        )

    def link(self, conversation: Conversation, site: str, issue_id: str) -> Kept[Link] | None:
        """Return the link of a request if it exists and names this chat."""
        kept = self.vault.read(Link, site, issue_id) if issue_id else None
        return kept if kept is not None and kept.record.belongs_to(conversation) else None

    def met(
        self, conversation: Conversation, site: str, issue_id: str, met: MetLinks
    ) -> Kept[Link] | None:
        """Return what `link` does, but read it only once for an event."""
        if issue_id not in met:
            met[issue_id] = self.link(conversation, site, issue_id)
        return met[issue_id]

    def _named(self, event: Event) -> tuple[str, str]:
        """Return the action of a picked choice and the handle that the event names."""
        if isinstance(event, ChoicePicked):
            token = self.marks.read_choice(event.data, event.address, self.clock.time())
            return (token.action, token.handle) if token is not None else ("", "")
        if isinstance(event, ConversationStarted):
            return "", event.payload
        if not isinstance(event, MessageReceived):
            return "", ""
        if event.command is not None and event.command.name == "start":
            return "", event.command.argument
        return "", (event.reply_to.handle or "") if event.reply_to is not None else ""

    def _addressed(self, conversation: Conversation, site: str, handle: str) -> str:
        if not handle:
            return ""
        address = Address(conversation.chat)
        for issue_id in conversation.issues:
            if self.marks.is_handle(handle, site, issue_id, address):
                return issue_id
        return ""

    def _held(self, event: Event, conversation: Conversation, site: str, met: MetLinks) -> str:
        """Return the request whose answers wait for a word: the one that is meant, or else any."""
        meant = self._addressed(conversation, site, self._named(event)[1])
        for issue_id in (meant, conversation.current, *conversation.issues):
            kept = self.met(conversation, site, issue_id, met)
            if kept is not None and kept.record.awaits_word:
                return issue_id
        return ""

    def _takes_messages(
        self, conversation: Conversation, site: str, met: MetLinks, issue_id: str
    ) -> bool:
        kept = self.met(conversation, site, issue_id, met)
        if kept is None or kept.record.state is LinkState.GONE or kept.record.told.ended:
            return False
        return kept.record.reason not in ASKED_AGAIN

    def _may_open(
        self, conversation: Conversation, settings: ProjectSettings, met: MetLinks
    ) -> bool:
        if len(conversation.issues) < settings.max_open_requests:
            return True
        site = settings.site
        links = (self.met(conversation, site, each, met) for each in conversation.issues)
        open_ones = [kept for kept in links if kept is not None and not kept.record.told.ended]
        return len(open_ones) < settings.max_open_requests


def _is_implied(event: Event) -> bool:
    reply = event.reply_to if isinstance(event, MessageReceived) else None
    return reply is not None and reply.implied


def asks_for_more(event: Event, settings: ProjectSettings, *, buttons: bool) -> bool:
    """Tell whether a message may be the word that lets held answers be shown.

    Args:
        event: what came.
        settings: say what the button is called, in the customer's language.
        buttons: whether the chat has the button; a number is an answer only where it has none.
    """
    if not isinstance(event, MessageReceived) or event.attachments:
        return False
    if event.command is not None:
        return event.command.name == MORE
    label = Texts(settings.language, settings.texts).say("held_choice")
    words = {MORE, _bare(label)} | (set() if buttons else {"1"})
    return _bare(event.text.plain()) in words


def _bare(text: str) -> str:
    return text.strip().lstrip("/!").rstrip(".!").casefold()
