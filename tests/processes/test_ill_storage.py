"""A real bridge whose disk is full or whose database may not be written: nothing is lost."""

from __future__ import annotations

import ctypes
import resource
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatbridge.cli.demo_stage import eventually

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE = 1

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux knows prlimit"),
]


def fill_disk(pid):
    """Let no file of a process grow any more: what it writes fails as on a full disk."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def free_disk(pid):
    """Let files grow again."""
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)


@pytest.mark.parametrize("mend", ["freed", "restarted"])
def test_a_full_disk_stops_both_ways_and_loses_nothing(company, mend):
    """(F62) While the disk is full nothing is carried; once there is room, all arrives."""
    company.open()
    pid = company._bridge.pid
    assert eventually(lambda: company.shown("We have opened"))
    fill_disk(pid)
    company.talk("full", customer=3, agent=3)
    time.sleep(2)
    unrecorded = [text for text in company.said["customer"] if company.comments(text)]
    unrecorded += [text for text in company.said["agent"] if company.shown(text)]
    if mend == "freed":
        free_disk(pid)
    else:
        company.kill_bridge()
        company.start_bridge()
    assert company.settled()
    assert company.stop_bridge() == 0
    assert [] == unrecorded
    company.check(most_doubled=0)


def start_as_anybody(company):
    """Start a bridge that heeds the modes of files even where the tests run as the superuser."""

    def start():
        # Of this thread only, and of the processes that it starts.
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)
        return company.start_bridge()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(start).result()


def test_a_read_only_database_is_named_and_loses_nothing(company):
    """(F62) While the database may not be written nothing is carried, and the log says why."""
    company.open()
    assert eventually(lambda: company.shown("We have opened"))
    assert company.stop_bridge() == 0
    files = [path for path in company.folder.iterdir() if path.name.startswith("demo.db")]
    for path in files:
        path.chmod(0o400)
    company.talk("read-only", customer=1, agent=1)
    start_as_anybody(company)
    assert eventually(lambda: "database is read-only" in company.output.read_text())
    carried = company.comments("c-read-only") or company.shown("a-read-only")
    assert company.stop_bridge() == 0
    for path in company.folder.glob("demo.db*"):
        # SQLite made its side files with the mode of the database.
        path.chmod(0o600)
    start_as_anybody(company)
    assert company.settled()
    assert not carried
    company.check(most_doubled=0)
