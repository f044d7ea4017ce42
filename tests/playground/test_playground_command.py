"""`chatbridge playground` as a program, and with a package that a stranger has written."""

from __future__ import annotations

import select
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner

from chatbridge.cli.main import chatbridge
from chatbridge.playground.play import Playground

PATIENCE = 30.0
BY_HAND = {
    "adapter.py": """
del AcmeAdapter.register_webhook, AcmeAdapter.webhook_state
""",
    "simulator.py": """
_control, _actions = AcmeSimulator.control, AcmeSimulator.actions

def control(self, action, arguments):
    if action != "webhook":
        return _control(self, action, arguments)
    self.webhook = arguments["url"]

AcmeSimulator.control = control
AcmeSimulator.actions = lambda self: {**_actions(self), "webhook": "Set it: {url}."}
""",
}
"""What takes the call from a new adapter and gives its simulator an action instead."""
PICTURE = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "playground.png"


@pytest.fixture
def program():
    """A running playground; ended by the test or after it."""
    command = [sys.executable, "-m", "chatbridge", "playground", "--example"]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield started
    started.kill()
    started.communicate()


def test_it_prints_an_address_that_works_until_it_is_ended(program):
    """The page is there with its example, elsewhere is nothing, and SIGTERM ends it well."""
    ready, _, _ = select.select([program.stdout], [], [], PATIENCE)
    assert ready, "it says nothing"
    address = program.stdout.readline().strip()
    parts = urlsplit(address)
    assert ("127.0.0.1", True) == (parts.hostname, len(parts.path) > 20)
    origin = f"{parts.scheme}://{parts.netloc}"
    with urlopen(address, timeout=PATIENCE) as page:
        assert b"chatbridge playground" in page.read()
    headers = {"Origin": origin, "Content-Type": "application/json"}
    with urlopen(Request(f"{address}look", b"{}", headers), timeout=PATIENCE) as seen:
        assert b"HELP-2" in seen.read()
    with pytest.raises(HTTPError, match="404"):
        urlopen(f"{origin}/", timeout=PATIENCE)
    program.send_signal(signal.SIGTERM)
    assert 0 == program.wait(PATIENCE)
    assert "" == program.stderr.read()


def test_a_port_that_is_taken_is_told():
    """The error says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(chatbridge, ["playground", "--port", port])
    assert (1, True) == (done.exit_code, "take another --port" in done.output)


def test_a_platform_that_is_not_installed_is_told():
    """The error says what is installed."""
    done = CliRunner().invoke(chatbridge, ["playground", "--platform", "fax"])
    assert (1, True) == (done.exit_code, "no installed package" in done.output)


@pytest.mark.parametrize("by_hand", [False, True], ids=["call", "by hand"])
def test_a_new_adapter_can_be_played_with(tmp_path, monkeypatch, by_hand):
    """What `chatbridge new-adapter` writes has a phone of its own, once it is installed.

    So has one whose platform has no call that sets a webhook, if its simulator lets people set it.
    """
    folder = tmp_path / "acme"
    done = CliRunner().invoke(chatbridge, ["new-adapter", "acme", "--directory", str(folder)])
    assert 0 == done.exit_code, done.output
    installed = folder / "chatbridge_acme-1.0.dist-info"
    installed.mkdir()
    metadata = "Metadata-Version: 2.1\nName: chatbridge-acme\nVersion: 1.0\n"
    (installed / "METADATA").write_text(metadata)
    (installed / "entry_points.txt").write_text("[chatbridge]\nacme = chatbridge_acme\n")
    if by_hand:
        for name, changes in BY_HAND.items():
            with (folder / "chatbridge_acme" / name).open("a") as file:
                file.write(changes)
    monkeypatch.syspath_prepend(folder)
    play = Playground(["acme"])
    play.do("say", {"platform": "acme", "text": "Hello"})
    play.do("skip", {"seconds": 5})
    key = play.look()["requests"][0]["key"]
    play.do("comment", {"issue": key, "text": "Good morning", "public": True})
    seen = play.do("skip", {"seconds": 5})
    texts = [each["text"] for each in seen["phones"][0]["messages"] if each["bot"]]
    assert ("Acme", True) == (seen["phones"][0]["title"], "Good morning" in texts[-1])
    for module in [name for name in sys.modules if name.startswith("chatbridge_acme")]:
        monkeypatch.delitem(sys.modules, module)


def test_the_picture_of_the_page_is_small():
    """The README's picture is a PNG of the size that its command names, quick to load."""
    raw = PICTURE.read_bytes()
    assert (b"\x89PNG\r\n\x1a\n", (1280, 800)) == (raw[:8], struct.unpack(">II", raw[16:24]))
    assert len(raw) < 200_000
