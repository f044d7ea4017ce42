"""`chatbridge doctor`: every cause is named with its mend, none hides another, no secret shows."""

from __future__ import annotations

import json
import socket
import time

import pytest

from chatbridge.testing.simulator import Fault


def _problems(shell) -> dict[str, str]:
    """Return what the doctor complains about: subject -> text and mend."""
    result = shell("doctor", "--json")
    told = json.loads(result.stdout)
    bad = {each["subject"]: each for each in told["findings"] if not each["ok"]}
    assert (0 if told["ok"] else 1) == result.exit_code
    assert told["ok"] == (not bad)
    assert all(each["mend"] for each in bad.values())
    return {subject: f"{each['text']}; {each['mend']}" for subject, each in bad.items()}


def _subjects(shell) -> list[str]:
    return [each["subject"] for each in json.loads(shell("doctor", "--json").stdout)["findings"]]


@pytest.mark.both_editions
def test_all_is_well(world, set_up):
    """Each line says ok, the exit code is 0, and no secret is shown."""
    told = set_up.good("doctor")
    assert "all is well" == told.splitlines()[-1]
    assert all(line.startswith("ok  ") for line in told.splitlines()[:-1])
    assert world.bot_token not in told and "-token" not in told
    assert [
        "configuration", "root key", "storage", "storage", "storage", "Jira site 127.0.0.1",
        "clock", "permissions in project support", "request type 25",
        "project support: telegram bot @simulated_bot",
        "project support: telegram bot @simulated_bot",
    ] == _subjects(set_up)  # fmt: skip


def test_it_leaves_nothing_behind(set_up):
    """What it writes to try the storage is gone afterwards."""
    from chatbridge.configuration import open_bridge, read_configuration

    set_up.good("doctor")
    with open_bridge(read_configuration()) as bridge:
        assert () == bridge.engine.vault.storage.scan("doctor").rows


def test_nothing_was_set_up(shell):
    """The first thing to do is named where nothing is there."""
    result = shell("doctor")
    assert 1 == result.exit_code
    assert "problem  configuration: there is no chatbridge.toml here; run: chatbridge init" in (
        result.stdout
    )


def test_there_is_no_project(initialised):
    """Without a project the command that makes one is the mend."""
    assert "chatbridge project set NAME" in _problems(initialised)["projects"]


def test_a_missing_token_does_not_hide_the_rest(set_up, monkeypatch):
    """Without the site's token, keys, storage and bots are looked at all the same."""
    monkeypatch.delenv("CHATBRIDGE_SITE_TOKEN")
    assert ["configuration"] == list(_problems(set_up))
    assert "project support: telegram bot @simulated_bot" in _subjects(set_up)


def test_a_wrong_site_token(set_up, monkeypatch):
    """Jira refuses; the mend is a new token, and the bot is looked at all the same."""
    monkeypatch.setenv("CHATBRIDGE_SITE_TOKEN", "wrong-s3cret")
    problems = _problems(set_up)
    assert ["Jira site 127.0.0.1"] == list(problems)
    assert "id.atlassian.com" in str(problems) and "s3cret" not in str(problems)
    assert "project support: telegram bot @simulated_bot" in _subjects(set_up)


@pytest.mark.parametrize("edition", ["data_center"], indirect=True)
def test_a_wrong_credential_of_a_data_center(set_up, monkeypatch):
    """A refused token asks for a personal access token; an API token is told not to fit at all."""
    monkeypatch.setenv("CHATBRIDGE_SITE_TOKEN", "wrong-s3cret")
    problems = _problems(set_up)
    assert ["Jira site 127.0.0.1"] == list(problems)
    assert "Personal access tokens" in str(problems) and "id.atlassian.com" not in str(problems)
    monkeypatch.setenv("CHATBRIDGE_SITE_ACCOUNT", "bot@example.com")
    problems = _problems(set_up)
    assert ["Jira site 127.0.0.1"] == list(problems)
    assert "takes no e-mail address with an API token: leave account out" in str(problems)
    assert "s3cret" not in str(problems)


def test_jira_cannot_be_reached(set_up, monkeypatch):
    """Nobody listens at the address: the network is the thing to look at."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("CHATBRIDGE_SITE_URL", f"http://127.0.0.1:{port}")
    problems = _problems(set_up)
    assert ["Jira site 127.0.0.1"] == list(problems)
    assert "check the network and the address" in str(problems)
    assert "project support: telegram bot @simulated_bot" in _subjects(set_up)


@pytest.mark.both_editions
def test_permissions_are_missing(world, set_up):
    """The permissions that the account lacks are named as Jira's pages name them."""
    world.desk.control("behaviour", {"access": False})
    missing = _problems(set_up)["permissions in project support"]
    assert "Browse projects, Add comments, Service desk agent" in missing
    assert "Service Desk Team" in missing


@pytest.mark.both_editions
def test_the_request_type_is_gone(world, set_up):
    """A request type that no longer exists is told as such."""
    world.desk.switch_fault(Fault(kind="status", match="requesttype/25$", status=404, times=None))
    assert "check service_desk and request_type" in _problems(set_up)["request type 25"]


