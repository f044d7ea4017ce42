"""The storages that come with the library, offered through the same hook as a stranger's.

Importing this module must not import a storage: each is loaded when somebody opens it.
"""

from __future__ import annotations

from chatbridge.errors import ConfigurationError
from chatbridge.hookspecs import RegisterStorage, hookimpl
from chatbridge.storage import Storage


@hookimpl
def chatbridge_register_storages(register: RegisterStorage) -> None:
    """Offer `memory:` and `sqlite:<path>`."""
    register("memory", _open_memory)
    register("sqlite", _open_sqlite)


def _open_memory(rest: str) -> Storage:
    if rest:
        raise ConfigurationError("the storage setting 'memory:' takes nothing after the colon")
    from chatbridge.memory_storage import MemoryStorage

    return MemoryStorage()


def _open_sqlite(rest: str) -> Storage:
    if not rest:
        raise ConfigurationError("the storage setting 'sqlite:' needs a path, as in sqlite:chat.db")
    from chatbridge.sqlite_storage import SqliteStorage

    return SqliteStorage(rest)
