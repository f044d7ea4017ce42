"""What happens on the stage, step by step: what people do, what fails, who works, how time passes.

A step is a tuple of a name and plain values, so that a history can be printed, cut and replayed.
Numbers name the n-th chat, request or comment of those there are; a step that makes no sense now
does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from attrs import evolve

from chatbridge.http_types import WebhookRequest
from chatbridge.records import Project, ProjectState
from chatbridge.testing.world import damage, handed_links, key_changes
from chatbridge.testing.world.desk_truth import Word
from chatbridge.testing.world.faults import Armed
from chatbridge.testing.world.people import AGENTS_STEPS, agents_files
from chatbridge.testing.world.stage import SITE, World

Step = tuple[Any, ...]

_MOST_PAUSE: Final = 60.0


def perform(world: World, step: Step) -> None:
    """Let a step happen, then look at what is so."""
    name, *arguments = step
    with suppress(LookupError, ValueError):
        step_of = world.chats.steps.get(name) or _STEPS[name]
        step_of(world, *arguments)
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
    waiting = world.chats.waiting()
    for number in [number for number in truth.updates if number not in waiting]:
        words = [truth.words[each] for each in truth.updates.pop(number)]
        if world.chats.gave_up(number):
            # Who had no chance to know of it can tell nobody; of all others it is judged at last.
            in_vain = "altered" in world.marks
            if in_vain:
                # It waited for a record that nobody could read; what it says of its chat is lost.
                world.marks.add("unheard")
            for word in words:
                word.command |= in_vain or not world.chats.had_a_chance(number)
            continue
        for word in words:
            if not truth.in_jira[word.number] and not word.command and not was_told(world, word):
                truth.wrong("I6", f"{word} was acknowledged, but it is nowhere")


def was_told(world: World, word: Word) -> bool:
    """Tell whether the sender of a word was told that something could not be passed on."""
    chats = {str(word.chat), str(world.truth.home(word.chat))}
    told = ["could not be passed on"]
    if word.file:
        told.append(f"{word.file} (")
    return any(
        count and text.partition(" ")[0] in chats and any(each in text for each in told)
        for text, count in world.truth.texts.items()
    )


# --- sites, strangers and administrators ------------------------------------------------------


def _behaves(world: World, name: str, value: Any) -> None:
    world.desk.control("behaviour", {name: value})
    if name == "automation" and value:
        world.desk.state.behaviour.automation = "thank you"
    if name == "access":
        world.marks.add("request gone")


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
        if world.damage.hides_project():
            return
        for kept in list(world.vault.scan(Project)):
            world.vault.update(kept, lambda project: evolve(project, state=state))
        world.truth.paused = state is not ProjectState.ACTIVE
        world.truth.unpaused_effects = 0

    return act


def _backs_up(world: World) -> None:
    if world.damage:
        # The page says that a storage is checked before it is kept.
        return
    world.snapshot = world.rows()
    world.rights = handed_links.rights(world.truth)


def _restores(world: World) -> None:
    """Put the backup back and say so, as the restore page tells the operator to."""
    if not world.snapshot:
        return
    for process in world.processes:
        process.crash()
    world.restore(world.snapshot)
    # Who keeps a backup keeps the root keys of its time; the keyset is that of then.
    world.roots = list(key_changes.ROOTS)
    world.vault = world.judges_vault()
    handed_links.restore_rights(world.truth, world.rights)
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
        {"run": chosen.run, "go_on": chosen.go_on, "crash": chosen.crash, "stop": chosen.stop}[
            action
        ]()

    return act


def _delivers(world: World, process: int) -> None:
    """Bring all webhooks that are due to one process, and let it be asked for files."""
    world.carry(world.processes[process % len(world.processes)])


def _carries_on(world: World, process: int, seconds: float) -> None:
    """Let a process work for a while, and be brought at once whatever becomes due."""
    chosen = world.processes[process % len(world.processes)]
    until = world.clock.monotonic() + seconds
    # Nobody can begin in the middle of this.
    world.at_rest = None
    while (left := until - world.clock.monotonic()) > 0 and not world.truth.violations:
        world.carry(chosen)
        chosen.run()
        world.truth.look()
        world.clock.advance(min(max(chosen.next_due(), 1.0), _MOST_PAUSE, left))


def _drops_hints(world: World) -> None:
    """Lose all hints that are under way, for ever."""
    for owed in world.desk.owed_webhooks():
        world.desk.webhook_answered(owed.webhook_id, 200, None)


def _jumps(world: World, process: int, seconds: float) -> None:
    """Set the time of day of the machine of a process."""
    name = world.processes[process % len(world.processes)].name
    world.skews[name] = world.skews.get(name, 0.0) + seconds


def _together(world: World, *steps: Step) -> None:
    for step in steps:
        perform(world, step)


def _fetches(world: World, process: int, issue: int, file: int) -> None:
    """Let somebody fetch a file of an agent by an address that the bridge once gave out."""
    found = agents_files(world, issue)
    if not found:
        return
    chosen = world.processes[process % len(world.processes)]
    chosen.wanted.append(found[file % len(found)])


def _expects(world: World) -> None:
    """Judge that everything public has arrived by now."""
    shown = world.truth.shown
    for word in world.truth.words.values():
        public = word.comment_id and world.truth.is_visible(word.comment_id)
        if public and not shown[word.number]:
            world.truth.wrong("I20", f"{word} did not arrive in time")


_STEPS: Final[dict[str, Callable[..., None]]] = {
    **AGENTS_STEPS,
    **handed_links.STEPS,
    **damage.STEPS,
    **key_changes.STEPS,
    "behaves": _behaves,
    "forges": _forges,
    "pauses_project": _sets_project(ProjectState.PAUSED),
    "resumes_project": _sets_project(ProjectState.ACTIVE),
    "backs_up": _backs_up,
    "restores": _restores,
    "arms": _arms,
    "run": _on_process("run"),
    "goes_on": _on_process("go_on"),
    "crash": _on_process("crash"),
    "stop": _on_process("stop"),
    "delivers": _delivers,
    "carries_on": _carries_on,
    "together": _together,
    "expects": _expects,
    "fetches": _fetches,
    "drops_hints": _drops_hints,
    "pass": lambda world, seconds: world.clock.advance(seconds),
    "jump": _jumps,
}
"""Every step by its name, but those of customers, which their platform has."""


def shared_steps() -> Mapping[str, Callable[..., None]]:
    """Return every step by its name, but those of customers, which their platform has."""
    return _STEPS
