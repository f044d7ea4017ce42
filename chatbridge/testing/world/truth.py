"""What is really so: who wrote which word where, who may see it at every instant, what was shown.

The bridge never sees this. It judges every single effect at the moment at which it happens; what
must hold in the end is judged in `verdict`.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

from attrs import define, field

from chatbridge.http_types import HttpRequest, HttpResponse
from chatbridge.links import Link
from chatbridge.records import Conversation
from chatbridge.testing.desk_texts import text_of
from chatbridge.testing.world.faults import Effect

FRESH: Final = 10.0
"""Seconds that a proof of visibility may be old when its comment is sent."""

UNASKED: Final = 10
"""Comments that may be sent at once without asking."""

_QUESTION: Final = "Shall I show them all?"
_LABEL: Final = re.compile(r"[A-Z]+-\d+")
_WORD: Final = re.compile(r"q(\d+)q")


@define(kw_only=True)
class Word:
    """One unique word in a text; follows the text wherever it goes.

    Args:
        number: its own.
        chat: of the customer who wrote it, 0 for an agent's.
        issue_id: of an agent's comment.
        comment_id: of an agent's comment.
        part: which piece of a long comment.
        command: whether it stands in something that needs no place in Jira.
    """

    number: int
    chat: int = 0
    issue_id: str = ""
    comment_id: str = ""
    part: int = 0
    command: bool = False

    def __str__(self) -> str:
        return f"q{self.number}q"


@define
class Truth:
    """Sees all.

    Args:
        world: what it sees.
    """

    world: Any
    words: dict[int, Word] = field(factory=dict)
    visible: dict[str, list[tuple[float, bool]]] = field(factory=dict)
    created: dict[str, tuple[int, int]] = field(factory=dict)
    owners: dict[str, int] = field(factory=dict)
    moved_chats: dict[int, int] = field(factory=dict)
    updates: dict[int, int] = field(factory=dict)
    in_jira: Counter[int] = field(factory=Counter)
    shown: Counter[int] = field(factory=Counter)
    texts: Counter[str] = field(factory=Counter)
    doubts: Counter[str] = field(factory=Counter)
    violations: list[str] = field(factory=list)
    paused: bool = False
    unpaused_effects: int = 0
    _open: dict[str, dict[str, str]] = field(factory=dict)
    _going: dict[str, tuple[list[str], float, bool]] = field(factory=dict)
    _unit: dict[str, tuple[tuple[int, int], int]] = field(factory=dict)

    # --- what people do ---------------------------------------------------------------------

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

    def _note_issue(self, issue: Any) -> None:
        for number in words_in(text_of(issue.description)):
            word = self.words[number]
            self.owners[issue.issue_id] = word.chat
            self.in_jira[number] += 1

    def _note_comment(self, issue: Any, comment: Any, now: float) -> None:
        shown = issue.is_request and comment.public and comment.restricted_to is None
        changes = self.visible.get(comment.comment_id)
        if changes is None:
            self.visible[comment.comment_id] = [(max(comment.visible_from, now), shown)]
            self.created[comment.comment_id] = (comment.created, int(comment.comment_id))
            for number in words_in(comment.wiki):
                if self.words[number].chat:
                    self.in_jira[number] += 1
        elif changes[-1][1] != shown:
            changes.append((max(now, comment.visible_from), shown))

    # --- what the bridge does ---------------------------------------------------------------

    def begins(self, process: str, request: HttpRequest, effect: Effect) -> None:
        """Note that a call is about to be made, and judge whether it may be."""
        ids = _shown_by(request) if effect.name == "sendMessage" else []
        if effect.name.endswith("/comment") and effect.kind == "read":
            # What is sent from here on was read together.
            self.world.units[process] = self.world.units.get(process, 0) + 1
        late = self.paused
        self._going[process] = (ids, self.world.clock.monotonic(), late)
        if effect.kind == "write" and late:
            self.unpaused_effects += 1
            if self.unpaused_effects > len(self.world.processes):
                self.wrong("I16", "an effect after the project was paused")
        if effect.kind == "write" and effect.place == "desk":
            self._judge_intent(process, effect)
        if effect.name == "sendMessage":
            text = str((request.json or {}).get("text", ""))
            for number in words_in(text):
                self._judge_claim(self.words[number])
            if words_in(text) and self._link_of(text) in self._open.get(process, {}).values():
                self.wrong("I9", "more was sent before the last part was noted")

    def happened(
        self, process: str, request: HttpRequest, response: HttpResponse, effect: Effect
    ) -> None:
        """Note that a call was made, whatever the process hears of it, and judge it."""
        if effect.kind != "write":
            return
        if effect.place == "desk":
            self.look()
            if effect.name.startswith("POST servicedeskapi/request/") and response.status == 201:
                self.texts[str((request.json or {}).get("body"))] += 1
            return
        if effect.name != "sendMessage":
            return
        if response.status == 403 and "could not be passed on" in str(request.json):
            # Who blocked the bot cannot be told.
            self.texts.update(_shown_by(request))
        if response.status != 200:
            return
        ids, since, _ = self._going.get(process, ([], 0.0, False))
        body = request.json or {}
        chat = int(body["chat_id"])
        link = self._link_of(str(body.get("text", "")))
        self._open.setdefault(process, {}).update(dict.fromkeys(ids, link))
        for text in ids:
            self.texts[text] += 1
            if self.texts[text] > 1 + self.doubts[text] and _comes_once(text):
                self.wrong("I3", f"shown {self.texts[text]} times, doubts {self.doubts[text]}")
        for number in words_in(str(body.get("text", ""))):
            self._judge_word(process, self.words[number], chat, since)

    def doubt(self, effect: Effect) -> None:
        """Note that nobody knows what became of an effect."""
        process = effect.process
        if effect.kind == "write":
            ids, *_ = self._going.get(process, ([], 0.0, False))
            self.doubts.update(ids)
            self.doubts[effect.name] += 1
        self.forget(process)

    def in_doubt(self, process: str) -> None:
        """Note that a process stands still: what it is sending or has not noted is in doubt."""
        ids, *_ = self._going.get(process, ([], 0.0, False))
        self.doubts.update(ids)
        self.forget(process)

    def forget(self, process: str) -> None:
        """Note that what a process sent and did not record is in doubt."""
        self.doubts.update(self._open.pop(process, {}).keys())

    def recorded(self, process: str, key: str) -> None:
        """Note that a process wrote a record: what it sent on this link before is known."""
        waiting = self._open.get(process, {})
        for text in [text for text, link in waiting.items() if link == key]:
            del waiting[text]

    def unrecorded(self, process: str) -> None:
        """Note that a process could not write; it knows what it sent, another one does not."""
        if len(self.world.processes) > 1:
            self.forget(process)

    def wrong(self, invariant: str, what: str) -> None:
        """Note that an invariant does not hold."""
        now = self.world.clock.monotonic()
        place = f"at {now:.1f}, effect {self.world.gate.count}"
        self.violations.append(f"{invariant}: {what} ({place})")

    def _link_of(self, text: str) -> str:
        """Return the key of the link on which a text was sent."""
        label, issues = _LABEL.match(text), self.world.desk.state.issues.values()
        named = [each.issue_id for each in issues if label and label[0] == each.key]
        # A request may be gone while its answer is on the way.
        found = [self.words[number].issue_id for number in words_in(text)] or named
        return str(self.world.vault.key(Link, self.world.site, found[0])) if found else ""

    def _judge_word(self, process: str, word: Word, chat: int, since: float) -> None:
        if word.chat:
            self.wrong("I5", f"{word} of a customer was shown to a chat")
            return
        right = self.home(self.owners.get(word.issue_id, 0))
        if right != chat:
            self.wrong("I22", f"{word} went to a chat that is not of its request")
        if not self.was_visible(word.comment_id, since - FRESH):
            self.wrong("I2", f"{word} was not public within the last {FRESH} s")
        first = not self.shown[word.number]
        self.shown[word.number] += 1
        if first and word.part == 0:
            self._judge_order(process, word)

    def _judge_claim(self, word: Word) -> None:
        if word.chat:
            return
        kept = self.world.vault.read(Link, self.world.site, word.issue_id)
        inflight = kept.record.inflight if kept is not None else None
        if kept is None or inflight is None or inflight.item != word.comment_id:
            self.wrong("I9", f"{word} was sent without a record that says so")

    def _judge_intent(self, process: str, effect: Effect) -> None:
        owner = self.world.owner_of(process)
        note = effect.name.startswith("POST servicedeskapi/request/")
        if note:
            if not any(kept.record.note for kept in self.world.vault.scan(Link)):
                self.wrong("I9", "a note was written that no record speaks of")
            return
        talks = self.world.vault.scan(Conversation)
        mine = [intent for kept in talks for intent in kept.record.pending
                if intent.owner == owner and not intent.clean]  # fmt: skip
        if not mine:
            self.wrong("I9", "a write into Jira without an intent that says so")

    def _judge_order(self, process: str, word: Word) -> None:
        unit = f"{process} {self.world.units.get(process, 0)} {word.issue_id}"
        place = self.created[word.comment_id]
        last, count = self._unit.get(unit, ((0, 0), 0))
        if place < last:
            self.wrong("I4", f"{word} was shown after a comment that was written later")
        self._unit[unit] = (max(place, last), count + 1)
        if count + 1 > UNASKED and not any(_QUESTION in text for text in self.texts):
            self.wrong("I4", "a flood of comments was sent without asking")


def _comes_once(text: str) -> bool:
    return _WORD.search(text) is not None or "We have opened" in text


def words_in(text: str) -> list[int]:
    """Return the numbers of the words in a text."""
    return [int(number) for number in _WORD.findall(text)]


def _shown_by(request: HttpRequest) -> list[str]:
    """Return what a message is known by: its words, else chat and text."""
    body = request.json or {}
    text = str(body.get("text", ""))
    words = [f"{body.get('chat_id')} q{number}q" for number in words_in(text)]
    return words or [f"{body.get('chat_id')} {text}"]
