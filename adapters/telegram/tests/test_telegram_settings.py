"""What an administrator sets, and what the package offers to the bridge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chatbridge.adapter import (
    AnswersChoices,
    BotIdentity,
    EditsMessages,
    Polls,
    RegistersWebhooks,
    ShowsTyping,
)
from chatbridge.errors import (
    ConfigurationError,
    Refusal,
    RefusedError,
)
from chatbridge.secret import Secret
from chatbridge.settings import structure
from chatbridge_telegram import TelegramAdapter, TelegramSettings, chatbridge_register_adapters

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
Talk = Callable[[Any], Any]


def test_the_hook_offers_adapter_and_simulator() -> None:
    """The entry point's module registers both by the names that it promises."""
    offered: list[Any] = []
    chatbridge_register_adapters(
        lambda adapter, simulator=None: offered.append((adapter, simulator))
    )
    assert [(TelegramAdapter, "chatbridge_telegram.simulator:TelegramSimulator")] == offered


def test_what_is_declared_is_implemented(adapter: TelegramAdapter) -> None:
    """Every optional ability of the contract but files is there."""
    for protocol in (Polls, RegistersWebhooks, AnswersChoices, EditsMessages, ShowsTyping):
        assert isinstance(adapter, protocol)


def test_identify(adapter: TelegramAdapter, talk: Talk) -> None:
    """The bot's own name comes from getMe."""
    assert BotIdentity("110201543", "helpdesk_bot", "Simulated bot") == talk(adapter.identify())


@pytest.mark.fault("F28")
def test_a_revoked_token(talk: Talk, make_adapter: Callable[..., Any]) -> None:
    """A token that Telegram does not know is unauthorised."""
    adapter = make_adapter(token=Secret("999999:" + "x" * 35))
    with pytest.raises(RefusedError) as caught:
        talk(adapter.identify())
    assert Refusal.UNAUTHORISED == caught.value.reason
    assert "999999" not in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"token": "nonsense-secret"},
        {"token": "0123:" + "s" * 30},
        {"token": TOKEN, "api_url": "http://api.example.org"},
        {"token": TOKEN, "api_url": "https://user:secret@api.example.org"},
        {"token": TOKEN, "webhook_secret": "not secret!"},
        {"token": TOKEN, "webhook_secret": "new", "webhook_secret_before": "not secret!"},
        {"token": TOKEN, "webhook_secret_before": "alone-and-so-useless"},
        {"token": TOKEN, "unknown": 1},
    ],
)
def test_wrong_settings_are_named(values: dict[str, Any]) -> None:
    """A wrong setting is refused with its mend and without its value."""
    with pytest.raises(ConfigurationError) as caught:
        structure(values, TelegramSettings, where="bot")
    assert [] == [word for word in values.values() if str(word) in str(caught.value)]


def test_a_wrong_token_says_where_to_get_one() -> None:
    """The mend of a wrong token is where the right one is."""
    with pytest.raises(ConfigurationError, match="copy it from @BotFather"):
        structure({"token": "nonsense"}, TelegramSettings, where="bot")


def test_a_server_of_ones_own(make_adapter: Callable[..., Any]) -> None:
    """Every call goes to the server that api_url names, and to no other."""
    adapter = make_adapter(api_url="http://127.0.0.1:8081/telegram/")
    assert ("http://127.0.0.1:8081/telegram",) == adapter.urls()
    request = next(adapter.identify())
    assert f"http://127.0.0.1:8081/telegram/bot{TOKEN}/getMe" == request.url
    assert TOKEN not in repr(request)
