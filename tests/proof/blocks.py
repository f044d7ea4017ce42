"""One block of a share as a process of its own, in a group of its own, that can be cut off.

It never outlives the process that started it where the system can see to that (Linux).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from attrs import define

from tests.proof.progress import found
from tests.proof.shares import Share

ROOT: Final = Path(__file__).resolve().parents[2]
_PR_SET_PDEATHSIG: Final = 1
"""See prctl(2)."""


@define(eq=False)
class Block:
    """A block under way.

    Args:
        share: whose it is.
        number: from 1.
        log: where what it prints goes.
        process: that does it.
        begun: when, monotonic.
    """

    share: Share
    number: int
    log: Path
    process: subprocess.Popen[bytes]
    begun: float

    @classmethod
    def start(cls, share: Share, number: int, folder: Path) -> Block:
        """Start a block; its log goes below a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / f"{share.name}-{number}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *share.command(number)], cwd=ROOT, stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
                preexec_fn=_ends_with_its_parent(),
            )  # fmt: skip
        return cls(share, number, log, process, time.monotonic())

    @property
    def seconds(self) -> float:
        """How long it has been under way."""
        return time.monotonic() - self.begun

    @property
    def told(self) -> str:
        """What it printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def is_good(self) -> bool:
        """Whether it ended well and said how much it did."""
        return self.process.returncode == 0 and found(self.share.counts, self.told) > 0

    @property
    def again(self) -> str:
        """The command that repeats it."""
        return " ".join(["python", *self.share.command(self.number)])

    def interrupt(self) -> None:
        """Ask it to end."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it, and whatever it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _ends_with_its_parent() -> Callable[[], None]:
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def before_it_starts() -> None:
        # Whoever starts us in the background may have switched interrupts off.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)

    return before_it_starts
