"""The simulated Bot API: chats, methods, updates and what people do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from chatbridge.http_types import Headers, HttpResponse
from chatbridge.testing.simulator import ConnectionLost, Fault, SimulatedCall
from chatbridge_telegram.simulated_contents import CONTENTS
from chatbridge_telegram.simulator import TelegramSimulator

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
Api = Callable[..., HttpResponse]


def _result(response: HttpResponse) -> Any:
    answer = response.json()
    assert answer["ok"], answer
    return answer["result"]


def _refused(response: HttpResponse) -> tuple[int, str]:
    answer = response.json()
    assert not answer["ok"]
    assert response.status == answer["error_code"]
    return answer["error_code"], answer["description"]


def test_every_action_is_described_and_does_something(simulator: TelegramSimulator) -> None:
    """`actions` names what `control` takes, with a line on each."""
    for name, line in simulator.actions().items():
        assert line.endswith(".")
        try:
            simulator.control(name, {})
        except (LookupError, ValueError) as error:
            assert "no such action" not in str(error)
    with pytest.raises(LookupError, match="transcript"):
        simulator.control("nonsense", {})


@pytest.mark.parametrize(
    ("action", "arguments", "named"),
    [
        ("message", {"text": "x"}, "chat"),
        ("message", {"chat": 7}, "text"),
        ("message", {"chat": 7, "text": "  "}, "empty"),
        ("message", {"chat": 7, "text": "x", "reply_to": 9}, "answer"),
        ("message", {"chat": 7, "text": "x", "thread": 9}, "topic"),
        ("press", {"chat": 8, "choice": 0}, "chat"),
        ("press", {"chat": 7, "choice": 0}, "buttons"),
        ("edit", {"chat": 7, "message_id": 99, "text": "x"}, "message"),
        ("unsupported", {"chat": 7, "kind": "x"}, "poll"),
        ("migrate", {"chat": 7}, "group"),
    ],
)
def test_wrong_arguments_are_explained(
    people: Callable[..., Any], action: str, arguments: dict[str, Any], named: str
) -> None:
    """A mistake of whoever drives the simulator is told in words."""
    people("start", chat=7)
    with pytest.raises((LookupError, ValueError), match=named):
        people(action, **arguments)


def test_a_conversation(people: Callable[..., Any], api: Api) -> None:
    """What both sides say stands in the transcript, in order, with ids of the chat's own."""
    first = people("message", chat=7, name="Jana", text="hello")
    assert {"message_id": 1, "update_id": 100_000_001} == first
    _result(api("sendMessage", chat_id=7, text=" hi Jana ", reply_parameters={"message_id": 1}))
    people("message", chat=8, text="elsewhere")
    shown = people("transcript", chat=7)
    assert [("customer", "Jana", "hello", None), ("bot", "", "hi Jana", 1)] == [
        (line["from"], line["name"], line["text"], line["reply_to"]) for line in shown
    ]
    assert 1 == people("transcript", chat=8)[0]["message_id"]


def test_an_answered_message_holds_no_further_answer(people: Callable[..., Any], api: Api) -> None:
    """A chain of replies is shown one step deep."""
    people("message", chat=7, text="one")
    people("message", chat=7, text="two", reply_to=1)
    people("message", chat=7, text="three", reply_to=2)
    newest = _result(api("getUpdates"))[-1]["message"]
    assert "two" == newest["reply_to_message"]["text"]
    assert "reply_to_message" not in newest["reply_to_message"]


@pytest.mark.parametrize("kind", sorted(set(CONTENTS) - {"unheard_of"}))
def test_updates_are_what_the_specification_says(
    people: Callable[..., Any], api: Api, specification: Any, kind: str
) -> None:
    """Every sort of message that people can send is one that the Bot API knows."""
    people("unsupported", chat=7, kind=kind)
    people("unsupported", chat=-44, kind=kind)
    updates = _result(api("getUpdates"))
    assert 2 == len(updates)
    assert [] == specification.result_problems("getUpdates", updates)


