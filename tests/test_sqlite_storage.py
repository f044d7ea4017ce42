"""Tests of the SQLite storage: the shipped suite, and what a file, processes and forks add."""

import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatbridge import sqlite_file
from chatbridge.errors import ConfigurationError, ConflictError, StorageUnavailableError
from chatbridge.sqlite_file import SqliteFile
from chatbridge.sqlite_storage import APPLICATION_ID, SqliteStorage
from chatbridge.storage import ABSENT
from chatbridge.testing.conformance.builtin_cases import CASES
from chatbridge.testing.storage_suite import StorageSuite

PROCESSES = 4


class WallClock:
    """A wall clock that stands still until it is told."""

    def __init__(self):
        self.seconds = 1_700_000_000.0

    def __call__(self):
        return self.seconds

    def advance(self, seconds):
        self.seconds += seconds


@pytest.fixture
def wall_clock():
    """A clock for times to live."""
    return WallClock()


@pytest.fixture
def path(tmp_path):
    """Where the database is."""
    return tmp_path / "records.db"


@pytest.fixture
def storage(path, wall_clock):
    """An empty storage."""
    with SqliteStorage(path, now=wall_clock) as storage:
        yield storage


@pytest.fixture
def run(path):
    """Run code in another Python process, with `storage` open, and return what it prints."""

    def start(code):
        whole = (
            "import sys, os\n"
            "from chatbridge.errors import *\n"
            "from chatbridge.storage import *\n"
            "from chatbridge.sqlite_storage import SqliteStorage\n"
            "storage = SqliteStorage(sys.argv[1])\n" + code
        )
        return subprocess.Popen(
            [sys.executable, "-c", whole, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    return start


def printed(process, said=None):
    """Wait for the process, which must succeed, and return what it printed."""
    out, _ = process.communicate(said, timeout=30)
    assert 0 == process.returncode
    return out.split()


class TestSuite(StorageSuite):
    """The shipped suite."""

    case = CASES["sqlite"]

    @pytest.fixture
    def storage(self, path, wall_clock):
        with SqliteStorage(path, now=wall_clock) as storage:
            yield storage

    @pytest.fixture
    def reopen(self, path, wall_clock):
        return lambda: SqliteStorage(path, now=wall_clock)

    @pytest.fixture
    def pass_time(self, wall_clock):
        return wall_clock.advance


# --- the file ---------------------------------------------------------------------------------


def test_files_are_private(path, storage):
    """Database, log and shared memory are readable by their owner only, whatever the umask."""
    storage.put("link:a", b"1")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert {"records.db": 0o600, "records.db-wal": 0o600, "records.db-shm": 0o600} == modes


def test_private_under_an_open_umask(path):
    """An open umask does not open the file."""
    before = os.umask(0)
    try:
        with SqliteStorage(path) as storage:
            storage.put("link:a", b"1")
            modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert {0o600} == modes


def test_settings_of_connections(storage, path):
    """Commits reach the disk, what is deleted is overwritten, and nothing spills into files."""
    asked = ("synchronous", "secure_delete", "temp_store", "journal_mode", "trusted_schema")
    found = storage._database.read(
        lambda open_: [open_.execute(f"pragma {name}").fetchone()[0] for name in asked]
    )
    assert [2, 1, 2, "wal", 0] == found
    with SqliteStorage(path, durable=False) as hasty:
        assert 1 == hasty._database.read(lambda o: o.execute("pragma synchronous").fetchone()[0])


def test_an_unsynced_put_waits_for_no_disk(storage):
    """A put that need not be synced is committed without waiting for the disk."""

    def level(*, synced):
        return storage._database.write(
            lambda open_: open_.execute("pragma synchronous").fetchone()[0], synced=synced
        )

    assert [1, 2, 1] == [level(synced=synced) for synced in (False, True, False)]


def test_closing_leaves_one_file(path, storage):
    """Once closed there is one file to copy, without a log beside it."""
    storage.put("link:a", b"1")
    storage.close()
    assert ["records.db"] == [file.name for file in path.parent.iterdir()]


@pytest.mark.fault("F79")
@pytest.mark.invariant("I17")
def test_deleted_bytes_are_overwritten(path, storage):
    """What was deleted is not in the file any more."""
    storage.put("link:a", b"canary-one" * 20)
    storage.put("link:b", b"canary-two" * 20)
    storage.delete("link:a")
    storage.close()
    content = path.read_bytes()
    assert (False, True) == (b"canary-one" in content, b"canary-two" in content)


def test_missing_directory(tmp_path):
    """A directory that is not there is named, with the command that makes it."""
    with pytest.raises(ConfigurationError, match=r"mkdir -p -m 700 .*/nowhere"):
        SqliteStorage(tmp_path / "nowhere" / "records.db")


@pytest.mark.parametrize("name", ["", ":memory:"])
def test_memory_is_another_storage(name):
    """A path that SQLite takes for memory is refused: its records would be lost unnoticed."""
    with pytest.raises(ConfigurationError, match="MemoryStorage"):
        SqliteStorage(name)


def test_directory_as_file(tmp_path):
    """A directory is refused as such."""
    with pytest.raises(ConfigurationError, match="is a directory"):
        SqliteStorage(tmp_path)


def test_path_that_cannot_be_reached(tmp_path):
    """A path that the system refuses is told with the system's reason."""
    with pytest.raises(ConfigurationError, match="cannot be reached: File name too long"):
        SqliteStorage(tmp_path / ("x" * 300))


def test_file_that_cannot_be_created(path, monkeypatch):
    """A file that may not be created is told with the system's reason."""

    def refuse(*_args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(StorageUnavailableError, match="cannot be created: Permission denied"):
        SqliteStorage(path)


def test_file_system_without_wal(path, monkeypatch):
    """Where SQLite cannot use its log, as on network shares, the file is refused with the mend."""
    connect = SqliteFile.connect

    class NoWal(sqlite3.Connection):
        def execute(self, statement, *values):
            return super().execute(statement.replace("journal_mode = wal", "journal_mode"), *values)

    def without_wal(file):
        connect(file).close()
        return sqlite3.connect(file.path, factory=NoWal, isolation_level=None)

    monkeypatch.setattr(SqliteFile, "connect", without_wal)
    with pytest.raises(ConfigurationError, match="local disk"):
        SqliteStorage(path)


def test_delete_of_what_must_be_absent(storage):
    """A delete that expects nothing to be there conflicts with whatever is."""
    storage.delete("link:a", expect=ABSENT)
    storage.put("link:a", b"1")
    with pytest.raises(ConflictError):
        storage.delete("link:a", expect=ABSENT)
    assert b"1" == storage.get("link:a").value


def test_strange_names(tmp_path):
    """A file name with the signs of URLs in it is taken as it is."""
    path = tmp_path / "a b?mode=memory#%41.db"
    with SqliteStorage(path) as storage:
        storage.put("link:a", b"1")
    assert [path] == list(tmp_path.iterdir())


def test_no_database(path):
    """A file that is no database is refused, and stays as it is."""
    path.write_bytes(b"my diary " * 1000)
    with pytest.raises(ConfigurationError, match="no SQLite database"):
        SqliteStorage(path)
    assert b"my diary " * 1000 == path.read_bytes()


@pytest.mark.parametrize("mark", ["create table theirs (x)", "pragma application_id = 5",
                                  "pragma user_version = 3"])  # fmt: skip
def test_database_of_another_program(path, mark):
    """Another program's database is refused, and stays as it is, byte for byte."""
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute(mark)
    foreign.close()
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="another program"):
        SqliteStorage(path)
    assert before == path.read_bytes()


@pytest.mark.fault("F84")
def test_newer_database(path, storage):
    """The database of a newer version is refused with the mend."""
    storage.close()
    newer = sqlite3.connect(path, isolation_level=None)
    assert APPLICATION_ID == newer.execute("pragma application_id").fetchone()[0]
    newer.execute("pragma user_version = 2")
    newer.close()
    with pytest.raises(ConfigurationError, match="update this installation"):
        SqliteStorage(path)


# --- times to live ----------------------------------------------------------------------------


def rows_on_disk(path):
    """Return the keys of all rows, expired ones too."""
    reader = sqlite3.connect(path)
    keys = [key for (key,) in reader.execute("select key from records order by key")]
    reader.close()
    return keys


@pytest.mark.fault("F85")
def test_expired_rows_are_erased(storage, path, wall_clock):
    """Expired rows leave the file by purge, in steps as small as asked for."""
    for number in range(5):
        storage.put(f"receipt:{number}", b"x", ttl=10)
    storage.put("receipt:late", b"x", ttl=100)
    storage.put("link:a", b"x")
    wall_clock.advance(11)
    assert [3, 2, 0] == [storage.purge(limit=3) for _ in range(3)]
    assert ["link:a", "receipt:late"] == rows_on_disk(path)


def test_puts_erase_expired_rows(storage, path, wall_clock, monkeypatch):
    """Nobody has to call purge: puts do, a bounded number of rows at a time, now and then."""
    monkeypatch.setattr("chatbridge.sqlite_storage._PURGE_ROWS", 3)
    storage.put("link:a", b"x")
    for number in range(5):
        storage.put(f"receipt:{number}", b"x", ttl=10)
    wall_clock.advance(11)
    left = []
    for _ in range(3):
        storage._purge_due = 0.0
        storage.put("link:a", b"x")
        left.append(len(rows_on_disk(path)))
    assert [3, 1, 1] == left


def test_a_failed_purge_does_not_fail_the_put(storage, monkeypatch):
    """A put that is written succeeds, even if erasing expired rows after it does not."""

    def fail(limit=0):
        raise StorageUnavailableError("no")

    monkeypatch.setattr(storage, "purge", fail)
    storage._purge_due = 0.0
    storage.put("link:a", b"1")
    assert b"1" == storage.get("link:a").value


def test_reading_never_writes(storage, path, wall_clock):
    """Gets and scans leave the file as it is, expired rows included."""
    storage.put("claim:a", b"x", ttl=1)
    storage.close()
    wall_clock.advance(5)
    before = path.read_bytes()
    with SqliteStorage(path, now=wall_clock) as again:
        assert None is again.get("claim:a")
        assert () == again.scan("claim").rows
    assert before == path.read_bytes()


# --- failures ---------------------------------------------------------------------------------


def limit_size(storage, pages):
    """Let the database grow to so many pages only, as a full disk would."""
    take = type(storage._database._file).connect

    def connect(file):
        connection = take(file)
        connection.execute(f"pragma max_page_count = {pages}")
        return connection

    return connect


def assert_clean(error):
    """Check that no error of sqlite3 hangs on ours."""
    assert (None, None) == (error.__cause__, error.__context__)


@pytest.mark.fault("F62")
def test_full_disk(storage, monkeypatch):
    """On a full disk a put fails with the mend, writes nothing, and works again afterwards."""
    storage.put("link:a", b"1")
    with monkeypatch.context() as patch:
        patch.setattr("chatbridge.sqlite_file.SqliteFile.connect", limit_size(storage, 3))
        storage._database._close_idle()
        with pytest.raises(StorageUnavailableError, match="full; free some space") as caught:
            storage.put("link:b", b"x" * 100_000)
        assert_clean(caught.value)
        assert 0 < caught.value.retry_after
        assert None is storage.get("link:b")
        assert b"1" == storage.get("link:a").value
        storage.put("link:a", b"2")
    storage._database._close_idle()
    storage.put("link:b", b"x" * 100_000)


@pytest.mark.fault("F62")
def test_full_disk_for_real(run, storage):
    """A process that may not let files grow gets the error, and what was there stays whole."""
    storage.put("link:a", b"1")
    code = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
written = 0
try:
    for number in range(100):
        storage.put(f"link:{number:03d}", b"x" * 20_000)
        written += 1
except StorageUnavailableError as error:
    print(written, "full" in str(error), storage.get(f"link:{written:03d}"))
"""
    written, named, there = printed(run(code))
    assert ("True", "None") == (named, there)
    assert 0 < int(written) < 100
    assert b"1" == storage.get("link:a").value
    assert int(written) + 1 == len(storage.scan("link").rows)
    storage.put("link:after", b"1")


@pytest.mark.fault("F62")
@pytest.mark.skipif(not hasattr(os, "setuid"), reason="no users here")
def test_read_only_for_real(run, storage, path):
    """A process that may read but not write says so, and can still read."""
    storage.put("link:a", b"1")
    for file in path.parent.iterdir():
        file.chmod(0o444)
    path.parent.chmod(0o555)
    if os.getuid() == 0:  # root writes everywhere, so the other process is somebody else
        for folder in path.parent.parents:
            if folder.stat().st_mode & 0o777 == 0o700:
                folder.chmod(0o755)
    code = """
if os.getuid() == 0:
    storage.close()
    os.setuid(65534)
    storage = SqliteStorage(sys.argv[1])
print(storage.get("link:a").value.decode())
for write in (lambda: storage.put("link:a", b"2"), lambda: storage.delete("link:a")):
    try:
        write()
    except StorageUnavailableError as error:
        print("read-only" in str(error))
"""
    assert ["1", "True", "True"] == printed(run(code))
    path.parent.chmod(0o755)
    assert b"1" == storage.get("link:a").value


@pytest.mark.fault("F62")
def test_locked(storage, path):
    """While another process writes for long, a put fails after its wait; reads go on."""
    storage.put("link:a", b"1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    try:
        with (
            SqliteStorage(path, busy_seconds=0.1) as hasty,
            pytest.raises(StorageUnavailableError, match="another process") as caught,
        ):
            hasty.put("link:a", b"2")
        assert_clean(caught.value)
        assert b"1" == storage.get("link:a").value
    finally:
        other.execute("rollback")
        other.close()
    storage.put("link:a", b"3")
    assert b"3" == storage.get("link:a").value


def test_damaged_file(storage, path):
    """A file that is damaged in the middle says so, in reading and in writing."""
    for number in range(200):
        storage.put(f"link:{number:03d}", b"x" * 300)
    storage.close()
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 100] = b"\xa5" * 100
    path.write_bytes(content)
    with SqliteStorage(path) as damaged:
        for call in (
            lambda: damaged.get("link:100"),
            lambda: damaged.put("link:100", b"x"),
            lambda: damaged.scan("link"),
        ):
            with pytest.raises(StorageUnavailableError, match="damaged; restore it") as caught:
                call()
            assert_clean(caught.value)


def test_file_that_went_away(storage, path):
    """A file that was removed is not made anew, empty: that would look like no records."""
    storage.put("link:a", b"1")
    storage._database._close_idle()
    path.unlink()
    with pytest.raises(StorageUnavailableError, match="cannot be opened"):
        storage.get("link:a")
    assert not path.exists()


# --- shared commits ---------------------------------------------------------------------------


@pytest.fixture
def held(storage):
    """Hold commits back until the block ends, so that puts gather behind them."""
    storage.put("link:before", b"x")
    return storage._database._leading


def gather(storage, pool, held, puts):
    """Start the puts, wait until all are waiting for a commit, let go; return their futures."""
    with held:
        futures = [pool.submit(put) for put in puts]
        while len(storage._database._waiting) < len(futures):
            threading.Event().wait(0.001)
    return futures


def count_commits(storage, monkeypatch):
    """Return a list that gets the size of every commit."""
    sizes = []
    commit = storage._database._commit

    def counted(batch):
        sizes.append(len(batch))
        return commit(batch)

    monkeypatch.setattr(storage._database, "_commit", counted)
    return sizes


def test_waiting_puts_share_a_commit(storage, held, monkeypatch):
    """Puts that wait at the same time are committed together, each with its own outcome."""
    sizes = count_commits(storage, monkeypatch)
    puts = [lambda n=n: storage.put(f"link:{n // 2}", b"%d" % n, expect=ABSENT) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        futures = gather(storage, pool, held, puts)
        lost = [future for future in futures if future.exception() is not None]
    assert [6] == sizes
    assert [ConflictError] * 3 == [type(future.exception()) for future in lost]
    assert 4 == len(storage.scan("link").rows)


def test_a_shared_commit_is_synced_for_all(storage, held):
    """An unsynced put that shares its commit with another one is synced with it."""

    def level(open_):
        return open_.execute("pragma synchronous").fetchone()[0]

    puts = [lambda each=each: storage._database.write(level, synced=each) for each in (False, True)]
    with ThreadPoolExecutor(2) as pool:
        assert [2, 2] == [future.result() for future in gather(storage, pool, held, puts)]


def test_a_failed_commit_fails_all_in_it(storage, held, monkeypatch):
    """If a shared commit fails nothing of it is written, and every caller gets its own error."""
    monkeypatch.setattr("chatbridge.sqlite_file.SqliteFile.connect", limit_size(storage, 20))
    storage._database._close_idle()
    puts = [lambda n=n: storage.put(f"link:{n}", b"x" * 30_000) for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        errors = [future.exception() for future in gather(storage, pool, held, puts)]
    assert [StorageUnavailableError] * 4 == [type(error) for error in errors]
    assert 4 == len({id(error) for error in errors})
    assert ["link:before"] == [row.key for row in storage.scan("link").rows]


def test_a_half_done_commit_is_undone(storage, held):
    """If one statement of a shared commit fails the others are undone, and the next put works."""
    insert = "insert into records values ('link:half', x'00', 'v', null)"
    operations = [
        lambda: storage._database.write(lambda open_: open_.execute(insert).rowcount),
        lambda: storage._database.write(lambda open_: open_.execute("select * from nowhere")),
    ]
    with ThreadPoolExecutor(2) as pool:
        errors = [future.exception() for future in gather(storage, pool, held, operations)]
    assert [StorageUnavailableError] * 2 == [type(error) for error in errors]
    assert None is storage.get("link:half")
    storage.put("link:after", b"x")
    assert ["link:after", "link:before"] == [row.key for row in storage.scan("link").rows]


def test_an_interrupted_commit_leaves_nobody_waiting(storage, held, monkeypatch):
    """If the thread that commits for others is interrupted, they get an error, and soon."""

    def interrupt(batch):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(storage._database, "_commit", interrupt)
        puts = [lambda n=n: storage.put(f"link:{n}", b"x") for n in range(3)]
        with ThreadPoolExecutor(3) as pool:
            futures = gather(storage, pool, held, puts)
            kinds = sorted(type(future.exception(10)).__name__ for future in futures)
    assert ["KeyboardInterrupt", "StorageUnavailableError", "StorageUnavailableError"] == kinds
    storage.put("link:after", b"x")


# --- connections ------------------------------------------------------------------------------


def open_files(path):
    """Return how many of this process's open files are the database itself."""
    found = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{name}") == str(path)
        except OSError:
            continue
    return found


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts files in /proc")
def test_readers_share_a_few_connections(storage):
    """However many threads read at one time, eight do, and the others wait for them."""
    ninth = threading.Barrier(9)

    def reads(_open):
        with contextlib.suppress(threading.BrokenBarrierError):
            ninth.wait(timeout=0.2)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: storage._database.read(reads), range(20)))
    assert ninth.broken
    assert 8 == len(storage._database._idle[True])


