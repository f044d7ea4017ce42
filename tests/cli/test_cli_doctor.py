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
    assert all(each["level"] in {"ok", "hint", "problem"} for each in told["findings"])
    bad = {each["subject"]: each for each in told["findings"] if not each["ok"]}
    looked = any(each["text"].startswith("opens") for each in told["findings"])
    assert (0 if told["ok"] else 1 if looked else 2) == result.exit_code
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
    marks = {line.partition("  ")[0] for line in told.splitlines()[:-1]}
    assert {"ok", "hint", ""} == marks
    assert world.bot_token not in told and "-token" not in told
    assert [
        "configuration", "root key", "storage", "storage", "storage", "Jira site 127.0.0.1",
        "Jira site 127.0.0.1", "clock", "permissions in project support", "request type 25",
        "files in project support",
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
    assert 2 == result.exit_code
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
    assert f"127.0.0.1 refuses connections on port {port}" in str(problems)
    assert "project support: telegram bot @simulated_bot" in _subjects(set_up)


@pytest.mark.both_editions
def test_permissions_are_missing(world, set_up):
    """The permissions that the account lacks are named as Jira's pages name them."""
    world.desk.control("behaviour", {"access": False})
    missing = _problems(set_up)["permissions in project support"]
    assert "lacks Browse projects (BROWSE_PROJECTS): it sees no request" in missing
    assert "to the role Service Desk Team, and give the account that role and a licence" in missing


@pytest.mark.parametrize(
    ("lacks", "named"),
    [
        ("CREATE_ATTACHMENTS", "grant Create attachments to"),
        ("DELETE_OWN_COMMENTS,EDIT_OWN_COMMENTS", "grant Edit own comments, Delete own comments"),
    ],
)
def test_exactly_what_is_missing_is_named(world, set_up, lacks, named):
    """A single permission that is missing is named alone, with what does not work without it."""
    world.desk.control("behaviour", {"lacks": lacks})
    missing = _problems(set_up)["permissions in project support"]
    assert named in missing and "licence" not in missing


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


@pytest.mark.fault("F28")
def test_the_bot_token_was_revoked(world, set_up):
    """A token that the platform refuses is to be set anew, by a command that is named."""
    world.chat.switch_fault(Fault(kind="status", match="getMe", status=401, times=None))
    problem = _problems(set_up)["project support: telegram bot @simulated_bot"]
    assert "chatbridge project set support --bot telegram --bot-token-env VARIABLE" in problem


@pytest.mark.fault("F51")
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
    monkeypatch.setattr("chatbridge.cli.diagnosis.check_web", lambda _url: iter(()))
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


@pytest.mark.fault("F68")
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


@pytest.mark.fault("F66")
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


@pytest.mark.parametrize("check", ["check_login", "check_clock", "check_bot", "check_storage"])
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


def test_files_that_the_site_does_not_take(world, set_up):
    """Files switched off are a problem, a smaller limit is a hint; each has its mend."""
    subject = "files in project support"
    world.desk.control("behaviour", {"file_limit": 0})
    assert "System > Attachments, allow them" in _problems(set_up)[subject]
    world.desk.control("behaviour", {"file_limit": 20_000_000})
    told = json.loads(set_up("doctor", "--json").stdout)["findings"]
    (hint,) = [each for each in told if each["subject"] == subject]
    assert ("hint", "the site takes them up to 20 MB, and the project up to 50 MB") == (
        hint["level"],
        hint["text"],
    )


@pytest.fixture
def hooked(world, set_up, monkeypatch):
    """Return the findings about Jira's webhook of a bridge with a public address, as a call."""
    monkeypatch.setenv("CHATBRIDGE_PUBLIC_URL", "https://chat.example.com")
    monkeypatch.setattr("chatbridge.cli.diagnosis.check_web", lambda _url: iter(()))

    def look(**registered):
        if registered:
            url = "https://chat.example.com/hints/127.0.0.1"
            world.desk.control("unregister_hint", {"url": url})
            world.desk.control("register_hint", {"url": url, **registered})
        told = json.loads(set_up("doctor", "--json").stdout)["findings"]
        (found,) = [each for each in told if each["subject"].startswith("webhook of Jira site")]
        assert "chat.example.com" not in str(found)
        return found["level"], found["text"]

    return look


def test_the_webhook_of_jira_is_looked_at(world, hooked):
    """Absent, unsigned, deaf for comments, right, and hidden from us: each is told."""
    assert (
        "hint",
        "none of Jira's 0 webhooks leads here, so changes are asked for every 10 s",
    ) == (hooked())
    events = ["comment_created", "jira:issue_updated"]
    assert ("problem", "it is not signed, so it is refused") == hooked(events=events)
    assert ("hint", "it does not tell of comment_created") == hooked(secret="s", events=events[1:])
    assert ("ok", "leads here") == hooked(secret="s", events=events)
    world.desk.switch_fault(Fault(kind="status", match="webhook", status=403, times=None))
    assert ("hint", "only Jira's administrators may see it") == hooked()


@pytest.mark.fault("F51")
def test_a_second_poller_is_heard(world, set_up, monkeypatch):
    """Another program that polls the bot takes the messages; it is named, and nothing is taken."""
    world.chat.switch_fault(Fault(kind="status", match="getUpdates", status=409, times=None))
    problem = _problems(set_up)["project support: telegram bot @simulated_bot"]
    assert "another program polls this bot" in problem and "stop the other program" in problem


def test_listening_takes_no_message_away(world, set_up):
    """What waits at the platform is still there after the doctor listened."""
    world.chat.control("message", {"chat": 7, "text": "The printer smokes", "name": "Cora"})
    set_up.good("doctor")
    set_up.good("run", "--once")
    assert 1 == len(world.desk.control("requests", {}))


def test_our_own_poller_is_not_disturbed(world, linked):
    """Where a process of this bridge holds the claim, the doctor does not poll."""
    from chatbridge.configuration import open_bridge, read_configuration
    from chatbridge.records import Claim

    with open_bridge(read_configuration()) as bridge:
        for kept in bridge.engine.vault.scan(Claim):
            claim = kept.record
            bridge.engine.vault.replace(kept, Claim(claim.subject, "other", "beat", claim.mark))
    world.chat.switch_fault(Fault(kind="status", match="getUpdates", status=409, times=None))
    assert {} == _problems(linked)


def test_messages_that_nobody_works_on(world, linked):
    """A message whose sender should know by now that it failed is a problem; others are not."""
    from attrs import evolve

    from chatbridge.configuration import open_bridge, read_configuration
    from chatbridge.records import Conversation, Intent, IntentKind

    def keep(tell_by: float) -> None:
        intent = Intent("k" * 20, IntentKind.COMMENT, "10001", int(tell_by), "dead", "beat")
        with open_bridge(read_configuration()) as bridge:
            (kept,) = bridge.engine.vault.scan(Conversation)
            bridge.engine.vault.replace(kept, evolve(kept.record, pending=(intent,)))

    keep(time.time() + 3600)
    assert "messages" not in _problems(linked)
    keep(time.time() - 3 * 3600)
    told = _problems(linked)["messages"]
    assert "1 of customers are not in Jira, and their senders should know it for 3 h" in told
    assert "chatbridge run" in told


def test_a_token_of_another_bot_is_noticed(world, set_up):
    """A token that now belongs to somebody else's bot is told, and that nobody gets the answers."""
    from chatbridge.adapter import BotIdentity

    def somebody_else(_adapter):
        yield from ()
        return BotIdentity("42", "other_bot")

    adapter = "chatbridge_telegram.adapter.TelegramAdapter.identify"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapter, somebody_else)
        problem = _problems(set_up)["project support: telegram bot @simulated_bot"]
    assert "its token is that of another bot now" in problem and "nobody else" in problem


def test_a_closed_status_that_nobody_knows(set_up):
    """A status name that the site does not have is a hint, here and when it is set."""
    told = set_up.good("project", "set", "support", "--set", "closed_statuses=Resolvd")
    assert "hint  closed_statuses: the site has no status 'Resolvd'" in told
    assert "hint  closed_statuses" in set_up.good("doctor")
    told = set_up.good("project", "set", "support", "--set", "closed_statuses=resolved")
    assert "ok  closed_statuses: the site knows them" in told


def test_a_project_is_not_set_without_the_permissions_that_it_needs(world, set_up):
    """What the bridge cannot do without refuses the setting; what it can is a hint."""
    world.desk.control("behaviour", {"lacks": "ADD_COMMENTS"})
    complaint = set_up.bad("project", "set", "support", "--set", "announce=closed")
    assert "lacks Add comments (ADD_COMMENTS)" in complaint
    assert '"announce": "all"' in set_up.good("project", "show", "support", "--json")
    world.desk.control("behaviour", {"lacks": "DELETE_OWN_COMMENTS"})
    told = set_up.good("project", "set", "support", "--set", "announce=closed")
    assert "hint  permissions in project support: the account lacks Delete own comments" in told
