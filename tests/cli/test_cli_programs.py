"""`chatbridge run` and `simulate` as programs: ready, at work, and ended by a signal."""

from __future__ import annotations

import json
import re
import select
import signal
import socket
import subprocess
import sys
import time
from typing import Any
from urllib.request import urlopen

import pytest

from chatbridge.testing.simulator import Fault

PATIENCE = 20.0
SECRETS = ("classic-api-token", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "chatbridge-root-1.")


def _first_line(program: subprocess.Popen[str]) -> str:
    """Return the line that says it is ready, empty if it ended."""
    assert program.stdout is not None
    ready, _, _ = select.select([program.stdout], [], [], PATIENCE)
    assert ready, "it says nothing"
    return program.stdout.readline()


def _end(program: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> int:
    program.send_signal(how)
    return program.wait(PATIENCE)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@pytest.fixture
def simulation(program) -> tuple[dict[str, Any], subprocess.Popen[str]]:
    """Return the ready line of a running `simulate`, and its process."""
    started = program("simulate")
    return json.loads(_first_line(started)), started


def _stderr(shell) -> str:
    return "".join(file.read_text() for file in sorted(shell.folder.glob("stderr-*")))


@pytest.mark.parametrize("mode", ["poll", "webhook"])
def test_a_conversation_through_programs(
    shell, program, simulation, control, eventually, monkeypatch, mode
):
    """From init to an answer in the chat, with nothing but the commands a newcomer has.

    The customer's message becomes a request whose key is answered; the agent's public comment
    arrives, the internal note never does; the logs show neither texts nor secrets.
    """
    outside, simulator = simulation
    port = _free_port()
    monkeypatch.setenv("CHATBRIDGE_SITE_TOKEN", outside["desk"]["api_token"])
    monkeypatch.setenv("BOT", outside["telegram"]["bot_token"])
    public = ["--public-url", f"http://127.0.0.1:{port}"] if mode == "webhook" else []
    shell.good(
        "init", "--site-url", outside["site_url"], "--account", outside["desk"]["account"], *public
    )
    config = shell.folder / "chatbridge.toml"
    # The feed is quick where there is nothing else, and slow where hints must do.
    pause = 0.2 if mode == "poll" else 600.0
    config.write_text(config.read_text() + f"[timings]\nfeed_every = {pause}\nwitness = 5.0\n")
    shell.good(
        "project", "set", "support", "--service-desk", outside["desk"]["service_desk"],
        "--request-type", outside["desk"]["request_type"], "--bot", "telegram",
        "--bot-token-env", "BOT", "--bot-setting", f"api_url={outside['telegram_api_url']}",
        "--mode", mode,
    )  # fmt: skip
    if mode == "webhook":
        monkeypatch.setenv("CHATBRIDGE_HINT_SECRET", outside["desk"]["hint_secret"])
        told = shell.good("webhook", "show", "support")
        (hint_url,) = re.findall(r"a webhook to (\S+) with", told)
        control(
            outside["control_url"], "desk/register_hint",
            url=hint_url, secret=outside["desk"]["hint_secret"],
        )  # fmt: skip
    bridge = program("run", "--port", str(port), "--log-level", "debug")
    assert f"ready: projects support; listening on http://127.0.0.1:{port}\n" == _first_line(bridge)

    def texts() -> list[str]:
        shown = control(outside["control_url"], "telegram/transcript", chat=7)
        return [each["text"] for each in shown if each["from"] == "bot"]

    control(outside["control_url"], "telegram/message", chat=7, text="My printer smokes")
    eventually(lambda: any(text.startswith("HELP-1") for text in texts()))
    (request,) = control(outside["control_url"], "desk/requests")
    assert "My printer smokes" == request["summary"]
    for text, public_comment in (("secret gossip", False), ("pull the plug", True)):
        control(
            outside["control_url"], "desk/comment",
            issue="HELP-1", text=text, public=public_comment,
        )  # fmt: skip
    eventually(lambda: any("pull the plug" in text for text in texts()))
    assert not any("gossip" in text for text in texts())
    with urlopen(f"http://127.0.0.1:{port}/health", timeout=PATIENCE) as answer:
        assert [] == json.load(answer)["problems"]
    assert 0 == shell("doctor").exit_code
    assert 0 == _end(bridge)
    assert 0 == _end(simulator)
    log = _stderr(shell)
    assert "stopping" in log and "Traceback" not in log
    for word in ("printer", "gossip", "plug", "HELP-1", *SECRETS):
        assert word not in log


def test_the_ready_line_of_simulate_is_all_that_is_needed(simulation, control):
    """One line of JSON names addresses and credentials; the control page lists the actions."""
    outside, _ = simulation
    named = {"site_url", "telegram_api_url", "viber_api_url", "desk", "telegram", "viber"}
    assert named | {"control_url"} <= set(outside)
    with urlopen(outside["control_url"], timeout=PATIENCE) as answer:
        assert {"desk", "telegram", "viber"} == set(json.load(answer))
    api = f"{outside['telegram_api_url']}/bot{outside['telegram']['bot_token']}"
    with urlopen(f"{api}/getMe", timeout=PATIENCE) as answer:
        assert json.load(answer)["ok"] is True


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_simulate_ends_by_signal(program, how):
    """Both signals end it with 0 and nothing on standard error."""
    started = program("simulate", "--platform", "telegram")
    assert _first_line(started)
    assert 0 == _end(started, how)


def test_simulate_names_what_is_wrong(shell):
    """A platform that is not installed, and a port that is taken, are told."""
    assert "no installed package offers" in shell.bad("simulate", "--platform", "matrix")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "take another port" in shell.bad("simulate", "--port", port)


@pytest.mark.fault("F76")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("web", [["--port", "0"], ["--no-web"]])
def test_run_ends_by_signal(set_up, program, how, web):
    """A running bridge, with or without its web app, ends with 0, whatever waits at a platform."""
    started = program("run", *web)
    assert _first_line(started).startswith("ready: projects support")
    began = time.monotonic()
    assert 0 == _end(started, how)
    assert time.monotonic() - began < 10.0
    assert "Traceback" not in _stderr(set_up) and "ERROR" not in _stderr(set_up)


@pytest.mark.fault("F76")
def test_run_waits_for_work_no_longer_than_its_grace(world, set_up, program, eventually):
    """A site that hangs does not hold the end up; the message is not lost."""
    world.desk.switch_fault(Fault(kind="slow", match="POST .*/request$", seconds=15.0, times=None))
    started = program("run", "--no-web", "--grace", "0.5")
    assert _first_line(started)
    world.chat.control("message", {"chat": 7, "text": "Hello"})
    eventually(lambda: world.desk.control("requests", {}))
    began = time.monotonic()
    assert 0 == _end(started)
    assert time.monotonic() - began < 5.0
    assert "did not end in time" in _stderr(set_up)
    assert 1 == world.chat.control("pending", {})["count"]


def test_run_without_projects_says_so(initialised, program):
    """A bridge without projects waits for them."""
    started = program("run", "--no-web")
    assert "ready, but there are no projects yet\n" == _first_line(started)
    assert 0 == _end(started)


@pytest.mark.heavy
def test_a_project_that_is_set_meanwhile_works_at_once(
    world, initialised, program, eventually, monkeypatch
):
    """The running bridge takes up a new project without a restart."""
    started = program("run", "--no-web")
    assert _first_line(started)
    monkeypatch.setenv("BOT", world.bot_token)
    initialised.good(
        "project", "set", "support", "--service-desk", "10", "--request-type", "25", "--bot",
        "telegram", "--bot-token-env", "BOT", "--bot-setting", f"api_url={world.api_url}",
    )  # fmt: skip
    world.chat.control("message", {"chat": 7, "text": "Hello"})
    eventually(lambda: world.shown())
    assert 0 == _end(started)


def test_run_refuses_webhooks_without_a_public_url(set_up, monkeypatch):
    """A bot that waits for webhooks which nobody sends is told before anything starts."""
    monkeypatch.setenv("CHATBRIDGE_PUBLIC_URL", "https://chat.example.com")
    set_up.good("project", "set", "support", "--mode", "webhook")
    monkeypatch.delenv("CHATBRIDGE_PUBLIC_URL")
    complaint = set_up.bad("run")
    assert "public_url is not set" in complaint and "chatbridge webhook remove" in complaint


def test_run_names_a_taken_port(set_up):
    """The port and the ways out are named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        complaint = set_up.bad("run", "--port", port)
    assert f"port {port}" in complaint and "--no-web" in complaint


def test_run_without_the_server_extra(set_up, monkeypatch):
    """Polling does without, and says what is missed; webhooks say what to install."""
    monkeypatch.setattr("chatbridge.cli.run.find_spec", lambda _name: None)
    monkeypatch.setattr("chatbridge.cli.run.Stopping.wait", lambda _stopping: None)
    result = set_up("run", "--grace", "1")
    assert (0, True) == (result.exit_code, "no /health without pip install" in result.stderr)
    assert "ready: projects support\n" == result.stdout
    monkeypatch.setitem(sys.modules, "waitress", None)
    complaint = set_up.bad("run", "--public-url", "https://chat.example.com")
    assert "pip install 'chatbridge-jsm[server]'" in complaint


def test_run_once_does_what_is_due(world, set_up):
    """A cron job takes a message in and answers it; then all is done."""
    world.chat.control("message", {"chat": 7, "text": "Hello"})
    assert "everything is done\n" == set_up.good("run", "--once")
    assert any(text.startswith("HELP-1") for text in world.shown())


@pytest.mark.parametrize(
    ("service", "match", "status"), [("desk", "/search", 401), ("desk", "", 503), ("chat", "", 401)]
)
def test_run_once_counts_nobody_as_done_who_could_not_be_asked(
    world, set_up, service, match, status
):  # fmt: skip
    """A revoked token, or a site that is down, is no success for a cron job."""
    fault = Fault(kind="status", match=match, status=status, times=None)
    getattr(world, service).switch_fault(fault)
    assert "'chatbridge doctor' tells" in set_up.bad("run", "--once", "--seconds", "5")


def test_run_once_says_when_it_was_too_short(world, set_up):
    """What is left over is told with status 1, and done by the next run."""
    world.chat.control("message", {"chat": 7, "text": "Hello"})
    world.desk.switch_fault(Fault(kind="status", status=503, retry_after=30, times=None))
    assert "not everything was done: 1 seconds were too short" in set_up.bad(
        "run", "--once", "--seconds", "1"
    )
    world.desk.clear_faults()
    set_up.good("run", "--once")
    assert any(text.startswith("HELP-1") for text in world.shown())