def test_actions_make_true_updates(
    people: Callable[..., Any], api: Api, specification: Any
) -> None:
    """Presses, edits, blocks, topics and migrations are updates that the Bot API knows."""
    people("message", chat=-44, name="Jana", text="/new@helpdesk_bot see https://example.org")
    markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    _result(api("sendMessage", chat_id=-44, text="ok?", reply_markup=markup))
    people("press", chat=-44, choice=0, name="Eve")
    people("edit", chat=-44, message_id=1, text="changed")
    people("message", chat=-44, text="reply", reply_to=2)
    people("topic", chat=-100_000_000_0044)
    people("block", chat=-44)
    people("unblock", chat=-44)
    people("migrate", chat=-44)
    people("sticker", chat=7)
    updates = _result(api("getUpdates"))
    assert [] == specification.result_problems("getUpdates", updates)
    assert 10 == len(updates)
    kinds = [entity["type"] for entity in updates[0]["message"]["entities"]]
    assert ["bot_command", "url"] == kinds


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("getMe", {}),
        ("getChat", {"chat_id": 7}),
        ("sendMessage", {"chat_id": 7, "text": "x"}),
        ("editMessageText", {"chat_id": 7, "message_id": 2, "text": "y"}),
        ("sendChatAction", {"chat_id": 7, "action": "typing"}),
        ("setMyCommands", {"commands": [{"command": "new", "description": "d"}]}),
        ("getMyCommands", {}),
        ("setWebhook", {"url": "https://example.org", "allowed_updates": ["message"]}),
        ("getWebhookInfo", {}),
        ("deleteWebhook", {}),
        ("deleteMessage", {"chat_id": 7, "message_id": 2}),
        ("logOut", {}),
        ("close", {}),
    ],
)
def test_results_are_what_the_specification_says(
    people: Callable[..., Any], api: Api, specification: Any, method: str, parameters: Any
) -> None:
    """Every method returns what the Bot API says it returns."""
    people("message", chat=7, text="x")
    _result(api("sendMessage", chat_id=7, text="x"))
    assert [] == specification.request_problems(method, parameters)
    assert [] == specification.result_problems(method, _result(api(method, **parameters)))


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({"text": "x"}, "chat_id is empty"),
        ({"chat_id": 99, "text": "x"}, "chat not found"),
        ({"chat_id": "@name", "text": "x"}, "chat not found"),
        ({"chat_id": 7}, "message text is empty"),
        ({"chat_id": 7, "text": " \n "}, "message text is empty"),
        ({"chat_id": 7, "text": "😀" * 2049}, "message is too long"),
        ({"chat_id": 7, "text": "x" * 32_769}, "text is too long"),
        ({"chat_id": 7, "text": "x", "parse_mode": "nonsense"}, "unsupported parse_mode"),
        ({"chat_id": 7, "text": "x", "message_thread_id": 5}, "message thread not found"),
        (
            {"chat_id": 7, "text": "x", "reply_parameters": {"message_id": 99}},
            "message to be replied not found",
        ),
        (
            {"chat_id": 7, "text": "x", "entities": [{"type": "bold"}]},
            "can't parse entities: offset and length must be of type Number",
        ),
        (
            {
                "chat_id": 7,
                "text": "x",
                "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "é" * 33}]]},
            },
            "BUTTON_DATA_INVALID",
        ),
    ],
)
def test_send_message_refuses_as_the_server_does(
    people: Callable[..., Any], api: Api, parameters: dict[str, Any], refusal: str
) -> None:
    """Codes and texts are the real server's, and nothing is shown."""
    people("start", chat=7)
    assert (400, f"Bad Request: {refusal}") == _refused(api("sendMessage", **parameters))
    assert 1 == len(people("transcript", chat=7))


def test_entities_are_fitted_to_the_text(people: Callable[..., Any], api: Api) -> None:
    """Leading space moves entities, what lies outside goes, what reaches out is cut."""
    people("start", chat=7)
    given = [("bold", 2, 3), ("italic", 0, 1), ("code", 4, 90), ("new_kind", 0, 2)]
    entities = [{"type": kind, "offset": at, "length": size} for kind, at, size in given]
    sent = _result(api("sendMessage", chat_id=7, text="  abcdef ", entities=entities))
    assert [
        {"type": "bold", "offset": 0, "length": 3},
        {"type": "code", "offset": 2, "length": 4},
    ] == sent["entities"]


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("/bot1:x/getMe", (401, "Unauthorized")),
        ("/nonsense", (404, "Not Found")),
        (f"/bot{TOKEN}/getNothing", (404, "Not Found: method not found")),
    ],
)
def test_wrong_addresses(simulator: TelegramSimulator, path: str, refusal: tuple[int, str]) -> None:
    """Tokens and methods that do not exist are told apart."""
    assert refusal == _refused(simulator.answer(SimulatedCall(method="GET", path=path)))


