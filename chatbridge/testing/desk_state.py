"""What a simulated Jira site remembers, and the times at which others may see it.

Times in seconds are the clock's `monotonic()`, those in milliseconds Unix time.
"""

from __future__ import annotations

import random
from collections import deque
from typing import Any

from attrs import define, evolve, field, frozen

from chatbridge.clock import Clock
from chatbridge.testing.desk_behaviour import Behaviour
from chatbridge.testing.desk_editions import Edition
from chatbridge.testing.desk_people import (
    PEOPLE,
    STATUSES,
    Person,
    RequestTypeSpec,
    SimulatedProject,
    projects,
)
from chatbridge.testing.desk_shelf import FileShelf, SimulatedFile
from chatbridge.testing.desk_texts import adf_of, text_of

WRITE_LIMITS = ((2.0, 20), (30.0, 100))
"""Seconds, and how many writes one issue takes within them (Atlassian, rate limiting)."""

_BANK = 100


@define(kw_only=True)
class SimulatedComment:
    """A comment as the database has it."""

    comment_id: str
    author: Person
    adf: dict[str, Any]
    wiki: str
    created: int
    updated: int
    public: bool
    visible_from: float
    restricted_to: str | None = None
    properties: dict[str, Any] = field(factory=dict)
    files: list[SimulatedFile] = field(factory=list)
    parent: str | None = None

    @property
    def marker(self) -> str | None:
        """The bridge's own marker, or None."""
        value = self.properties.get("chatbridge")
        return value.get("m") if isinstance(value, dict) else None


@frozen
class Moment:
    """From when on an issue looked like this to those who search."""

    since: float
    updated: int
    project_id: str


@define(kw_only=True)
class SimulatedIssue:
    """An issue as the database has it; `request_type` is None where it is no customer request."""

    issue_id: str
    key: str
    project: SimulatedProject
    request_type: RequestTypeSpec | None
    reporter: Person
    creator: Person
    summary: str
    description: dict[str, Any]
    wiki_description: str
    created: int
    visible_from: float
    status: str = next(iter(STATUSES))
    status_since: int = 0
    values: dict[str, Any] = field(factory=dict)
    old_keys: list[str] = field(factory=list)
    properties: dict[str, Any] = field(factory=dict)
    comments: dict[str, SimulatedComment] = field(factory=dict)
    history: list[Moment] = field(factory=list)
    writes: deque[float] = field(factory=deque)
    participants: list[Person] = field(factory=list)
    links: list[tuple[str, str]] = field(factory=list)

    @property
    def is_request(self) -> bool:
        """Whether the customer API knows it."""
        return self.request_type is not None and self.project.desk_id is not None

    def as_of(self, moment: float) -> Moment | None:
        """Return how the issue looked then, or None where nobody could see it."""
        past = [each for each in self.history if each.since <= moment]
        return max(past, key=lambda each: (each.since, each.updated)) if past else None

    def is_shown_to(self, person: Person) -> bool:
        """Tell whether the customer API shows it to this person; agents see all."""
        mine = person == self.reporter or person in self.participants
        return mine or person.kind != "customer"


def evolve_as_public(comment: SimulatedComment) -> SimulatedComment:
    """Return the comment as a site that lies tells of it: nothing says that it is internal."""
    kept = {name: value for name, value in comment.properties.items() if name != _VISIBILITY}
    return evolve(comment, public=True, restricted_to=None, properties=kept)


_VISIBILITY = "sd.public.comment"


