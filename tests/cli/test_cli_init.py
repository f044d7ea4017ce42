"""`chatbridge init` and `keys`: private files, never overwritten, and what to do next."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path

import pytest

from chatbridge.configuration import read_configuration
from chatbridge.keys import root_key_from_file, root_key_from_text

GIVEN = ["init", "--site-url", "https://acme.atlassian.net", "--account", "bot@acme.example"]


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_both_files_are_private_from_the_start(shell, monkeypatch):
    """Configuration and key are written with mode 0600, whatever the umask, and nothing else."""
    before = os.umask(0)
    try:
        shell.good(*GIVEN)
    finally:
        os.umask(before)
    names = sorted(path.name for path in shell.folder.iterdir())
    assert ["chatbridge.key", "chatbridge.toml"] == names
    assert [0o600, 0o600] == [_mode(shell.folder / name) for name in names]
    assert root_key_from_file(shell.folder / "chatbridge.key")


def test_what_was_written_can_be_read_back(shell, monkeypatch):
    """Options end in the configuration as they were given, odd characters included."""
    monkeypatch.setenv("CHATBRIDGE_SITE_TOKEN", "t")
    storage = 'sqlite:a "b" \\ ü.db'
    shell.good(*GIVEN, "--storage", storage, "--public-url", "https://chat.acme.example/x")
    made = read_configuration("chatbridge.toml")
    assert storage == made.storage.url
    assert "https://chat.acme.example/x" == made.web.public_url
    assert ("https://acme.atlassian.net", "bot@acme.example") == (
        made.sites[0].url,
        made.sites[0].account,
    )


def test_a_data_center_needs_no_account(shell, monkeypatch):
    """A token alone is written for a Data Center, named or not, and the steps say which to make."""
    own = ["init", "--site-url", "https://jira.acme.example"]
    steps = shell.good(*own, "--kind", "data_center")
    assert "make a personal access token in Jira" in steps and "API token" not in steps
    monkeypatch.setenv("CHATBRIDGE_SITE_TOKEN", "t")
    (site,) = read_configuration("chatbridge.toml").sites
    assert ("data_center", None) == (site.kind, site.account)
    shell.good("-c", "asked.toml", *own)
    (site,) = read_configuration("asked.toml").sites
    assert ("auto", None) == (site.kind, site.account)
    told = shell.bad("-c", "no.toml", *own, "--kind", "data_center", "--account", "a@b.c")
    assert "leave --account out" in told
    assert not (shell.folder / "no.toml").exists()


def test_the_next_steps_name_what_is_missing(shell, monkeypatch):
    """Without a token its variable comes first; with one it is not named."""
    steps = shell.good(*GIVEN)
    assert "1. export CHATBRIDGE_SITE_TOKEN=" in steps
    assert "chatbridge project set" in steps and "chatbridge doctor" in steps
    monkeypatch.setenv("CHATBRIDGE_SITE_TOKEN", "t")
    assert "export" not in shell.good("-c", "other.toml", *GIVEN)


def test_the_token_is_taken_from_standard_input(shell):
    """`--token-file -` puts the token into the private file and shows it nowhere."""
    told = shell.good(*GIVEN, "--token-file", "-", input="s3cret-token\n")
    assert "s3cret-token" not in told
    tables = tomllib.loads((shell.folder / "chatbridge.toml").read_text())
    assert "s3cret-token" == tables["site"]["token"]


def test_nothing_is_overwritten(shell):
    """A second init changes no byte."""
    shell.good(*GIVEN)
    before = {path: path.read_bytes() for path in shell.folder.iterdir()}
    assert "exists already" in shell.bad(*GIVEN)
    assert before == {path: path.read_bytes() for path in shell.folder.iterdir()}


def test_a_key_that_is_there_is_kept(shell):
    """Where only the configuration is missing, the key stays as it is."""
    shell.good(*GIVEN)
    key = (shell.folder / "chatbridge.key").read_text()
    (shell.folder / "chatbridge.toml").unlink()
    assert "kept the root key" in shell.good(*GIVEN)
    assert key == (shell.folder / "chatbridge.key").read_text()


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["init"], 2, "--site-url is missing"),
        (["init", "--site-url", "https://acme.atlassian.net"], 2, "--account is missing"),
        (["init", "--site-url", "acme", "--account", "a@b.c"], 1, "url must be a URL that starts"),
        ([*GIVEN, "--public-url", "http://acme.example"], 1, "public_url must be a URL"),
        ([*GIVEN, "--token-file", "none.txt"], 1, "the file none.txt cannot be read"),
    ],
)
def test_a_wrong_option_writes_nothing(shell, arguments, status, said):
    """What is missing or wrong is named, and no file appears."""
    assert said in shell.bad(*arguments, status=status)
    assert [] == list(shell.folder.iterdir())


def test_a_folder_that_does_not_exist_is_named(shell):
    """A place where nothing can be written is told without a traceback."""
    assert "cannot be written" in shell.bad("-c", "nowhere/chatbridge.toml", *GIVEN)


def test_questions_are_asked_on_a_terminal(shell, monkeypatch):
    """Whoever sits at a terminal is asked for what no option says; the token stays hidden."""
    monkeypatch.setattr("chatbridge.cli.initialise.may_ask", lambda: True)
    told = shell.good("init", input="https://acme.atlassian.net\nbot@acme.example\nhidden-t\n")
    assert "hidden-t" not in told
    tables = tomllib.loads((shell.folder / "chatbridge.toml").read_text())
    assert "hidden-t" == tables["site"]["token"]


def test_a_new_key_is_shown_or_written(shell):
    """`keys new` prints a key, or writes it into a private file that it never overwrites."""
    assert root_key_from_text(shell.good("keys", "new"))
    told = shell.good("keys", "new", "--file", "my.key")
    assert "chatbridge-root" not in told
    assert 0o600 == _mode(shell.folder / "my.key")
    key = (shell.folder / "my.key").read_text()
    assert "exists already" in shell.bad("keys", "new", "--file", "my.key")
    assert key == (shell.folder / "my.key").read_text()


def test_no_half_written_file_is_left(shell, monkeypatch):
    """A disk that fails in the middle leaves no file behind."""

    def fail(_number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("chatbridge.cli.new_files.os.fsync", fail)
    assert "No space left on device" in shell.bad("keys", "new", "--file", "my.key")
    assert [] == list(shell.folder.iterdir())


def test_a_file_system_without_links_still_overwrites_nothing(shell, monkeypatch):
    """Where hard links are unknown, the file is renamed, and never onto another one."""

    def fail(*_arguments):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("pathlib.Path.hardlink_to", fail)
    shell.good("keys", "new", "--file", "my.key")
    key = (shell.folder / "my.key").read_text()
    shell.bad("keys", "new", "--file", "my.key")
    assert key == (shell.folder / "my.key").read_text()
    assert ["my.key"] == [path.name for path in shell.folder.iterdir()]
