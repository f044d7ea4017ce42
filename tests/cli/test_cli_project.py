"""`chatbridge project`: what is set is checked, shown, kept, and never shows a secret."""

from __future__ import annotations

import json

import pytest

from chatbridge.configuration import open_bridge, read_configuration
from chatbridge.records import Project

DESK = ["--service-desk", "10", "--request-type", "25"]


def _kept(name: str = "support") -> Project:
    with open_bridge(read_configuration()) as bridge:
        return bridge.admin.project(name)


def _projects() -> list[str]:
    with open_bridge(read_configuration()) as bridge:
        return [each.settings.name for each in bridge.admin.projects()]


def test_a_project_is_set_with_one_command(world, set_up):
    """Settings and bot are kept after Jira and the platform agreed."""
    kept = _kept()
    assert ("10", "25") == (kept.settings.service_desk, kept.settings.request_type)
    assert [("telegram", "simulated_bot", "poll", world.bot_token)] == [
        (bot.platform, bot.username, bot.mode, bot.settings["token"]) for bot in kept.bots
    ]


def test_what_was_found_is_said(world, initialised, monkeypatch):
    """The changes come first, then one line for each check; the token is not among them."""
    monkeypatch.setenv("BOT_TOKEN", world.bot_token)
    told = initialised.good(
        "project", "set", "support", *DESK, "--bot", "telegram", "--bot-token-env", "BOT_TOKEN",
        "--bot-setting", f"api_url={world.api_url}", "--set", "language=uk",
    )  # fmt: skip
    lines = told.splitlines()
    assert "project support (new)" == lines[0]
    assert "  language: uk" in lines
    assert "  new telegram bot: token: set" in lines
    assert "ok  Jira site 127.0.0.1: logged in as Chat bot" in lines
    assert "ok  telegram bot: is @simulated_bot" in lines
    assert world.bot_token not in told


def test_what_is_not_named_stays(set_up):
    """A later command changes one setting and says from what to what."""
    told = set_up.good("project", "set", "support", "--set", "announce=closed")
    assert "  announce: all -> closed" in told.splitlines()
    kept = _kept()
    assert ("closed", "10", 1) == (
        kept.settings.announce,
        kept.settings.service_desk,
        len(kept.bots),
    )


def test_nothing_to_change_is_said(set_up):
    """The same command again changes nothing, and checks all the same."""
    told = set_up.good("project", "set", "support", "--set", "language=en")
    assert "nothing changes" in told and "ok  telegram bot" in told


def test_secrets_are_only_called_changed_or_unchanged(world, set_up, monkeypatch):
    """The difference names secrets without their values."""
    monkeypatch.setenv("HOOK", "another-webhook-secret")
    told = set_up.good("project", "set", "support", "--bot", "telegram",
                       "--bot-secret-env", "webhook_secret=HOOK")  # fmt: skip
    assert "  telegram bot @simulated_bot: token: unchanged" in told.splitlines()
    assert "  telegram bot @simulated_bot: webhook_secret: changed" in told.splitlines()
    assert "another-webhook-secret" not in told and world.bot_token not in told
    assert "another-webhook-secret" == _kept().bots[0].settings["webhook_secret"]