@pytest.mark.both_editions
def test_the_clock_is_wrong(set_up, monkeypatch):
    """A clock that is minutes off is named with the difference."""

    def ten_minutes_ago(_desk):
        yield from ()
        return time.time() - 600

    monkeypatch.setattr("chatbridge.jira.jira_desk.JiraDesk.time", ten_minutes_ago)
    assert "differ by 600 s" in _problems(set_up)["clock"]


def test_the_bot_token_was_revoked(world, set_up):
    """A token that the platform refuses is to be set anew, by a command that is named."""
    world.chat.switch_fault(Fault(kind="status", match="getMe", status=401, times=None))
    problem = _problems(set_up)["project support: telegram bot @simulated_bot"]
    assert "chatbridge project set support --bot telegram --bot-token-env VARIABLE" in problem


def test_another_program_has_set_a_webhook(world, set_up):
    """A polled bot with somebody's webhook gets nothing; host and mend are named."""
    world.chat.state.webhook.url = "https://other.example/secret-path"
    problem = _problems(set_up)["project support: telegram bot @simulated_bot"]
    assert "a webhook to other.example is set" in problem
    assert "chatbridge webhook remove support" in problem
    assert "secret-path" not in problem


def test_the_webhook_is_missing_or_fails(world, set_up, monkeypatch):
    """A bot with webhooks needs the platform to know ours, and to reach it."""
    subject = "project support: telegram bot @simulated_bot"
    monkeypatch.setenv("CHATBRIDGE_PUBLIC_URL", "https://chat.example.com")
    set_up.good("webhook", "set", "support")
    assert {} == _problems(set_up)
    world.chat.state.webhook.last_error = "Connection refused"
    assert "Connection refused" in _problems(set_up)[subject]
    world.chat.state.webhook.url = ""
    assert "chatbridge webhook set support" in _problems(set_up)[subject]
    monkeypatch.delenv("CHATBRIDGE_PUBLIC_URL")
    assert "set [web] public_url" in _problems(set_up)[subject]


def test_a_paused_project_and_one_without_bots(initialised, set_up):
    """What does nothing on purpose is told with the way back."""
    set_up.good("project", "pause", "support")
    assert "chatbridge project resume support" in _problems(set_up)["project support"]
    set_up.good("project", "set", "p", "--service-desk", "10", "--request-type", "25")
    assert "chatbridge project set p --bot" in _problems(set_up)["project p"]


def test_an_adapter_is_missing(set_up, monkeypatch):
    """A bot whose package was uninstalled says what to install."""
    monkeypatch.setattr("chatbridge.plugins._entry_points", list)
    problem = _problems(set_up)["project support: telegram bot"]
    assert "pip install chatbridge-telegram" in problem


def test_the_key_is_wrong_missing_or_open(set_up):
    """Each trouble with the key has its own mend, and shows nothing of it."""
    from chatbridge.keys import new_root_key

    file = set_up.folder / "chatbridge.key"
    file.chmod(0o644)
    assert "chmod 600" in _problems(set_up)["root key"]
    file.chmod(0o600)
    other = new_root_key()
    file.write_text(other)
    problems = _problems(set_up)
    assert ["storage"] == list(problems)
    assert "key" in problems["storage"] and other.split(".")[1] not in str(problems)
    file.unlink()
    assert "chatbridge keys new --file" in _problems(set_up)["root key"]


def test_records_are_damaged(set_up):
    """Records that nobody can read are counted; a backup is the mend."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(set_up.folder / "chatbridge.db")) as database, database:
        database.execute("update records set value = x'00' where key like 'project:%'")
    assert "1 of 1 records cannot be read" in _problems(set_up)["storage"]


def test_the_storage_cannot_be_opened(set_up):
    """A file that is no database is told, and nothing after it crashes."""
    (set_up.folder / "chatbridge.db").write_bytes(b"no database at all" * 100)
    assert ["storage"] == list(_problems(set_up))


@pytest.mark.parametrize("check", ["check_login", "check_clock", "check_bot", "_check_storage"])
def test_a_check_that_crashes_hides_no_other(set_up, monkeypatch, check):
    """A fault in one check is a line of its own without its text; the others are all there."""
    before = _subjects(set_up)

    def crash(*_arguments):
        raise KeyError("s3cret")

    monkeypatch.setattr(f"chatbridge.cli.diagnosis.{check}", crash)
    problems = _problems(set_up)
    assert 1 == len(problems)
    assert "failed with KeyError" in str(problems) and "s3cret" not in str(problems)
    # A check that crashed has one line instead of up to two.
    assert len(_subjects(set_up)) >= len(before) - 1


def test_held_links_are_told(world, linked):
    """Links that send nothing are counted, with the command that lets them go on."""
    from attrs import evolve

    from chatbridge.configuration import open_bridge, read_configuration
    from chatbridge.links import Link, LinkState

    with open_bridge(read_configuration()) as bridge:
        for kept in bridge.engine.vault.scan(Link):
            bridge.engine.vault.update(kept, lambda link: evolve(link, state=LinkState.HELD))
    assert "chatbridge links release" in _problems(linked)["links"]
