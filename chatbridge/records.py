"""The records of projects, conversations and claims, as attrs classes with a schema version.

Together with `links` this is everything that the bridge ever keeps; none of it holds a word of what
people wrote. Each says what identifies it; its place in the
storage is a keyed hash of that.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Self

from attrs import evolve, field, frozen

from chatbridge.project import ProjectSettings
from chatbridge.settings import structure, unstructure

DONE_KEPT = 256
"""How many finished events a conversation remembers; a platform repeats the newest ones only."""


MONTH = 30 * 24 * 3600
YEAR = 365 * 24 * 3600
"""Seconds; the longest time that a storage has to keep what does not stay for ever."""

EVENT_KEY = 20
"""Characters of an event key."""


class ProjectState(StrEnum):
    """What may happen in a project."""

    ACTIVE = "active"
    PAUSED = "paused"
    REMOVED = "removed"


class IntentKind(StrEnum):
    """What an inbound event is to become in Jira."""

    OPEN = "open"
    COMMENT = "comment"


@frozen
class BotRecord:
    """A bot of a project.

    Args:
        platform: the adapter's name.
        bot_id: the platform's id of it; links are bound to it.
        username: its public name.
        mode: "poll" or "webhook".
        settings: the adapter's settings as plain values, tokens included.
    """

    platform: str
    bot_id: str
    username: str
    mode: str
    settings: dict[str, Any] = field(repr=False)


@frozen
class Project:
    """A project with its settings and bots."""

    kind: ClassVar[str] = "project"
    schema: ClassVar[int] = 1

    settings: ProjectSettings
    bots: tuple[BotRecord, ...] = ()
    state: ProjectState = ProjectState.ACTIVE

    def identity(self) -> tuple[str, ...]:
        """Return what names it."""
        return (self.settings.name,)

    def lifetime(self) -> int | None:
        """Settings are kept until the administrator removes them."""
        return None

    def to_plain(self) -> Any:
        """Return it as JSON-able values."""
        bots = [[b.platform, b.bot_id, b.username, b.mode, b.settings] for b in self.bots]
        return {"settings": unstructure(self.settings), "bots": bots, "state": self.state.value}

    @classmethod
    def from_plain(cls, plain: Any, _schema: int) -> Self:
        """Return the record of such values."""
        settings = structure(plain["settings"], ProjectSettings, where="kept project")
        bots = tuple(BotRecord(*values) for values in plain["bots"])
        return cls(settings, bots, ProjectState(plain["state"]))


@frozen
class Intent:
    """An inbound event that is on its way into Jira; work of its own until it is finished.

    Args:
        key: of the event.
        kind: what it becomes.
        issue_id: the request that it is a comment on; empty for a new one.
        tell_by: Unix seconds at which the sender is told that it failed.
        owner: the process that works on it.
        beat: changes with every change of hands or doubt.
        parts: how many writes it takes.
        files: how many of them, the last ones, bring a file or say why they could not.
        clean: whether it is certain that no write of it is under way.
        overtaken: whether later events passed it at the platform, so that no repeat will come.
        signs: changes while the process that has an overtaken event in its memory lives.
        thread: the thread to tell the sender in, or None.
    """

    key: str
    kind: IntentKind
    issue_id: str
    tell_by: int
    owner: str
    beat: str
    parts: int = 1
    clean: bool = False
    overtaken: bool = False
    signs: int = 0
    thread: str | None = field(default=None, repr=False)
    files: int = 0

    @property
    def is_begun(self) -> bool:
        """Whether anything was done about it; an overtaken event may not even be."""
        return bool(self.beat)

    @property
    def look(self) -> str:
        """What changes when its owner acts."""
        return f"{self.owner}.{self.beat}"

    def to_plain(self) -> list[Any]:
        """Return it as JSON-able values."""
        return [
            self.key, self.kind.value, self.issue_id, self.tell_by, self.owner, self.beat,
            self.parts, int(self.clean), int(self.overtaken), self.signs, self.thread,
            self.files,
        ]  # fmt: skip

    @classmethod
    def from_plain(cls, plain: list[Any]) -> Self:
        """Return the intent of such values."""
        key, kind, issue_id, tell_by, owner, beat, parts, clean, overtaken = plain[:9]
        return cls(
            key, IntentKind(kind), issue_id, tell_by, owner, beat,
            parts, bool(clean), bool(overtaken), *plain[9:],
        )  # fmt: skip


@frozen
class Conversation:
    """One chat with one bot.

    Args:
        platform: the adapter's name.
        bot_id: the bot.
        chat: the chat, as the adapter names it.
        issues: the ids of its requests; believed only where the link exists and names this chat.
        current: the request that messages go to, empty where there is none.
        pending: intents that are not finished.
        done: keys of finished events, the newest last.
        greeted: whether the privacy notice was shown.
        wants_new: whether the next message shall open a request.
    """

    kind: ClassVar[str] = "conversation"
    schema: ClassVar[int] = 1

    platform: str
    bot_id: str
    chat: str = field(repr=False)
    issues: tuple[str, ...] = ()
    current: str = ""
    pending: tuple[Intent, ...] = ()
    done: tuple[str, ...] = ()
    greeted: bool = False
    wants_new: bool = False

    def identity(self) -> tuple[str, ...]:
        """Return what names it."""
        return (self.platform, self.bot_id, self.chat)

    def lifetime(self) -> int | None:
        """A chat that nobody uses for a year is forgotten, but never with a message on its way."""
        return None if self.pending else YEAR

    def to_plain(self) -> Any:
        """Return it as JSON-able values."""
        return [
            self.platform, self.bot_id, self.chat, self.issues, self.current,
            [intent.to_plain() for intent in self.pending], "".join(self.done),
            int(self.greeted), int(self.wants_new),
        ]  # fmt: skip

    @classmethod
    def from_plain(cls, plain: Any, _schema: int) -> Self:
        """Return the record of such values."""
        platform, bot_id, chat, issues, current, pending, done, greeted, wants_new = plain
        return cls(
            platform, bot_id, chat, tuple(issues), current,
            tuple(Intent.from_plain(values) for values in pending),
            tuple(done[at : at + EVENT_KEY] for at in range(0, len(done), EVENT_KEY)),
            bool(greeted), bool(wants_new),
        )  # fmt: skip

    def intent(self, key: str) -> Intent | None:
        """Return the unfinished intent of an event, or None."""
        return next((intent for intent in self.pending if intent.key == key), None)

    def with_intent(self, intent: Intent) -> Conversation:
        """Return the conversation with this intent in place of the one with its key."""
        others = tuple(other for other in self.pending if other.key != intent.key)
        return evolve(self, pending=(*others, intent))

    def with_changed(self, before: Intent, after: Intent) -> Conversation | None:
        """Return the conversation with an intent changed, None where it is not as before."""
        return self.with_intent(after) if self.intent(before.key) == before else None

    def finished(self, key: str) -> Conversation:
        """Return the conversation with this event done and no intent of it."""
        pending = tuple(intent for intent in self.pending if intent.key != key)
        done = tuple(other for other in self.done if other != key)
        return evolve(self, pending=pending, done=(*done, key)[-DONE_KEPT:])


@frozen
class Claim:
    """Who polls a bot or feeds from a site.

    Args:
        subject: such as ("poll", platform, bot id) or ("feed", site).
        owner: the process, empty when it let go.
        beat: changes at every renewal.
        mark: Unix minutes up to which the work is complete, 0 where unknown.
    """

    kind: ClassVar[str] = "claim"
    schema: ClassVar[int] = 1

    subject: tuple[str, ...]
    owner: str
    beat: str
    mark: int = 0

    def identity(self) -> tuple[str, ...]:
        """Return what names it."""
        return self.subject

    def lifetime(self) -> int | None:
        """There is one a bot and site; a jump of the wall clock must not end one that is held."""
        return None

    def to_plain(self) -> Any:
        """Return it as JSON-able values."""
        return [self.subject, self.owner, self.beat, self.mark]

    @classmethod
    def from_plain(cls, plain: Any, _schema: int) -> Self:
        """Return the record of such values."""
        subject, owner, beat, mark = plain
        return cls(tuple(subject), owner, beat, mark)