@pytest.mark.parametrize("way", ["file", "stdin", "usual", "prompt"])
def test_the_token_comes_in_without_the_command_line(world, initialised, monkeypatch, way):
    """A file, standard input, the adapter's own variable and a hidden prompt all do."""
    arguments, given = [], None
    if way == "file":
        (initialised.folder / "token.txt").write_text(f"{world.bot_token}\n")
        arguments = ["--bot-token-file", "token.txt"]
    elif way == "stdin":
        arguments, given = ["--bot-token-file", "-"], f"{world.bot_token}\n"
    elif way == "usual":
        monkeypatch.setenv("CHATBRIDGE_TELEGRAM_TOKEN", world.bot_token)
    else:
        monkeypatch.setattr("chatbridge.cli.project_setting.may_ask", lambda: True)
        arguments, given = ["--yes"], f"{world.bot_token}\n"
    told = initialised.good(
        "project", "set", "support", *DESK, "--bot", "telegram",
        "--bot-setting", f"api_url={world.api_url}", *arguments, input=given,
    )  # fmt: skip
    assert world.bot_token not in told
    assert world.bot_token == _kept().bots[0].settings["token"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--bot", "telegram"], 1, "--bot-token-env VARIABLE"),
        (["--bot", "telegram", "--bot-token-env", "NONE"], 1, "NONE is not set"),
        (["--bot", "telegram", "--bot-token-file", "none"], 1, "none cannot be read"),
        (["--bot", "telegram", "--bot-setting", "token=1:x"], 1, "must not stand in a command"),
        (
            ["--bot", "telegram", "--bot-setting", "x=1", "--bot-token-env", "T"],
            1,
            "does not know x",
        ),
        (["--bot", "telegram", "--bot-setting", "x"], 1, "--bot-setting takes NAME=VALUE"),
        (["--bot", "matrix"], 1, "no installed package offers the adapter 'matrix'"),
        (["--bot", "telegram", "--bot-token-env", "T"], 1, "does not look like a bot token"),
        (["--mode", "webhook"], 2, "--bot PLATFORM"),
        (["--set", "lang=uk"], 1, "does not know lang (known: name, site"),
        (["--set", "max_open_requests=many"], 1, "max_open_requests must be a whole number"),
        (["--set", "max_open_requests=0"], 1, "max_open_requests must be between 1 and 50"),
        (["--set", "contact_name=perhaps"], 1, "contact_name must be true or false"),
        (["--set", "marker_rung=nowhere"], 1, "must be one of field, description, label"),
        (["--set", "texts.nothing=x"], 1, "does not know the text 'nothing'"),
        (["--set", "texts=x"], 1, "texts.NAME=VALUE"),
        (["--set", "name=other"], 1, "a project keeps its name"),
        (
            ["--site", "elsewhere"],
            1,
            "no site 'elsewhere' in the configuration (there are: 127.0.0.1)",
        ),
        (["--request-type", "99"], 1, "check service_desk and request_type"),
        (["--request-type", "27"], 1, "it needs 'Impact'"),
        (["--remove-bot", "telegram"], 1, "has no such bot"),
        (["--bot", "telegram", "--bot", "viber"], 2, "names one bot"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(
    initialised, monkeypatch, arguments, status, said
):
    """Each wrong option is named with its mend, and no project appears."""
    monkeypatch.setenv("T", "very-secret-and-no-token")
    complaint = initialised.bad("project", "set", "support", *DESK, *arguments, status=status)
    assert said in complaint
    assert "very-secret" not in complaint
    assert [] == _projects()


def test_a_new_project_needs_a_desk(initialised):
    """A new project without its desk is told which settings are missing."""
    complaint = initialised.bad("project", "set", "support")
    assert "service_desk is missing" in complaint and "request_type is missing" in complaint


def test_a_wrong_bot_token_is_told_by_the_platform(world, initialised, monkeypatch):
    """A token that the platform does not know is refused; neither it nor the URL is shown."""
    monkeypatch.setenv("T", "110201543:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    complaint = initialised.bad(
        "project", "set", "support", *DESK, "--bot", "telegram", "--bot-token-env", "T",
        "--bot-setting", f"api_url={world.api_url}",
    )  # fmt: skip
    assert "does not know the bot's token" in complaint
    assert "AAAAAA" not in complaint and "http" not in complaint
    assert [] == _projects()


def test_a_missing_adapter_is_named_with_its_package(initialised, monkeypatch):
    """A platform that is known and not installed says what to install."""
    monkeypatch.setattr("chatbridge.plugins._entry_points", list)
    complaint = initialised.bad("project", "set", "support", *DESK, "--bot", "telegram")
    assert "pip install chatbridge-telegram" in complaint


def test_webhook_mode_needs_a_public_url_before_anything_is_kept(world, initialised, monkeypatch):
    """Without public_url nothing is kept, so that a corrected command starts afresh."""
    monkeypatch.setenv("T", world.bot_token)
    complaint = initialised.bad(
        "project", "set", "support", *DESK, "--bot", "telegram", "--bot-token-env", "T",
        "--bot-setting", f"api_url={world.api_url}", "--mode", "webhook",
    )  # fmt: skip
    assert "public_url is not set" in complaint
    assert [] == _projects()


def test_the_only_bot_need_not_be_named(set_up, monkeypatch):
    """Options of a bot are about the project's only one."""
    monkeypatch.setenv("CHATBRIDGE_PUBLIC_URL", "https://chat.example.com")
    told = set_up.good("project", "set", "support", "--mode", "webhook")
    assert "mode: poll -> webhook" in told and "ok  telegram webhook: is set" in told
    assert "webhook" == _kept().bots[0].mode


def test_a_bot_is_added_chosen_and_removed(world, set_up):
    """`--another` adds a bot, a platform with several needs the name, `--remove-bot` takes out."""
    from chatbridge.testing.serving import SimulationServer
    from chatbridge_telegram.simulator import TelegramSimulator

    second = TelegramSimulator(
        token="220201543:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", username="second_bot"
    )
    with SimulationServer({"telegram": second}) as server:
        set_up.good(
            "project", "set", "support", "--bot", "telegram", "--another",
            "--bot-token-file", "-", "--bot-setting", f"api_url={server.url('telegram')}",
            input=second.credentials()["bot_token"],
        )  # fmt: skip
        assert ["simulated_bot", "second_bot"] == [bot.username for bot in _kept().bots]
        complaint = set_up.bad("project", "set", "support", "--bot", "telegram")
        assert "name one of telegram:simulated_bot, telegram:second_bot" in complaint
        assert "has no such bot" in set_up.bad("project", "set", "support", "--bot", "telegram:x")
        told = set_up.good("project", "set", "support", "--remove-bot", "telegram:@simulated_bot")
        assert "telegram bot @simulated_bot: removed" in told
        assert "note: @simulated_bot on telegram is not in this project any more" in told
        assert ["second_bot"] == [bot.username for bot in _kept().bots]


def test_texts_are_set_one_by_one(set_up):
    """`texts.NAME` sets one text and, empty, gives it back; the others stay."""
    set_up.good("project", "set", "support", "--set", "texts.help=H", "--set", "texts.closed=C")
    set_up.good("project", "set", "support", "--set", "texts.help=")
    assert {"closed": "C"} == _kept().settings.texts


def test_lists_and_emptiness_are_understood(set_up):
    """Commas part the values of a list; an empty value means none."""
    set_up.good("project", "set", "support", "--set", "closed_statuses=Done, Closed")
    assert ("Done", "Closed") == _kept().settings.closed_statuses
    set_up.good("project", "set", "support", "--set", "closed_statuses=")
    assert () == _kept().settings.closed_statuses


def test_somebody_at_a_terminal_is_asked_first(set_up, monkeypatch):
    """No ends it with nothing changed."""
    monkeypatch.setattr("chatbridge.cli.project_setting.may_ask", lambda: True)
    result = set_up("project", "set", "support", "--set", "language=uk", input="n\n")
    assert 130 == result.exit_code
    assert "language: en -> uk" in result.stdout
    assert "en" == _kept().settings.language


def test_show_and_list_hide_secrets(world, set_up):
    """Everything but secrets is shown, as text and as JSON."""
    for arguments in (["show", "support"], ["show", "support", "--json"], ["list", "--json"]):
        told = set_up.good("project", *arguments)
        assert "simulated_bot" in told and world.bot_token not in told
        assert _kept().bots[0].settings["webhook_secret"] not in told
    bot = json.loads(set_up.good("project", "show", "support", "--json"))["bots"][0]
    hidden = {"token": "set", "webhook_secret": "set", "webhook_secret_before": "not set"}
    assert {**hidden, "api_url": world.api_url} == bot["settings"]
    assert ["support", "active", "127.0.0.1", "10", "telegram:simulated_bot", "(poll)"] == (
        set_up.good("project", "list").splitlines()[1].split()
    )


def test_without_the_adapter_every_setting_counts_as_secret(world, set_up, monkeypatch):
    """Nobody knows which are secret, so none is shown, and the project is still listed."""
    monkeypatch.setattr("chatbridge.plugins._entry_points", list)
    told = set_up.good("project", "show", "support")
    assert world.bot_token not in told and world.api_url not in told
    assert "telegram:simulated_bot" in set_up.good("project", "list")


def test_pause_and_resume(world, set_up):
    """A paused project takes nothing in; a resumed one takes what waited."""
    set_up.good("project", "pause", "support")
    world.chat.control("message", {"chat": 7, "text": "Hello"})
    set_up.good("run", "--once")
    assert [] == world.desk.control("requests", {})
    set_up.good("project", "resume", "support")
    set_up.good("run", "--once")
    assert 1 == len(world.desk.control("requests", {}))


def test_removing_needs_a_word(linked):
    """Where nobody can be asked it needs --yes; then everything of it is gone."""
    assert "needs --yes" in linked.bad("project", "remove", "support", status=2)
    assert ["support"] == _projects()
    assert "5 records" in linked.good("project", "remove", "support", "--yes")
    assert [] == _projects()
    assert "there are no links" in linked.good("links", "list")


@pytest.mark.parametrize(
    "arguments",
    [
        ["project", "show", "x"],
        ["project", "pause", "x"],
        ["project", "resume", "x"],
        ["project", "remove", "x", "--yes"],
        ["webhook", "set", "x"],
        ["webhook", "remove", "x"],
        ["webhook", "show", "x"],
        ["links", "list", "--project", "x"],
        ["links", "release", "--project", "x"],
    ],
)
def test_an_unknown_project_is_named_with_the_known_ones(set_up, arguments):
    """Every command that takes a project says which there are."""
    assert "there is no project 'x' (there are: support)" in set_up.bad(*arguments)
