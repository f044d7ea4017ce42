"""Payloads that nobody sane sends."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbridge.errors import WebhookPayloadError, WebhookVerificationError
from chatbridge.events import NothingToDo
from chatbridge.http_types import WebhookRequest
from chatbridge.secret import Secret
from chatbridge_telegram import TelegramAdapter
from chatbridge_telegram.messages import Bot
from chatbridge_telegram.updates import polled_update

QUICK = settings(
    max_examples=120,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
CHAT = {"id": 7, "type": "private"}
GOOD: dict[str, Any] = {
    "update_id": 1,
    "message": {
        "message_id": 5,
        "date": 1,
        "chat": CHAT,
        "from": {"id": 7, "is_bot": False, "first_name": "J"},
        "text": "/new 😀 text",
        "entities": [{"type": "bot_command", "offset": 0, "length": 4}],
        "photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}],
        "location": {"latitude": 1.5, "longitude": 2},
        "rich_message": {"blocks": [{"type": "paragraph", "text": ["a", {"text": "b"}]}]},
        "reply_to_message": {
            "message_id": 4,
            "from": {"id": 110201543},
            "text": "HELP-1",
            "entities": [{"type": "text_link", "offset": 0, "length": 6, "url": "https://t.me"}],
        },
        "forward_origin": {"type": "hidden_user", "sender_user_name": "E"},
    },
}
STRANGE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**30, -1, 0, 2**53])
    | st.floats()
    | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = list(value.items()) if isinstance(value, dict) else []
    steps = list(enumerate(value)) if isinstance(value, list) else steps
    return [path] + [found for key, inner in steps for found in _paths(inner, (*path, key))]


def _replaced(path: tuple[Any, ...], strange: Any) -> Any:
    if not path:
        return strange
    copy = json.loads(json.dumps(GOOD))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = strange
    return copy


def _parse(adapter: TelegramAdapter, body: bytes) -> None:
    try:
        events = adapter.parse(WebhookRequest({}, body))
    except WebhookPayloadError as error:
        assert "😀" not in str(error)
        return
    for event in events:
        assert repr(event)
        event.event_id.encode()
        if hasattr(event, "text"):
            event.text.plain().encode()


@pytest.mark.fault("F48")
@QUICK
@given(path=st.sampled_from(_paths(GOOD)), strange=STRANGE)
def test_one_strange_member(adapter: TelegramAdapter, path: tuple[Any, ...], strange: Any) -> None:
    """Whatever stands in one place, it is read or it is a WebhookPayloadError."""
    _parse(adapter, json.dumps(_replaced(path, strange)).encode())


@pytest.mark.fault("F48")
@QUICK
@given(body=st.binary(max_size=200))
def test_any_bytes(adapter: TelegramAdapter, body: bytes) -> None:
    """Bytes that are no update are a WebhookPayloadError."""
    _parse(adapter, body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"update_id": ' + b"9" * 5000 + b"}",
        b'{"update_id": 1, "message": {"date": 1e999}}',
        b"[" * 100_000,
        b'{"update_id": 1, "message": ' + b'{"message":' * 500 + b"1" + b"}" * 501,
        b'{"update_id": true}',
        b'{"update_id": 18446744073709551616}',
        b"NaN",
    ],
)
def test_known_traps(adapter: TelegramAdapter, body: bytes) -> None:
    """Huge numbers, deep nesting and constants that are no JSON are refused."""
    with pytest.raises(WebhookPayloadError):
        adapter.parse(WebhookRequest({}, body))


def test_a_rich_message_nested_too_deeply(adapter: TelegramAdapter) -> None:
    """Nesting beyond Telegram's own limit is refused before the stack is in danger."""
    text: Any = "deep"
    for _ in range(60):
        text = [text]
    message = {**GOOD["message"], "rich_message": {"blocks": [{"type": "paragraph", "text": text}]}}
    with pytest.raises(WebhookPayloadError):
        adapter.parse(WebhookRequest({}, json.dumps({**GOOD, "message": message}).encode()))


