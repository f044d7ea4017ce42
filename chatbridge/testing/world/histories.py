"""A history: the whole of what decides a run, as values that can be printed and replayed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from attrs import evolve, field, frozen

from chatbridge.jira.jira_desk import JiraDesk
from chatbridge.testing.world.freezing import Beginning
from chatbridge.testing.world.operations import Step, perform, prepare
from chatbridge.testing.world.stage import MakeDesk, World
from chatbridge.testing.world.verdict import settle


@frozen
class History:
    """What happens in one run.

    Args:
        steps: one after the other.
        start: from which beginning: "nothing", "opened", "group" or "two".
        mode: "poll" or "webhook".
        processes: how many.
        hints: whether Jira sends webhooks.
        edition: which Jira it is: "cloud" or "data_center".
        platform: which chats they are: "telegram" or "viber".
    """

    steps: tuple[Step, ...]
    start: str = "opened"
    mode: str = "poll"
    processes: int = 1
    hints: bool = False
    edition: str = "cloud"
    platform: str = "telegram"

    def as_text(self) -> str:
        """Return it as JSON on one line."""
        setting = [self.start, self.mode, self.processes, self.hints]
        # What is usual is left out, so that what was printed once can be read for ever.
        more = [self.edition, self.platform]
        for usual in ("telegram", "cloud"):
            if more and more[-1] == usual:
                more.pop()
        return json.dumps([*setting, list(self.steps), *more])

    @classmethod
    def from_text(cls, text: str) -> History:
        """Return the history of such a text."""
        start, mode, processes, hints, steps, *more = json.loads(text)
        steps = tuple(_tuples(step) for step in steps)
        return cls(steps, start, mode, processes, hints, *more)

    def with_steps(self, steps: tuple[Step, ...]) -> History:
        """Return it with other steps."""
        return evolve(self, steps=steps)


@frozen
class Outcome:
    """What came of a run.

    Args:
        problems: what was wrong; empty where all held.
        effects: how many effects there were before faults were stopped.
        hit: the faults that found their effect.
        trace: the effects, where asked for.
    """

    problems: tuple[str, ...]
    effects: int
    hit: tuple[str, ...]
    trace: tuple[str, ...] = field(default=(), repr=False)


class _Surprises(logging.Handler):
    """Hears of errors that nobody foresaw: the library survives them, and says so in its log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if message.startswith("unexpected"):
            self.found.append(f"surprise: {message}")


def run(history: History, *, traced: bool = False, make_desk: MakeDesk = JiraDesk) -> Outcome:
    """Let a history happen, then let it settle, and judge; what it began with, `JiraDesk` made."""
    with heard() as surprises:
        world = ready(history, make_desk)
        if traced:
            world.gate.trace = []
        for step in history.steps:
            perform(world, step)
            if world.truth.violations:
                break
        return judged(world, surprises)


def ready(history: History, make_desk: MakeDesk = JiraDesk) -> World:
    """Return the world of a history before its first step."""
    start = beginning(history.start, history.mode, history.edition, history.platform)
    return prepare(
        World(
            start, mode=history.mode, processes=history.processes, hints=history.hints,
            edition=history.edition, platform=history.platform, make_desk=make_desk,
        )
    )  # fmt: skip


def judged(world: World, surprises: list[str]) -> Outcome:
    """Let a world settle, and judge it.

    Args:
        world: after the last step.
        surprises: what was heard of since its first.
    """
    effects = world.gate.count
    problems = tuple(world.truth.violations or settle(world))
    trace = tuple(world.gate.trace or ())
    return Outcome((*problems, *surprises), effects, tuple(world.gate.hit), trace)


@contextmanager
def heard() -> Iterator[list[str]]:
    """Yield a list of what the library did not foresee: it survives that, and logs it."""
    logger, surprises = logging.getLogger("chatbridge"), _Surprises()
    before, logger.propagate = logger.propagate, False
    logger.addHandler(surprises)
    try:
        yield surprises.found
    finally:
        logger.removeHandler(surprises)
        logger.propagate = before


@cache
def beginning(
    start: str, mode: str, edition: str = "cloud", platform: str = "telegram"
) -> Beginning | None:
    """Return a world at rest.

    Args:
        start: "nothing" has happened; a first chat has "opened" a request, to which an agent
            answered and noted something; "two" chats have; a "group" has.
        mode: how updates come.
        edition: which Jira it is.
        platform: which chats they are.
    """
    if start == "nothing":
        return None
    world = prepare(World(mode=mode, edition=edition, platform=platform))
    chats = {"opened": (0,), "two": (0, 1), "group": (2,)}[start]
    for chat in chats:
        perform(world, ("says", chat))
    _work(world)
    for number in range(len(chats)):
        perform(world, ("comments", number))
        perform(world, ("comments", number, "internal"))
    _work(world)
    if world.truth.violations or any(count != 1 for count in world.truth.in_jira.values()):
        raise AssertionError(f"the beginning itself is wrong: {world.truth.violations}")
    return world.freeze()


def _work(world: World) -> None:
    for _ in range(3):
        if world.mode == "webhook":
            perform(world, ("delivers", 0))
        perform(world, ("run", 0))
        perform(world, ("pass", 11))


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
