"""What must hold in the end: faults stop, time passes, and all has come to its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from chatbridge.links import Link, LinkState
from chatbridge.records import Claim, Conversation
from chatbridge.testing.desk_behaviour import Behaviour
from chatbridge.testing.desk_texts import text_of
from chatbridge.testing.world.agents_notes import is_repaired, notes_of, untold, wrong_notes
from chatbridge.testing.world.handed_links import may_be_home
from chatbridge.testing.world.key_changes import finish, wrong_keys
from chatbridge.testing.world.operations import perform, was_told
from chatbridge.testing.world.people import agents_files
from chatbridge.testing.world.shown_calls import words_in
from chatbridge.testing.world.stage import World

SWEEPS: Final = 2 * 600.0 + 300.0 + 120.0 + 60.0
"""Seconds after which all must have come to its place: two looks for unfinished work, the longest
back-off, the longest settle time and a lease."""

_MAY_DOUBLE: Final = frozenset({"restored", "late write", "request gone"})
"""What lets a text be in Jira twice: a record that went back in time, a write that came after it
was given up, a request that left the desk before it was found."""

_SOON: Final = (1.0, 11.0, 21.0)
_LONGEST: Final = 120.0
_WEEK: Final = 604_801.0
_LINK_BYTES: Final = 1024


def settle(world: World) -> list[str]:
    """Let faults stop and time pass; return everything that was or is wrong."""
    _calm(world)
    finish(world)
    if world.damage and (beside := _beside_damage(world)):
        return [*world.truth.violations, *beside, *world.surprises]
    problems = _until_settled(world, SWEEPS)
    if problems and "request gone" in world.marks:
        # What comes back without any news is found by the weekly pass.
        world.clock.advance(_WEEK)
        world.skews.clear()
        problems = _until_settled(world, SWEEPS)
    return [*world.truth.violations, *problems, *world.surprises]


def _calm(world: World) -> None:
    world.gate.calm()
    world.gate.switch = None
    for simulator in (world.desk, world.chats.simulator):
        simulator.clear_faults()
    world.desk.state.behaviour = Behaviour(banks=world.desk.state.behaviour.banks)
    _resume(world)


def _resume(world: World) -> None:
    if world.truth.paused:
        perform(world, ("resumes_project",))


def _beside_damage(world: World) -> list[str]:
    """Judge that altered records are told of and hurt nothing else; then put them back."""
    world.damage.judge_told()
    problems = []
    if not world.damage.concerns_all():
        found = _until_settled(world, SWEEPS, _others)
        problems = [f"I8: beside an altered record: {each}" for each in found]
    world.damage.put_back()
    _resume(world)
    return problems


def _others(world: World) -> list[str]:
    """Return what has not come to its place yet of what no altered record concerns."""
    links = {kept.record.issue_id: kept.record for kept in world.vault.scan(Link)}
    return [*_inbound(world), *_outbound(world, links)]


def _until_settled(
    world: World, seconds: float, open_ends: Callable[[World], list[str]] | None = None
) -> list[str]:
    until = world.clock.monotonic() + seconds
    rounds = 0
    while True:
        if world.chats.lacks_webhook():
            # The administrator tries until it works.
            perform(world, ("registers", 0))
        for process in list(world.processes):
            if world.mode == "webhook" or world.desk.hints.registrations:
                _bring_all(world, rounds)
            process.run()
            if world.truth.violations:
                return []
        perform(world, ("pass", 0))
        problems = (open_ends or _open_ends)(world)
        if world.truth.violations or not problems or world.clock.monotonic() > until:
            return problems
        pause = min(process.next_due() for process in world.processes)
        least = _SOON[rounds] if rounds < len(_SOON) else min(5.0 * rounds, _LONGEST)
        world.clock.advance(max(pause, least) if rounds < 60 else _LONGEST)
        rounds += 1


def _bring_all(world: World, process: int) -> None:
    """Bring webhooks as long as they are taken: a platform brings the next one at once."""
    left = world.chats.waiting()
    perform(world, ("delivers", process))
    while len(now := world.chats.waiting()) < len(left):
        left = now
        perform(world, ("delivers", process))


def _open_ends(world: World) -> list[str]:
    """Return what has not come to its place yet."""
    problems = [] if all(process.idle for process in world.processes) else ["I20: still at work"]
    if world.chats.is_busy():
        problems.append("I20: updates are not acknowledged")
    if world.chats.lacks_webhook():
        problems.append("I20: the webhook could not be set")
    if problems:
        return problems
    links = {kept.record.issue_id: kept for kept in world.vault.scan(Link)}
    talks = list(world.vault.scan(Conversation))
    if any(kept.record.pending for kept in talks):
        problems.append("I20: an intent is not finished")
    if not problems:
        problems += _inbound(world)
        problems += _outbound(world, {name: kept.record for name, kept in links.items()})
        problems += _sizes(world)
        problems += wrong_keys(world)
    return problems or _served(world)


def _served(world: World) -> list[str]:
    """Return what is wrong with the files that platforms fetch: all public ones, no other."""
    problems = []
    active = {kept.record.issue_id for kept in world.vault.scan(Link)
              if kept.record.state is LinkState.ACTIVE}  # fmt: skip
    for number, issue in enumerate(world.desk.state.issues.values()):
        for issue_id, comment_id, file in agents_files(world, number):
            allowed = issue.is_request and issue_id in active
            fetched = world.processes[0].serve(issue_id, comment_id, file)
            allowed = allowed and _has(world, issue.comments[comment_id], file.name)
            wanted = file.data if allowed and world.truth.is_visible(comment_id) else None
            if fetched != wanted:
                problems.append(f"I1: {file.name} is not handed out as it should be")
    return problems


def _inbound(world: World) -> list[str]:
    truth, problems = world.truth, []
    repaired = Counter(
        number
        for issue in world.desk.state.issues.values()
        if is_repaired(world, issue)
        for number in words_in(text_of(issue.description))
    )
    for word in truth.words.values():
        if word.chat and world.damage.concerns_chat(word.chat):
            continue
        silent = word.chat and not word.command and not truth.in_jira[word.number]
        if silent and not was_told(world, word):
            problems.append(f"I6: {word} is neither in Jira nor was its sender told")
        count = truth.in_jira[word.number] - repaired[word.number]
        if count > 1 and not world.marks & _MAY_DOUBLE:
            problems.append(f"I7: {word} is in Jira {count} times")
    return problems


def _outbound(world: World, links: dict[str, Link]) -> list[str]:
    problems: list[str] = []
    readable = [issue for issue in world.desk.state.issues.values()
                if not world.damage.concerns_issue(issue.issue_id)]  # fmt: skip
    for issue in readable:
        link = links.get(issue.issue_id)
        home = world.truth.home(world.truth.owners.get(issue.issue_id, 0))
        if link is None:
            if "restored" not in world.marks and issue.is_request and not _given_up(world, issue):
                problems.append("I1: a request has no link")
            continue
        now = world.chats.number(link.chat)
        # What is put back knows nothing of a move after it; the platform tells of it at the next
        # answer.
        moved = world.marks & {"restored", "altered"} and world.truth.home(now) == home
        if now != home and not moved and not may_be_home(world.truth, issue.issue_id, now):
            problems.append("I22: a link names another chat")
        problems += wrong_notes(world, issue)
        problems += untold(world, issue, link)
        if not issue.is_request:
            continue
        missing = _missing(world, issue)
        if link.state is LinkState.ACTIVE:
            problems += [f"I1: {word} did not arrive" for word in missing]
            problems += _outdated(world, issue, link)
            if link.inflight is not None:
                problems.append("I20: something is still in flight")
            if not link.told.opened:
                problems.append("I20: the chat was not told of its request")
        elif missing or link.reason != "burst":
            problems += _stopped(world, issue, link, now)
    return problems


def _given_up(world: World, issue: Any) -> bool:
    """Tell whether a request is a double, or came after its sender was told that it would not."""
    numbers = words_in(text_of(issue.description))
    truth = world.truth
    doubled = "request gone" in world.marks and any(truth.in_jira[each] > 1 for each in numbers)
    if is_repaired(world, issue):
        return True
    return doubled or any(was_told(world, truth.words[number]) for number in numbers)


def _missing(world: World, issue: Any) -> list[str]:
    """Return what is public and was not shown: each comment in one of its wordings, whole."""
    truth, missing = world.truth, []
    for comment in issue.comments.values():
        if comment.comment_id in world.excused or not truth.is_visible(comment.comment_id):
            continue
        now = words_in(text_of(comment.adf))
        all_own = [word for word in truth.words.values() if word.comment_id == comment.comment_id]
        if not all_own:
            # Of a customer, or of a program.
            continue
        own = [word for word in all_own if not word.file]
        # A comment of files alone may have got words later, which `_outdated` judges.
        first = own if any(word.wording == 0 for word in own) else all_own
        ever = any(truth.shown[word.number] for word in first)
        whole = all(truth.shown[number] for number in now)
        parts = [word for word in own if truth.shown[word.number]]
        begun = ever and first is own and not whole and len(parts) < len(own)
        if not ever or (begun and _is_broken(truth, own, now)):
            missing += [f"q{number}q" for number in now if not truth.shown[number]]
        missing += [
            str(word) for word in all_own
            if _has(world, comment, word.file) and not truth.shown[word.number]
        ]  # fmt: skip
    return missing


def _has(world: World, comment: Any, file: str) -> bool:
    """Tell whether a file is one of a comment's; on Data Center those that its text names are."""
    return bool(file) and (world.edition == "cloud" or file in comment.wiki)


