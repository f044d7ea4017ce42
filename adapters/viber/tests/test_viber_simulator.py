"""The simulator behaves as Viber is known to: statuses, limits, repeats, people."""

from __future__ import annotations

import json

import pytest

from chatbridge.http_types import Headers
from chatbridge.testing.simulator import SimulatedCall

TOKEN = "0000000000000000-1111111111111111-2222222222222222"
OLENA = "xy5/5y6O81+/kbWHpLhBoA=="
HOOK = "https://bridge.example/webhooks/viber/x"
SENDER = {"name": "Acme"}


@pytest.fixture
def api(simulator):
    """Call an endpoint as some other client would, and return its answer's members."""

    def call(endpoint, /, token=TOKEN, **members):
        headers = Headers({"X-Viber-Auth-Token": token} if token else {})
        body = json.dumps(members).encode()
        path = f"/pa/{endpoint}"
        answer = simulator.answer(
            SimulatedCall(method="POST", path=path, headers=headers, body=body)
        )
        assert 200 == answer.status
        return json.loads(answer.body)

    return call


@pytest.fixture
def send(api, hooked):
    """Send a text to Olena, with members changed or left out, and return the status."""

    def call(**members):
        whole = {"receiver": OLENA, "type": "text", "text": "hello", "sender": SENDER, **members}
        given = {name: value for name, value in whole.items() if value is not None}
        return api("send_message", **given)["status"]

    return call


def events(owed):
    """Return the kinds of callbacks."""
    return [json.loads(each.body)["event"] for each in owed]


# --- calls --------------------------------------------------------------------------------------


def test_tokens_are_asked_for(api):
    """Without a token, or with a wrong one, nothing works; the failure is inside of HTTP 200."""
    missing, wrong = api("get_account_info", token=""), api("get_account_info", token="x")
    assert (2, "missing_auth_token") == (missing["status"], missing["status_message"])
    assert (2, "invalidAuthToken") == (wrong["status"], wrong["status_message"])
    assert 0 == api("get_account_info", token="", auth_token=TOKEN)["status"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 0),
        ({"receiver": None}, 4),
        ({"receiver": "stranger"}, 5),
        ({"text": None}, 4),
        ({"text": "x" * 7001}, 3),
        ({"text": "😀" * 3501}, 3),
        ({"text": "x", "tracking_data": "y" * 4001}, 3),
        ({"sender": None}, 4),
        ({"sender": {"name": "x" * 29}}, 3),
        ({"type": None}, 4),
        ({"type": "poem"}, 3),
        ({"keyboard": {"Buttons": []}}, 3),
        ({"min_api_version": 11}, 13),
        ({"text": "x" * 6000, "tracking_data": "я" * 4000}, 3),
        ({"type": "picture", "text": "", "media": "https://x.example/a.jpg"}, 0),
        ({"type": "picture", "text": "", "media": "https://x.example/a.pdf"}, 3),
        ({"type": "picture", "text": None, "media": "https://x.example/a.jpg"}, 4),
        ({"type": "video", "media": "https://x.example/a.mp4"}, 4),
        ({"type": "video", "media": "https://x.example/a.mp4", "size": 27262977}, 3),
        ({"type": "file", "media": "https://x.example/a", "size": 5, "file_name": "a.pdf"}, 0),
        ({"type": "file", "media": "https://x.example/a", "size": 5, "file_name": "a.exe"}, 3),
        ({"type": "file", "media": "https://x.example/a", "size": 5}, 4),
        ({"type": "url", "media": "x" * 2001}, 3),
        ({"type": "sticker", "sticker_id": 46105}, 0),
        ({"type": "contact", "contact": {"name": "x"}}, 4),
        ({"type": "location", "location": {"lat": 1, "lon": 2}}, 0),
    ],
)
def test_messages_are_checked(send, changes, status):
    """What Viber documents as wrong or missing gets its number."""
    assert status == send(**changes)


def test_what_a_device_refuses_is_reported_afterwards(hooked, send, answer_owed):
    """A bad keyboard is taken with status 0, shows nowhere, and fails later."""
    board = {"Type": "keyboard", "Buttons": [{"Text": "x", "Rows": 3, "ActionBody": "x"}]}
    before = len(hooked.control("transcript", {"chat": OLENA}))
    assert 0 == send(keyboard=board)
    (owed,) = answer_owed()
    assert "failed" == json.loads(owed.body)["event"]
    assert before == len(hooked.control("transcript", {"chat": OLENA}))