def test_threads_that_end_leave_no_connections(storage, path):
    """However many threads come and go, connections are only as many as work at one time."""
    for number in range(50):
        thread = threading.Thread(target=storage.put, args=(f"link:{number}", b"x"))
        thread.start()
        thread.join()
    assert 50 == len(storage.scan("link").rows)
    assert 1 == open_files(path)
    storage.close()
    assert 0 == open_files(path)


def test_close_waits_for_whoever_reads(storage):
    """Closing while another thread reads lets it finish, and refuses the next read."""
    reading, go_on = threading.Event(), threading.Event()

    def slow(open_):
        reading.set()
        assert go_on.wait(10)
        return open_.execute("select count(*) from records").fetchone()[0]

    storage.put("link:a", b"1")
    with ThreadPoolExecutor(2) as pool:
        read = pool.submit(storage._database.read, slow)
        assert reading.wait(10)
        closed = pool.submit(storage.close)
        while not storage._database._closed:
            threading.Event().wait(0.001)
        with pytest.raises(StorageUnavailableError, match="closed"):
            storage.get("link:a")
        assert not closed.done()
        go_on.set()
        assert 1 == read.result(10)
        closed.result(10)


# --- processes --------------------------------------------------------------------------------


def test_threads_set_up_one_file(tmp_path):
    """Whoever opens a new file at the same moment finds one whole database."""
    gate = threading.Barrier(8)

    def start(number):
        gate.wait(10)
        with SqliteStorage(tmp_path / f"{number // 8}.db") as storage:
            return storage.put(f"link:{number}", b"x", expect=ABSENT)

    with ThreadPoolExecutor(8) as pool:
        assert 80 == len(set(pool.map(start, range(80))))
    for number in range(10):
        with SqliteStorage(tmp_path / f"{number}.db") as storage:
            assert 8 == len(storage.scan("link").rows)


