"""When the simulated server sends webhooks, and how often."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chatbridge.http_types import HttpResponse
from chatbridge.testing.simulator import OwedWebhook
from chatbridge_telegram.simulator import TelegramSimulator

URL = "https://bridge.example.org/hook"
Api = Callable[..., HttpResponse]


@pytest.fixture
def hooked(simulator: TelegramSimulator, api: Api) -> TelegramSimulator:
    """A simulator with a webhook, and a chat whose bot has offered buttons."""
    simulator.control("start", {"chat": 7})
    markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    assert 200 == api("sendMessage", chat_id=7, text="ok?", reply_markup=markup).status
    assert 200 == api("getUpdates", offset=-1).status
    assert 200 == api("setWebhook", url=URL, secret_token="s-1", drop_pending_updates=True).status
    return simulator


def _texts(owed: list[OwedWebhook]) -> list[str]:
    updates = [json.loads(webhook.body) for webhook in owed]
    return [update.get("message", {}).get("text", "press") for update in updates]


def test_one_at_a_time_in_a_chat(hooked: TelegramSimulator) -> None:
    """The next update of a chat waits until the one before it is acknowledged."""
    for chat, text in ((7, "one"), (7, "two"), (8, "other")):
        hooked.control("message", {"chat": chat, "text": text})
    hooked.control("press", {"chat": 7, "choice": 0})
    first = hooked.owed_webhooks()
    assert ["one", "other", "press"] == _texts(first)
    assert (URL, "s-1") == (first[0].url, first[0].headers["X-Telegram-Bot-Api-Secret-Token"])
    assert [] == hooked.owed_webhooks()
    hooked.webhook_answered(first[0].webhook_id, 204, None)
    assert ["two"] == _texts(hooked.owed_webhooks())


def test_delays_double(hooked: TelegramSimulator, clock: Any) -> None:
    """The first repeat comes at once, then after 2, 4, 8 seconds, on to 60 to 120."""
    hooked.control("message", {"chat": 7, "text": "x"})
    delays = []
    for _ in range(10):
        (owed,) = hooked.owed_webhooks()
        hooked.webhook_answered(owed.webhook_id, 500, None)
        item = hooked.state.updates.waiting[0]
        delays.append(item.due - clock.now)
        clock.now = item.due
    assert [0, 2, 4, 8, 16, 32] == delays[:6]
    assert all(60 <= delay <= 120 for delay in delays[6:])


@pytest.mark.parametrize(("named", "waited"), [(7, 7), (9999, 3600), (0, 0)])
def test_retry_after_replaces_the_delay(
    hooked: TelegramSimulator, clock: Any, named: int, waited: int
) -> None:
    """What the answer names counts, up to an hour."""
    hooked.control("message", {"chat": 7, "text": "x"})
    (owed,) = hooked.owed_webhooks()
    hooked.webhook_answered(owed.webhook_id, 503, named)
    assert waited == hooked.state.updates.waiting[0].due - clock.now


def test_an_update_is_given_up_at_the_end_of_its_life(
    hooked: TelegramSimulator, clock: Any
) -> None:
    """Where the next attempt would come too late, the update is gone without a trace."""
    hooked.control("press", {"chat": 7, "choice": 0})
    (owed,) = hooked.owed_webhooks()
    hooked.webhook_answered(owed.webhook_id, 503, 200)
    assert 0 == hooked.control("pending", {})["count"]


def test_no_answer_for_a_minute_is_a_failure(
    hooked: TelegramSimulator, clock: Any, api: Api
) -> None:
    """A delivery that nobody reports on is sent again, and the complaint can be read."""
    hooked.control("message", {"chat": 7, "text": "x"})
    assert ["x"] == _texts(hooked.owed_webhooks())
    clock.now += 61
    assert ["x"] == _texts(hooked.owed_webhooks())
    info = api("getWebhookInfo").json()["result"]
    assert ("Read timeout expired", int(clock.time())) == (
        info["last_error_message"], info["last_error_date"]
    )  # fmt: skip


def test_a_late_report_counts_for_its_own_attempt_only(
    hooked: TelegramSimulator, clock: Any
) -> None:
    """A report on an attempt that is over changes nothing."""
    hooked.control("message", {"chat": 7, "text": "x"})
    (late,) = hooked.owed_webhooks()
    hooked.webhook_answered(late.webhook_id, 500, None)
    hooked.webhook_answered(late.webhook_id, 200, None)
    assert 1 == hooked.control("pending", {})["count"]


def test_connections_are_limited(hooked: TelegramSimulator, api: Api) -> None:
    """No more deliveries are under way than the bot asked for."""
    assert 200 == api("setWebhook", url=URL, max_connections=2).status
    for chat in range(11, 16):
        hooked.control("message", {"chat": chat, "text": "x"})
    assert 2 == len(hooked.owed_webhooks())
    assert [] == hooked.owed_webhooks()


def test_removing_the_webhook_keeps_what_waits(hooked: TelegramSimulator, api: Api) -> None:
    """After deleteWebhook, polling gets what was under way."""
    hooked.control("message", {"chat": 7, "text": "x"})
    assert 1 == len(hooked.owed_webhooks())
    assert 409 == api("getUpdates").status
    assert "Webhook was deleted" == api("deleteWebhook").json()["description"]
    assert [] == hooked.owed_webhooks()
    assert 1 == len(api("getUpdates").json()["result"])


def test_setting_the_same_again_changes_nothing(hooked: TelegramSimulator, api: Api) -> None:
    """The same webhook is already set, and what is under way stays so."""
    hooked.control("message", {"chat": 7, "text": "x"})
    assert 1 == len(hooked.owed_webhooks())
    answer = api("setWebhook", url=URL, secret_token="s-1").json()
    assert (True, "Webhook is already set") == (answer["result"], answer["description"])
    assert [] == hooked.owed_webhooks()


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"url": "http://example.org"}, "HTTPS URL"),
        ({"url": "https://example.org:5000"}, "ports 80, 88, 443 or 8443"),
        ({"url": "https://example.org", "secret_token": "a b"}, "secret token"),
    ],
)
def test_webhooks_that_cannot_be(api: Api, parameters: dict[str, Any], named: str) -> None:
    """A wrong URL, port or secret is refused with the server's text."""
    answer = api("setWebhook", **parameters)
    assert 400 == answer.status
    assert named in answer.json()["description"]


def test_loopback_needs_no_tls(api: Api) -> None:
    """A webhook on this machine may be plain, as with a server of one's own."""
    assert 200 == api("setWebhook", url="http://127.0.0.1:8000/hook").status