MULTIPART = (
    b'--b\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n7\r\n'
    b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xc3\xa4\r\n'
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n!\r\n--b--\r\n'
)


@pytest.mark.parametrize(
    ("kind", "query", "body"),
    [
        ("", {"chat_id": "7", "text": "ä"}, b""),
        ("application/json", {}, '{"chat_id": 7, "text": "ä"}'.encode()),
        ("application/x-www-form-urlencoded", {}, urlencode({"chat_id": 7, "text": "ä"}).encode()),
        ("multipart/form-data; boundary=b", {}, MULTIPART),
    ],
)
def test_every_way_to_give_parameters(
    simulator: TelegramSimulator, kind: str, query: dict[str, str], body: bytes
) -> None:
    """Query, JSON, form and multipart say the same, and method names ignore case."""
    simulator.control("start", {"chat": 7})
    call = SimulatedCall(
        method="POST",
        path=f"/bot{TOKEN}/SENDmessage",
        query=query,
        headers=Headers({"Content-Type": kind}),
        body=body,
    )
    assert "ä" == _result(simulator.answer(call))["text"]


def test_a_flood_is_stopped(people: Callable[..., Any], api: Api, clock: Any) -> None:
    """Twenty quick messages pass, the next one has to wait, and then passes."""
    people("start", chat=7)
    answers = [api("sendMessage", chat_id=7, text="x") for _ in range(21)]
    assert [200] * 20 + [429] == [answer.status for answer in answers]
    assert ("1", {"retry_after": 1}) == (
        answers[-1].headers["Retry-After"], answers[-1].json()["parameters"]
    )  # fmt: skip
    clock.now += 1
    assert 200 == api("sendMessage", chat_id=7, text="x").status
    people("limits", on=False)
    assert {200} == {api("sendMessage", chat_id=7, text="x").status for _ in range(40)}


@pytest.mark.parametrize("kind", ["lost_before", "lost_after"])
def test_lost_answers(simulator: TelegramSimulator, api: Api, kind: str) -> None:
    """A lost call may or may not have had its effect, as the fault says."""
    simulator.control("start", {"chat": 7})
    simulator.switch_fault(Fault(kind=kind, match="sendMessage"))
    with pytest.raises(ConnectionLost):
        api("sendMessage", chat_id=7, text="x")
    shown = len(simulator.control("transcript", {"chat": 7}))
    assert (1 if kind == "lost_before" else 2) == shown


def test_failing_answers(simulator: TelegramSimulator, api: Api, clock: Any) -> None:
    """Faults answer as the server or what stands before it would."""
    simulator.switch_fault(Fault(kind="status", status=429, retry_after=9))
    simulator.switch_fault(Fault(kind="status", status=502))
    simulator.switch_fault(Fault(kind="slow", seconds=3))
    assert (429, "Too Many Requests: retry after 9") == _refused(api("getMe"))
    assert b"<html>" in api("getMe").body
    before = clock.now
    assert 200 == api("getMe").status
    assert 3 == clock.now - before


def test_credentials_open_it(simulator: TelegramSimulator) -> None:
    """What it hands out is what it takes."""
    token = simulator.credentials()["bot_token"]
    answer = simulator.answer(SimulatedCall(method="GET", path=f"/bot{token}/getMe"))
    assert simulator.credentials()["username"] == _result(answer)["username"]


def test_what_it_shows_can_be_json(people: Callable[..., Any], api: Api) -> None:
    """State and transcripts are plain JSON."""
    people("start", chat=7)
    people("message", chat=-44, text="x")
    people("migrate", chat=-44)
    assert json.dumps([people("state"), people("transcript", chat=-44), people("pending")])