def test_without_a_webhook_nothing_can_be_sent_or_written(api, simulator):
    """Sending answers status 10, and nobody can write."""
    assert 10 == api("send_message", receiver="a", type="text", text="x", sender=SENDER)["status"]
    with pytest.raises(ValueError, match="no webhook"):
        simulator.control("message", {"chat": "a", "text": "x"})


def test_who_only_opened_the_chat_cannot_be_written_to(hooked, send):
    """Opening the chat is no subscription; the first message is, without a callback of its own."""
    hooked.control("open", {"chat": "other"})
    assert 6 == send(receiver="other")
    hooked.control("message", {"chat": "other", "text": "hi"})
    assert 0 == send(receiver="other")
    assert "subscribed" not in hooked.control("pending", {})["events"]


def test_a_hundred_messages_an_hour(clock, hooked, send):
    """The 101st without a word is refused, until the next hour of the clock or a word."""
    assert [0] * 100 + [12] == [send() for _ in range(101)]
    hooked.control("message", {"chat": OLENA, "text": "stop"})
    assert [0] * 100 + [12] == [send() for _ in range(101)]
    clock.advance(3600 - clock.time() % 3600)
    assert 0 == send()
    hooked.control("limits", {"on": False})
    assert {0} == {send() for _ in range(120)}


@pytest.mark.parametrize(("balance", "statuses"), [(None, [0, 0, 23]), (1, [0, 0, 0, 24])])
def test_messages_outside_of_sessions_are_paid(clock, hooked, send, balance, statuses):
    """Within a day of a word messages are free; beyond it they use up what there is."""
    hooked.control("billing", {"free": 2, "balance": balance})
    assert 0 == send()
    clock.advance(24 * 3600)
    assert statuses == [send() for _ in statuses]


def test_billing_is_told(clock, api, hooked):
    """Each accepted message says what it counted as."""

    def billed():
        text = {"receiver": OLENA, "type": "text", "text": "x", "sender": SENDER}
        return api("send_message", **text)["billing_status"]

    hooked.control("billing", {"free": 1, "balance": 1})
    found = [billed()]
    clock.advance(24 * 3600)
    assert [2, 4, 5] == [*found, billed(), billed()]


# --- the webhook --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [None, 204, 301, 500])
def test_a_webhook_is_set_only_if_it_answers_200(api, simulator, answer_owed, status):
    """While it is set the address is called, once; anything but 200 refuses it."""
    called = []
    simulator.deliver_now = lambda: called.extend(answer_owed(status))
    assert 1 == api("set_webhook", url=HOOK)["status"]
    assert (["webhook"], "") == (events(called), simulator.state.callbacks.url)
    assert 0 == simulator.control("pending", {})["count"]


def test_an_answer_that_nobody_brings_is_waited_for_in_vain(api, clock):
    """Without anybody who delivers, setting a webhook fails after the time for an answer."""
    before = clock.monotonic()
    assert (1, 5.0) == (api("set_webhook", url=HOOK)["status"], clock.monotonic() - before)


@pytest.mark.parametrize("url", ["http://bridge.example/x", "ftp://x", "x", "https://"])
def test_webhooks_need_tls(api, simulator, answer_owed, url):
    """Only https is called, or a loopback address."""
    simulator.deliver_now = answer_owed
    assert 1 == api("set_webhook", url=url)["status"]
    assert 0 == api("set_webhook", url="http://127.0.0.1:1/x")["status"]


def test_event_types_are_chosen(api, simulator, answer_owed):
    """An empty list leaves the mandatory kinds; names come only when asked for."""
    simulator.deliver_now = answer_owed
    chosen = api("set_webhook", url=HOOK, event_types=[])["event_types"]
    assert ["message", "subscribed", "unsubscribed"] == chosen
    simulator.deliver_now = None
    simulator.control("open", {"chat": "a"})
    simulator.control("message", {"chat": "a", "text": "x", "name": "Jan"})
    (owed,) = answer_owed()
    callback = json.loads(owed.body)
    assert ("message", False) == (callback["event"], "name" in callback["sender"])


@pytest.mark.parametrize("status", [None, 201, 204, 500, 503])
def test_only_200_counts(clock, hooked, answer_owed, status):
    """Anything else is repeated: three times a second apart, then once a minute, for an hour."""
    hooked.control("message", {"chat": OLENA, "text": "x"})
    start, at = clock.monotonic(), []
    while hooked.control("pending", {})["count"]:
        at += [clock.monotonic() - start for _ in answer_owed(status)]
        clock.advance(1.0)
    assert [0, 1, 2, 3, 63, 123] == at[:6]
    assert (3543, 1) == (at[-1], hooked.control("state", {})["callbacks"]["lost"])


