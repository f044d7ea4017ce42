"""What must begin anew in the child of a fork: threads are gone there, locks may be held for ever.

Objects are kept weakly; the hook is set with the first of them, not at import.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol


class Forkable(Protocol):
    """Something that holds threads, locks or sockets."""

    def forget_parent(self) -> None:
        """In the child: begin anew and let go of what is the parent's, taking no old lock."""
        ...


_living: weakref.WeakSet[Forkable] = weakref.WeakSet()
_lock = threading.Lock()
_hook_set = False


def renew_after_fork(one: Forkable) -> None:
    """Have `forget_parent` called in the child of every fork for as long as the object lives."""
    global _hook_set
    with _lock:
        _living.add(one)
        if not _hook_set and hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_after_fork)
            _hook_set = True


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    for one in list(_living):
        one.forget_parent()