def test_thousands_of_entities_cost_little(adapter: TelegramAdapter) -> None:
    """Formatting beyond any client's is left out, and the text is kept."""
    entities = [{"type": "bold", "offset": at, "length": 5000} for at in range(20_000)]
    message = {**GOOD["message"], "text": "x" * 30_000, "entities": entities}
    body = json.dumps({**GOOD, "message": message}).encode()
    (event,) = adapter.parse(WebhookRequest({}, body))
    assert event.text.plain().startswith("x" * 30_000)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given_text", "shown"), [("a\ud800b", "a\ufffdb"), ("a\x00b", "a\ufffdb"), ("😀", "😀")]
)
def test_characters_that_are_none(adapter: TelegramAdapter, given_text: str, shown: str) -> None:
    """Lone surrogates and NULs are replaced one for one, so that offsets stay true."""
    message = {"message_id": 5, "date": 1, "chat": CHAT, "text": given_text}
    body = json.dumps({"update_id": 1, "message": message}).encode()
    (event,) = adapter.parse(WebhookRequest({}, body))
    assert shown == event.text.plain()  # type: ignore[union-attr]


@pytest.mark.fault("F48")
@pytest.mark.parametrize(
    "update", [{**GOOD, "message": {"chat": CHAT}}, {"update_id": 1, "message": 5}]
)
def test_polling_survives_an_update_that_cannot_be_read(update: dict[str, Any]) -> None:
    """One bad update says so in its place and does not spoil the batch."""
    read = polled_update(update, Bot(1))
    assert read is not None
    (event,) = read.events
    assert isinstance(event, NothingToDo)
    assert ("1", "the update cannot be read") == (read.position, event.reason)


@pytest.mark.parametrize("update", [None, [], {}, {"update_id": "1"}, {"update_id": True}])
def test_polling_passes_over_what_has_no_number(update: Any) -> None:
    """What cannot be confirmed is no update."""
    assert polled_update(update, Bot(1)) is None


@pytest.mark.fault("F49")
@pytest.mark.parametrize("given_secret", [None, "", "wrong", "a-webhook-secreT", "ä", "\ud800"])
def test_a_webhook_without_the_secret_is_refused(
    adapter: TelegramAdapter, given_secret: str | None
) -> None:
    """Only the configured secret opens the door."""
    headers = {} if given_secret is None else {"x-telegram-bot-api-secret-token": given_secret}
    with pytest.raises(WebhookVerificationError):
        adapter.verify(WebhookRequest(headers, b"{}"))


def test_the_secret_opens_the_door(adapter: TelegramAdapter) -> None:
    """The header's name is compared without regard to case."""
    header = "X-TELEGRAM-Bot-Api-Secret-Token"
    adapter.verify(WebhookRequest({header: "a-webhook-secret"}, b"{}"))


def test_while_the_secret_is_replaced_both_open_the_door(
    make_adapter: Callable[..., Any],
) -> None:
    """The secret before counts too, a third one does not; Telegram is told the new one only."""
    both = {"webhook_secret": Secret("new"), "webhook_secret_before": Secret("old")}
    adapter = make_adapter(**both)
    for word in ("new", "old"):
        adapter.verify(WebhookRequest({"X-Telegram-Bot-Api-Secret-Token": word}, b"{}"))
    for word in ("newer", "new,old", ""):
        with pytest.raises(WebhookVerificationError):
            adapter.verify(WebhookRequest({"X-Telegram-Bot-Api-Secret-Token": word}, b"{}"))
    request = next(adapter.register_webhook("https://bridge.example.org/hook"))
    assert ("new", False) == (request.json["secret_token"], "old" in str(request.json))


def test_no_configured_secret_accepts_nothing(make_adapter: Callable[..., Any]) -> None:
    """Without a secret every webhook is refused, an empty header included."""
    adapter = make_adapter(webhook_secret=None)
    for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": ""}):
        with pytest.raises(WebhookVerificationError):
            adapter.verify(WebhookRequest(headers, b"{}"))