def _outdated(world: World, issue: Any, link: Link) -> list[str]:
    """Return what the chat shows in a wording that is not the public one any more."""
    truth = world.truth
    watched = {str(each.comment_id) for each in link.shown} - world.excused
    return [
        f"I1: comment {comment.comment_id} is shown as it was before it was edited"
        for comment in issue.comments.values()
        if comment.comment_id in watched and truth.is_visible(comment.comment_id)
        for now in [words_in(text_of(comment.adf))]
        if now and truth.words[now[0]].wording != truth.wordings.get(comment.comment_id)
    ]


def _is_broken(truth: Any, own: list[Any], now: list[int]) -> bool:
    """Tell whether only pieces of the comment's wordings were shown."""
    versions = [[word.number for word in own if word.number in now]]
    versions += [[word.number] for word in own if word.number not in now and not word.part]
    first = [word.number for word in own if word.part]
    if first:
        versions.append([own[0].number, *first])
    return not any(numbers and all(truth.shown[each] for each in numbers) for numbers in versions)


def _stopped(world: World, issue: Any, link: Link, home: int) -> list[str]:
    """Return what is wrong with a link that stopped: it has a reason, and somebody was told."""
    if link.reason == "burst":
        asked = any("Shall I show them all" in text for text in world.truth.texts)
        return [] if asked else ["I27: a link is held and nobody was asked"]
    gone = world.chats.refuses_all(home) or "unheard" in world.marks
    if link.reason in {"blocked", "chat_gone", "not_subscribed"} and gone:
        return [] if notes_of(issue) else ["I27: a chat cannot be reached and no agent was told"]
    return [f"I1: a link is {link.state} ({link.reason}) without need"]


def _sizes(world: World) -> list[str]:
    sizes = [len(row.value) for row in world.storage.scan("link").rows]
    problems = [f"I19: a link takes {size} bytes" for size in sizes if size > _LINK_BYTES]
    if len(list(world.vault.scan(Claim))) > 2:
        problems.append("I28: there are more claims than what is claimed")
    receipts = len(world.storage.scan("receipt").rows)
    if receipts > world.chats.most_receipts():
        problems.append(f"I28: {receipts} receipts")
    rows = len(world.rows()) - receipts - len(world.storage.scan("invitation").rows)
    most = 2 + 2 + 2 * (len(world.truth.owners) + 3) + 2 * len(world.truth.moved_chats)
    if rows > most:
        problems.append(f"I28: {rows} rows")
    return problems