def test_another_process_set_it_up_meanwhile(path, storage, monkeypatch):
    """If the file is ready by the time that we may write, its tables are left as they are."""
    storage.put("link:a", b"1")
    looked_new = [True]
    is_new = SqliteFile._is_new
    monkeypatch.setattr(
        SqliteFile, "_is_new", lambda *args: looked_new.pop() if looked_new else is_new(*args)
    )
    with SqliteStorage(path) as late:
        assert b"1" == late.get("link:a").value
    assert [] == looked_new


def test_another_process_sets_it_up_while_we_look(path, monkeypatch):
    """A file that becomes ready between two questions is never taken for somebody else's."""
    number = sqlite_file._number
    first = [True]

    def interrupted(connection, statement):
        answer = number(connection, statement)
        if first and first.pop():
            other = SqliteFile(path, APPLICATION_ID, 1, ("create table x (y)",), True, 0.0)
            beside = other.connect()
            with contextlib.suppress(sqlite3.OperationalError):
                other._prepare(beside)
            beside.close()
        return answer

    monkeypatch.setattr(sqlite_file, "_number", interrupted)
    with SqliteStorage(path) as storage:
        storage.put("link:a", b"1")
    assert [] == first


def test_a_lock_while_connecting_is_waited_for(storage, monkeypatch):
    """A database that is locked at the moment of connecting is tried again."""
    storage.put("link:a", b"1")
    connect = SqliteFile.connect
    busy = [sqlite3.OperationalError("busy") for _ in range(3)]
    for error in busy:
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY

    def locked(file):
        if busy:
            raise busy.pop()
        return connect(file)

    monkeypatch.setattr(SqliteFile, "connect", locked)
    storage._database._close_idle()
    assert b"1" == storage.get("link:a").value
    assert [] == busy


