"""Keeps as many blocks under way as may be, until all is done, somebody stops it or one fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from attrs import define, field

from tests.proof import telling
from tests.proof.blocks import Block
from tests.proof.progress import Progress, found
from tests.proof.shares import Share

_LOOK: Final = 0.2
_TELL_EVERY: Final = 30.0
_KEEP_EVERY: Final = 300.0
_GRACE: Final = 4.0
"""Seconds that an interrupted block has to end by itself."""
_LINES_OF_A_FAILURE: Final = 40


@define(eq=False)
class Proof:
    """Blocks under way.

    Args:
        shares: to be done.
        progress: what is done.
        folder: where logs go.
        jobs: how many blocks at a time.
        say: takes a line for people.
        keep: writes the scoreboard.
    """

    shares: Sequence[Share]
    progress: Progress
    folder: Path
    jobs: int
    say: Callable[[str], None]
    keep: Callable[[], None]
    _running: list[Block] = field(factory=list)
    _stop: threading.Event = field(factory=threading.Event)

    def stop(self) -> None:
        """Stop within seconds; what is counted stays. Safe in a signal handler."""
        self._stop.set()

    def go(self, *, blocks: int = 0, minutes: float = 0) -> int:
        """Run until all is done.

        Args:
            blocks: end after so many, 0: when all is done.
            minutes: begin no block later than this, 0: at any time.

        Returns:
            0, or 1 where a block failed.
        """
        begun = told = kept = time.monotonic()
        started, failed = 0, False
        self.say(telling.of_all(self.shares, self.progress, (), self.jobs))
        try:
            while not (failed or self._stop.is_set()):
                while len(self._running) < self.jobs and not (blocks and started >= blocks):
                    if minutes and time.monotonic() - begun > minutes * 60:
                        break
                    if not self._start_next():
                        break
                    started += 1
                if not self._running:
                    break
                self._stop.wait(_LOOK)
                failed = self._look()
                if time.monotonic() - told > _TELL_EVERY:
                    told = time.monotonic()
                    self._tell()
                if time.monotonic() - kept > _KEEP_EVERY:
                    kept = time.monotonic()
                    self.keep()
        finally:
            self._end()
            self.keep()
        self._tell()
        if self._stop.is_set():
            self.say("stopped; what is counted stays, and the same command goes on from here")
        return 1 if failed else 0

    def _tell(self) -> None:
        self.say(telling.of_all(self.shares, self.progress, self._running, self.jobs))

    def _start_next(self) -> bool:
        """Start a block of the share that is farthest behind; a failed block comes first."""
        waiting = []
        for order, share in enumerate(self.shares):
            under_way = {each.number for each in self._running if each.share is share}
            done = self.progress.of(share)
            block = done.free(share, under_way)
            if done.failed and done.failed not in under_way:
                block = done.failed
            if block:
                first = block != done.failed
                waiting.append(((first, len(under_way), done.part(share), order), share, block))
        if not waiting:
            return False
        _, share, block = min(waiting, key=lambda each: each[0])
        self._running.append(Block.start(share, block, self.folder / "running"))
        return True

    def _look(self) -> bool:
        """Note what ended; tell whether one of them failed."""
        failed = False
        for block in [each for each in self._running if each.process.poll() is not None]:
            self._running.remove(block)
            if block.is_good:
                self._note(block)
            else:
                failed = True
                self._tell_failure(block)
        return failed

    def _note(self, block: Block) -> None:
        runs = self.progress.note(block.share, block.number, block.told, block.seconds)
        self.say(telling.of_a_block(block, runs, self.progress))
        block.log.unlink()

    def _tell_failure(self, block: Block) -> None:
        self.progress.note_failure(block.share, block.number)
        kept = self.folder / f"failed-{block.log.name}"
        lines = block.told.splitlines()[-_LINES_OF_A_FAILURE:]
        block.log.replace(kept)
        self.say(f"{block.share.figure} {block.share.name} {block.number}: FAILED")
        for line in lines:
            self.say(f"  {line}")
        self.say(f"again: {block.again}")
        self.say(f"all that it printed: {kept}")

    def _end(self) -> None:
        """Cut off what is under way; what counts as far as it came is noted."""
        self._look()
        for block in self._running:
            block.interrupt()
        until = time.monotonic() + _GRACE
        while time.monotonic() < until:
            if all(each.process.poll() is not None for each in self._running):
                break
            time.sleep(_LOOK / 4)
        for block in self._running:
            block.kill()
            if block.share.is_cumulative and found(block.share.counts, block.told):
                self._note(block)
            else:
                block.log.unlink()
        self._running.clear()
