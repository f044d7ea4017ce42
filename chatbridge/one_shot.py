"""Does the bridge's work in the calling thread, for cron jobs and hosts without threads."""

from __future__ import annotations

from collections.abc import Callable

from chatbridge.clock import Clock
from chatbridge.engine import Engine
from chatbridge.feed import Feed
from chatbridge.polling import Poller
from chatbridge.workqueue import work_once


def do_once(engine: Engine, clock: Clock, seconds: float) -> bool:
    """Do all that is to be done now; return whether everything was done.

    Nothing counts as done on a site or platform that could not be asked.

    Args:
        engine: the working parts.
        clock: the time.
        seconds: after how long to stop.
    """
    deadline = clock.monotonic() + seconds
    engine.upkeep.wake()
    engine.upkeep.tend_intents()
    projects = [project for project in engine.roster.refresh() if project.works]
    sites = {project.kept.record.settings.site for project in projects}
    feeds: list[Feed] = [engine.feed(site) for site in sorted(sites)]
    pollers: list[Poller] = [
        engine.poller(bot.key, lasting=False)
        for project in projects
        for bot in project.bots
        if bot.record.mode == "poll"
    ]
    try:
        for feed in feeds:
            feed.step()
        done = _until_done(engine, clock, deadline, pollers)
        if clock.monotonic() < deadline:
            engine.look_at_webhooks()
        problems = [*(each.problem for each in feeds), *(each.problem for each in pollers)]
        return done and not any(problems)
    finally:
        for feed in feeds:
            feed.release()
        for poller in pollers:
            poller.release()


def drain(
    engine: Engine, clock: Clock, deadline: float, enough: Callable[[], bool] = lambda: False
) -> bool:
    """Work until nothing is due before the deadline; return whether nothing is left to do.

    Args:
        engine: the working parts.
        clock: the time.
        deadline: the clock's `monotonic()` at which to stop.
        enough: asked before each piece of work; true stops early.
    """
    while not enough():
        due = engine.queue.next_due
        if due is None:
            return True
        if clock.monotonic() + due > deadline:
            return False
        handle = engine.queue.get(wait=due + 0.05)
        if handle is not None:
            work_once(engine.queue, engine.work, handle)
    return True


def _until_done(engine: Engine, clock: Clock, deadline: float, pollers: list[Poller]) -> bool:
    while True:
        for poller in pollers:
            poller.step(wait=0.0)
        if not drain(engine, clock, deadline) or clock.monotonic() >= deadline:
            return False
        if all(poller.finished() for poller in pollers):
            return True
