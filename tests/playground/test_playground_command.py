"""`chatbridge playground` as a program, and with a package that a stranger has written."""

from __future__ import annotations

import base64
import json
import os
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


@pytest.fixture
def paths():
    """Where the packages of this checkout are."""
    return [*filter(None, sys.path)]


@pytest.fixture
def started():
    """Start playgrounds with these options; return what calls the page, and ends them all."""
    programs = []

    def start(*options, path):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
        program = subprocess.Popen(
            [sys.executable, "-m", "chatbridge", "playground", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        programs.append(program)
        ready, _, _ = select.select([program.stdout], [], [], PATIENCE)
        address = program.stdout.readline().strip() if ready else ""
        assert address, "it says no address"
        parts = urlsplit(address)
        headers = {
            "Origin": f"{parts.scheme}://{parts.netloc}", "Content-Type": "application/json"
        }  # fmt: skip

        def call(action, **arguments):
            body = json.dumps(arguments).encode()
            with urlopen(Request(f"{address}do/{action}", body, headers), timeout=PATIENCE) as seen:
                return json.loads(seen.read())

        return call

    yield start
    for program in programs:
        program.kill()
        program.communicate()


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


def installed(folder: Path, name: str) -> Path:
    """Let a package count as installed for whoever has the folder on its path."""
    info = folder / f"chatbridge_{name}-1.0.dist-info"
    info.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: chatbridge-{name}\nVersion: 1.0\n"
    (info / "METADATA").write_text(metadata)
    (info / "entry_points.txt").write_text(f"[chatbridge]\n{name} = chatbridge_{name}\n")
    return folder


@pytest.fixture
def acme(tmp_path):
    """The folder of what `chatbridge new-adapter acme` writes, installed."""
    folder = tmp_path / "acme"
    done = CliRunner().invoke(chatbridge, ["new-adapter", "acme", "--directory", str(folder)])
    assert 0 == done.exit_code, done.output
    return installed(folder, "acme")


@pytest.mark.parametrize("example", [False, True])
@pytest.mark.parametrize("name", ["acme", "matrix"])
def test_the_end_of_the_tutorial(name, example, acme, tmp_path, started, paths):
    """By the command and the page's own calls, a message on the phone becomes a request, and back.

    So for what `new-adapter` writes, and for another adapter that people have installed.
    """
    folder = acme if name == "acme" else installed(tmp_path / "matrix", "matrix")
    call = started("--platform", name, *(["--example"] if example else []), path=[folder, *paths])
    text = f"Help me, {name}"
    call("say", platform=name, text=text)
    seen = call("skip", seconds=15)
    (request,) = [each for each in seen["requests"] if text in str(each)]
    person = seen["phones"][0]["person"]
    assert person.lower() in str(request).lower()
    call("comment", issue=request["key"], text="Good morning", public=True)
    seen = call("skip", seconds=15)
    texts = [each["text"] for each in seen["phones"][0]["messages"] if each["bot"]]
    calls = {each["what"] for each in seen["bridge"]["calls"] if each["place"] == name.title()}
    assert ([name], True, {"acme": {"send"}, "matrix": {"m.room.message"}}[name]) == (
        [each["platform"] for each in seen["phones"]], "Good morning" in texts[-1], calls
    )  # fmt: skip


def test_a_bridge_dies_after_a_strangers_platform_took_a_message(acme, started, paths):
    """Killed at that moment it shows nothing twice, where the platform knows what it has shown."""
    call = started("--platform", "acme", path=[acme, *paths])
    call("say", platform="acme", text="Help me")
    (request,) = call("skip", seconds=15)["requests"]
    call("kill", later=True)
    call("comment", issue=request["key"], text="Good morning", public=True)
    seen = call("skip", seconds=15)
    assert (False, "taken; the bridge was killed") == (
        seen["bridge"]["runs"], seen["bridge"]["calls"][0]["outcome"]
    )  # fmt: skip
    call("start")
    seen = call("skip", seconds=300)
    texts = [each["text"] for each in seen["phones"][0]["messages"] if each["bot"]]
    assert 1 == sum("Good morning" in text for text in texts)


def test_pictures_on_a_phone_of_a_strangers_platform(tmp_path, started, paths):
    """Where the simulator takes pictures they go to the desk, and what agents attach is shown."""
    folder = installed(tmp_path / "matrix", "matrix")
    call = started("--platform", "matrix", path=[folder, *paths])
    content = base64.b64encode(b"GIF89a" + bytes(20)).decode()
    call("picture", platform="matrix", text="Look", content=content)
    seen = call("skip", seconds=15)
    (request,) = seen["requests"]
    assert seen["phones"][0]["messages"][0]["file"]["picture"]
    call("comment", issue=request["key"], text="", public=True, content=content)
    seen = call("skip", seconds=15)
    shown = [each["file"] for each in seen["phones"][0]["messages"] if each["bot"] and each["file"]]
    assert [26] == [each["size"] for each in shown]
    assert shown[0]["picture"]


@pytest.mark.parametrize("by_hand", [False, True], ids=["call", "by hand"])
def test_a_new_adapter_can_be_played_with(acme, monkeypatch, by_hand):
    """What `chatbridge new-adapter` writes has a phone of its own, once it is installed.

    So has one whose platform has no call that sets a webhook, if its simulator lets people set it.
    """
    folder = acme
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
