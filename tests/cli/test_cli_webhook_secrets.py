"""A webhook's secret is replaced without a gap: the one before counts until it is ended."""

from __future__ import annotations

import pytest

from chatbridge.configuration import open_bridge, read_configuration

BOT = ("project", "set", "support", "--bot", "telegram")


def _settings() -> dict[str, object]:
    with open_bridge(read_configuration()) as bridge:
        return bridge.admin.project("support").bots[0].settings


@pytest.fixture
def replaced(set_up, monkeypatch):
    """Give the bot another secret; return the shell and the secret before."""
    before = _settings()["webhook_secret"]
    monkeypatch.setenv("HOOK", "a-newer-secret")
    told = set_up.good(*BOT, "--bot-secret-env", "webhook_secret=HOOK")
    assert "  telegram bot @simulated_bot: webhook_secret_before: set" in told.splitlines()
    assert "a-newer-secret" not in told and before not in told
    return set_up, before


def test_the_secret_before_is_kept_when_a_new_one_is_set(replaced):
    """What Telegram sends until it knows the new secret is taken."""
    _, before = replaced
    kept = _settings()
    assert ("a-newer-secret", before) == (kept["webhook_secret"], kept["webhook_secret_before"])


def test_the_same_secret_again_moves_nothing(replaced):
    """A command that is repeated does not lose the secret before."""
    shell, before = replaced
    shell.good(*BOT, "--bot-secret-env", "webhook_secret=HOOK")
    assert before == _settings()["webhook_secret_before"]


def test_the_secret_before_is_ended_by_an_empty_value(replaced):
    """`webhook show` names the command that ends it; afterwards it is silent."""
    shell, before = replaced
    told = shell.good("webhook", "show", "support")
    assert "--bot telegram --bot-setting webhook_secret_before=" in told
    assert "a-newer-secret" not in told and before not in told
    shell.good(*BOT, "--bot-setting", "webhook_secret_before=")
    assert _settings()["webhook_secret_before"] is None
    assert "webhook_secret_before" not in shell.good("webhook", "show", "support")


def test_only_an_empty_secret_may_stand_in_a_command_line(replaced):
    """A secret's value is refused there as ever, and so is one that the bot cannot do without."""
    shell, _ = replaced
    told = shell.bad(*BOT, "--bot-setting", "webhook_secret_before=old")
    assert "must not stand in a command line" in told
    assert "token" in shell.bad(*BOT, "--bot-setting", "token=")


def test_a_former_secret_of_hints_is_named(initialised, set_up, monkeypatch):
    """`webhook show` says which secret of the site still counts, without its value."""
    monkeypatch.setenv("CHATBRIDGE_HINT_SECRET", "the-newer")
    monkeypatch.setenv("CHATBRIDGE_HINT_SECRET_BEFORE", "the-older")
    told = set_up.good("webhook", "show", "support")
    assert "hint_secret_before is taken, too" in told
    assert "the-newer" not in told and "the-older" not in told
