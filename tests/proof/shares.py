"""What a release wants to be tried, as shares of commands that run in blocks of a minute or so."""

from __future__ import annotations

from itertools import product
from typing import Final

from attrs import frozen


@frozen
class Share:
    """A part of a figure of the scoreboard.

    Args:
        name: what --only takes.
        figure: of the scoreboard.
        arguments: of Python; {block} is the block's number from 1, {start} the first of its seeds.
        counts: finds the number of runs in what the command prints; the last one counts.
        wanted: how many runs a release wants; where there are `blocks`, those count instead.
        unit: what a run is.
        seeds: how many a block has, for {start}.
        blocks: how many blocks there are, 0 where there is no end.
        scale: what a run is worth in the figure.
        also: finds a number that is told beside, such as how many came twice.
        also_unit: what that is.
        is_cumulative: whether an interrupted block counts as far as it came.
    """

    name: str
    figure: str
    arguments: tuple[str, ...]
    counts: str
    wanted: float
    unit: str
    seeds: int = 1
    blocks: int = 0
    scale: float = 1.0
    also: str = ""
    also_unit: str = ""
    is_cumulative: bool = False

    def command(self, block: int) -> list[str]:
        """Return the arguments of Python for one block."""
        places = {"{block}": str(block), "{start}": str((block - 1) * self.seeds)}
        made = list(self.arguments)
        for place, value in places.items():
            made = [each.replace(place, value) for each in made]
        return made


_SHARES_OF_SCENARIOS: Final = 120
_WHERE: Final = {
    "": (),
    "-dc": ("--edition", "data_center"),
    "-viber": ("--platform", "viber"),
    "-viber-dc": ("--platform", "viber", "--edition", "data_center"),
}
"""Telegram and Viber, each before Cloud and before Data Center, by the end of a share's name."""


def _world(
    name: str, figure: str, wanted: float, unit: str, *how: str, seeds: int = 1, blocks: int = 0
) -> Share:
    arguments = ("-m", "chatbridge.testing.world", *how)
    counts = r"([\d,]+) runs in"
    return Share(name, figure, arguments, counts, wanted, unit, seeds=seeds, blocks=blocks)


def _drawn(name: str, figure: str, wanted: float, unit: str, seeds: int, *how: str) -> list[Share]:
    """Return shares of seeds: half of them where most people are, the rest elsewhere."""
    some = ("--seeds", str(seeds), "--start", "{start}")
    parts = dict(zip(_WHERE, (0.5, 0.2, 0.2, 0.1), strict=True))
    return [
        _world(f"{name}{end}", figure, wanted * parts[end], unit, *how, *some, *where, seeds=seeds)
        for end, where in _WHERE.items()
    ]


_FAULTS = [
    _world(f"faults-{setting}{end}", "M1", 150_000, "runs", "--faults", setting,
           "--share", f"{{block}}/{_SHARES_OF_SCENARIOS}", *where, blocks=_SHARES_OF_SCENARIOS)
    for (end, where), setting in product(_WHERE.items(), ("poll", "webhook", "hints"))
    if not (setting == "poll" and "viber" in end)
]  # fmt: skip
_WORLD = (
    *_FAULTS,
    *_drawn("threes", "M1", 250_000, "runs", 5, "--threes"),
    *_drawn("pairs", "M2", 1e6, "runs", 100, "--pairs"),
    _world("random", "M3", 7e6, "histories", "--seeds", "300", "--start", "{start}", seeds=300),
    _world("random-viber", "M3", 3e6, "histories", "--seeds", "200", "--start", "{start}",
           "--platform", "viber", seeds=200),
    _world("records", "M3", 1e5, "histories", "--records", "--seeds", "300", "--start", "{start}",
           seeds=300),
    *(
        Share(f"workers{end}", "M4", ("-m", "chatbridge.testing.world", "--workers", "8", "--seeds",
              "100", "--start", "{start}", *where), r"([\d,]+) operations in", wanted, "operations",
              seeds=100)
        for end, where, wanted in (("", (), 7e5), ("-viber", ("--platform", "viber"), 3e5))
    ),
    _world("orders", "M4", 1, "runs", "--orders", blocks=1),
    _world("orders-viber", "M4", 1, "runs", "--orders", "--platform", "viber", blocks=1),
    *(
        Share(f"walks{end}", "M7", ("tests/world/walks.py", "--walks", "100", "--steps", "200",
              "--seed", "{block}", *where), r"(\d+) steps in", wanted, "steps")
        for end, where, wanted in (
            ("", (), 2.8e7), ("-viber", ("--platform", "viber"), 1.2e7)
        )
    ),
)  # fmt: skip
"""Whoever draws a seed for M3 or M7 draws the edition of Jira with it."""

FUZZED: Final = (
    "telegram_webhook", "telegram_answer", "jira_hint", "jira_answer", "adf", "wiki",
    "rendered_html", "rendering", "record", "sealed", "root_key", "choice", "configuration",
    "headers", "address",
)  # fmt: skip
_FUZZ = tuple(
    Share(
        f"fuzz-{target}", "M6",
        ("tests/fuzz/search.py", target, "--seconds", "60", "--seed", "{block}",
         "--learned", f".proof/learned/{target}"),
        r"number_of_executed_units: (\d+)", 1e9 / len(FUZZED), "inputs",
    )
    for target in FUZZED
)  # fmt: skip

_PYTEST = ("-m", "pytest", "-q", "-s", "--heavy", "-p", "no:cacheprovider", "-p", "no:xdist")
_LIVES = (
    Share("kills", "M5", (*_PYTEST, "tests/processes/test_kill.py", "-k", "hundreds_of_kills",
          "--block", "{block}"), r"(\d+) kills in", 10_000, "kills",
          also=r"(\d+) shown twice", also_unit="answers shown twice"),
    Share("restores", "M12", (*_PYTEST, "tests/faults/test_faults_measured.py", "-k",
          "thousand_restores", "--block", "{block}"), r"(\d+) restores in", 1_000, "restores"),
    Share("doubts", "M15", (*_PYTEST, "tests/faults/test_faults_measured.py", "-k",
          "doubles_one_in_a_hundred", "--block", "{block}"), r"(\d+) messages in", 100_000,
          "messages", also=r"(\d+) of them twice", also_unit="of them twice"),
    Share("soak", "M14", ("-m", "tests.soak", "--hours", "1", "--seed", "{block}"),
          r'"seconds": ([\d.]+)', 72 * 3600, "seconds", scale=1 / 3600, is_cumulative=True,
          also=r'"doubled_in_chat": (\d+)', also_unit="answers shown twice"),
)  # fmt: skip

SHARES: Final[tuple[Share, ...]] = (*_WORLD, *_FUZZ, *_LIVES)
