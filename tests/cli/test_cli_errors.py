"""Whatever goes wrong ends in one line that says what to do: no traceback, no secret."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys

import pytest

from chatbridge.keys import new_root_key

COMMANDS = [
    ["project", "list"],
    ["project", "show", "support"],
    ["links", "list"],
    ["webhook", "show", "support"],
    ["storage", "restored"],
    ["storage", "adopt"],
    ["run", "--once"],
]


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_configuration_init_is_named(shell, command):
    """A newcomer in the wrong folder is told what to do."""
    complaint = shell.bad(*command)
    assert "error: there is no chatbridge.toml here; run: chatbridge init" in complaint


@pytest.mark.fault("F68")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_key_opens_nothing(set_up, command):
    """A key of another storage ends every command, and is not shown."""
    key = new_root_key()
    (set_up.folder / "chatbridge.key").write_text(key)
    complaint = set_up.bad(*command)
    assert "key" in complaint and key.split(".")[1] not in complaint


def test_a_key_that_others_can_read(set_up):
    """The command that mends it is in the error."""
    (set_up.folder / "chatbridge.key").chmod(0o640)
    assert "chmod 600" in set_up.bad("project", "list")


def test_a_half_written_configuration(set_up):
    """The line is named."""
    file = set_up.folder / "chatbridge.toml"
    file.write_text(file.read_text()[:-9] + "port = ")
    assert "chatbridge.toml, line" in set_up.bad("project", "list")


def test_a_wrong_site_token(set_up, monkeypatch):
    """Jira's refusal names account and token, and shows neither."""
    monkeypatch.setenv("CHATBRIDGE_SITE_TOKEN", "wrong-s3cret")
    complaint = set_up.bad("project", "set", "support", "--set", "language=uk")
    assert "check account and token" in complaint and "s3cret" not in complaint


def test_jira_cannot_be_reached(set_up, monkeypatch):
    """Nothing is kept, and the network is named."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("CHATBRIDGE_SITE_URL", f"http://127.0.0.1:{port}")
    complaint = set_up.bad("project", "set", "support", "--set", "language=uk")
    assert "check the network and the address" in complaint
    monkeypatch.delenv("CHATBRIDGE_SITE_URL")
    kept = json.loads(set_up.good("project", "show", "support", "--json"))
    assert "en" == kept["settings"]["language"]


def test_usage_errors_have_a_status_of_their_own(shell):
    """A command that does not exist, and an option that does not, end with 2."""
    shell.bad("projects", status=2)
    shell.bad("project", "set", "x", "--colour", "red", status=2)


def test_an_interruption_has_the_usual_status(shell, monkeypatch):
    """Ctrl-C ends with 130."""

    def interrupt(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("chatbridge.cli.invocation.read_configuration", interrupt)
    shell.bad("project", "list", status=130)


def test_a_fault_of_ours_shows_no_text(shell, monkeypatch):
    """An unexpected error is told by kind and place, since its text may hold anything."""

    def crash(*_arguments, **_options):
        raise ValueError("s3cret")

    monkeypatch.setattr("chatbridge.cli.invocation.read_configuration", crash)
    complaint = shell.bad("project", "list")
    assert "unexpected ValueError in test_cli_errors.py, line" in complaint
    assert "s3cret" not in complaint


def test_debug_lets_the_error_through(shell):
    """With --debug the traceback is to be had."""
    from chatbridge.errors import ConfigurationError

    assert isinstance(shell("--debug", "project", "list").exception, ConfigurationError)


def test_the_config_may_be_named_by_a_variable(set_up, monkeypatch, tmp_path_factory):
    """CHATBRIDGE_CONFIG leads to it from any folder, and -c wins over it."""
    monkeypatch.setenv("CHATBRIDGE_CONFIG", str(set_up.folder / "chatbridge.toml"))
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert "support" in set_up.good("project", "list")
    assert "no x.toml here" in set_up.bad("-c", "x.toml", "project", "list")


def test_logs_are_left_as_they_were(shell):
    """A command changes nothing about logging for what runs after it in the same process."""
    log = logging.getLogger("chatbridge")
    before = (log.level, list(log.handlers))
    shell("doctor")
    shell("run", "--once", "--log-level", "debug")
    assert before == (log.level, log.handlers)


def test_without_click_the_extra_is_named():
    """A library-only installation says what to install for the command."""
    program = (
        "import sys; sys.modules['click'] = None; from chatbridge import __main__ as m; m.main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (1, "") == (done.returncode, done.stdout)
    assert "error: the command line needs more: pip install 'chatbridge-jsm[cli]'\n" == done.stderr


def test_help_and_version_cost_no_configuration(shell):
    """Every command explains itself in an empty folder."""
    from chatbridge.cli.main import chatbridge

    assert "chatbridge" in shell.good("--version")
    for name, command in chatbridge.commands.items():
        assert "Usage: chatbridge" in shell.good(name, "--help")
        for under in getattr(command, "commands", {}):
            assert "Usage: chatbridge" in shell.good(name, under, "--help")


def test_no_line_of_a_list_of_commands_is_cut_off(shell):
    """What a command does is said whole in the list that names it, 80 columns wide."""
    from chatbridge.cli.main import chatbridge

    groups = [name for name, each in chatbridge.commands.items() if hasattr(each, "commands")]
    for group in ([], *([name] for name in groups)):
        _, _, listed = shell.good(*group, "--help").partition("Commands:\n")
        assert [] == [line for line in listed.splitlines() if line.endswith("...")]


def test_a_misspelt_setting_is_named_before_what_it_leaves_missing(set_up):
    """Who writes `acount` is told that this name is unknown, not that the account is missing."""
    place = set_up.folder / "chatbridge.toml"
    place.write_text(place.read_text().replace("account =", "acount ="))
    assert "does not know acount (known: account," in set_up.bad("project", "list")


def test_a_closed_pipe_is_no_fault(set_up):
    """`chatbridge ... | head -0` ends quietly."""
    done = subprocess.run(
        f"{sys.executable} -m chatbridge plugins | true; exit ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    assert "unexpected" not in done.stderr and "Traceback" not in done.stderr


def test_plugins_are_listed(shell, monkeypatch):
    """The list names package and version, and a broken plugin with its reason."""
    told = json.loads(shell.good("plugins", "--json"))
    assert {"memory", "sqlite"} <= {scheme for each in told for scheme in each["storages"]}
    assert "telegram" in {name for each in told for name in each["adapters"]}
    assert "chatbridge-telegram" in shell.good("plugins")
    monkeypatch.setattr("chatbridge.plugin_offers.API_VERSION", 2)
    assert "was written for adapter API 1" in shell.good("plugins")
