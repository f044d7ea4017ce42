"""A platform without a call for it is told its webhook's URL by hand; the CLI prints it."""

from __future__ import annotations

import re

import pytest

from chatbridge import Adapter, Capabilities, ConfigurationError
from chatbridge.checks import check_mode


def test_the_url_of_a_bot_is_printed(set_up, monkeypatch):
    """It is the same every time, differs by bot, and needs no project that has the bot."""
    monkeypatch.setenv("CHATBRIDGE_PUBLIC_URL", "https://support.example/chat")
    urls = [
        set_up.good("webhook", "url", "telegram", bot).strip()
        for bot in ("@a:example.org", "@a:example.org", "@b:example.org")
    ]
    assert re.fullmatch(r"https://support\.example/chat/webhooks/telegram/[0-9a-f]{24}", urls[0])
    assert urls[0] == urls[1] != urls[2]


@pytest.mark.parametrize(
    ("platform", "public", "told"),
    [
        ("telegram", None, "public_url is not set"),
        ("nobody", "https://support.example", "nobody"),
    ],
)
def test_no_url_is_made_up(set_up, monkeypatch, platform, public, told):
    """Without a public URL, or for an unknown platform, the error says what is wrong."""
    if public is None:
        monkeypatch.delenv("CHATBRIDGE_PUBLIC_URL", raising=False)
    else:
        monkeypatch.setenv("CHATBRIDGE_PUBLIC_URL", public)
    assert told in set_up.bad("webhook", "url", platform, "1")


def test_a_platform_that_is_told_by_hand_is_named(set_up, monkeypatch):
    """`webhook set` says which command prints the URL, where no call can set it."""
    monkeypatch.setenv("CHATBRIDGE_PUBLIC_URL", "https://support.example/chat")
    assert "by hand" not in set_up.good("webhook", "set", "support")
    monkeypatch.setattr("chatbridge.cli.webhooks.RegistersWebhooks", int)
    told = set_up.good("webhook", "set", "support")
    assert re.search(r"chatbridge webhook url telegram \d+$", told, re.MULTILINE)


def test_a_polled_platform_has_no_webhooks():
    """The mode webhook is refused where the adapter does not say how webhooks prove themselves."""

    class Polled:
        name = "polled"
        capabilities = Capabilities(max_text_length=100)

    adapter: Adapter = Polled()  # type: ignore[assignment]
    with pytest.raises(ConfigurationError, match="only polled"):
        check_mode(adapter, "webhook")
