"""What is done of each share, kept in a file that is whole at any moment.

It is written beside and put in place, so that whoever is killed keeps what was counted before; one
process at a time works in a folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, TextIO

from attrs import asdict, define, field

from tests.proof.shares import Share


@define
class Done:
    """What is done of a share.

    Args:
        next: all blocks before this one are done.
        ahead: those after it that are done, too.
        runs: how many there were in all of them.
        also: the sum of what is told beside.
        seconds: that they took, each on one core.
        failed: a block that failed and was not done again yet, or 0.
        command: by which they were done, as a digest.
    """

    next: int = 1
    ahead: list[int] = field(factory=list)
    runs: float = 0.0
    also: float = 0.0
    seconds: float = 0.0
    failed: int = 0
    command: str = ""

    @property
    def blocks(self) -> int:
        """How many blocks are done."""
        return self.next - 1 + len(self.ahead)

    def part(self, share: Share) -> float:
        """Return how much of what a release wants is done, 0 to 1."""
        part = self.blocks / share.blocks if share.blocks else self.runs / share.wanted
        return min(part, 1.0)

    def left(self, share: Share) -> float | None:
        """Return the seconds that the rest takes on one core, None where nothing is known yet."""
        part = self.part(share)
        if part >= 1:
            return 0.0
        return self.seconds * (1 - part) / part if part and self.seconds else None

    def free(self, share: Share, under_way: set[int]) -> int:
        """Return the next block that nobody does, 0 where there is none."""
        if self.part(share) >= 1:
            return 0
        block = self.next
        while block in under_way or block in self.ahead:
            block += 1
        return 0 if share.blocks and block > share.blocks else block


class Progress:
    """The kept progress of a folder, held by one process at a time.

    Args:
        folder: where it is kept; it is made where there is none.
        looks: whether it is only looked at, which may happen beside another process.

    Raises:
        BlockingIOError: another process works in the folder.
        ValueError: what is kept cannot be read; the text says what to do.
    """

    def __init__(self, folder: Path, *, looks: bool = False) -> None:
        self._held: TextIO | None = None
        if not looks:
            folder.mkdir(parents=True, exist_ok=True)
            self._held = (folder / "lock").open("w")
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._file = folder / "progress.json"
        self._known = self._read()

    def _read(self) -> dict[str, Done]:
        if not self._file.exists():
            return {}
        try:
            kept: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
            return {name: Done(**values) for name, values in kept.items()}
        except (ValueError, TypeError, AttributeError):
            raise ValueError(f"{self._file} cannot be read: move it away to begin anew") from None

    def of(self, share: Share) -> Done:
        """Return what is done of a share; what another command did counts for nothing."""
        command = hashlib.sha256("\0".join(share.arguments).encode()).hexdigest()[:16]
        done = self._known.get(share.name)
        if done is None or done.command != command:
            done = self._known[share.name] = Done(command=command)
        return done

    def note(self, share: Share, block: int, told: str, seconds: float) -> float:
        """Keep that a block is done.

        Args:
            share: whose block it is.
            block: its number.
            told: what it printed.
            seconds: it took.

        Returns:
            How many runs it had.
        """
        done = self.of(share)
        runs = found(share.counts, told)
        done.runs += runs
        done.also += found(share.also, told) if share.also else 0
        done.seconds += seconds
        done.ahead = sorted({*done.ahead, block})
        while done.next in done.ahead:
            done.ahead.remove(done.next)
            done.next += 1
        if done.failed == block:
            done.failed = 0
        self._write()
        return runs

    def note_failure(self, share: Share, block: int) -> None:
        """Keep that a block failed: it is done again first."""
        self.of(share).failed = block
        self._write()

    def _write(self) -> None:
        beside = self._file.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as file:
            kept = {name: asdict(done) for name, done in self._known.items()}
            file.write(json.dumps(kept, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._file)

    def close(self) -> None:
        """Let another process work here."""
        if self._held is not None:
            self._held.close()


def found(pattern: str, told: str) -> float:
    """Return the last number that a pattern finds, 0 where there is none."""
    numbers = re.findall(pattern, told)
    return float(numbers[-1].replace(",", "")) if numbers else 0.0
