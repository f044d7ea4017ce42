"""The simulated getUpdates: what waits, for how long, and who may ask."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from chatbridge.http_types import HttpResponse
from chatbridge.testing.simulator import SimulatedCall
from chatbridge_telegram.simulator import TelegramSimulator

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
Api = Callable[..., HttpResponse]
Ask = Callable[..., Any]


def test_get_updates_confirms(people: Callable[..., Any], ask: Ask) -> None:
    """An offset gives up what is below it, a negative one keeps the last, a wrong one nothing."""
    numbers = [people("message", chat=7, text=str(at))["update_id"] for at in range(4)]

    def waiting(**parameters: Any) -> list[int]:
        return [update["update_id"] for update in ask("getUpdates", **parameters)]

    assert numbers == waiting()
    assert numbers[:2] == waiting(limit=2)
    assert numbers[1:] == waiting(offset=numbers[1])
    assert numbers[1:] == waiting(offset=numbers[3] + 5000)
    assert numbers[2:] == waiting(offset=-2)
    assert [] == waiting(offset=numbers[3] + 1)


def test_numbers_start_anew(people: Callable[..., Any], ask: Ask) -> None:
    """After a quiet week the numbers jump, and an old offset gets the new update all the same."""
    old = people("message", chat=7, text="x")["update_id"]
    people("renumber", update_id=50)
    assert old + 1 == people("message", chat=7, text="still waits")["update_id"]
    ask("getUpdates", offset=old + 2)
    assert 50 == people("message", chat=7, text="y")["update_id"]
    assert [50] == [update["update_id"] for update in ask("getUpdates", offset=old + 2)]


def test_updates_grow_old(people: Callable[..., Any], ask: Ask, api: Api, clock: Any) -> None:
    """A press waits for 150 seconds, a message for a day."""
    people("start", chat=7)
    markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    ask("sendMessage", chat_id=7, text="ok?", reply_markup=markup)
    query_id = people("press", chat=7, choice="Yes")["query_id"]
    assert 2 == people("pending")["count"]
    clock.now += 151
    assert 1 == people("pending")["count"]
    too_old = "query is too old and response timeout expired or query ID is invalid"
    answer = api("answerCallbackQuery", callback_query_id=query_id)
    assert (400, f"Bad Request: {too_old}") == (answer.status, answer.json()["description"])
    clock.now += 86_400
    assert {"count": 0, "update_ids": []} == people("pending")


def test_a_page_holds_four_mebibytes(people: Callable[..., Any], ask: Ask) -> None:
    """A page ends early where it would be too large, and the rest comes next."""
    for _ in range(6):
        people("message", chat=7, text="x" * 1_000_000)
    page = ask("getUpdates")
    assert 4 == len(page)
    assert 2 == len(ask("getUpdates", offset=page[-1]["update_id"] + 1))


def test_unwanted_kinds_are_not_kept(people: Callable[..., Any], ask: Ask) -> None:
    """`allowed_updates` is remembered, nonsense changes nothing, unknown names mean the default."""
    ask("getUpdates", allowed_updates=["callback_query"])
    ask("getUpdates", allowed_updates="nonsense")
    assert people("message", chat=7, text="x")["update_id"] is None
    ask("getUpdates", allowed_updates=["no_such_kind"])
    assert people("message", chat=7, text="x")["update_id"] is not None


def test_a_long_poll_waits_and_wakes(simulator: TelegramSimulator) -> None:
    """An empty poll lasts as long as asked for by the clock."""
    before = simulator.clock.monotonic()
    query = {"timeout": "30"}
    call = SimulatedCall(method="GET", path=f"/bot{TOKEN}/getUpdates", query=query)
    assert [] == simulator.answer(call).json()["result"]
    assert 30 == simulator.clock.monotonic() - before


@pytest.mark.parametrize(
    ("disturb", "refusal"),
    [
        ({"path": f"/bot{TOKEN}/getUpdates"}, "terminated by other getUpdates request"),
        (
            {"path": f"/bot{TOKEN}/setWebhook", "query": {"url": "https://example.org"}},
            "terminated by setWebhook request",
        ),
    ],
)
def test_a_waiting_poller_is_cancelled(disturb: dict[str, Any], refusal: str) -> None:
    """A second poller, or a webhook, ends the first one's wait with a conflict."""
    simulator = TelegramSimulator(token=TOKEN)
    answers: list[HttpResponse] = []
    call = SimulatedCall(method="GET", path=f"/bot{TOKEN}/getUpdates", query={"timeout": "20"})
    poller = threading.Thread(target=lambda: answers.append(simulator.answer(call)))
    poller.start()
    with simulator.changed:
        assert simulator.changed.wait_for(lambda: simulator.state.polls == 1, timeout=10)
    simulator.answer(SimulatedCall(method="GET", **disturb))
    poller.join(timeout=10)
    assert 409 == answers[0].status
    assert refusal in answers[0].json()["description"]
