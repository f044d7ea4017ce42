"""What people read while it goes on: how much is done of what a release wants, and what is left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.proof.blocks import Block
from tests.proof.progress import Progress
from tests.proof.shares import Share


def of_a_block(block: Block, runs: float, progress: Progress) -> str:
    """Return the line about a block that is done."""
    share, done = block.share, progress.of(block.share)
    seconds = max(block.seconds, 0.001)
    return (
        f"{share.figure} {share.name} {block.number}: {runs:,.0f} {share.unit} in {seconds:.0f} s "
        f"({runs / seconds:,.0f}/s); {done.runs:,.0f} in all, {percent(done.part(share))} of a "
        f"release, {_time(done.left(share))} left on one core"
    )


def of_all(shares: Sequence[Share], progress: Progress, running: Iterable[Block], jobs: int) -> str:
    """Return the line about everything."""
    figures = " ".join(
        f"{figure} {percent(part(figure, shares, progress))}" for figure in _figures(shares)
    )
    now = ", ".join(f"{each.share.name} {each.number} for {each.seconds:.0f} s" for each in running)
    told = f"of a release: {figures}; {left(shares, progress, jobs)}"
    return f"{told}; now {now}" if now else told


def table(shares: Sequence[Share], progress: Progress, jobs: int) -> str:
    """Return what is done, a line for each share."""
    lines = []
    for share in shares:
        done = progress.of(share)
        rate = f"{done.runs / done.seconds:,.0f}/s" if done.seconds else "-"
        lines.append(
            f"{share.figure:4} {share.name:24} {done.runs:>13,.0f} {share.unit:10} "
            f"{percent(done.part(share)):>8} of a release {rate:>9} "
            f"{_time(done.left(share)):>9} left on one core"
            + (f"; block {done.failed} FAILED" if done.failed else "")
        )
    return "\n".join([*lines, left(shares, progress, jobs)])


def part(figure: str, shares: Sequence[Share], progress: Progress) -> float:
    """Return how much of a figure is done, 0 to 1."""
    mine = [share for share in shares if share.figure == figure]
    done = sum(progress.of(share).part(share) * share.wanted for share in mine)
    return done / sum(share.wanted for share in mine)


def left(shares: Sequence[Share], progress: Progress, jobs: int) -> str:
    """Return how long the rest takes."""
    known = [progress.of(share).left(share) for share in shares]
    seconds = [each for each in known if each is not None]
    unknown = len(known) - len(seconds)
    if unknown == len(known):
        return f"nobody knows yet how long it takes, with {jobs} at a time"
    told = f"{_time(sum(seconds) / jobs)} left with {jobs} at a time"
    return f"about {told}" if not unknown else f"{told} and {unknown} shares not begun yet"


def percent(part_done: float) -> str:
    """Return a part in words; a little is never told as nothing, nor nearly all as all."""
    if 0 < part_done < 0.0001:
        return "<0.01%"
    return f"{int(part_done * 10_000) / 100:.2f}%"


def _figures(shares: Sequence[Share]) -> list[str]:
    return sorted({share.figure for share in shares}, key=lambda name: int(name[1:]))


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} s"