class DeskState:
    """Everything on the site.

    Args:
        clock: where times come from.
        randomness: of ids.
        edition: Cloud or Data Center.
    """

    def __init__(self, clock: Clock, randomness: random.Random, edition: Edition) -> None:
        self.clock = clock
        self.edition = edition
        self.behaviour = Behaviour(write_limits=edition.limits_writes)
        self.projects = projects()
        self.people = [edition.person(person) for person in PEOPLE]
        self.issues: dict[str, SimulatedIssue] = {}
        self.shelf = FileShelf(clock, randomness)
        self._random = randomness
        self._next_issue, self._next_bank = 10_001, 10_000
        self._banks: list[list[int]] = []

    def wall_ms(self) -> int:
        """Return the time of day in Unix milliseconds."""
        return int(self.clock.time() * 1000)

    def find(self, id_or_key: str) -> SimulatedIssue | None:
        """Return the issue of this id, key or former key that can be seen by now."""
        now = self.clock.monotonic()
        for issue in self.issues.values():
            names = (issue.issue_id, issue.key, *issue.old_keys)
            if id_or_key in names and issue.visible_from <= now:
                return issue
        return None

    def comments(self, issue: SimulatedIssue) -> list[SimulatedComment]:
        """Return the comments that can be seen by now, in order of their ids."""
        now = self.clock.monotonic()
        shown = [each for each in issue.comments.values() if each.visible_from <= now]
        return sorted(shown, key=lambda each: int(each.comment_id))

    def find_comment(self, comment_id: str) -> tuple[SimulatedIssue, SimulatedComment] | None:
        """Return a comment that can be seen by now, with its issue."""
        now = self.clock.monotonic()
        for issue in self.issues.values():
            comment = issue.comments.get(comment_id)
            if comment is not None and max(comment.visible_from, issue.visible_from) <= now:
                return issue, comment
        return None

    def indexed(self) -> list[tuple[SimulatedIssue, Moment]]:
        """Return the issues as searches see them, which may lag behind."""
        moment = self.clock.monotonic() - self.behaviour.index_lag
        seen = ((issue, issue.as_of(moment)) for issue in self.issues.values())
        return [(issue, then) for issue, then in seen if then is not None]

    def person(self, name: str) -> Person:
        """Return the person of this name; a new agent where there is none."""
        for person in self.people:
            if name in (person.name, person.account_id, person.username):
                return person
        person = self.edition.person(Person(f"712020:{len(self.people):08}", name))
        self.people.append(person)
        return person

    def project(self, name: str) -> SimulatedProject | None:
        """Return the project of this key, project id or desk id, prefixes allowed."""
        prefix, _, rest = name.rpartition(":")
        for project in self.projects:
            names = {
                "": (project.key, project.desk_id),
                "projectKey": (project.key,),
                "projectId": (project.project_id,),
                "serviceDeskId": (project.desk_id,),
            }.get(prefix, ())
            if rest in names:
                return project
        return None

    def add_issue(self, issue: SimulatedIssue) -> None:
        """Keep a new issue and let searches find it in time."""
        self.issues[issue.issue_id] = issue
        self.touch(issue, at=issue.visible_from)

    def new_issue_id(self) -> str:
        """Return the next issue id."""
        self._next_issue += 1
        return str(self._next_issue - 1)

    def new_key(self, project: SimulatedProject) -> str:
        """Return the next key of a project."""
        project.issues_so_far += 1
        return f"{project.key}-{project.issues_so_far}"

    def add_comment(
        self,
        issue: SimulatedIssue,
        author: Person,
        *,
        adf: dict[str, Any] | None = None,
        wiki: str | None = None,
        public: bool = True,
        restricted_to: str | None = None,
        properties: dict[str, Any] | None = None,
        lag: float = 0.0,
        files: list[SimulatedFile] | None = None,
        parent: str | None = None,
    ) -> SimulatedComment:
        """Keep a new comment; `adf` or `wiki` is its text, the other form follows from it."""
        written = self.wall_ms()
        comment = SimulatedComment(
            comment_id=self._new_comment_id(),
            author=author,
            adf=adf if adf is not None else adf_of(wiki or ""),
            wiki=wiki if wiki is not None else text_of(adf),
            created=written,
            updated=written,
            public=public,
            visible_from=self.clock.monotonic() + lag,
            restricted_to=restricted_to,
            properties=dict(properties or {}),
            files=list(files or []),
            parent=parent,
        )
        if not public:
            comment.properties["sd.public.comment"] = {"internal": True}
        issue.comments[comment.comment_id] = comment
        self.touch(issue, at=comment.visible_from)
        return comment

    def files(self, issue: SimulatedIssue) -> list[SimulatedFile]:
        """Return the files of comments that can be seen by now."""
        return [file for comment in self.comments(issue) for file in comment.files]

    def touch(self, issue: SimulatedIssue, *, at: float | None = None) -> None:
        """Note that the issue changes, now or at another moment."""
        now = self.clock.monotonic()
        since = now if at is None else at
        updated = self.wall_ms() + int((since - now) * 1000)
        last = issue.history[-1].updated if issue.history else 0
        # No two changes share a millisecond, so that `updated` tells them apart.
        issue.history.append(Moment(since, max(updated, last + 1), issue.project.project_id))

    def updated(self, issue: SimulatedIssue) -> int:
        """Return when the issue changed last, as far as can be seen by now."""
        moment = issue.as_of(self.clock.monotonic())
        return moment.updated if moment is not None else issue.created

    def wait_before_write(self, issue: SimulatedIssue) -> float:
        """Count a write to the issue; return the seconds to wait where it is one too many."""
        now = self.clock.monotonic()
        while issue.writes and issue.writes[0] <= now - WRITE_LIMITS[-1][0]:
            issue.writes.popleft()
        for seconds, most in WRITE_LIMITS:
            recent = [at for at in issue.writes if at > now - seconds]
            if self.behaviour.write_limits and len(recent) >= most:
                return recent[0] + seconds - now
        issue.writes.append(now)
        return 0.0

    def _new_comment_id(self) -> str:
        banks = 3 if self.behaviour.banks else 1
        self._banks = [bank for bank in self._banks if bank]
        while len(self._banks) < banks:
            start = self._next_bank
            self._next_bank += _BANK
            self._banks.append(list(range(start, start + _BANK)))
        bank = self._random.choice(self._banks) if banks > 1 else self._banks[0]
        return str(bank.pop(0))