def test_files_are_set_up_one_at_a_time(tmp_path, monkeypatch):
    """No thread has opened a new file yet when the handle that created it is closed.

    To close that handle would drop the locks of whoever has.
    """
    running, most = [], []
    set_up = SqliteFile.set_up

    def watched(file):
        running.append(file)
        threading.Event().wait(0.005)
        most.append(len(running))
        set_up(file)
        running.remove(file)

    monkeypatch.setattr(SqliteFile, "set_up", watched)
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(SqliteStorage, [tmp_path / "records.db"] * 4))
    for storage in opened:
        storage.close()
    assert [1] * 4 == most


def test_processes_set_up_one_file(run):
    """Processes that start on no file at once all succeed, on one database."""
    code = "storage.put(f'link:{os.getpid()}', b'x'); storage.close()"
    started = [run(code) for _ in range(PROCESSES)]
    for process in started:
        assert [] == printed(process)
    assert [str(PROCESSES)] == printed(run("print(len(storage.scan('link').rows))"))


@pytest.mark.fault("F61", "F74")
def test_processes_lose_no_update(run, storage):
    """Processes that count in one record, each on condition, together count right."""
    storage.put("link:a", b"0")
    code = """
sys.stdin.readline()
for _ in range(25):
    while True:
        found = storage.get("link:a")
        try:
            storage.put("link:a", b"%d" % (int(found.value) + 1), expect=found.version)
            break
        except ConflictError:
            pass
"""
    started = [run(code) for _ in range(PROCESSES)]
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        assert [] == printed(process)
    assert b"%d" % (25 * PROCESSES) == storage.get("link:a").value


