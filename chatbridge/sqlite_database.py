"""Connections to one SQLite database: shared by threads, shared commits, and safe across forks.

It knows nothing of records. A connection is never used by two threads at a time and is never
open while the process forks.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Generic, TypeVar

from attrs import define, evolve, field

from chatbridge.errors import StorageUnavailableError
from chatbridge.sqlite_file import Failure, SqliteFile, explain, is_busy
from chatbridge.sqlite_forks import open_databases, opening, watch_forks

T = TypeVar("T")

# SQLite's own waiting sleeps up to 100 ms at a time, and so hardly ever meets the short moment
# between two commits of a busy process.
_LOCK_RETRY_SECONDS: Final = (0.0005, 0.003)
_MOST_READERS: Final = 8  # a read takes microseconds, and the cache of a connection up to 1 MB


def _taken_lock() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@define(eq=False)
class _Ticket(Generic[T]):
    """A write that waits for its commit."""

    operation: Callable[[sqlite3.Connection], T]
    synced: bool
    results: tuple[T, ...] = ()
    failure: Failure | None = None
    woken: threading.Lock = field(factory=_taken_lock)


class SqliteDatabase:
    """A database with a few connections, used by however many threads.

    Args:
        file: the database file; it is set up, see `SqliteFile.set_up` for the errors.
    """

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._unsynced_file = evolve(file, durable=False)
        self._closed = False
        self._idle: dict[bool, list[sqlite3.Connection]] = {True: [], False: []}
        self._waiting: list[_Ticket[Any]] = []
        self._renew_locks()
        watch_forks()
        with opening:
            file.set_up()
            open_databases.add(self)

    def read(self, operation: Callable[[sqlite3.Connection], T]) -> T:
        """Return what the operation returns; it may only read.

        Raises:
            StorageUnavailableError: the database cannot answer.
        """
        with self._reading:
            connection = self._take()
            sound = False
            try:
                result = self._patiently(lambda: operation(connection))
                sound = True
                return result
            except sqlite3.Error as error:
                failure = explain(error)
            finally:
                self._give_back(connection, sound=sound)
        # Raised out here, so that no error of sqlite3 hangs on ours.
        raise failure.error()

    def write(self, operation: Callable[[sqlite3.Connection], T], *, synced: bool = True) -> T:
        """Return what the operation returns, once it is committed.

        Writes that arrive while another commit is under way are committed together, since the
        commit is what costs.

        Args:
            operation: one statement; raises nothing but what `sqlite3` raises.
            synced: whether it must be on the disk then, where the file is durable at all.

        Raises:
            StorageUnavailableError: it was not written.
        """
        ticket = _Ticket(operation, synced)
        with self._arriving:
            leads = not self._waiting
            self._waiting.append(ticket)
        if leads:
            self._commit_waiting()
        else:
            # Only the first of those who wait asks for `_leading`: threads that queue for one lock
            # wake each other in turn, which costs more than what they write.
            ticket.woken.acquire()
        if ticket.failure is not None:
            raise ticket.failure.error()
        return ticket.results[0]

    @contextmanager
    def closed_meanwhile(self) -> Iterator[SqliteFile]:
        """Hold back every use of the file by this process, as while it forks."""
        with opening:
            mine = [
                each
                for each in open_databases
                if isinstance(each, SqliteDatabase) and each._file.path == self._file.path
            ]
            for database in mine:
                database.before_fork()
            try:
                yield self._file
            finally:
                for database in mine:
                    database.after_fork_in_parent()

    def close(self) -> None:
        """Close every connection once it is not used any more; further calls fail."""
        with self._gate:
            self._closed = True
            self._gate.wait_for(lambda: self._in_use == 0)
            self._close_idle()

    def _commit_waiting(self) -> None:
        """Commit what waits as soon as the commit before is over, and wake whoever waits for it."""
        batch: list[_Ticket[Any]] = []
        # Whatever cuts this thread off, the others in the batch do not wait for ever.
        failure: Failure | None = Failure("the commit was interrupted; its outcome is unknown")
        try:
            with self._leading:
                batch = self._take_waiting()
                for ticket, result in zip(batch, self._commit(batch), strict=True):
                    ticket.results = (result,)
            failure = None
        except sqlite3.Error as error:
            failure = explain(error)
        except StorageUnavailableError as error:
            failure = Failure(str(error), error.retry_after)
        finally:
            for ticket in batch or self._take_waiting():
                ticket.failure = failure
                ticket.woken.release()

    def _take_waiting(self) -> list[_Ticket[Any]]:
        with self._arriving:
            batch, self._waiting = self._waiting, []
        return batch

    def _commit(self, batch: list[_Ticket[Any]]) -> list[Any]:
        synced = any(ticket.synced for ticket in batch)
        connection = self._take(synced=synced)
        sound = False
        try:
            if len(batch) == 1:  # a statement alone is its own transaction
                results = [self._patiently(lambda: batch[0].operation(connection))]
            else:
                self._patiently(lambda: connection.execute("begin immediate"))
                results = [ticket.operation(connection) for ticket in batch]
                connection.execute("commit")
            sound = True
            return results
        finally:
            self._give_back(connection, sound=sound, synced=synced)

    def _patiently(self, attempt: Callable[[], T]) -> T:
        deadline = time.monotonic() + self._file.busy_seconds
        while True:
            try:
                return attempt()
            except sqlite3.Error as error:
                if not is_busy(error) or time.monotonic() > deadline:
                    raise
            time.sleep(random.uniform(*_LOCK_RETRY_SECONDS))  # noqa: S311 - no secret

    # --- connections ----------------------------------------------------------------------------
    def _take(self, *, synced: bool = True) -> sqlite3.Connection:
        with self._gate:
            if self._forking:
                self._gate.wait_for(lambda: not self._forking)
            if self._closed:
                raise StorageUnavailableError("the storage is closed")
            if self._pid != os.getpid():
                raise StorageUnavailableError(
                    "the process was forked, unseen by Python, while the storage was open; open "
                    "it after the fork (uWSGI: lazy-apps = true)"
                )
            self._in_use += 1
            if self._idle[synced]:
                return self._idle[synced].pop()
        try:
            return self._patiently((self._file if synced else self._unsynced_file).connect)
        except sqlite3.Error as error:
            failure = explain(error)
        except BaseException:
            self._left()
            raise
        self._left()
        raise failure.error()

    def _give_back(
        self, connection: sqlite3.Connection, *, sound: bool, synced: bool = True
    ) -> None:
        if sound:
            self._idle[synced].append(connection)
        else:
            connection.close()  # rolls back
        self._left()

    def _left(self) -> None:
        with self._gate:
            self._in_use -= 1
            if not self._in_use:
                self._gate.notify_all()

    def _close_idle(self) -> None:
        for idle in self._idle.values():
            while idle:
                idle.pop().close()

    # --- forks: see `chatbridge.sqlite_forks` ---------------------------------------------------

    def _renew_locks(self) -> None:
        self._pid = os.getpid()
        self._gate = threading.Condition()
        self._reading = threading.Semaphore(_MOST_READERS)
        self._leading = threading.Lock()
        self._arriving = threading.Lock()
        self._waiting = []
        self._in_use = 0
        self._forking = False

    def before_fork(self) -> None:
        """Let running operations end, close every connection, and hold further ones back."""
        with self._gate:
            self._forking = True
            self._gate.wait_for(lambda: self._in_use == 0)
            self._close_idle()

    def after_fork_in_parent(self) -> None:
        """Let operations go on."""
        with self._gate:
            self._forking = False
            self._gate.notify_all()

    def after_fork_in_child(self) -> None:
        """Start with new locks; the threads that held the old ones are not in this process."""
        if self._forking:
            self._renew_locks()
