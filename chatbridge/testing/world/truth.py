"""What is really so: who wrote which word where, who may see it at every instant, what was shown.

The bridge never sees this. It judges every single effect at the moment at which it happens; what
must hold in the end is judged in `verdict`.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from attrs import define, field

from chatbridge.http_types import HttpRequest, HttpResponse
from chatbridge.links import Link
from chatbridge.records import Conversation
from chatbridge.setbacks import NOTE
from chatbridge.testing.world.desk_truth import DeskTruth, Word
from chatbridge.testing.world.faults import Effect
from chatbridge.testing.world.handed_links import note_joined
from chatbridge.testing.world.shown_calls import ShownCall, words_in, words_in_bytes

FRESH: Final = 10.0
"""Seconds that a proof of visibility may be old when its comment is sent."""

UNASKED: Final = 10
"""Comments that may be sent at once without asking."""

_QUESTION: Final = "Shall I show them all?"
_LABEL: Final = re.compile(r"[A-Z]+-\d+")
_WORD: Final = re.compile(r" q\d+q$")
_CONTENT: Final = re.compile(r"/attachment/(?:content/)?(\d+)")
_OUR_FILE: Final = re.compile(r"(photo|paper \d+)-[a-z2-7]{16}\.")
"""The name that a customer's file has in Jira."""
_ONCE: Final = re.compile("We have opened|is now connected|goes on in another chat")
_NOT_PASSED_ON: Final = re.compile("could not be passed on|Not passed on")


@define
class _Call:
    """A call that is under way."""

    shows: ShownCall | None
    since: float
    writes: bool

    @property
    def ids(self) -> list[str]:
        return self.shows.ids if self.shows is not None and not self.shows.changes else []


