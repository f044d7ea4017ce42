"""Many processes at work on few links at once, in an order of their effects that a seed draws.

Each has a thread of its own and a baton lets exactly one of them run, as in `interleaving`; here
every effect is a place to switch. Now and then time passes while all of them stand where they are.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from attrs import frozen

from chatbridge.links import Link
from chatbridge.testing.world.faults import Effect
from chatbridge.testing.world.histories import beginning, heard
from chatbridge.testing.world.interleaving import Worker
from chatbridge.testing.world.operations import Step, perform, prepare
from chatbridge.testing.world.processes import Process
from chatbridge.testing.world.stage import PLATFORMS, World
from chatbridge.testing.world.verdict import settle

ROUNDS: Final = 6
"""How often people do something and all processes wake."""

_LONG: Final = 0.002
"""How likely a lease passes before an effect."""

_SHORT: Final = 0.01
_STAY: Final = (1, 1, 2, 3, 8)
"""Effects that one process does before another one may go on."""

_STEPS: Final[tuple[Step, ...]] = (
    ("says", 0), ("says", 1), ("replies", 0), ("edits", 0), ("sends", 1, "photo"),
    ("commands", 0, "/status"), ("comments", 0), ("comments", 0), ("comments", 1),
    ("comments", 0, "internal"), ("comments", 0, "restricted"), ("comments", 1, "long"),
    ("comments", 0, "files"), ("flips", 0, -1), ("changes", 0, -1), ("deletes_comment", 1, -1),
    ("sets_status", 0, "In progress"), ("sets_status", 1, "Waiting for customer"), ("blocks", 1),
    ("unblocks", 1),
)  # fmt: skip


@frozen
class Crowd:
    """What came of one seed.

    Args:
        problems: what was wrong; empty where all held.
        operations: effects that happened while all worked at once.
    """

    problems: tuple[str, ...]
    operations: int


def crowd_of(seed: int, workers: int = 8, platform: str = "telegram") -> Crowd:
    """Let processes work at once, in the order that a seed draws; then settle, and judge."""
    draw = random.Random(f"crowd {seed}")  # noqa: S311 - reproducible on purpose
    mode = draw.choice(PLATFORMS[platform].modes)
    operations = 0
    with heard() as surprises:
        start = beginning("two", mode, platform=platform)
        world = prepare(World(start, mode=mode, processes=workers, platform=platform))
        for number in range(workers):
            perform(world, ("run", number))
        for _ in range(ROUNDS):
            for _ in range(draw.randrange(1, 6)):
                perform(world, draw.choice(_STEPS))
            world.clock.advance(draw.choice((1, 12, 31, 61)))
            before = world.gate.count
            _work_at_once(world, draw)
            operations += world.gate.count - before
            world.truth.look()
            if world.truth.violations:
                break
        problems = world.truth.violations or settle(world)
    return Crowd((*problems, *surprises), operations)


def _work_at_once(world: World, draw: random.Random) -> None:
    """Wake every process for every link and let all of them work until nothing is left."""
    keys = [kept.key for kept in world.vault.scan(Link)]
    workers = []
    for process in world.processes:
        if process.bridge is not None:
            for key in keys:
                process.bridge.engine.queue.add(key)
        workers.append(Worker(_working(world, process)))
    stands: dict[int, Effect] = {}
    left = 0

    def switch(effect: Effect) -> None:
        nonlocal left
        left -= 1
        current = next((at for at, each in enumerate(workers) if each.is_current()), None)
        if left <= 0 and current is not None:
            stands[current] = effect
            workers[current].give_back()
            del stands[current]

    world.gate.switch = switch
    while alive := [number for number, worker in enumerate(workers) if not worker.done]:
        _let_time_pass(world, draw, stands)
        left = draw.choice(_STAY)
        workers[draw.choice(alive)].go_on()
    world.gate.switch = None


def _let_time_pass(world: World, draw: random.Random, stands: dict[int, Effect]) -> None:
    chance = draw.random()
    if chance >= _LONG + _SHORT:
        return
    if chance < _LONG:
        for process in world.processes:
            # What is being sent, or was sent and is not noted yet, may be sent by who takes over.
            world.truth.in_doubt(process.name)
        if any(each.kind == "write" and each.place == "desk" for each in stands.values()):
            world.marks.add("late write")
    world.clock.advance(world.timings.lease + 1 if chance < _LONG else 1.0)


def _working(world: World, process: Process) -> Callable[[], None]:
    def work() -> None:
        world.carry(process)
        process.run()

    return work
