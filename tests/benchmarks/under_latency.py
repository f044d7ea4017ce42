"""P3: throughput when the far side takes 200 ms, as share of what waiting alone would allow."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from tests.benchmarks.far_control import FarControl
from tests.benchmarks.figures import Figure, at_least
from tests.benchmarks.stage import TOKEN, Stage, staged

LATENCY = 0.2
_READS = ("request", "comments", "cross_read", "send")


def measure(*, quick: bool) -> list[Figure]:
    """Return the figures of P3."""
    seconds = 3.0 if quick else 6.0
    found = []
    for workers, goal in ((64, 0.97), (200, 0.9)):
        with FarControl() as far, staged(far, workers=workers) as stage:
            found.append(webhooks(stage, workers, goal, seconds))
        with FarControl() as far, staged(far, workers=workers) as stage:
            found.append(hints(stage, workers, goal, seconds))
    with FarControl() as far, staged(far, mode="poll", workers=128) as stage:
        found.append(one_polled_bot(stage, 5 if quick else 15))
    return found


def webhooks(stage: Stage, workers: int, goal: float, seconds: float) -> Figure:
    """Bring webhooks of all chats in turn, a few more at once than there are workers."""
    numbers, token, stop = count(1), stage.hook_token(), threading.Event()
    at_once = min(len(stage.chats), workers * 5 // 4)

    def write(chat: int) -> None:
        webhook = stage.webhook(next(numbers), chat)
        assert stage.bridge.receive_webhook("telegram", token, webhook).status == 200

    def write_on(chats: list[int]) -> None:
        while not stop.is_set():
            for chat in chats:
                write(chat)

    write(stage.chats[0])
    stage.far.tell("latency", seconds=LATENCY)
    with ThreadPoolExecutor(at_once) as connections:
        busy = [connections.submit(write_on, stage.chats[at::at_once]) for at in range(at_once)]
        rate = _rate(stage, ("comment",), seconds)
        stop.set()
        for each in busy:
            each.result()
    name = f"P3 webhooks, {workers} workers"
    return _share(name, rate, workers / LATENCY, goal, "comments written")


def hints(stage: Stage, workers: int, goal: float, seconds: float) -> Figure:
    """Let the agent of every chat comment again as soon as the last comment was shown."""
    far, stop = stage.far, threading.Event()
    far.tell("latency", seconds=LATENCY)
    chats = {str(chat): issue for chat, issue in zip(stage.chats, stage.issues, strict=True)}
    far.tell("refill", chats=chats)
    far.tell("comments", issues=stage.issues)

    def tell_news() -> None:
        while not stop.wait(0.02):
            stage.hint_all(far.tell("refilled"))

    teller = threading.Thread(target=tell_news)
    teller.start()
    stage.hint_all(stage.issues)
    rate = _rate(stage, _READS, seconds)
    far.tell("refill", chats={})
    stop.set()
    teller.join()
    name = f"P3 hints, {workers} workers"
    return _share(name, rate, workers / LATENCY, goal, "calls made")


def one_polled_bot(stage: Stage, pages: int) -> Figure:
    """Let one bot's chats write so much that every poll brings a full page."""
    far, number = stage.far, pages * 100
    far.tell("latency", seconds=LATENCY)
    done = far.counts().get("comment", 0)
    far.tell("messages", token=TOKEN, chats=stage.chats, each=number // len(stage.chats) + 1)
    # The first page comes by the poll that waited, so the time begins with its last comment.
    far.wait("comment", done + 100)
    started = time.monotonic()
    far.wait("comment", done + number)
    rate = (number - 100) / (time.monotonic() - started)
    goal = 100 / (2 * LATENCY)
    return _share("P3 one polled bot", rate, goal, 0.93, "messages")


def _rate(stage: Stage, kinds: tuple[str, ...], seconds: float) -> float:
    """Return the calls a second in steady state, after a start of some round trips."""

    def calls() -> int:
        found = stage.far.counts()
        return sum(found.get(kind, 0) for kind in kinds)

    time.sleep(5 * LATENCY)
    before, started = calls(), time.monotonic()
    time.sleep(seconds)
    return (calls() - before) / (time.monotonic() - started)


def _share(name: str, rate: float, possible: float, goal: float, what: str) -> Figure:
    detail = f"{rate:.0f} of {possible:.0f} {what} a second"
    return at_least(name, rate / possible, goal, detail)
