"""Every single fault at every effect, over every scenario of up to two things that people do.

A scenario is run once without faults to count its effects and to keep copies of the world between
them; then once for each effect and each way in which it can fail, from the last copy before it.
Reads can fail only; a crash before or after a read is the same as a crash after the write before
it, since nothing outside differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

from attrs import frozen

from chatbridge.jira.jira_desk import JiraDesk
from chatbridge.testing.world.courses import Course
from chatbridge.testing.world.faults import MODES
from chatbridge.testing.world.histories import History, Outcome
from chatbridge.testing.world.implied import implied_afters, is_implied_order
from chatbridge.testing.world.operations import Step
from chatbridge.testing.world.stage import MakeDesk

OPERATIONS: Final[dict[str, tuple[Step, ...]]] = {
    "says": (("says", 0),),
    "other says": (("says", 1),),
    "edits": (("edits", 0),),
    "replies": (("replies", 0),),
    "status": (("commands", 0, "/status"),),
    "new": (("commands", 0, "/new"),),
    "public": (("comments", 0),),
    "internal": (("comments", 0, "internal"),),
    "restricted": (("comments", 0, "restricted"),),
    "long": (("comments", 0, "long"),),
    "flood": (("many_comments", 0, 11),),
    "shares": (("flips", 0, 1),),
    "hides": (("comments", 0), ("flips", 0, -1)),
    "changes": (("changes", 0, -1),),
    "deletes comment": (("deletes_comment", 0, -1),),
    "in progress": (("sets_status", 0, "In progress"),),
    "resolves": (("sets_status", 0, "Resolved"),),
    "moves": (("moves", 0),),
    "deletes": (("deletes", 0),),
    "blocks": (("blocks", 0),),
    "unblocks": (("unblocks", 0),),
    "photo": (("sends", 0, "photo"),),
    "bare photo": (("sends", 0, "bare photo"),),
    "album": (("sends", 0, "album"),),
    "files": (("comments", 0, "files"),),
    "internal file": (("comments", 0, "internal file"),),
    "hides file": (("comments", 0, "file"), ("flips", 0, -1)),
    "mends": (("changes", 0, 0),),
    "joins": (("invites", 0), ("opens_link", 1)),
    "race": (("invites", 0), ("opens_link", 1), ("opens_link", 0)),
    "fetches": (("comments", 0, "bare file"), ("fetches", 0, 0, -1)),
}
"""What people can do, by a short name, where chats are Telegram's."""

_VIBER: Final[dict[str, tuple[Step, ...]]] = {
    "document": (("sends", 0, "document"),),
    "opens": (("opens", 0),),
    "other opens": (("opens", 1),),
    "follows": (("says", 1), ("follows", 1, 0)),
    "borrows": (("borrows", 0, 1),),
    "other borrows": (("opens", 1), ("borrows", 1, 0)),
    "reads": (("reads", 0),),
    "fails": (("fails", 0),),
    "loses webhook": (("loses_webhook",), ("registers", 0)),
    "fetches late": (("comments", 0, "file"), ("run", 0), ("flips", 0, -1)),
    "is busy": (("refuses", 12),),
    "is ill": (("refuses", 99),),
}
_TELEGRAM_ONLY: Final = ("edits", "replies", "album")

OPERATIONS_OF: Final[dict[str, dict[str, tuple[Step, ...]]]] = {
    "telegram": OPERATIONS,
    "viber": {
        **{name: steps for name, steps in OPERATIONS.items() if name not in _TELEGRAM_ONLY},
        **_VIBER,
    },
}
"""The same by the platform of the chats."""

SETTINGS: Final = ("poll", "webhook", "hints")
"""How news comes: by polling and the feed; Telegram by webhook; Jira by webhook as well."""

WAYS: Final = ("before", "after", "lost", "error", "outage")
"""The ways to fail that are tried at every effect of every scenario by the heavy tests."""

FAULTS: Final = tuple(
    mode for mode in MODES if mode not in {"meanwhile", "pause", "aside", "overdue"}
)


