"""Tells whether something (gevent, eventlet) has put its own threads in place of Python's."""

from __future__ import annotations

import _thread


def threads_are_patched() -> bool:
    """Tell whether a new thread would be another thing than one of the operating system."""
    return str(getattr(_thread.start_new_thread, "__module__", "")) != "_thread"
