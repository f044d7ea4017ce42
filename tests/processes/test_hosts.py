"""Bridges in real hosts: a preforking web server, a fork after the start, an end by SIGTERM."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

from chatbridge import NewBot
from chatbridge.cli.demo_stage import eventually
from chatbridge.configuration import open_bridge, read_configuration
from chatbridge.testing.simulator import Fault

SERVICE = """
from chatbridge.configuration import open_bridge, read_configuration
from chatbridge.web.app import web_app

bridge = open_bridge(read_configuration("chatbridge.toml"))
bridge.run_once(2)
if {started}:
    bridge.start()
application = web_app(bridge)
"""

SETTINGS = """
bind = "127.0.0.1:{port}"
workers = 2
threads = 8
preload_app = True
graceful_timeout = 10


def post_fork(server, worker):
    from service import bridge

    bridge.start()


def worker_exit(server, worker):
    from service import bridge

    bridge.close()
"""


def answers(port):
    """Tell whether somebody answers on a port."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def children(pid):
    """Return the ids of a process's children."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture
def preforked(company):
    """Return what starts gunicorn with a bridge that was made before it forked."""
    port, running = company._port, []

    def start(*, started):
        config = company.folder / "chatbridge.toml"
        (company.folder / "service.py").write_text(SERVICE.format(started=started))
        (company.folder / "settings.py").write_text(SETTINGS.format(port=port))
        with company.output.open("a") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "settings.py", "service:application"],
                cwd=company.folder, stdout=log, stderr=log,
            )  # fmt: skip
        running.append(server)
        assert eventually(lambda: answers(port)), company.output.read_text()[-800:]
        bot = {"token": company.token("telegram"), "webhook_secret": "s3cret"}
        bot["api_url"] = company._server.url("telegram")
        with open_bridge(read_configuration(config)) as bridge:
            settings = bridge.admin.project("support").settings
            bridge.admin.set_project(settings, [NewBot("telegram", bot, mode="webhook")])
        return server

    yield start
    for server in running:
        if server.poll() is None:
            server.kill()
            server.wait()


@pytest.mark.heavy
@pytest.mark.skipif(find_spec("gunicorn") is None, reason="gunicorn is not installed")
@pytest.mark.parametrize("started", [False, True], ids=["made", "started"])
def test_preforked_workers_carry_a_conversation(company, preforked, started):
    """(F73, I25) A bridge made, or started, before the fork works in every worker; one dies."""
    server = preforked(started=started)
    company.customer_says("hello there")
    assert eventually(company.requests)
    company.key = company.requests()[0]["key"]
    company.talk("both", customer=8, agent=8)
    os.kill(children(server.pid)[0], signal.SIGKILL)
    company.talk("one", customer=4, agent=4)
    assert company.settled()
    server.terminate()
    assert 0 == server.wait(40)
    company.check(most_doubled=1)


def test_sigterm_lets_what_is_under_way_end(company):
    """(F76) After SIGTERM a slow write is finished and recorded; nothing is left to do."""
    company.open()
    company.desk.switch_fault(Fault(kind="slow", match="POST .*/issue/.*/comment$", seconds=1.5))
    company.talk("slow", customer=1, agent=0)
    assert eventually(lambda: not company.desk.faults)
    started = time.monotonic()
    assert company.stop_bridge() == 0
    assert time.monotonic() - started < 15
    assert [1] == [len(company.comments(text)) for text in company.said["customer"]]
    assert "did not end in time" not in company.output.read_text()
    company.check(most_doubled=0)


@pytest.mark.heavy
def test_sigterm_ends_in_time_though_a_call_hangs(company):
    """(F76) What hangs longer than the grace is given up; the next run finds it, once."""
    company.open()
    company.desk.switch_fault(Fault(kind="slow", match="POST .*/issue/.*/comment$", seconds=25.0))
    company.talk("stuck", customer=1, agent=1)
    assert eventually(lambda: not company.desk.faults)
    started = time.monotonic()
    assert company.stop_bridge() == 0
    assert time.monotonic() - started < 25
    company.start_bridge()
    assert company.settled()
    assert company.stop_bridge() == 0
    company.check(most_doubled=0)