@frozen
class Scenario:
    """One or two operations, and how they reach the bridge.

    Args:
        names: of the operations.
        setting: one of SETTINGS.
        start: from which beginning.
        edition: which Jira it is: "cloud" or "data_center".
        platform: which chats they are: "telegram" or "viber", which cannot be polled.
    """

    names: tuple[str, ...]
    setting: str = "poll"
    start: str = "opened"
    edition: str = "cloud"
    platform: str = "telegram"

    def history(self, *faults: Step, last: Step | None = None) -> History:
        """Return the history in which this happens.

        Args:
            faults: armed before anything happens.
            last: another step between the operations and the work.
        """
        operations = OPERATIONS_OF[self.platform]
        done = tuple(step for name in self.names for step in operations[name])
        mode = "poll" if self.setting == "poll" else "webhook"
        work: tuple[Step, ...] = (("run", 0),)
        if self.setting != "poll":
            # Webhooks find the process up; its own rounds come later.
            work = (("delivers", 0), ("run", 0), ("delivers", 0), ("run", 0))
        middle = (last,) if last is not None else ()
        # First, since some operations have effects of their own.
        steps = (*faults, *done, *middle, *work)
        hints = self.setting == "hints"
        return History(steps, self.start, mode, 1, hints, self.edition, self.platform)


def scenarios(
    setting: str = "poll", *, edition: str = "cloud", platform: str = "telegram"
) -> Iterator[Scenario]:
    """Yield all scenarios of one and of two operations.

    Where one is done by customers only and one by agents only, the customers' comes first: which
    of them is first makes no difference but in the numbers of words, see `implied`.
    """
    operations = OPERATIONS_OF[platform]
    where = {"edition": edition, "platform": platform}
    for first in operations:
        yield Scenario((first,), setting, **where)
    for first, second in product(operations, repeat=2):
        if not is_implied_order(operations[first], operations[second]):
            yield Scenario((first, second), setting, **where)
    yield Scenario(("says",), setting, "nothing", **where)
    yield Scenario(("says", "says"), setting, "nothing", **where)
    yield Scenario(("says", "other says"), setting, "nothing", **where)


def single_faults(
    scenario: Scenario, *, make_desk: MakeDesk = JiraDesk, ways: tuple[str, ...] = FAULTS
) -> Iterator[tuple[History, Outcome]]:
    """Run a scenario without a fault, then with each single one; yield each run.

    Args:
        scenario: what people do.
        make_desk: makes the desk of each bridge.
        ways: to fail; where crashes both before and after effects are among them, those after an
            effect that crashes before the next one imply are left out, see `implied`.
    """
    course = Course.of(scenario.history(), make_desk)
    yield course.history, course.outcome
    for mode in ways:
        yield from _each_place(course, mode, ways=ways)


def pauses(scenario: Scenario) -> Iterator[tuple[History, Outcome]]:
    """Let the process stand still at each of its effects while another one works."""
    yield from _each_place(Course.of(scenario.history()), "pause")


def asides(scenario: Scenario) -> Iterator[tuple[History, Outcome]]:
    """Let another process work at each effect, while no time passes."""
    yield from _each_place(Course.of(scenario.history()), "aside")


def overdues(scenario: Scenario) -> Iterator[tuple[History, Outcome]]:
    """Let Jira take each write later than anybody waits for it."""
    yield from _each_place(Course.of(scenario.history()), "overdue")


def meanwhiles(scenario: Scenario, name: str) -> Iterator[tuple[History, Outcome]]:
    """Let people do something at each effect of a scenario."""
    *before, step = OPERATIONS_OF[scenario.platform][name]
    plain = scenario.history()
    course = Course.of(plain.with_steps((*before, *plain.steps)))
    yield from _each_place(course, "meanwhile", step)


def _each_place(
    course: Course, mode: str, step: Step = (), ways: tuple[str, ...] = ()
) -> Iterator[tuple[History, Outcome]]:
    plain = course.history
    implied = implied_afters(course.noted) if mode == "after" and "before" in ways else ()
    for countdown in range(1, course.count(mode) + 1):
        if countdown in implied:
            continue
        armed: Step = ("arms", mode, countdown, step) if step else ("arms", mode, countdown)
        history = plain.with_steps((armed, *plain.steps))
        yield history, course.with_fault(mode, countdown, step)
