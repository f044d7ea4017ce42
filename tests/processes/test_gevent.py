"""A host whose threads are greenlets: it works, or it is told what to do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from chatbridge.cli.demo_stage import eventually

HOST = """
from gevent import monkey

monkey.patch_all()

import time
from pathlib import Path

from chatbridge.configuration import open_bridge, read_configuration

with open_bridge(read_configuration("chatbridge.toml")) as bridge:
    bridge.start()
    while not Path("stop").exists():
        time.sleep(0.1)
    assert bridge.stop(20)
"""

TOO_LATE = """
import warnings

import chatbridge
from gevent import monkey

warnings.simplefilter("ignore")
root = chatbridge.root_key_from_text(chatbridge.new_root_key())
bridge = chatbridge.Bridge(storage="memory:", root_keys=root, sites=[])
monkey.patch_all()
try:
    bridge.start()
except chatbridge.ConfigurationError as error:
    print(error)
"""


@pytest.mark.heavy
@pytest.mark.fault("F75")
def test_a_bridge_of_greenlets_carries_a_conversation(company):
    """Patched first, a bridge carries both ways over real connections, and stops in order."""
    host = subprocess.Popen([sys.executable, "-c", HOST], cwd=company.folder)
    try:
        company.customer_says("hello there")
        assert eventually(company.requests, 60)
        company.key = company.requests()[0]["key"]
        company.talk("green", customer=5, agent=5)
        assert company.settled(60)
        (company.folder / "stop").touch()
        assert 0 == host.wait(60)
    finally:
        host.kill()
        host.wait()
    company.check(most_doubled=0)


@pytest.mark.fault("F75")
def test_patching_an_open_bridge_is_refused(tmp_path):
    """A bridge that was opened before the patching does not start, and says what to do."""
    ended = subprocess.run(
        [sys.executable, "-c", TOO_LATE],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (0, "") == (ended.returncode, ended.stderr)
    assert "call monkey.patch_all() of gevent first" in ended.stdout
