"""Waits for the signals that end a program, so that it can end gracefully."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """While it is open, the first SIGTERM or SIGINT only ends `wait`; a second one ends all."""

    def __init__(self) -> None:
        self._told = threading.Event()
        self._before = {each: signal.getsignal(each) for each in _SIGNALS}

    def wait(self) -> None:
        """Return once a signal came."""
        self._told.wait()

    def __enter__(self) -> Self:
        for each in _SIGNALS:
            signal.signal(each, self._tell)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self._restore()
        self._told.set()

    def _restore(self) -> None:
        for each, before in self._before.items():
            signal.signal(each, before)
