"""The records of projects, conversations and claims, as attrs classes with a schema version.

Together with `links` this is everything that the bridge ever keeps; none of it holds a word of what
people wrote. Each says what identifies it; its place in the storage is a keyed hash of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from itertools import chain
from typing import Any, ClassVar, Self

from attrs import evolve, field, frozen

from chatbridge.kept_fields import keys_in, means, triples_in
from chatbridge.project import ProjectSettings
from chatbridge.settings import structure, unstructure

DONE_KEPT = 256
"""How many finished events a conversation remembers; a platform repeats the newest ones only."""

MONTH = 30 * 24 * 3600
YEAR = 365 * 24 * 3600
"""Seconds; the longest time that a storage has to keep what does not stay for ever."""


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
    """A bot of a project."""

    platform: str = field(metadata=means("the adapter's name"))
    bot_id: str = field(metadata=means("the platform's id of it; links are bound to it"))
    username: str = field(metadata=means("its public name"))
    mode: str = field(metadata=means("poll or webhook: how its events arrive"))
    settings: dict[str, Any] = field(
        repr=False, metadata=means("the adapter's settings as plain values, its token included")
    )


@frozen
class Project:
    """A project with its settings and bots."""

    kind: ClassVar[str] = "project"
    schema: ClassVar[int] = 1
    purpose: ClassVar[str] = "What the administrator decided, and how to reach the bots."
    lives: ClassVar[Mapping[str, int | None]] = {"until the administrator removes it": None}

    settings: ProjectSettings = field(metadata=means("every setting of the project"))
    bots: tuple[BotRecord, ...] = field(default=(), metadata=means("its bots, with their tokens"))
    state: ProjectState = field(
        default=ProjectState.ACTIVE, metadata=means("active, paused or removed")
    )

    def identity(self) -> tuple[str, ...]:
        """Return what names it."""
        return (self.settings.name,)

    def phase(self) -> str:
        """Return which of the lives is its."""
        return next(iter(self.lives))

    def lifetime(self) -> int | None:
        """Settings are kept until the administrator removes them."""
        return self.lives[self.phase()]

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
    """An inbound event that is on its way into Jira; work of its own until it is finished."""

    key: str = field(metadata=means("keyed hash of the event"))
    kind: IntentKind = field(metadata=means("what it becomes: open (a new request) or comment"))
    issue_id: str = field(metadata=means("the request that it comments on; empty for a new one"))
    tell_by: int = field(metadata=means("Unix seconds at which its sender is told that it failed"))
    owner: str = field(metadata=means("the process that works on it"))
    beat: str = field(metadata=means("changes with every change of hands or doubt"))
    parts: int = field(default=1, metadata=means("how many writes it takes"))
    clean: bool = field(
        default=False, metadata=means("whether it is certain that no write of it is under way")
    )
    overtaken: bool = field(
        default=False,
        metadata=means("whether later events passed it at the platform: no repeat will come"),
    )
    signs: int = field(
        default=0,
        metadata=means("changes while the process that has an overtaken event in memory lives"),
    )
    thread: str | None = field(
        default=None,
        repr=False,
        metadata=means("the thread to tell the sender in, or none", personal=True),
    )
    files: int = field(
        default=0,
        metadata=means("how many of the last writes bring a file or say why they could not"),
    )
    repeated: bool = field(
        default=False,
        metadata=means("whether a request was asked for again after an outcome nobody knows"),
    )
    also: tuple[str, ...] = field(
        default=(), metadata=means("keyed hashes of the events that share its write, of an album")
    )

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
            self.files, int(self.repeated), *(["".join(self.also)] if self.also else []),
        ]  # fmt: skip

    @classmethod
    def from_plain(cls, plain: list[Any]) -> Self:
        """Return the intent of such values."""
        key, kind, issue_id, tell_by, owner, beat, parts, clean, overtaken = plain[:9]
        later = [*plain[9:12], *map(bool, plain[12:13]), *map(keys_in, plain[13:])]
        return cls(
            key, IntentKind(kind), issue_id, tell_by, owner, beat,
            parts, bool(clean), bool(overtaken), *later,
        )  # fmt: skip


@frozen
class Conversation:
    """One chat with one bot."""

    kind: ClassVar[str] = "conversation"
    schema: ClassVar[int] = 1
    purpose: ClassVar[str] = "A customer's message finds its request, and arrives there once."
    lives: ClassVar[Mapping[str, int | None]] = {
        "with a message on its way": None,
        "from the last change on": YEAR,
    }

    platform: str = field(metadata=means("the adapter's name"))
    bot_id: str = field(metadata=means("the bot"))
    chat: str = field(
        repr=False, metadata=means("the chat, as the platform numbers it", personal=True)
    )
    issues: tuple[str, ...] = field(
        default=(), metadata=means("the ids of its requests", personal=True)
    )
    current: str = field(
        default="", metadata=means("the request that messages go to, or none", personal=True)
    )
    pending: tuple[Intent, ...] = field(
        default=(), metadata=means("messages on their way into Jira, without their content")
    )
    done: tuple[str, ...] = field(
        default=(), metadata=means("keyed hashes of finished events, 256 at most")
    )
    greeted: bool = field(default=False, metadata=means("whether the privacy notice was shown"))
    wants_new: bool = field(
        default=False, metadata=means("whether the next message shall open a request")
    )
    written: tuple[tuple[str, int, str], ...] = field(
        default=(),
        repr=False,
        metadata=means("request, comment and message id of the last 10 messages", personal=True),
    )

    def identity(self) -> tuple[str, ...]:
        """Return what names it."""
        return (self.platform, self.bot_id, self.chat)

    def phase(self) -> str:
        """Return which of the lives is its."""
        on_its_way, quiet = self.lives
        return on_its_way if self.pending else quiet

    def lifetime(self) -> int | None:
        """A chat that nobody uses for a year is forgotten, but never with a message on its way."""
        return self.lives[self.phase()]

    def to_plain(self) -> Any:
        """Return it as JSON-able values."""
        return [
            self.platform, self.bot_id, self.chat, self.issues, self.current,
            [intent.to_plain() for intent in self.pending], "".join(self.done),
            int(self.greeted), int(self.wants_new), *([self.written] if self.written else []),
        ]  # fmt: skip

    @classmethod
    def from_plain(cls, plain: Any, _schema: int) -> Self:
        """Return the record of such values."""
        platform, bot_id, chat, issues, current, pending, done, greeted, wants_new = plain[:9]
        return cls(
            platform, bot_id, chat, tuple(issues), current,
            tuple(Intent.from_plain(values) for values in pending),
            keys_in(done), bool(greeted), bool(wants_new), *map(triples_in, plain[9:]),
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

    def finished(self, *done_now: str) -> Conversation:
        """Return the conversation with these events, and what shares their writes, done."""
        shared = (each.also for each in self.pending if each.key in done_now)
        keys = tuple(dict.fromkeys((*done_now, *chain(*shared))))
        pending = tuple(intent for intent in self.pending if intent.key not in keys)
        done = tuple(other for other in self.done if other not in keys)
        return evolve(self, pending=pending, done=(*done, *keys)[-DONE_KEPT:])


@frozen
class Claim:
    """Who polls a bot, feeds from a site, looks at all links, or has the storage."""

    kind: ClassVar[str] = "claim"
    schema: ClassVar[int] = 1
    purpose: ClassVar[str] = "Only one process at a time polls a bot or asks a site for changes."
    lives: ClassVar[Mapping[str, int | None]] = {"while its bot or site is in a project": None}

    subject: tuple[str, ...] = field(
        metadata=means("what is claimed: poll, platform, bot id; feed, site; pass; or storage")
    )
    owner: str = field(metadata=means("the process, or the installation's name; may be empty"))
    beat: str = field(metadata=means("changes at every renewal"))
    mark: int = field(
        default=0, metadata=means("Unix minutes up to which the work is complete, or 0")
    )
    position: str = field(
        default="",
        repr=False,
        metadata=means("where polling, or the look at all links, goes on; may be empty"),
    )

    def identity(self) -> tuple[str, ...]:
        """Return what names it."""
        return self.subject

    def phase(self) -> str:
        """Return which of the lives is its."""
        return next(iter(self.lives))

    def lifetime(self) -> int | None:
        """There is one a bot and site; a jump of the wall clock must not end one that is held."""
        return self.lives[self.phase()]

    def to_plain(self) -> Any:
        """Return it as JSON-able values."""
        position = [self.position] if self.position else []
        return [self.subject, self.owner, self.beat, self.mark, *position]

    @classmethod
    def from_plain(cls, plain: Any, _schema: int) -> Self:
        """Return the record of such values."""
        subject, *rest = plain
        return cls(tuple(subject), *rest)
