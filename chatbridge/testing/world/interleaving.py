"""Every order in which two workers can do their effects on one link.

Each worker has a thread of its own, and a baton lets exactly one of them run. Only effects on the
link's record and what is shown in the chat are places to switch: everything else that a worker
does commutes with everything that the other one does, so that other orders show nothing new.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Final

from attrs import define, field, frozen

from chatbridge.links import Link
from chatbridge.testing.world.faults import Effect
from chatbridge.testing.world.histories import beginning
from chatbridge.testing.world.operations import Step, perform, prepare
from chatbridge.testing.world.stage import SITE, World
from chatbridge.testing.world.verdict import settle

TIME: Final = 2
"""The choice by which a lease passes instead of a worker going on."""


@frozen
class Order:
    """One order and what came of it.

    Args:
        choices: who went on at each place: a worker's number, or TIME.
        options: who could have, at each place.
        problems: what was wrong.
    """

    choices: tuple[int, ...]
    options: tuple[tuple[int, ...], ...]
    problems: tuple[str, ...]


@define(eq=False)
class Worker:
    """Runs in a thread of its own, from one place to switch to the next.

    Args:
        act: its whole work.
        done: whether that is over.
    """

    act: Callable[[], None]
    done: bool = False
    _go: threading.Semaphore = field(factory=lambda: threading.Semaphore(0))
    _back: threading.Semaphore = field(factory=lambda: threading.Semaphore(0))
    _thread: threading.Thread | None = None

    def go_on(self) -> None:
        """Run to the next place to switch, or to the end."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        else:
            self._go.release()
        self._back.acquire()

    def is_current(self) -> bool:
        """Tell whether it is the one that runs."""
        return threading.current_thread() is self._thread

    def give_back(self) -> None:
        """Stand where it is, until `go_on`."""
        self._back.release()
        self._go.acquire()

    def _run(self) -> None:
        try:
            self.act()
        finally:
            self.done = True
            self._back.release()


def all_orders(
    steps: tuple[Step, ...] = (("comments", 0),),
    *,
    leases: int = 0,
    most: int | None = None,
    platform: str = "telegram",
) -> Iterator[Order]:
    """Yield every order of two workers on one link, found by trying one after the other.

    Args:
        steps: what people did before both workers wake.
        leases: how often a lease may pass in the middle.
        most: orders to try; None: all.
        platform: which chats they are.
    """
    waiting: list[tuple[int, ...]] = [()]
    tried = 0
    while waiting and (most is None or tried < most):
        prefix = waiting.pop()
        order = one_order(prefix, steps, leases=leases, platform=platform)
        tried += 1
        for place in range(len(prefix), len(order.choices)):
            waiting += [
                (*order.choices[:place], other)
                for other in order.options[place]
                if other > order.choices[place]
            ]
        yield order


def one_order(
    prefix: tuple[int, ...], steps: tuple[Step, ...], *, leases: int = 0, platform: str = "telegram"
) -> Order:
    """Run one order: the prefix, then always the first worker that can go on.

    Args:
        prefix: the first choices.
        steps: what people did before.
        leases: how often a lease may pass.
        platform: which chats they are.
    """
    world = _ready(steps, platform)
    key = world.vault.key(Link, SITE, next(iter(world.desk.state.issues)))
    workers = [Worker(_working(world, number, key)) for number in range(2)]

    def switch(effect: Effect) -> None:
        if effect.key == key or effect.name == world.chats.sends:
            for worker in workers:
                if worker.is_current():
                    worker.give_back()

    world.gate.switch = switch
    choices: list[int] = []
    options: list[tuple[int, ...]] = []
    while alive := [number for number, worker in enumerate(workers) if not worker.done]:
        may_pass = choices.count(TIME) < leases
        can = (*alive, TIME) if may_pass else tuple(alive)
        chosen = prefix[len(choices)] if len(choices) < len(prefix) else can[0]
        choices.append(chosen)
        options.append(can)
        if chosen == TIME:
            _pass_lease(world)
        else:
            workers[chosen].go_on()
    world.gate.switch = None
    return Order(tuple(choices), tuple(options), tuple(settle(world)))


def _ready(steps: tuple[Step, ...], platform: str) -> World:
    start = beginning("opened", "poll", platform=platform)
    world = prepare(World(start, processes=2, platform=platform))
    for number in (0, 1):
        perform(world, ("run", number))
    for step in steps:
        perform(world, step)
    return world


def _working(world: World, number: int, key: str) -> Callable[[], None]:
    process = world.processes[number]
    assert process.bridge is not None
    queue = process.bridge.engine.queue
    queue.add(key)

    def work() -> None:
        while (handle := queue.get(wait=0)) is not None:
            process.work(handle)

    return work


def _pass_lease(world: World) -> None:
    for process in world.processes:
        # What was sent and is not noted yet may be sent again by the one that takes over.
        world.truth.in_doubt(process.name)
    world.clock.advance(world.timings.lease + 1)