def test_an_answer_after_five_seconds_is_too_late(clock, hooked):
    """A late 200 changes nothing: the same bytes come again."""
    hooked.control("message", {"chat": OLENA, "text": "x"})
    (first,) = hooked.owed_webhooks()
    clock.advance(5.0)
    hooked.webhook_answered(first.webhook_id, 200, None)
    clock.advance(1.0)
    (again,) = hooked.owed_webhooks()
    assert first.body == again.body
    clock.advance(4.0)
    hooked.webhook_answered(again.webhook_id, 200, None)
    assert 0 == hooked.control("pending", {})["count"]


def test_callbacks_are_under_way_at_once(hooked):
    """Nothing waits for the answer to what came before it, not even in one chat."""
    for text in "abc":
        hooked.control("message", {"chat": OLENA, "text": text})
    assert 3 == len(hooked.owed_webhooks())
    assert [] == hooked.owed_webhooks()


# --- people -------------------------------------------------------------------------------------


def test_tracking_data_comes_back_until_the_next_subscription(hooked, send, answer_owed):
    """What the last message carried comes with each word, and is forgotten with a subscription."""
    send(tracking_data="abc")
    answer_owed()
    hooked.control("message", {"chat": OLENA, "text": "one"})
    hooked.control("subscribe", {"chat": OLENA})
    hooked.control("message", {"chat": OLENA, "text": "two"})
    bodies = [json.loads(owed.body) for owed in answer_owed()]
    found = [body["message"].get("tracking_data") for body in bodies if "message" in body]
    assert ["abc", None] == found


def test_reports_come_for_what_was_shown(hooked, send, answer_owed):
    """A message is reported as delivered at once, again for another device, and as seen once."""
    send()
    hooked.control("delivered", {"chat": OLENA})
    hooked.control("seen", {"chat": OLENA})
    owed = answer_owed()
    assert ["delivered", "delivered", "seen"] == events(owed)
    assert 1 == len({json.loads(each.body)["message_token"] for each in owed})


@pytest.mark.parametrize("body", [b"x", b"[]", b'{"type":"text","text":"x"}', b"{}"])
def test_a_welcome_that_is_no_message_is_not_shown(hooked, answer_owed, body):
    """What the answer holds is checked as a message is."""
    hooked.control("open", {"chat": "a"})
    answer_owed(200, body)
    assert [] == hooked.control("transcript", {"chat": "a"})
    assert 1 == len(hooked.control("state", {})["welcome_problems"])


def test_wrong_actions_are_told(hooked):
    """An unknown action, chat, button or kind is named as such."""
    for action, arguments, error in [
        ("dance", {}, LookupError), ("transcript", {"chat": "nobody"}, LookupError),
        ("press", {"chat": OLENA, "choice": 0}, LookupError), ("message", {}, ValueError),
        ("unsupported", {"chat": OLENA, "kind": "poem"}, ValueError),
        ("file", {"chat": OLENA, "kind": "poem"}, ValueError),
        ("photo", {"chat": OLENA, "content": "no base64!"}, ValueError),
        ("delivered", {"chat": OLENA, "message_id": "1"}, LookupError),
        ("refuse", {"status": "x"}, ValueError),
    ]:  # fmt: skip
        with pytest.raises(error):
            hooked.control(action, arguments)


def test_every_action_is_described(simulator):
    """Each action has one line that names its arguments."""
    assert all("{" in told and told.endswith(".") for told in simulator.actions().values())


def test_every_callback_is_as_the_schema_says(hooked, send, answer_owed, schema):
    """All kinds of callbacks, of all kinds of messages, are held to the schema."""
    send(keyboard={"Type": "keyboard", "Buttons": [{"Text": "Yes", "ActionBody": "yes"}]})
    for kind in ("contact", "location", "url"):
        hooked.control("unsupported", {"chat": OLENA, "kind": kind})
    for kind in ("picture", "video", "file", "sticker"):
        hooked.control("file", {"chat": OLENA, "kind": kind, "caption": "c"})
    for action in ("open", "subscribe", "seen", "delivered", "failed", "unsubscribe"):
        hooked.control(action, {"chat": OLENA, "context": "x"})
    hooked.control("press", {"chat": OLENA, "choice": "Yes"})
    owed = answer_owed()
    for each in owed:
        schema.check("knownCallback", json.loads(each.body))
    assert {
        "message", "subscribed", "unsubscribed", "conversation_started", "delivered", "seen",
        "failed",
    } == set(events(owed))  # fmt: skip
