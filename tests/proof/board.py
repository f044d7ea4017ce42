"""Writes what is done into the scoreboard, where it is more than what stands there."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Final

from tests.loading import module_at
from tests.proof.blocks import ROOT
from tests.proof.progress import Progress
from tests.proof.shares import Share

_PLACE: Final = ROOT / "tests" / "faults" / "scoreboard.py"


def keep_all(shares: Sequence[Share], progress: Progress, board: ModuleType | None = None) -> None:
    """Keep the sum of every figure that was tried more than its row says.

    Args:
        shares: all that a release wants.
        progress: what is done of them.
        board: the scoreboard; None: the project's own.
    """
    board = board or module_at(_PLACE)
    for figure in dict.fromkeys(share.figure for share in shares):
        mine = [share for share in shares if share.figure == figure]
        total = sum(progress.of(share).runs * share.scale for share in mine)
        before = board.kept().get(figure, {}).get("number", 0)
        if total > before:
            last = max(progress.of(share).next - 1 for share in mine)
            command = f'make proof PROOF_ARGS="--only {figure}"'
            board.keep(figure, round(total, 3), said(mine, progress), command, f"block 1 to {last}")


def said(mine: Sequence[Share], progress: Progress) -> str:
    """Return what was done for a figure, in words.

    Args:
        mine: its shares.
        progress: what is done of them.
    """
    begun = [share for share in mine if progress.of(share).blocks]
    unit = "hours" if mine[0].scale != 1 else mine[0].unit
    total = sum(progress.of(share).runs * share.scale for share in mine)
    number = f"{total:,.1f}" if mine[0].scale != 1 else f"{total:,.0f}"
    failing = [share.name for share in mine if progress.of(share).failed]
    text = f"{number} {unit}, "
    text += f"FAILED in {', '.join(failing)}" if failing else "nothing found"
    if mine[0].also:
        also = sum(progress.of(share).also for share in mine)
        text += f", {also:,.0f} {mine[0].also_unit}"
    parts = [_part(share, progress) for share in begun]
    return f"{text}: {', '.join(parts)}" if len(mine) > 1 else text


def _part(share: Share, progress: Progress) -> str:
    done = progress.of(share)
    whole = f" ({done.blocks} of {share.blocks} blocks)" if share.blocks > 1 else ""
    return f"{done.runs:,.0f} of {share.name}{whole}"
