"""P1 and P2: CPU of a relayed message against the bare calls, and how often Jira is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from chatbridge import Timings
from tests.benchmarks.bare_calls import BareCalls
from tests.benchmarks.far_control import FarControl
from tests.benchmarks.figures import Figure, at_most, interleaved
from tests.benchmarks.stage import TOKEN, Stage, staged

_READS = ("request", "comments", "cross_read")
_QUICK_FEED = Timings(burst=100, feed_every=0.1, feed_as_net=0.1)


def measure(*, quick: bool) -> list[Figure]:
    """Return the figures of P1 and P2."""
    rounds = 3 if quick else 7
    with FarControl() as far:
        return [
            by_polling(far, rounds),
            by_webhook(far, rounds, callers=1),
            by_webhook(far, rounds, callers=16),
            outbound(far, rounds),
            *reads(far),
        ]


def by_polling(far: FarControl, rounds: int, each: int = 5) -> Figure:
    """Measure customers' messages that a poll brings."""
    bare = BareCalls(far.url)
    with staged(far, mode="poll") as stage:
        number = len(stage.chats) * each

        def ours() -> None:
            done = far.counts().get("comment", 0)
            far.tell("messages", token=TOKEN, chats=stage.chats, each=each)
            far.wait("comment", done + number)
            stage.settle()

        def theirs() -> None:
            for _ in range(-(-number // 100)):
                bare.poll()
            for _ in range(each):
                for issue in stage.issues:
                    bare.comment(issue)

        return _compared(
            "P1 CPU per customer's message, polling", 0.75, rounds, theirs, ours, number
        )


def by_webhook(far: FarControl, rounds: int, callers: int, each: int = 2) -> Figure:
    """Measure customers' messages that webhooks bring, so many at a time."""
    bare = BareCalls(far.url)
    with staged(far) as stage, ThreadPoolExecutor(callers) as web_server:
        numbers, token = count(1), stage.hook_token()

        def receive(chat: int) -> None:
            webhook = stage.webhook(next(numbers), chat)
            assert stage.bridge.receive_webhook("telegram", token, webhook).status == 200

        def ours() -> None:
            for _ in range(each):
                list(web_server.map(receive, stage.chats))

        def theirs() -> None:
            for _ in range(each):
                for issue in stage.issues:
                    bare.comment(issue)

        receive(stage.chats[0])
        number = len(stage.chats) * each
        at_once = "one by one" if callers == 1 else f"{callers} at once"
        name = f"P1 CPU per customer's message, webhooks {at_once}"
        return _compared(name, 0.9, rounds, theirs, ours, number)


def outbound(far: FarControl, rounds: int, each: int = 2) -> Figure:
    """Measure agents' comments that hints tell of, one comment at a time."""
    bare = BareCalls(far.url)
    with staged(far) as stage:

        def ours() -> None:
            far.tell("forget_comments")
            for _ in range(each):
                far.tell("comments", issues=stage.issues)
                stage.hint_all(stage.issues)
                stage.settle()

        def theirs() -> None:
            for _ in range(each):
                for chat, issue in zip(stage.chats, stage.issues, strict=True):
                    bare.read(issue, [10_001])
                    bare.send(chat)

        before = far.counts()
        number = len(stage.chats) * each
        figure = _compared("P2 CPU per agent's comment, hint", 0.9, rounds, theirs, ours, number)
        sent = far.counts()["send"] - before.get("send", 0)
        assert sent == 2 * number * (rounds + 1), "comments were lost or sent twice"
        return figure


def reads(far: FarControl) -> list[Figure]:
    """Count the calls of Jira that reading takes."""
    with staged(far, chats=1, timings=_QUICK_FEED) as stage:
        # The first look of a feed wakes every link.
        _let_the_feed_look(stage)
        stage.settle()
        far.tell("comments", issues=stage.issues, each=50)
        burst = _reads_of(stage, lambda: stage.hint_all(stage.issues))
        far.tell("changed", changed={stage.issues[0]: "2026-11-20T09:15:00.000+0000"})
        news = _reads_of(stage, lambda: _let_the_feed_look(stage))
        unchanged = _reads_of(stage, lambda: _let_the_feed_look(stage))
        far.tell("changed", changed={})
        token = stage.hook_token()
        stage.bridge.receive_webhook("telegram", token, stage.webhook(1, stage.chats[0]))
        # The comment that was just written is the last one that the far side numbered.
        own = far.tell("comments", issues=["1"])[0] - 1
        echo = _reads_of(stage, lambda: stage.hint(stage.issues[0], own))
    detail = f"{news} when it showed the issue for the first time"
    return [
        at_most("P2 Jira reads for 50 comments at once", burst, 3),
        at_most("P2 Jira reads where the feed shows nothing new", unchanged, 0, detail),
        at_most("P2 Jira reads for the echo of our own comment", echo, 0),
    ]


def _let_the_feed_look(stage: Stage) -> None:
    """Wait until the feed has looked several times."""
    stage.far.wait("search", stage.far.counts().get("search", 0) + 4)


def _reads_of(stage: Stage, work: Callable[[], None]) -> int:
    before = Counter(stage.far.counts())
    work()
    stage.settle()
    after = Counter(stage.far.counts())
    return sum(after[kind] - before[kind] for kind in _READS)


def _compared(
    name: str,
    goal: float,
    rounds: int,
    bare: Callable[[], None],
    ours: Callable[[], None],
    number: int,
) -> Figure:
    theirs, mine = interleaved(rounds, bare, ours)
    detail = f"{mine / number * 1e6:.0f} us against {theirs / number * 1e6:.0f} us"
    return at_most(name, mine / theirs, goal, detail, " x bare")
