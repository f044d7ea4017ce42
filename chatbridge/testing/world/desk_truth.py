"""What is so on the desk: who wrote which word, who may see it at every instant, what is in Jira.

Read from the simulated site itself; the bridge is not asked.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

from attrs import define, field

from chatbridge.testing.desk_texts import text_of
from chatbridge.testing.world.handed_links import HandedLink, may_be_home
from chatbridge.testing.world.shown_calls import words_in, words_in_bytes

_PERSON: Final = re.compile(r"Person (\d+)")
_FILE_SIZE: Final = 40
_PICTURE: Final = b"\xff\xd8\xff"
_GROUP: Final = -500
"""The only group; who writes in it is no `Person`."""


@define(kw_only=True)
class Word:
    """One unique word in a text or a file; follows it wherever it goes.

    Args:
        number: its own.
        chat: of the customer who wrote it, 0 for an agent's.
        issue_id: of an agent's comment.
        comment_id: of an agent's comment.
        part: which piece of a long comment.
        wording: which wording of the comment, counted from 0.
        command: whether it stands in something that needs no place in Jira.
        file: the name of the file whose bytes hold it, empty for a text.
    """

    number: int
    chat: int = 0
    issue_id: str = ""
    comment_id: str = ""
    part: int = 0
    wording: int = 0
    command: bool = False
    file: str = ""

    def __str__(self) -> str:
        return f"q{self.number}q"


def bytes_with(word: Word) -> bytes:
    """Return the bytes of a picture that holds a word."""
    return (_PICTURE + f" {word} ".encode()).ljust(_FILE_SIZE, b"x")


@define
class DeskTruth:
    """Sees all of the desk.

    Args:
        world: where it is.
    """

    world: Any
    words: dict[int, Word] = field(factory=dict)
    visible: dict[str, list[tuple[float, bool]]] = field(factory=dict)
    created: dict[str, tuple[int, int]] = field(factory=dict)
    owners: dict[str, int] = field(factory=dict)
    file_owners: dict[str, str] = field(factory=dict)
    former_owners: dict[str, set[int]] = field(factory=dict)
    left: dict[tuple[str, int], float] = field(factory=dict)
    moved_chats: dict[int, int] = field(factory=dict)
    in_jira: Counter[int] = field(factory=Counter)
    handed: list[HandedLink] = field(factory=list)
    violations: list[str] = field(factory=list)

    def word(self, **facts: Any) -> Word:
        """Return a fresh word."""
        made = Word(number=len(self.words) + 1, **facts)
        self.words[made.number] = made
        return made

    def look(self) -> None:
        """Note what of every comment and issue changed since the last look."""
        desk = self.world.desk.state
        now = self.world.clock.monotonic()
        there = set()
        for issue in desk.issues.values():
            if issue.issue_id not in self.owners:
                self._note_issue(issue)
            for comment in issue.comments.values():
                there.add(comment.comment_id)
                self._note_comment(issue, comment, now)
        for comment_id, changes in self.visible.items():
            if changes[-1][1] and comment_id not in there:
                changes.append((now, False))

    def was_visible(self, comment_id: str, since: float) -> bool:
        """Tell whether a customer could see the comment at any instant since then."""
        now = self.world.clock.monotonic()
        changes = self.visible.get(comment_id, [])
        for at, (start, shown) in enumerate(changes):
            end = changes[at + 1][0] if at + 1 < len(changes) else float("inf")
            if shown and start <= now and end >= since:
                return True
        return False

    def is_visible(self, comment_id: str) -> bool:
        """Tell whether a customer can see the comment now."""
        changes = [each for each in self.visible[comment_id]
                   if each[0] <= self.world.clock.monotonic()]  # fmt: skip
        return bool(changes) and changes[-1][1]

    def home(self, chat: int) -> int:
        """Return the number that a chat has now."""
        return self.moved_chats.get(chat, chat)

    def wrong(self, invariant: str, what: str) -> None:
        """Note that an invariant does not hold."""
        now = self.world.clock.monotonic()
        place = f"at {now:.1f}, effect {self.world.gate.count}"
        self.violations.append(f"{invariant}: {what} ({place})")

    def _note_issue(self, issue: Any) -> None:
        text = text_of(issue.description)
        for number in words_in(text):
            self.owners[issue.issue_id] = self.words[number].chat
            self.in_jira[number] += 1
        if issue.issue_id not in self.owners:
            # A file alone says nothing but who sent it.
            person = _PERSON.search(text)
            self.owners[issue.issue_id] = int(person[1]) if person else _GROUP

    def _judge_place(self, issue: Any, word: Word) -> None:
        """Judge that what somebody wrote stands in a request of theirs."""
        owners = {self.owners[issue.issue_id], *self.former_owners.get(issue.issue_id, ())}
        theirs = self.home(word.chat) in map(self.home, owners)
        if not theirs and not may_be_home(self, issue.issue_id, word.chat):
            self.wrong("I22", f"{word} was written into the request of another chat")

    def _note_comment(self, issue: Any, comment: Any, now: float) -> None:
        shown = issue.is_request and comment.public and comment.restricted_to is None
        changes = self.visible.get(comment.comment_id)
        if changes is None:
            self.visible[comment.comment_id] = [(max(comment.visible_from, now), shown)]
            self.created[comment.comment_id] = (comment.created, int(comment.comment_id))
            numbers = words_in(comment.wiki)
            for file in comment.files:
                self.file_owners[file.file_id] = comment.comment_id
                numbers += words_in_bytes(file.data)
            for number in numbers:
                if self.words[number].chat:
                    self.in_jira[number] += 1
                    self._judge_place(issue, self.words[number])
        elif changes[-1][1] != shown:
            changes.append((max(now, comment.visible_from), shown))
