"""Random histories: one seed decides what people do, what fails, who works and how time passes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from chatbridge.testing.world.damage import WAYS
from chatbridge.testing.world.enumeration import FAULTS, OPERATIONS_OF, SETTINGS, Scenario
from chatbridge.testing.world.histories import History
from chatbridge.testing.world.key_changes import TO_THE_END
from chatbridge.testing.world.operations import Step

DEFAULT_STEPS: Final = 40

_Draw = Callable[[random.Random], Step]
_Draws = tuple[tuple[float, _Draw], ...]

_STATUSES = ("In progress", "Waiting for customer", "Resolved", "Waiting for support")
_KINDS = (
    "public", "public", "public", "internal", "restricted", "long", "file", "files", "bare file",
    "internal file", "restricted file", "by account",
)  # fmt: skip
_SENT = ("photo", "bare photo", "document", "album")
_COMMANDS = ("/start", "/status", "/new", "/help", "/more")
_BEHAVIOURS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("index_lag", (0.0, 20.0, 60.0)),
    ("commit_lag", (0.0, 5.0, 30.0)),
    ("banks", (True,)),
    ("lie_in_webhooks", (True,)),
    ("automation", ("thank you", "")),
    ("access", (False, True, True)),
    ("page_cap", (2, 50)),
    ("hide_properties", (True, False)),
    ("refuse_adf", (True, False)),
    ("file_limit", (0, 20, 20_000_000)),
)
_ALTERED = ("link", "link", "link", "conversation", "conversation", "claim", "project")
_WAYS = (*WAYS, "swap", "swap")
_FORGED = ("", "{}", "[1]", '{"issue":{"id":"10001"},"comment":{"id":"1"}}', "\x00")


def history_of(seed: int, steps: int = DEFAULT_STEPS, platform: str = "telegram") -> History:
    """Return the history of a seed."""
    draw = random.Random(seed)  # noqa: S311 - reproducible on purpose
    start = draw.choice(("nothing", "opened", "opened", "two", "group"))
    mode = draw.choice(("poll", "webhook"))
    processes = draw.choice((1, 1, 2, 3))
    hints = draw.random() < 0.5
    happened = [_step(draw, _DRAWS_OF[platform]) for _ in range(steps)]
    # Drawn apart, so that the same seeds tell the same stories as before.
    editions = random.Random(f"edition {seed}")  # noqa: S311 - reproducible on purpose
    edition = editions.choice(("cloud", "cloud", "data_center"))
    return History(tuple(happened), start, mode, processes, hints, edition, platform)


def invited_history_of(seed: int, steps: int = DEFAULT_STEPS) -> History:
    """Return the history of a seed in which links into requests are handed out and opened, too."""
    history = history_of(seed, steps)
    draw = random.Random(f"links {seed}")  # noqa: S311 - reproducible on purpose
    happened = list(history.steps)
    for _ in range(draw.randrange(1, 5)):
        opened: list[Step] = [
            ("opens_link", draw.randrange(3), draw.choice((-1, -1, -2)))
            for _ in range(draw.randrange(1, 3))
        ]
        at = draw.randrange(len(happened) + 1)
        happened[at:at] = [("invites", draw.randrange(3)), *opened]
    return history.with_steps(tuple(happened))


def kept_history_of(seed: int, steps: int = DEFAULT_STEPS, platform: str = "telegram") -> History:
    """Return the history of a seed in which records are altered, and keys replaced, too."""
    history = history_of(seed, steps, platform)
    draw = random.Random(f"records {seed}")  # noqa: S311 - reproducible on purpose
    happened = list(history.steps)
    for _ in range(draw.randrange(1, 6)):
        step = _step(draw, _OF_RECORDS)
        # Who retires a root key has started all processes again, which nothing else waits for.
        if draw.random() < 0.4 and step[0] != "retires_root":
            step = ("arms", "meanwhile", draw.randrange(1, 40), step)
        happened.insert(draw.randrange(len(happened) + 1), step)
    return history.with_steps(tuple(happened))


def double_crash_of(seed: int, platform: str = "telegram") -> History:
    """Return a scenario of two operations in which the process dies twice, chosen by a seed."""
    draw = random.Random(f"two crashes {seed}")  # noqa: S311 - reproducible on purpose
    names = tuple(draw.choice(list(OPERATIONS_OF[platform])) for _ in range(2))
    first = ("arms", draw.choice(("before", "after")), draw.randrange(1, 9))
    second = ("arms", draw.choice(("before", "after")), draw.randrange(1, 9))
    plain = Scenario(names, draw.choice(SETTINGS), platform=platform).history(first)
    return plain.with_steps((*plain.steps, ("run", 0), second, ("pass", 61), ("run", 0)))


def _step(draw: random.Random, draws: _Draws) -> Step:
    weights = [weight for weight, _ in draws]
    return draw.choices([make for _, make in draws], weights)[0](draw)


def _chat(name: str, *more: Any) -> _Draw:
    return lambda draw: (name, draw.randrange(3), *more)


def _issue(name: str) -> _Draw:
    return lambda draw: (name, draw.randrange(3))


def _comment(name: str) -> _Draw:
    return lambda draw: (name, draw.randrange(3), draw.randrange(-2, 4))


def _process(name: str) -> _Draw:
    return lambda draw: (name, draw.randrange(3))


def _fault(draw: random.Random) -> Step:
    mode = draw.choice((*FAULTS, "aside", "pause", "meanwhile"))
    countdown = draw.randrange(1, 25)
    if mode != "meanwhile":
        return ("arms", mode, countdown)
    return ("arms", mode, countdown, draw.choice(_AT_ONCE)(draw))


def _any_comment(draw: random.Random) -> Step:
    return ("comments", draw.randrange(3), draw.choice(_KINDS))


def _behaviour(draw: random.Random) -> Step:
    name, values = draw.choice(_BEHAVIOURS)
    return ("behaves", name, draw.choice(values))


_AT_ONCE: Final[tuple[_Draw, ...]] = (
    _comment("flips"), _comment("deletes_comment"), _comment("changes"), _issue("moves"),
    _issue("deletes"), _chat("blocks"), _chat("says"), _any_comment,
)  # fmt: skip
"""What people may do in the middle of an effect."""

_DRAWS: Final[_Draws] = (
    (10, _chat("says")),
    (5, lambda draw: ("sends", draw.randrange(3), draw.choice(_SENT))),
    (3, _chat("edits")),
    (3, _chat("replies")),
    (4, lambda draw: ("commands", draw.randrange(3), draw.choice(_COMMANDS))),
    (2, _chat("presses")),
    (1.5, _chat("blocks")),
    (2, _chat("unblocks")),
    (0.5, lambda _: ("migrates",)),
    (12, _any_comment),
    (0.6, lambda draw: ("many_comments", draw.randrange(3), draw.choice((5, 11, 14)))),
    (4, _comment("flips")),
    (4, _comment("changes")),
    (3, lambda draw: ("fetches", draw.randrange(3), draw.randrange(3), draw.randrange(4))),
    (1, _comment("restricts")),
    (2, _comment("deletes_comment")),
    (3, lambda draw: ("sets_status", draw.randrange(3), draw.choice(_STATUSES))),
    (0.4, _issue("moves")),
    (0.4, _issue("deletes")),
    (2, _behaviour),
    (1, lambda draw: ("forges", draw.choice(_FORGED))),
    (0.7, lambda _: ("pauses_project",)),
    (1, lambda _: ("resumes_project",)),
    (0.5, lambda _: ("backs_up",)),
    (0.3, lambda _: ("restores",)),
    (0.5, lambda draw: ("renumbers", draw.randrange(1, 10**6))),
    (10, _fault),
    (18, _process("run")),
    (3, _process("crash")),
    (2, _process("stop")),
    (8, _process("delivers")),
    (2, lambda _: ("drops_hints",)),
    (12, lambda draw: ("pass", draw.choice((0.5, 3, 11, 30, 61, 130, 700)))),
    (1, lambda draw: ("jump", draw.randrange(3), draw.choice((-3e8, -4000, 60, 90_000, 3e8)))),
)
"""How likely each kind of step is, and how one is drawn."""

_OF_RECORDS: Final[_Draws] = (
    (5, lambda draw: ("alters", draw.choice(_ALTERED), draw.randrange(6), draw.choice(_WAYS))),
    (2, lambda _: ("puts_back",)),
    (3, lambda draw: ("rotates", draw.choice((1, 3, 9, 20, 50, TO_THE_END)))),
    (1, lambda draw: ("rotates_tokens", draw.choice((1, TO_THE_END)))),
    (1, lambda _: ("adds_root",)),
    (1, lambda _: ("retires_root",)),
)
"""What happens to records and keys besides; it is drawn apart."""

_ON_VIBER: Final[_Draws] = (
    (4, _chat("opens")),
    (3, lambda draw: ("follows", draw.randrange(3), draw.randrange(3))),
    (3, lambda draw: ("borrows", draw.randrange(3), draw.randrange(3))),
    (3, lambda draw: ("sends", draw.randrange(3), "sticker")),
    (2, _chat("reads")),
    (3, _chat("fails")),
    (1, _chat("strange")),
    (2, lambda draw: ("refuses", draw.choice((12, 13, 99)))),
    (0.7, lambda _: ("loses_webhook",)),
    (1.5, _process("registers")),
    (1, lambda draw: ("carries_on", draw.randrange(3), draw.choice((90, 600, 2000, 4000)))),
)
_DRAWS_OF: Final[dict[str, _Draws]] = {"telegram": _DRAWS, "viber": _DRAWS + _ON_VIBER}
"""The same by the platform; what its people cannot do does nothing."""
