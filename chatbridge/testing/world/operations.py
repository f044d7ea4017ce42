"""What happens on the stage, step by step: what people do, what fails, who works, how time passes.

A step is a tuple of a name and plain values, so that a history can be printed, cut and replayed.
Numbers name the n-th chat, request or comment of those there are; a step that makes no sense now
does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from attrs import evolve

from chatbridge.http_types import WebhookRequest
from chatbridge.records import Project, ProjectState
from chatbridge.testing.world.faults import Armed
from chatbridge.testing.world.stage import SITE, World
from chatbridge.testing.world.truth import Word

Step = tuple[Any, ...]

CHATS: Final = (1001, 1002, -500)
LONG_PIECES: Final = 9


def perform(world: World, step: Step) -> None:
    """Let a step happen, then look at what is so."""
    name, *arguments = step
    with suppress(LookupError, ValueError):
        _STEPS[name](world, *arguments)
    world.truth.look()
    _judge_acknowledged(world)


def prepare(world: World) -> World:
    """Let steps happen within effects too."""
    world.act = lambda step: perform(world, step)
    world.truth.look()
    return world


def _judge_acknowledged(world: World) -> None:
    """Judge that what the platform will not repeat is in Jira, or its sender was told."""
    truth = world.truth
    waiting = {item.number for item in world.telegram.state.updates.waiting}
    for number in [number for number in truth.updates if number not in waiting]:
        word = truth.words[truth.updates.pop(number)]
        if not truth.in_jira[word.number] and not word.command and not was_told(world, word):
            truth.wrong("I6", f"{word} was acknowledged, but it is nowhere")


def was_told(world: World, word: Word) -> bool:
    """Tell whether the sender of a word was told that something could not be passed on."""
    chats = {word.chat, world.truth.home(word.chat)}
    return any(
        count and "could not be passed on" in text and text.partition(" ")[0] in map(str, chats)
        for text, count in world.truth.texts.items()
    )


# --- customers --------------------------------------------------------------------------------


def _says(world: World, chat: int, **more: Any) -> None:
    number = world.truth.home(CHATS[chat % len(CHATS)])
    word = world.truth.word(chat=number)
    try:
        said = world.telegram.control(
            "message", {"chat": number, "text": f"customer {word}", **more}
        )
    except (LookupError, ValueError):
        word.command = True
        return
    if said["update_id"] is not None:
        world.truth.updates[said["update_id"]] = word.number


def _edits(world: World, chat: int) -> None:
    number = world.truth.home(CHATS[chat % len(CHATS)])
    own = [each for each in _transcript(world, number) if each["from"] == "customer"]
    own = [each for each in own if "customer" in each["text"]]
    if not own or world.telegram.state.chats[number].removed:
        return
    # Whether an edit has a place in Jira depends on what became of its request.
    word = world.truth.word(chat=number, command=True)
    text = f"customer changed {word}"
    world.telegram.control(
        "edit", {"chat": number, "message_id": own[-1]["message_id"], "text": text}
    )


def _replies(world: World, chat: int) -> None:
    number = world.truth.home(CHATS[chat % len(CHATS)])
    bots = [each for each in _transcript(world, number) if each["from"] == "bot"]
    more = {"reply_to": bots[0]["message_id"]} if bots else {}
    _says(world, chat, **more)


def _commands(world: World, chat: int, text: str) -> None:
    number = world.truth.home(CHATS[chat % len(CHATS)])
    world.telegram.control("message", {"chat": number, "text": text})


def _in_chat(action: str, **more: Any) -> Callable[[World, int], None]:
    def act(world: World, chat: int) -> None:
        number = world.truth.home(CHATS[chat % len(CHATS)])
        if action == "unblock" and not world.telegram.state.chats[number].removed:
            return
        world.telegram.control(action, {"chat": number, **more})

    return act


def _migrates(world: World) -> None:
    old = CHATS[2]
    if world.telegram.state.chats[old].removed:
        return
    new = world.telegram.control("migrate", {"chat": old})["chat"]
    world.truth.moved_chats[old] = new


def _transcript(world: World, chat: int) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = world.telegram.control("transcript", {"chat": chat})
    return shown


# --- agents -----------------------------------------------------------------------------------


def _issue(world: World, number: int) -> Any:
    issues = list(world.desk.state.issues.values())
    if not issues:
        raise LookupError
    return issues[number % len(issues)]


def _comments(world: World, issue: int, kind: str = "public") -> None:
    found = _issue(world, issue)
    pieces = LONG_PIECES if kind == "long" else 1
    words = [world.truth.word(issue_id=found.issue_id, part=part) for part in range(pieces)]
    text = ("\n\n" + "more " * 200).join(f"agent {word}" for word in words)
    done = world.desk.control(
        "comment",
        {"issue": found.issue_id, "text": text, "public": kind != "internal",
         "restricted": kind == "restricted"},
    )  # fmt: skip
    for word in words:
        word.comment_id = done["id"]


def _many_comments(world: World, issue: int, count: int) -> None:
    for _ in range(count):
        _comments(world, issue)


def _on_comment(action: str) -> Callable[[World, int, int], None]:
    def act(world: World, issue: int, comment: int) -> None:
        found = _issue(world, issue)
        agents = [each for each in found.comments.values() if each.marker is None]
        agents = [each for each in agents if "agent" in each.wiki]
        if not agents:
            return
        chosen = agents[comment % len(agents)]
        given = {"issue": found.issue_id, "comment": chosen.comment_id}
        if action == "edit_comment":
            word = world.truth.word(issue_id=found.issue_id, comment_id=chosen.comment_id)
            given["text"] = f"agent changed {word}"
        world.desk.control(action, given)

    return act


def _on_issue(action: str, **more: Any) -> Callable[..., None]:
    def act(world: World, issue: int, *values: str) -> None:
        found = _issue(world, issue)
        given = {"issue": found.issue_id, **more}
        if values:
            given["status"] = values[0]
        world.desk.control(action, given)
        if action in {"delete", "move"}:
            world.marks.add("request gone")

    return act


def _behaves(world: World, name: str, value: Any) -> None:
    world.desk.control("behaviour", {name: value})
    if name == "automation" and value:
        world.desk.state.behaviour.automation = "thank you"
    if name == "access":
        world.marks.add("request gone")


# --- strangers and administrators -------------------------------------------------------------


def _forges(world: World, body: str) -> None:
    """Send webhooks that nobody signed, to every live process."""
    for process in world.processes:
        if process.bridge is None:
            continue
        calls = world.gate.count
        forged = WebhookRequest({"X-Hub-Signature": "sha256=00"}, body.encode())
        answer = process.bridge.receive_hint(SITE, forged)
        if answer.status < 400 or world.gate.count != calls:
            world.truth.wrong("I21", "a forged hint was taken")


def _sets_project(state: ProjectState) -> Callable[[World], None]:
    def act(world: World) -> None:
        for kept in list(world.vault.scan(Project)):
            world.vault.update(kept, lambda project: evolve(project, state=state))
        world.truth.paused = state is not ProjectState.ACTIVE
        world.truth.unpaused_effects = 0

    return act


def _backs_up(world: World) -> None:
    world.snapshot = world.rows()


def _restores(world: World) -> None:
    """Put the backup back and say so, as the restore page tells the operator to."""
    if not world.snapshot:
        return
    for process in world.processes:
        process.crash()
    world.restore(world.snapshot)
    world.gate.armed.clear()
    # What stands there now is taken as known, and nobody knows any more who was told what.
    world.excused |= set(world.truth.visible)
    world.marks.add("restored")
    world.truth.paused = any(
        kept.record.state is not ProjectState.ACTIVE for kept in world.vault.scan(Project)
    )
    world.gate.faults_on = False
    world.desk.state.behaviour.access = True
    world.open_bridge("operator").links.storage_restored()
    world.gate.faults_on = True
    world.truth.doubts.update(set(world.truth.texts))


# --- faults, processes, time ------------------------------------------------------------------


def _arms(world: World, mode: str, countdown: int, step: Step = ()) -> None:
    world.gate.armed.append(Armed(mode, countdown, tuple(step)))


def _on_process(action: str) -> Callable[[World, int], None]:
    def act(world: World, process: int) -> None:
        chosen = world.processes[process % len(world.processes)]
        {"run": chosen.run, "crash": chosen.crash, "stop": chosen.stop}[action]()

    return act


def _delivers(world: World, process: int) -> None:
    """Bring all webhooks that are due to one process."""
    chosen = world.processes[process % len(world.processes)]
    for simulator in (world.desk, world.telegram):
        for owed in simulator.owed_webhooks():
            chosen.deliver(simulator, owed)


def _drops_hints(world: World) -> None:
    """Lose all hints that are under way, for ever."""
    for owed in world.desk.owed_webhooks():
        world.desk.webhook_answered(owed.webhook_id, 200, None)


def _jumps(world: World, process: int, seconds: float) -> None:
    """Set the time of day of the machine of a process."""
    name = world.processes[process % len(world.processes)].name
    world.skews[name] = world.skews.get(name, 0.0) + seconds


_STEPS: Final[dict[str, Callable[..., None]]] = {
    "says": _says,
    "edits": _edits,
    "replies": _replies,
    "commands": _commands,
    "presses": _in_chat("press", choice=0),
    "blocks": _in_chat("block"),
    "unblocks": _in_chat("unblock"),
    "migrates": _migrates,
    "comments": _comments,
    "many_comments": _many_comments,
    "flips": _on_comment("flip"),
    "changes": _on_comment("edit_comment"),
    "deletes_comment": _on_comment("delete_comment"),
    "sets_status": _on_issue("transition"),
    "moves": _on_issue("move", project="OPS"),
    "deletes": _on_issue("delete"),
    "behaves": _behaves,
    "forges": _forges,
    "pauses_project": _sets_project(ProjectState.PAUSED),
    "resumes_project": _sets_project(ProjectState.ACTIVE),
    "backs_up": _backs_up,
    "restores": _restores,
    "renumbers": lambda world, number: world.telegram.control("renumber", {"update_id": number}),
    "arms": _arms,
    "run": _on_process("run"),
    "crash": _on_process("crash"),
    "stop": _on_process("stop"),
    "delivers": _delivers,
    "drops_hints": _drops_hints,
    "pass": lambda world, seconds: world.clock.advance(seconds),
    "jump": _jumps,
}
"""Every step by its name."""