@define
class Truth(DeskTruth):
    """Sees all.

    Args:
        world: what it sees.
    """

    updates: dict[int, tuple[int, ...]] = field(factory=dict)
    shown: Counter[int] = field(factory=Counter)
    wordings: dict[str, int] = field(factory=dict)
    texts: Counter[str] = field(factory=Counter)
    doubts: Counter[str] = field(factory=Counter)
    sent_about: dict[str, str] = field(factory=dict)
    failed: list[str] = field(factory=list)
    paused: bool = False
    unpaused_effects: int = 0
    _open: dict[str, dict[str, str]] = field(factory=dict)
    _going: dict[str, list[_Call]] = field(factory=dict)
    _unit: dict[str, tuple[tuple[int, int], int]] = field(factory=dict)

    # --- what the bridge does ---------------------------------------------------------------

    def begins(self, process: str, request: HttpRequest, effect: Effect) -> None:
        """Note that a call is about to be made, and judge whether it may be."""
        chats = self.world.chats
        shows = None if effect.place == "desk" else chats.shown_by(request, effect)
        call = _Call(shows, self.world.clock.monotonic(), effect.kind == "write")
        self._going.setdefault(process, []).append(call)
        if effect.name.endswith("/comment") and effect.kind == "read":
            # What is sent from here on was read together.
            self.world.units[process] = self.world.units.get(process, 0) + 1
        if (effect.kind == "write" or shows is not None) and self.paused:
            self.unpaused_effects += 1
            if self.unpaused_effects > len(self.world.processes):
                self.wrong("I16", "an effect after the project was paused")
        if effect.kind == "write" and effect.place == "desk":
            self._judge_intent(process, effect)
        if effect.kind == "read" and effect.place == "desk":
            # What is read inside of an upload was proved before that began.
            self._judge_reading(request.url, self._going[process][0].since)
        if shows is not None:
            self._judge_claims(process, shows)

    def ends(self, process: str) -> None:
        """Note that the call that was begun last is over, whatever came of it."""
        self._going[process].pop()

    def happened(
        self, process: str, request: HttpRequest, response: HttpResponse, effect: Effect
    ) -> None:
        """Note that a call was made, whatever the process hears of it, and judge it."""
        if effect.place == "desk":
            if effect.kind == "write":
                self.look()
            if _is_note(effect) and response.status == 201:
                self.texts[str((request.json or {}).get("body"))] += 1
            return
        call = self._going[process][-1]
        if call.shows is not None:
            self._note_shown(process, call, call.shows, response)

    def _note_shown(
        self, process: str, call: _Call, shows: ShownCall, response: HttpResponse
    ) -> None:
        became = self.world.chats.became_of(response)
        if became == "unreachable" and _NOT_PASSED_ON.search(shows.text):
            # Who blocked the bot cannot be told.
            self.texts.update(shows.ids)
        if became != "shown":
            return
        link = self._link_of(shows)
        self.world.chats.sent(link, response)
        self._open.setdefault(process, {}).update(dict.fromkeys(call.ids, link))
        for text in call.ids:
            self.texts[text] += 1
            if self.texts[text] > 1 + self.doubts[text] and _comes_once(text):
                self.wrong("I3", f"shown {self.texts[text]} times, doubts {self.doubts[text]}")
        issue_id = self._issue_of(shows)
        note_joined(self, issue_id, int(shows.chat), shows.text, has_words=bool(shows.words))
        for number in shows.words:
            self._judge_word(process, self.words[number], int(shows.chat), call.since)
        if _OUR_FILE.search(" ".join((shows.text, *shows.files))):
            self.wrong("I5", "a file of a customer was shown to a chat")
        if shows.files:
            self._judge_bytes(shows, response)

    def handed_out(self, name: str, data: bytes, since: float) -> None:
        """Note what somebody fetched from the bridge, by a call that began then, and judge it."""
        if words_in(name) != words_in_bytes(data):
            self.wrong("I5", "other bytes than those of the file were handed out")
        if self.paused:
            self.wrong("I16", "a file was handed out while the project was paused")
        for number in words_in_bytes(data):
            if not self.was_visible(self.words[number].comment_id, since):
                self.wrong("I2", f"{self.words[number]} was handed out and was not public")

    def doubt(self, effect: Effect) -> None:
        """Note that nobody knows what became of an effect."""
        process = effect.process
        if effect.kind == "write":
            self.doubts[effect.name] += 1
        self.in_doubt(process)

    def in_doubt(self, process: str) -> None:
        """Note that a process stands still: what it is sending or has not noted is in doubt."""
        for call in self._going.get(process, ()):
            if call.writes:
                self.doubts.update(call.ids)
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

    def _link_of(self, shows: ShownCall) -> str:
        """Return the key of the link on which something was sent."""
        issue_id = self._issue_of(shows)
        return str(self.world.vault.key(Link, self.world.site, issue_id)) if issue_id else ""

    def _issue_of(self, shows: ShownCall) -> str:
        """Return the id of the request that is shown, empty where none is named."""
        label, issues = _LABEL.match(shows.text), self.world.desk.state.issues.values()
        named = [each.issue_id for each in issues if label and label[0] == each.key]
        # A request may be gone while its answer is on the way.
        found = [self.words[number].issue_id for number in shows.words] or named
        return found[0] if found else ""

    def _judge_word(self, process: str, word: Word, chat: int, since: float) -> None:
        if word.chat:
            self.wrong("I5", f"{word} of a customer was shown to a chat")
            return
        right = self.home(self.owners.get(word.issue_id, 0))
        # Who stands still inside of a call began it when the chat had the right.
        if right != chat and self.left.get((word.issue_id, chat), -1.0) < since:
            self.wrong("I22", f"{word} went to a chat that is not of its request")
        if not self.was_visible(word.comment_id, since - FRESH):
            self.wrong("I2", f"{word} was not public within the last {FRESH} s")
        first = word.comment_id not in self.wordings
        self.shown[word.number] += 1
        if word.file:
            self.wordings.setdefault(word.comment_id, 0)
        else:
            self.wordings[word.comment_id] = word.wording
        if first and word.part == 0:
            self._judge_order(process, word)

    def _judge_bytes(self, shows: ShownCall, response: HttpResponse) -> None:
        """Judge that the files which the platform has now are those that were named."""
        there = self.world.chats.bytes_shown(response)
        named = {number for name in shows.files for number in words_in(name)}
        if there is not None and there != named:
            self.wrong("I5", "other bytes than those of the file were shown")

    def _judge_reading(self, url: str, since: float) -> None:
        """Judge that no file is asked for that the customer may not see."""
        asked = _CONTENT.search(url)
        comment_id = self.file_owners.get(asked[1]) if asked else None
        if comment_id is not None and not self.was_visible(comment_id, since - FRESH):
            self.wrong("I2", "a file was asked for that was not public")

    def _judge_claims(self, process: str, shows: ShownCall) -> None:
        for number in shows.words:
            self._judge_claim(self.words[number])
        link = self._link_of(shows)
        self.world.damage.judge_shown(process, link)
        if shows.words and link in self._open.get(process, {}).values():
            self.wrong("I9", "more was sent before the last part was noted")

    def _judge_claim(self, word: Word) -> None:
        if word.chat:
            return
        kept = self.world.vault.read(Link, self.world.site, word.issue_id)
        inflight = kept.record.inflight if kept is not None else None
        item = inflight.item.partition("e")[0] if inflight is not None else ""
        if item != word.comment_id:
            self.wrong("I9", f"{word} was sent without a record that says so")

    def _judge_intent(self, process: str, effect: Effect) -> None:
        owner = self.world.owner_of(process)
        if _is_note(effect):
            links = [kept.record for kept in self.world.vault.scan(Link)]
            # A note that is not wanted any more was claimed while it was.
            claims = [link.inflight for link in links if link.inflight is not None]
            claimed = any((claim.item, claim.owner) == (NOTE, owner) for claim in claims)
            if not (claimed or any(link.note or link.opening is not None for link in links)):
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
    return _WORD.search(text) is not None or _ONCE.search(text) is not None


def _is_note(effect: Effect) -> bool:
    """Tell whether an effect writes an internal note: nothing else of the bridge goes this way."""
    return effect.name.startswith("POST servicedeskapi/request/") and effect.name.endswith(
        "/comment"
    )