@pytest.mark.fault("F62")
def test_killed_process_leaves_what_it_was_told(run, storage):
    """What a put returned for is there after the process was killed without any farewell."""
    code = """
for number in range(20):
    storage.put(f"link:{number:02d}", b"x")
    print(number, flush=True)
sys.stdin.readline()
"""
    process = run(code)
    told = [process.stdout.readline().strip() for _ in range(20)]
    process.kill()
    process.communicate(timeout=10)
    assert 20 == len(told) == len(storage.scan("link").rows)


# --- forks ------------------------------------------------------------------------------------


def in_child(action):
    """Run the action in a forked child; return what it printed to its pipe."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(sink, repr(action()).encode())
        except BaseException as error:
            os.write(sink, repr(error).encode())
        finally:
            os._exit(0)
    os.close(sink)
    try:
        return os.read(source, 10_000).decode()
    finally:
        os.close(source)
        os.waitpid(child, 0)


@pytest.mark.fault("F73")
@pytest.mark.invariant("I25")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_child_and_parent_both_work(storage):
    """After a fork both processes read and write, and both see everything."""
    storage.put("link:a", b"1")

    def child():
        found = storage.get("link:a")
        storage.put("link:a", b"2", expect=found.version)
        return found.value

    assert "b'1'" == in_child(child)
    assert b"2" == storage.get("link:a").value
    storage.put("link:a", b"3")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_child_outlives_the_parents_storage(storage, path):
    """The parent may close while the child works: nothing that the child wrote is lost.

    With a connection open across the fork SQLite loses it: the parent removes the log.
    """
    storage.put("link:a", b"1")
    to_child, go_on = os.pipe()
    from_child, opened = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            storage.get("link:a")
            os.write(opened, b"x")
            os.read(to_child, 1)
            storage.put("link:b", b"from the child")
        finally:
            os._exit(0)
    assert b"x" == os.read(from_child, 1)
    storage.close()
    os.write(go_on, b"x")
    os.waitpid(child, 0)
    for number in (to_child, go_on, from_child, opened):
        os.close(number)
    with SqliteStorage(path) as again:
        assert ["link:a", "link:b"] == [row.key for row in again.scan("link").rows]


@pytest.mark.fault("F73")
@pytest.mark.invariant("I25")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork_while_threads_write(storage):
    """A fork in the middle of other threads' puts harms neither them nor the child."""
    stop = threading.Event()

    def work(me):
        done = 0
        while not stop.is_set():
            storage.put(f"link:{me}-{done}", b"x")
            done += 1
        return done

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(work, number) for number in range(4)]
        try:
            answers = [in_child(lambda n=n: len(storage.put(f"claim:{n}", b"x"))) for n in range(5)]
        finally:
            stop.set()
        done = sum(worker.result(20) for worker in workers)
    assert ["16"] * 5 == answers
    assert 5 == len(storage.scan("claim").rows)
    assert done == len(storage.scan("link", limit=10**6).rows)


@pytest.mark.fault("F73")
def test_fork_that_python_did_not_see(storage, monkeypatch):
    """A child of a fork behind Python's back is refused, rather than losing records."""
    storage.put("link:a", b"1")
    with monkeypatch.context() as patch:
        patch.setattr("os.getpid", lambda: -1)
        storage._database.after_fork_in_child()
        with pytest.raises(StorageUnavailableError, match="lazy-apps"):
            storage.put("link:a", b"2")
    assert b"1" == storage.get("link:a").value
