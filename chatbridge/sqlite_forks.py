"""Holds every open SQLite database back while the process forks, and while one is set up.

SQLite's notes on its own locks are per process and are inherited by a child, which then takes no
locks of its own: the parent deletes a log that the child still writes to. So no connection may be
open while the process forks (https://sqlite.org/howtocorrupt.html, 2.6).
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol


class Database(Protocol):
    """What holds connections."""

    def before_fork(self) -> None:
        """Let running operations end, close every connection, and hold further ones back."""
        ...

    def after_fork_in_parent(self) -> None:
        """Let operations go on."""
        ...

    def after_fork_in_child(self) -> None:
        """Start with new locks; the threads that held the old ones are not in this process."""
        ...


open_databases: weakref.WeakSet[Database] = weakref.WeakSet()
opening = threading.Lock()
"""Held while a file is set up, and while the process forks.

To close a file anyhow drops all locks that SQLite in this process has on it
(https://sqlite.org/howtocorrupt.html, 2.2), so nobody may have opened the new file before the
handle that created it is closed.
"""
_registering = threading.Lock()
_watching = False


def watch_forks() -> None:
    """Have all open databases told of forks; one registration, made with the first of them."""
    global _watching
    with _registering:
        if not _watching and hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=_before_fork,
                after_in_parent=_after_fork_in_parent,
                after_in_child=_after_fork_in_child,
            )
            _watching = True


def _before_fork() -> None:
    opening.acquire()
    for database in list(open_databases):
        database.before_fork()


def _after_fork_in_parent() -> None:
    for database in list(open_databases):
        database.after_fork_in_parent()
    opening.release()


def _after_fork_in_child() -> None:
    for database in list(open_databases):
        database.after_fork_in_child()
    if opening.locked():  # not so if the fork was not announced
        opening.release()
